"""What is asked of a model, and what it answered: texts and vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sapwood.store.records import ModelVersion


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen. `temperature` 0 is greedy; `top_p` 0 means no nucleus cut; `max_tokens` counts new tokens.

    `max_tokens` None leaves it to the model's cap. `seed` None draws one. An answer that ends at `max_tokens` or that
    only repeats itself has finish 'length' or 'repetition'.
    """

    temperature: float = 0.0
    top_p: float = 0.0
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Request:
    """One question. `key` names it in the answers and is unique in a run; `schema` is a JSON schema that the answer must follow.

    With `labels` the answer is exactly one of these texts, the likeliest; it takes temperature 0 and no schema, and
    `max_tokens` does not matter. `wants_confidence` asks for `Completion.confidence`, and with labels for `scores`.
    With `is_streamed` a backend that can do so also tells what the answer is so far, as it grows.
    """

    key: str
    model: ModelVersion
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    schema: str | None = None
    labels: tuple[str, ...] = ()
    wants_confidence: bool = False
    is_streamed: bool = False

    def __post_init__(self) -> None:
        if self.labels and (self.schema is not None or self.sampling.temperature > 0):
            raise ValueError("labels take temperature 0 and no schema")


@dataclass(frozen=True)
class Completion:
    """One answer. A row that failed has `error` (text) and `retryable`; its `text` is then ''.

    `prompt_tokens` and `completion_tokens` are what was asked and answered; `computed_tokens` what really went through the
    model, so that a shared prefix counts once in all. `seconds` is this row's share of the time.

    Of a request that wants it, `confidence` is the geometric mean of the probabilities, within what schema or labels
    allow, of the answer's tokens and its end; of one with labels it is the answer's score. `scores` are the labels'
    probabilities in their order: they sum to 1, and each is right to 1e-4. A backend that can't tell leaves them out.

    Of a request that is streamed there may be others before it, which are not whole: their `finish` is '', and their `text`
    is how the answer begins.
    """

    key: str
    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    computed_tokens: int = 0
    seconds: float = 0.0
    error: str | None = None
    retryable: bool = False
    scores: tuple[float, ...] = ()
    confidence: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether this is the answer, and not only how it begins."""
        return bool(self.finish)


@dataclass(frozen=True)
class Embed:
    """One text to be made a vector. `key` is unique in a run; `dimensions` is how many numbers are declared, 0 for the model's own."""

    key: str
    model: ModelVersion
    text: str
    dimensions: int = 0


@dataclass(frozen=True)
class Vector:
    """One text's vector: `values` are its numbers as float32, little-endian; b'' of a row that failed, which has `error`.

    `tokens` is what went through the model; `is_truncated` says that the text had more, which were left out.
    """

    key: str
    values: bytes
    tokens: int = 0
    is_truncated: bool = False
    seconds: float = 0.0
    error: str | None = None
    retryable: bool = False

    @property
    def is_whole(self) -> bool:
        """A vector always is."""
        return True


class Backend(Protocol):
    """What can answer requests for one kind of model (`ModelVersion.kind`)."""

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """Answer each request once, in any order, as they finish. A bad row is a Completion with `error`, never an exception.

        More requests may come only after some were answered: who takes all of them before the first answer may wait for ever.
        Stops early, without an error, once `is_cancelled` says so.
        """
        ...

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """A vector for each text, as `generate` answers requests. A vector never has other than the declared dimensions."""
        ...

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        """Tokens of a rendered prompt."""
        ...

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        """Tokens of a bare text."""
        ...

    def version(self, model: ModelVersion) -> str:
        """What of this backend changes an answer: engine version, number type. Part of the content key."""
        ...

    def shrink(self, limit: int) -> None:
        """Let go of models until those in memory take at most so many bytes; they come back when they are asked."""
        ...

    def close(self) -> None: ...


def wrong_dimensions(request: Embed, dimensions: int) -> str | None:
    """What is wrong if a model that gives vectors of so many numbers is asked; None if nothing is."""
    if request.dimensions in (0, dimensions):
        return None
    return f"model {request.model.name} makes vectors of {dimensions} numbers, not {request.dimensions}"
