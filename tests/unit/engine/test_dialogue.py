"""Rows that ask in rounds, side by side; and what becomes of rows that fail, by their function's rule."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from engine_bench import ECHO, FakeInfo, FakeRegistry

from sapwood.dialect.statements import Call, Parameter, Signature
from sapwood.dialect.types import text
from sapwood.engine.answering import Wanted
from sapwood.engine.dialogue import Asked, Dialogue
from sapwood.engine.engine import Engine
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule
from sapwood.errors import ModelError
from sapwood.functions.function import Answer, Arguments, Ask, EmbedAsk, Rounds, SqlFunction
from sapwood.inference.request import Completion, Message, Request


def ask(content: str) -> Ask:
    return Ask(ECHO, (Message("user", content),))


def deep(levels: int) -> Rounds:
    """Asks for so many rounds, each time with the answer that it got."""
    said = "start"
    for level in range(levels):
        (answer,) = yield [ask(f"{level} {said}")]
        said = answer.text
    return said


def function(on_error: str = "raise") -> SqlFunction:
    parameters = (Parameter("x"), Parameter("return_error_details"))
    return SqlFunction(
        Signature("F", ("F",), parameters, returns=text()), lambda row, models: Answer(None), on_error=on_error
    )


def dialogue(on_error: str = "raise", *, fails_on_error: bool = False) -> Dialogue:
    call = Call(0, "F", ("x", "return_error_details"))
    rule = OutcomeRule(function(on_error), call, fails_on_error=fails_on_error)

    def request(asked: Ask | EmbedAsk, asking: Asking) -> Wanted:
        assert isinstance(asked, Ask)
        return Request(asked.messages[0].content, asked.model, asked.messages)

    return Dialogue(rule, request)


def asking(name: str, details: str | None = None) -> Asking:
    return ((name, details), 0)


def begin(rows: Dialogue, row: Asking, asked: Asked) -> None:
    rows.begin(row, {}, lambda arguments: asked)


def answer_all(rows: Dialogue, said: Callable[[str], str] = str.upper) -> list[list[str]]:
    """Answer round by round; the keys of each round."""
    rounds: list[list[str]] = []
    while rows.is_waiting:
        rounds.append(list(rows.take_requests()))
        rows.go_on([Completion(key, said(key)) for key in rounds[-1]])
    return rounds


def test_rows_of_different_depth_are_asked_side_by_side() -> None:
    rows = dialogue()
    for name, levels in (("a", 1), ("b", 3), ("c", 0), ("d", 3)):
        begin(rows, asking(name), deep(levels))
    assert answer_all(rows) == [["0 start"], ["1 0 START"], ["2 1 0 START"]]
    values = {key[0][0]: outcome.value for key, outcome in rows.take_outcomes()}
    assert values == {"a": "0 START", "b": "2 1 0 START", "c": "start", "d": "2 1 0 START"}


def test_a_row_with_one_question_ends_with_its_answer_and_one_without_at_once() -> None:
    rows = dialogue()
    begin(rows, asking("a"), ask("one"))
    begin(rows, asking("b"), ask("one"))
    begin(rows, asking("c"), Answer("known"))
    assert answer_all(rows) == [["one"]]
    assert rows.take_outcomes() == [
        (asking(name), Outcome(value)) for name, value in (("c", "known"), ("a", "ONE"), ("b", "ONE"))
    ]


def test_a_row_that_cannot_be_asked_fails_alone() -> None:
    def refuse(arguments: Arguments) -> Answer:
        raise ModelError("no luck")

    rows = dialogue("null")
    rows.begin(asking("a"), {}, refuse)
    begin(rows, asking("b"), ask("one"))
    rows.go_on([Completion("one", "", error="too much")])
    assert rows.take_outcomes() == [(asking("a"), Outcome(None)), (asking("b"), Outcome(None))]
    assert rows.refused == 1


def test_answers_come_in_the_order_of_the_questions() -> None:
    def both() -> Rounds:
        first, second = yield [ask("one"), ask("two")]
        return f"{first.text} {second.text}"

    rows = dialogue()
    begin(rows, asking("a"), both())
    answer_all(rows)
    assert rows.take_outcomes() == [(asking("a"), Outcome("ONE TWO"))]


def test_a_row_may_fail_in_any_round_and_the_others_go_on() -> None:
    def failing() -> Rounds:
        yield [ask("first")]
        raise ModelError("no luck")

    rows = dialogue("null")
    begin(rows, asking("a"), failing())
    begin(rows, asking("b"), deep(2))
    answer_all(rows)
    assert rows.take_outcomes() == [(asking("a"), Outcome(None)), (asking("b"), Outcome("1 0 START"))]
    assert rows.refused == 1


def test_a_completion_that_failed_is_the_rows_error() -> None:
    rows = dialogue()
    begin(rows, asking("a"), deep(1))
    rows.go_on([Completion("0 start", "", error="too much", retryable=True)])
    ((_, outcome),) = rows.take_outcomes()
    error = outcome.error
    assert error is not None and error.msg.endswith("503 '\"too much\"'") and not rows.is_waiting


@pytest.mark.parametrize(
    ("on_error", "fails", "details", "value", "raises"),
    [
        ("raise", False, None, None, True),
        ("null", True, None, None, False),
        ("details", False, None, None, False),
        ("details", True, None, None, True),
        ("details", True, "true", {"value": None, "error": "no"}, False),
        ("field", True, None, {"error": "no", "response": None}, False),
    ],
)
def test_each_rule_of_errors(on_error: str, fails: bool, details: str | None, value: object, raises: bool) -> None:
    rows = dialogue(on_error, fails_on_error=fails)

    def failing() -> Rounds:
        raise ModelError("no")
        yield []

    begin(rows, asking("a", details), failing())
    ((_, outcome),) = rows.take_outcomes()
    assert (outcome.error is not None) is raises
    assert (None if outcome.value is None else json.loads(outcome.value)) == value


def test_a_model_below_a_functions_floor_is_told_of_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeRegistry, "listing", lambda self: [FakeInfo(parameters=135_000_000)])  # type: ignore[reportUnknownLambdaType]
    text = "select ai_translate('', 'en', 'de'), ai_filter(null, {'model': 'echo'}), ai_filter(null, {'model': 'echo'})"
    (result,) = engine.open_session().execute(text)
    assert [notice.partition(";")[0] for notice in result.notices] == ["AI_FILTER: echo has 0.14 billion parameters"]
