"""What becomes of a row: the value's text, or what the function's error rule makes of an error.

Comes in: a call site, its function and what a row asked. Goes out: an `Outcome`. It knows no SQL and asks nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sapwood.dialect.statements import NOT_CONSTANT, Call
from sapwood.errors import Error, ModelError
from sapwood.functions.function import SqlFunction
from sapwood.inference.request import Completion

Asking = tuple[tuple[str | None, ...], int]
"""The arguments at a call site, and which asking of these it is: 0, or 0, 1, 2 ... where equal ones may differ in their answers."""


@dataclass(frozen=True)
class Outcome:
    """What became of one asking: the value's text (None is NULL), or the error that the function's rule raises."""

    value: str | None = None
    error: Error | None = None


@dataclass(frozen=True)
class OutcomeRule:
    """How rows of a call site end. `fails_on_error` lets functions that would give NULL for a failed row raise."""

    function: SqlFunction
    call: Call
    fails_on_error: bool = False

    def failed(self, asking: Asking, error: Error) -> Outcome:
        """A row without an answer."""
        return _FAILURES[self.function.on_error](self, asking, error)

    def succeeded(self, asking: Asking, value: str | None) -> Outcome:
        """A row with an answer."""
        if self.wants_details(asking):
            return Outcome(_compact({"value": self._as_json(value), "error": None}))
        return Outcome(value)

    def wants_details(self, asking: Asking) -> bool:
        """Whether the row asks for {value, error} and its function has that."""
        if self.function.on_error != "details":
            return False
        return (arguments_of(self.call, asking).get("return_error_details") or "").lower() == "true"

    def _as_json(self, value: str | None) -> object:
        """The value as it stands in JSON: a text stays one, an object or a number is put in as what it is."""
        if value is None:
            return None
        given = {name: self.call.constants.get(name, NOT_CONSTANT) for name in self.call.arguments}
        given.pop("return_error_details", None)
        signature = self.function.signature
        kind = signature.returns_of(given) if signature.returns_of else signature.returns
        return value if kind.name == "TEXT" else json.loads(value)


def arguments_of(call: Call, asking: Asking) -> dict[str, str | None]:
    """A row's arguments by parameter name; an argument that was not given is absent."""
    return dict(zip(call.arguments, asking[0], strict=True))


def completion_error(function: str, completion: Completion) -> ModelError:
    """The error of an answer that a backend could not give."""
    status = 503 if completion.retryable else 400
    text = json.dumps(completion.error, ensure_ascii=False)
    return ModelError(
        f"Request failed for external function {function}$V2 with remote service error: {status} '{text}'"
    )


def _with_details(rule: OutcomeRule, asking: Asking, error: Error) -> Outcome:
    if rule.wants_details(asking):
        return Outcome(_compact({"value": None, "error": error.msg}))
    return Outcome(None, error if rule.fails_on_error else None)


_FAILURES: Mapping[str, Callable[[OutcomeRule, Asking, Error], Outcome]] = {
    "raise": lambda rule, asking, error: Outcome(None, error),
    "null": lambda rule, asking, error: Outcome(None),
    "details": _with_details,
    "field": lambda rule, asking, error: Outcome(_compact({"error": error.msg, "response": None})),
}
"""By the keys of ERROR_RULES."""


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
