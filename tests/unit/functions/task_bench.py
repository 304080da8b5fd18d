"""Models for the functions' tests: names without weights, and a word counts as a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sapwood.errors import ModelError, UnknownModelError
from sapwood.functions.function import Answer, Ask, Default, SqlFunction
from sapwood.inference.request import Completion, Message
from sapwood.store.records import ModelVersion

ECHO = ModelVersion("echo", "echo", "00", context=1_000)
FAR = ModelVersion("far", "endpoint", "01")
SMALL = ModelVersion("small", "local", "02")
MINE = ModelVersion("DB.S.MINE", "tuned", "03", base="echo")
DEFAULT = ModelVersion("default", "local", "04")
VECTORS = ModelVersion("vectors", "local", "05", dimensions=384)


class FakeModels:
    """What a session knows; `small` has 135 million parameters, `default` 24 billion."""

    max_answer_tokens = 256

    def resolve(self, name: str, *, makes_vectors: bool = False) -> ModelVersion:
        known = {"echo": ECHO, "far": FAR, "small": SMALL, "mine": MINE, "mistral-large2": DEFAULT,
                 "vectors": VECTORS, "snowflake-arctic-embed-l-v2.0": VECTORS}  # fmt: skip
        if name not in known:
            raise UnknownModelError(f'unknown model "{name}"')
        found = known[name]
        if found.kind not in ("echo", "endpoint") and bool(found.dimensions) is not makes_vectors:
            raise ModelError(f"{name} does not support given modality")
        return found

    def default_of(self, default: Default) -> ModelVersion:
        return self.resolve(default.model, makes_vectors=default.makes_vectors)

    def parameters(self, model: ModelVersion) -> int:
        return {"small": 135_000_000, "default": 24_000_000_000}.get(model.name, 0)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return sum(self.count_text_tokens(model, message.content) for message in messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return len(text.split())


def asked(function: SqlFunction, arguments: Mapping[str, str | None], models: FakeModels | None = None) -> Ask:
    """What a row asks, if it is one question."""
    question = function.ask(arguments, models or FakeModels())
    assert isinstance(question, Ask)
    return question


def answered(function: SqlFunction, arguments: Mapping[str, str | None]) -> str | None:
    """What a row is without a model."""
    answer = function.ask(arguments, FakeModels())
    assert isinstance(answer, Answer)
    return answer.value


def said(function: SqlFunction, arguments: Mapping[str, str | None], text: str) -> str | None:
    """What becomes of a model's answer."""
    return function.value(Completion("k", text), arguments)


def talked(rounds: Any, answer: Any) -> tuple[str | None, list[list[str]]]:
    """The value of rounds whose questions are answered by a function of the prompt, and the prompts of each round."""
    prompts: list[list[str]] = []
    asks: Sequence[Ask]
    try:
        asks = next(rounds)
        while True:
            prompts.append([ask.messages[-1].content for ask in asks])
            asks = rounds.send([Completion("k", answer(prompt)) for prompt in prompts[-1]])
    except StopIteration as end:
        return end.value, prompts
