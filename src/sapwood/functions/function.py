"""What a SQL function of ours is: a signature, what it asks for a row, and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sapwood.dialect.statements import Signature
from sapwood.dialect.types import SnowType
from sapwood.inference.request import Completion, Message, Sampling
from sapwood.store.records import ModelVersion


@dataclass(frozen=True)
class Ask:
    """One question to one model, without a key: the batcher adds it.

    The answer follows `schema`, or is one of `labels`. `wants_confidence` asks how sure the model is of it.
    """

    model: ModelVersion
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: str | None = None
    labels: tuple[str, ...] = ()
    wants_confidence: bool = False


@dataclass(frozen=True)
class EmbedAsk:
    """A text whose vector is wanted; the completion's text is the vector as `vector_text` writes it."""

    model: ModelVersion
    text: str
    dimensions: int = 0
    """Elements of the vector; 0 takes the model's own number."""


@dataclass(frozen=True)
class Answer:
    """A value that needs no model: text of the value, or None for NULL."""

    value: str | None


Rounds = Generator[Sequence[Ask | EmbedAsk], Sequence[Completion], str | None]
"""A value that takes several questions: yields those of a round, is sent their completions in order, returns the value's text.

Rounds of all rows are asked side by side. Only whole completions are sent; one that failed is the row's error.
"""


class Models(Protocol):
    """What a function may ask about models: the registry seen from the session."""

    def resolve(self, name: str, *, makes_vectors: bool = False) -> ModelVersion:
        """The model behind a name (an alias, a base model, a tuned model bare or in full); UnknownModelError if none.

        Raises ModelError for one that makes vectors where text is wanted, or text where vectors are; echo makes both.
        """
        ...

    def default_of(self, default: Default) -> ModelVersion:
        """The model that answers a function whose call names none: the settings' choice, else the declaration's."""
        ...

    def parameters(self, model: ModelVersion) -> int:
        """How many parameters a model has; 0 if that is not known."""
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
class Default:
    """Which model answers `function` where a call names none, and how large it has to be.

    `model` is a Cortex name, so that the alias table says what stands behind it on each class of machine. Below `billions`
    of parameters the answers are often wrong, which a notice beside the result says; 0 is no such size.
    """

    function: str
    billions: float
    model: str = "mistral-large2"
    makes_vectors: bool = False


@dataclass(frozen=True)
class SqlFunction:
    """A function: `ask` turns a row's arguments into a question, rounds of them, or an answer; `value` a completion into the value's text.

    `ask` raises for arguments that can't be asked; that is this row's error. `on_error` is a key of ERROR_RULES. `check` sees
    the arguments that are constant (objects and arrays as Python values, NOT_CONSTANT for the others) before a row is
    read, and raises for what can't work. `returns_of` says the type where it depends on a model. `summary`, `example` and
    `errors` (text of the error -> when it comes) are for the documentation.
    """

    signature: Signature
    ask: Callable[[Arguments, Models], Ask | EmbedAsk | Answer | Rounds]
    value: Callable[[Completion, Arguments], str | None] = lambda completion, arguments: completion.text
    check: Callable[[Mapping[str, Any], Models], None] | None = None
    returns_of: Callable[[Mapping[str, Any], Models], SnowType] | None = None
    on_error: str = "raise"
    summary: str = ""
    example: str = ""
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    default: Default | None = None

    def rounds(self, arguments: Arguments, models: Models) -> Rounds:
        """All that a row asks, whatever form `ask` gives it."""
        asked = self.ask(arguments, models)
        if isinstance(asked, Answer):
            return asked.value
        if isinstance(asked, (Ask, EmbedAsk)):
            (completion,) = yield (asked,)
            return self.value(completion, arguments)
        return (yield from asked)


ERROR_RULES: Mapping[str, str] = {
    "raise": "A row that fails raises, once all other rows are finished and kept.",
    "null": "A row that fails gives NULL.",
    "details": "A row that fails gives NULL, or `{value, error}` with `return_error_details => TRUE`; it raises where the session"
    " parameter AI_SQL_ERROR_HANDLING_USE_FAIL_ON_ERROR is TRUE.",
    "field": "A row that fails gives `{error, response}` with the error's text and no response.",
}
"""What becomes of a row without an answer."""


@dataclass(frozen=True)
class CommandContext:
    """What a command (FINETUNE) gets besides its arguments: the session's place, and what it may do as that session.

    `query` gives the rows of a SELECT as Arrow tables with Snowflake's column names, some rows at a time, `documents` the JSON
    texts of the files at a stage path as an Arrow array; both raise as any statement does.
    `check_schema` raises if there is no such database or schema. `notice` tells the user a line beside the result.
    `is_own` says whether what a role owns is the session's to see.
    """

    database: str | None
    schema: str | None
    role: str
    query: Callable[[str], Any]
    documents: Callable[[str], Any]
    check_schema: Callable[[str, str], None]
    notice: Callable[[str], None]
    is_own: Callable[[str], bool] = lambda owner: True


CommandHandler = Callable[[Mapping[str, Any], CommandContext], str]
"""Runs a command; gets its arguments by parameter name as Python values (None for NULL), returns the text of the value."""
