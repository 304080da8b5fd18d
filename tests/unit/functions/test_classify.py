"""AI_CLASSIFY and CLASSIFY_TEXT: the prompt, what the answer may be, and what can't be asked (the vendor's pages)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from task_bench import DEFAULT, MINE, FakeModels, answered, asked, said

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import InvalidArgumentsError, InvalidOptionError, ModelError, UnknownModelError
from sapwood.functions import AI_CLASSIFY, AI_CLASSIFY_PROMPT, CLASSIFY_TEXT
from sapwood.inference.request import Completion

ROW = {"input": "One day I will see the world", "categories": '["travel","cooking"]'}


def with_config(**config: Any) -> dict[str, str | None]:
    return {**ROW, "config": json.dumps(config)}


def test_the_answer_may_only_be_a_label() -> None:
    assert asked(AI_CLASSIFY, ROW).labels == ("travel", "cooking")


def test_the_prompt_begins_alike_for_all_texts_and_ends_with_the_text() -> None:
    prompts = [
        asked(AI_CLASSIFY, {**ROW, "input": content}).messages[0].content for content in ("one text", "another one")
    ]
    shared = prompts[0].partition("one text")[0]
    assert prompts[1].startswith(shared) and "- travel\n- cooking" in shared
    assert prompts[0].endswith("one text\n\nCategory:")


def test_descriptions_and_examples_stand_in_the_prompt() -> None:
    categories = [{"label": "travel", "description": "trips", "examples": ["a flight", "a hike"]}, {"label": "cooking"}]
    arguments = {
        "input": "x",
        "categories": json.dumps(categories),
        "config": json.dumps(
            {
                "task_description": "What does it speak of?",
                "examples": [{"input": "my soup", "labels": ["cooking"], "explanation": "soup is food"}],
            }
        ),
    }
    prompt = asked(AI_CLASSIFY, arguments).messages[0].content
    assert "What does it speak of?" in prompt
    assert "- travel: trips Such as: a flight; a hike\n- cooking" in prompt
    assert "Example: my soup\nWhy: soup is food\nAnswer: cooking" in prompt


def test_single_and_multi_have_the_documented_shapes() -> None:
    assert said(CLASSIFY_TEXT, ROW, "travel") == '{"label":"travel"}'
    assert said(AI_CLASSIFY, ROW, "travel") == '{"labels":["travel"]}'
    multi = with_config(output_mode="multi")
    schema = json.loads(str(asked(AI_CLASSIFY, multi).schema))
    assert (schema["items"], schema["minItems"], schema["maxItems"]) == ({"enum": ["travel", "cooking"]}, 1, 2)
    assert said(AI_CLASSIFY, multi, '["cooking", "travel", "cooking"]') == '{"labels":["travel","cooking"]}'


def test_an_answer_that_is_no_label_is_the_rows_error() -> None:
    for function in (AI_CLASSIFY, CLASSIFY_TEXT):
        with pytest.raises(ModelError, match="another form"):
            said(function, ROW, "dancing")


def test_scores_are_given_where_they_are_asked_for() -> None:
    row = with_config(scores=True)
    assert asked(AI_CLASSIFY, row).wants_confidence and not asked(AI_CLASSIFY, ROW).wants_confidence
    value = AI_CLASSIFY.value(Completion("k", "travel", scores=(0.75, 0.25)), row)
    assert value == '{"labels":["travel"],"scores":{"travel":0.75,"cooking":0.25}}'


def test_a_prompt_object_is_an_input() -> None:
    prompt = json.dumps({"args": ["Bern"], "template": "the town of {0}"})
    assert "the town of Bern" in asked(AI_CLASSIFY, {**ROW, "input": prompt}).messages[0].content


@pytest.mark.parametrize("name", ["input", "categories"])
def test_null_gives_null_without_a_question(name: str) -> None:
    assert answered(AI_CLASSIFY, {**ROW, name: None}) is None


def test_a_call_may_name_a_model_a_tuned_one_too() -> None:
    assert asked(AI_CLASSIFY, ROW).model == DEFAULT
    assert asked(AI_CLASSIFY, with_config(model="mine")).model == MINE


def test_the_prompt_to_tune_with_is_the_prompt_that_is_asked() -> None:
    assert answered(AI_CLASSIFY_PROMPT, ROW) == asked(AI_CLASSIFY, with_config(model="mine")).messages[0].content


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        (["a"], "2 to 100 categories is needed, found 1"),
        ([str(number) for number in range(101)], "found 101"),
        (["a", "a"], "'a' is there twice"),
        (["a", ""], "a category is empty"),
        (["a", {"label": "b"}], "all texts, or all objects"),
        ([{"label": "a"}, {"name": "b"}], "has a 'label'"),
        ([{"label": "a", "examples": ["x"] * 21}, {"label": "b"}], "more than 20 examples"),
        ("travel", "found none"),
    ],
)
def test_bad_categories_are_an_error_before_any_row(categories: Any, message: str) -> None:
    for function in (AI_CLASSIFY, CLASSIFY_TEXT):
        assert function.check is not None
        with pytest.raises(InvalidArgumentsError, match=message):
            function.check({"input": NOT_CONSTANT, "categories": categories}, FakeModels())
        with pytest.raises(InvalidArgumentsError, match=message):
            function.ask({"input": "x", "categories": json.dumps(categories)}, FakeModels())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"output": "multi"}, "unknown option 'output'"),
        ({"output_mode": "multi", "scores": True}, "'scores' must be TRUE or FALSE"),
        ({"output_mode": "many"}, "'output_mode' is 'many'"),
        ({"task_description": 7}, "'task_description' must be a text"),
        ({"examples": [{"input": "x"}]}, "needs an 'input'"),
        ({"examples": [{"input": "x", "labels": ["dance"]}]}, "'dance', which is no category"),
        ({"examples": [{"input": "x", "labels": []}]}, "no label"),
        ("multi", "must be an object"),
    ],
)
def test_a_bad_configuration_is_an_error_before_any_row(config: Any, message: str) -> None:
    assert AI_CLASSIFY.check is not None
    with pytest.raises(InvalidOptionError, match=message):
        AI_CLASSIFY.check({"input": NOT_CONSTANT, "categories": ["travel", "cooking"], "config": config}, FakeModels())


def test_a_configuration_that_is_null_is_refused() -> None:
    assert AI_CLASSIFY.check is not None
    with pytest.raises(InvalidArgumentsError, match="invalid config: NULL is given"):
        AI_CLASSIFY.check({"input": "x", "categories": ["a", "b"], "config": None}, FakeModels())


def test_an_unknown_model_is_an_error_before_any_row() -> None:
    assert AI_CLASSIFY.check is not None
    with pytest.raises(UnknownModelError):
        AI_CLASSIFY.check({"input": "x", "categories": ["a", "b"], "config": {"model": "nobody"}}, FakeModels())
