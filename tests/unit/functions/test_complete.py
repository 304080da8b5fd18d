"""COMPLETE and AI_COMPLETE: what a row asks for, and the shapes of what comes back (the vendor's pages)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from task_bench import FakeModels, asked

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import InvalidArgumentsError, InvalidOptionError, UnknownModelError
from sapwood.functions import AI_COMPLETE, COMPLETE, FUNCTIONS, TRY_COMPLETE
from sapwood.functions.function import Answer
from sapwood.inference.request import Completion, Message

COMPLETION = Completion("k", " hi", prompt_tokens=22, completion_tokens=10)


def test_a_plain_prompt_is_one_user_message_with_the_sessions_cap() -> None:
    question = asked(COMPLETE, {"model": "echo", "prompt": "hello"})
    assert question.messages == (Message("user", "hello"),)
    assert (question.sampling.temperature, question.sampling.max_tokens) == (0.0, 256)


def test_an_endpoint_has_the_vendors_default_length() -> None:
    assert asked(COMPLETE, {"model": "far", "prompt": "hello"}).sampling.max_tokens == 4096


@pytest.mark.parametrize("arguments", [{"model": "echo", "prompt": None}, {"model": None, "prompt": "x"}])
def test_null_gives_null(arguments: dict[str, str | None]) -> None:
    assert COMPLETE.ask(arguments, FakeModels()) == Answer(None)


def test_without_options_the_answer_is_the_text() -> None:
    assert COMPLETE.value(COMPLETION, {"model": "echo", "prompt": "x"}) == " hi"


def test_with_options_the_answer_is_the_documented_object() -> None:
    history = json.dumps([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}])
    arguments = {"model": "echo", "prompt": history, "options": "{}"}
    assert asked(COMPLETE, arguments).messages == (Message("system", "s"), Message("user", "u"))
    value = COMPLETE.value(COMPLETION, arguments)
    assert value is not None and ": " not in value.replace(": hi", "")
    body = json.loads(value)
    assert list(body) == ["choices", "created", "model", "usage"]
    assert body["choices"] == [{"messages": " hi"}]
    assert body["usage"] == {"completion_tokens": 10, "prompt_tokens": 22, "total_tokens": 32}
    assert body["model"] == "echo"


@pytest.mark.parametrize(
    "history", ["hello", "[]", '[{"role":"robot","content":"x"}]', '[{"role":"user"}]', '{"role":"user","content":"x"}',
                '[{"role":"user","content":"x"},{"role":"system","content":"y"}]'],
)  # fmt: skip
def test_with_options_the_prompt_must_be_a_conversation(history: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="invalid prompt"):
        COMPLETE.ask({"model": "echo", "prompt": history, "options": "{}"}, FakeModels())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": 1.1}, "'temperature' is 1.1"),
        ({"temperature": -0.1}, "from 0 to 1"),
        ({"top_p": 2}, "'top_p'"),
        ({"max_tokens": 8193}, "from 1 to 8192"),
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"max_tokens": 1.5}, "whole number"),
        ({"temperature": "hot"}, "'hot'"),
        ({"temprature": 0}, "unknown option 'temprature'"),
        ({"guardrails": True}, "no guard model is set"),
        ({"guardrails": "yes"}, "TRUE or FALSE"),
        (
            {"response_format": {"type": "xml", "schema": {}}},
            "'responseFormat.type' field: xml. Only 'json' is supported",
        ),
        ({"response_format": {"type": "json"}}, "input schema validation error"),
    ],
)
def test_a_bad_option_is_an_error_before_any_row(options: dict[str, Any], message: str) -> None:
    assert COMPLETE.check is not None
    with pytest.raises(InvalidOptionError, match=message):
        COMPLETE.check({"model": "echo", "prompt": NOT_CONSTANT, "options": options}, FakeModels())
    with pytest.raises(InvalidOptionError, match=message):
        COMPLETE.ask(
            {"model": "echo", "prompt": '[{"role":"user","content":"x"}]', "options": json.dumps(options)}, FakeModels()
        )


@pytest.mark.parametrize("function", [COMPLETE, TRY_COMPLETE, AI_COMPLETE])
def test_an_unknown_model_is_an_error_before_any_row(function: Any) -> None:
    with pytest.raises(UnknownModelError):
        function.check({"model": "nobody", "prompt": NOT_CONSTANT}, FakeModels())


def test_guardrails_false_is_no_error() -> None:
    options = json.dumps({"guardrails": False, "temperature": 0.5, "max_tokens": 5, "seed": 1})
    sampling = asked(
        COMPLETE, {"model": "echo", "prompt": '[{"role":"user","content":"x"}]', "options": options}
    ).sampling
    assert (sampling.temperature, sampling.max_tokens, sampling.seed) == (0.5, 5, 1)


def test_a_response_format_constrains_and_gives_the_object_itself() -> None:
    options = json.dumps({"response_format": {"type": "json", "schema": {"type": "object"}}})
    arguments = {"model": "echo", "prompt": '[{"role":"user","content":"x"}]', "options": options}
    assert asked(COMPLETE, arguments).schema == '{"type":"object"}'
    assert COMPLETE.value(Completion("k", '{"a":1}'), arguments) == '{"a":1}'


@pytest.mark.parametrize(
    ("constants", "sampled"),
    [({}, False), ({"options": {}}, False), ({"options": {"temperature": 0.7}}, True),
     ({"options": {"temperature": 0.7, "seed": 3}}, False), ({"options": NOT_CONSTANT}, True)],
)  # fmt: skip
def test_only_a_temperature_without_seed_makes_equal_prompts_differ(constants: dict[str, Any], sampled: bool) -> None:
    assert COMPLETE.signature.sampled(constants) is sampled


def test_ai_complete_fills_a_prompt_object() -> None:
    prompt = json.dumps({"args": ["a{1}", 7], "template": "{0} and {1} and {0}"})
    assert asked(AI_COMPLETE, {"model": "echo", "prompt": prompt}).messages[0].content == "a{1} and 7 and a{1}"
    assert asked(AI_COMPLETE, {"model": "echo", "prompt": '{"not": "one"}'}).messages[0].content == '{"not": "one"}'


def test_ai_complete_shows_details_on_request() -> None:
    value = AI_COMPLETE.value(COMPLETION, {"model": "echo", "prompt": "x", "show_details": "true"})
    assert json.loads(str(value))["choices"] == [{"messages": " hi"}]
    structured = {
        "model": "echo",
        "prompt": "x",
        "show_details": "true",
        "response_format": '{"type":"json","schema":{}}',
    }
    body = json.loads(
        str(AI_COMPLETE.value(Completion("k", '{"a":1}', prompt_tokens=1, completion_tokens=2), structured))
    )
    assert list(body) == ["created", "model", "structured_output", "usage"]
    assert body["structured_output"] == [{"raw_message": {"a": 1}, "type": "json"}]


def test_ai_complete_returns_an_object_only_where_asked() -> None:
    returns = AI_COMPLETE.signature.returns_of
    assert returns({}).name == "TEXT"
    assert returns({"show_details": False}).name == "TEXT"
    for name in ("show_details", "return_error_details"):
        assert returns({name: True}).name == "OBJECT"
    assert returns({"response_format": {"type": "json", "schema": {}}}).name == "OBJECT"


def test_every_function_says_what_it_is() -> None:
    for function in FUNCTIONS:
        assert function.summary and function.example and function.signature.spellings
