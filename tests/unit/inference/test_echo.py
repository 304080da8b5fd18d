from __future__ import annotations

import json
import struct
import time
from typing import Any

import pytest

from sapwood.inference.echo import EchoBackend
from sapwood.inference.request import Completion, Embed, Message, Request, Sampling
from sapwood.store.records import ModelVersion

ECHO = ModelVersion("echo", "echo", "echo")


def never() -> bool:
    return False


def ask(*texts: str, schema: Any = None, model: ModelVersion = ECHO, **sampling: Any) -> list[Completion]:
    """Echo's answers to these user messages, each a request of its own."""
    wanted = None if schema is None else json.dumps(schema)
    requests = [Request(text, model, (Message("user", text),), Sampling(**sampling), wanted) for text in texts]
    return list(EchoBackend().generate(requests, is_cancelled=never))


def test_the_answer_is_the_last_user_message_as_it_stands() -> None:
    messages = (
        Message("system", "be brief"),
        Message("user", "one"),
        Message("assistant", "two"),
        Message("user", "  three \n"),
    )
    (done,) = EchoBackend().generate([Request("k", ECHO, messages)], is_cancelled=never)
    assert (done.key, done.text, done.finish, done.error) == ("k", "  three \n", "stop", None)
    assert (done.prompt_tokens, done.completion_tokens, done.computed_tokens) == (5, 1, 6)


def test_max_tokens_counts_words() -> None:
    (done,) = ask("one two  three four", max_tokens=3)
    assert (done.text, done.finish, done.completion_tokens) == ("one two  three", "length", 3)


def test_a_directive_fails_its_row_only() -> None:
    good, bad, again = ask("good", "hello\n#error: the model is ill\nbye", "#retry: later")
    assert good.error is None
    assert (bad.text, bad.error, bad.retryable) == ("", "the model is ill", False)
    assert (again.error, again.retryable) == ("later", True)


def test_other_directives() -> None:
    started = time.perf_counter()
    (done,) = ask("#sleep: 60\n#answer: Lost phone")
    assert done.text == "Lost phone"
    assert time.perf_counter() - started >= 0.06


def test_a_prompt_beyond_the_context_is_an_error() -> None:
    (done,) = ask("#tokens: 8192")
    assert done.error == "max tokens of count exceeded: the prompt has 8192 tokens, the context of echo is 8192"


def test_a_sleeping_row_can_be_cancelled() -> None:
    started = time.perf_counter()
    request = Request("k", ECHO, (Message("user", "#sleep: 60000"),))
    assert list(EchoBackend().generate([request], is_cancelled=lambda: time.perf_counter() - started > 0.05)) == []
    assert time.perf_counter() - started < 5


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 3},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}},
    },
    "required": ["name", "age", "tags"],
    "$defs": {"tag": {"enum": ["a", "b"]}},
    "additionalProperties": False,
}


def test_with_a_schema_the_answer_is_the_smallest_value_that_fits() -> None:
    (done,) = ask("hello", schema=PERSON)
    assert json.loads(done.text) == {"name": "", "age": 3, "tags": []}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [False, False]),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"type": ["number", "null"], "maximum": -2.5}, -2.5),
        ({"const": {"a": 1}}, {"a": 1}),
        ({"type": "string", "minLength": 3}, "xxx"),
    ],
)
def test_smallest_values(schema: Any, expected: Any) -> None:
    (done,) = ask("hello", schema=schema)
    assert json.loads(done.text) == expected


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"name": "Ann", "age": 5, "tags": ["b"]}', True),
        ('{"name": "Ann", "age": 5, "tags": ["c"]}', False),
        ('{"name": "Ann", "age": true, "tags": []}', False),
        ('{"name": "Ann", "tags": []}', False),
        ('{"name": "Ann", "age": 5, "tags": [], "more": 1}', False),
        ("[]", False),
    ],
)
def test_a_message_that_already_follows_the_schema_is_the_answer(text: str, fits: bool) -> None:
    (done,) = ask(text, schema=PERSON)
    assert (done.text == text) is fits


@pytest.mark.parametrize("schema", [[], {"type": "colour"}, {"$ref": "#"}, {"$ref": "#/$defs/none"}])
def test_a_bad_schema_is_an_error_of_its_row(schema: Any) -> None:
    (done,) = ask("hello", schema=schema)
    assert done.error is not None
    assert done.error.startswith("input schema validation error: ")


def test_with_labels_the_answer_is_one_of_them() -> None:
    labels = ("Lost phone", "Roaming")
    requests = [
        Request(text, ECHO, (Message("user", text),), labels=labels, wants_confidence=True)
        for text in ("Roaming", "hello", "#answer: Roaming")
    ]
    found = {done.key: done for done in EchoBackend().generate(requests, is_cancelled=never)}
    assert {key: (done.text, done.scores, done.confidence) for key, done in found.items()} == {
        "Roaming": ("Roaming", (0.0, 1.0), 1.0),
        "hello": ("Lost phone", (1.0, 0.0), 1.0),
        "#answer: Roaming": ("Roaming", (0.0, 1.0), 1.0),
    }


def test_only_who_wants_confidence_gets_it() -> None:
    (done,) = EchoBackend().generate([Request("k", ECHO, (Message("user", "hi"),), labels=("hi",))], is_cancelled=never)
    assert (done.text, done.scores, done.confidence) == ("hi", (), None)


def test_a_vector_is_decided_by_its_text() -> None:
    texts = [("a", 3), ("a", 3), ("b", 3), ("a", 0)]
    requests = [Embed(str(at), ECHO, text, dimensions) for at, (text, dimensions) in enumerate(texts)]
    first, again, other, free = (done.values for done in EchoBackend().embed(requests, is_cancelled=never))
    assert first == again != other
    assert (len(first), len(free)) == (3 * 4, 768 * 4)
    for values in (first, other, free):
        numbers = struct.unpack(f"<{len(values) // 4}f", values)
        assert sum(number * number for number in numbers) == pytest.approx(1, abs=1e-6)


def test_a_directive_fails_a_vector() -> None:
    requests = [Embed(text, ECHO, text) for text in ("#error: ill", "#retry: later", "well")]
    found = {done.key: (done.error, done.retryable) for done in EchoBackend().embed(requests, is_cancelled=never)}
    assert found == {"#error: ill": ("ill", False), "#retry: later": ("later", True), "well": (None, False)}
