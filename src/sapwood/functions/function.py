"""What a SQL function of ours is: a signature, what it asks for a row, and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sapwood.dialect.statements import Signature
from sapwood.inference.request import Completion, Message, Sampling
from sapwood.store.records import ModelVersion


@dataclass(frozen=True)
class Ask:
    """One question to one model, without a key: the batcher adds it."""

    model: ModelVersion
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: str | None = None


@dataclass(frozen=True)
class Answer:
    """A value that needs no model: text of the value, or None for NULL."""

    value: str | None


class Models(Protocol):
    """What a function may ask about models: the registry seen from the session."""

    def resolve(self, name: str) -> ModelVersion:
        """The model behind a name (an alias, a base model, a tuned model bare or in full); UnknownModelError if none."""
        ...

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int: ...

    def count_text_tokens(self, model: ModelVersion, text: str) -> int: ...

    @property
    def max_answer_tokens(self) -> int:
        """The session's cap on an answer that has no limit of its own."""
        ...


Arguments = Mapping[str, str | None]
"""A row's arguments by parameter name: text, JSON text for objects and arrays, None for NULL; absent if not given."""


@dataclass(frozen=True)
class SqlFunction:
    """A function: `ask` turns a row's arguments into a question (or an answer at once), `value` turns the completion into the value's text.

    `ask` raises for arguments that can't be asked; that is this row's error. `on_error` says what a failed row is: 'raise'
    (the statement fails once all other rows are finished), 'null', or 'details' (null, or {value, error} if the argument
    return_error_details is true). `check` sees the arguments that are constant (objects and arrays as Python values,
    NOT_CONSTANT for the others) before a row is read, and raises for what can't work. `summary` and `example` are for
    the documentation.
    """

    signature: Signature
    ask: Callable[[Arguments, Models], Ask | Answer]
    value: Callable[[Completion, Arguments], str | None]
    check: Callable[[Mapping[str, Any], Models], None] | None = None
    on_error: str = "raise"
    summary: str = ""
    example: str = ""


def argument(arguments: Arguments, name: str) -> Any:
    """The argument's text, or None if it is NULL or was not given."""
    return arguments.get(name)


@dataclass(frozen=True)
class CommandContext:
    """What a command (FINETUNE) gets besides its arguments: the session's place, and what it may do as that session.

    `query` gives the rows of a SELECT as an Arrow table with Snowflake's column names, and raises as any statement does.
    `check_schema` raises if there is no such database or schema. `notice` tells the user a line beside the result.
    `is_own` says whether what a role owns is the session's to see.
    """

    database: str | None
    schema: str | None
    role: str
    query: Callable[[str], Any]
    check_schema: Callable[[str, str], None]
    notice: Callable[[str], None]
    is_own: Callable[[str], bool] = lambda owner: True


CommandHandler = Callable[[Mapping[str, Any], CommandContext], str]
"""Runs a command; gets its arguments by parameter name as Python values (None for NULL), returns the text of the value."""
