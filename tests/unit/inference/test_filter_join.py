"""AI_FILTER in JOIN ... ON: what stands first in many pairs' prompts is computed once. Counted, on a random model of one token a byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

torch = pytest.importorskip("torch")

from sapwood.config import InferenceConfig  # noqa: E402
from sapwood.functions import AI_FILTER  # noqa: E402
from sapwood.functions.function import Ask, Default, Models  # noqa: E402
from sapwood.inference.local import LocalBackend  # noqa: E402
from sapwood.inference.request import Message, Request  # noqa: E402
from sapwood.store.records import ModelVersion  # noqa: E402

REVIEW = "The room was clean and quiet, the staff were kind, but breakfast was cold on all of the days that we stayed. "
TAIL = 40
"""Bytes of a pair's own: the statement, the prompt's end, the template's end."""


class OneModel(Models):
    """A model that answers whatever asks."""

    @property
    def max_answer_tokens(self) -> int:
        return 8

    def __init__(self, model: ModelVersion) -> None:
        self._model = model

    def resolve(self, name: str, *, makes_vectors: bool = False) -> ModelVersion:
        return self._model

    def default_of(self, default: Default) -> ModelVersion:
        return self._model

    def parameters(self, model: ModelVersion) -> int:
        return 0

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return 0

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return 0


def requests(pairs: Sequence[tuple[str, str]], models: Models) -> list[Request]:
    """The questions of pairs in the engine's order, which is that of the arguments' text."""
    arguments = sorted(json.dumps({"args": pair, "template": "{0}\n{1}"}) for pair in pairs)
    asks = [AI_FILTER.ask({"predicate": each}, models) for each in arguments]
    return [
        Request(str(at), ask.model, ask.messages, ask.sampling, ask.schema, ask.labels)
        for at, ask in enumerate(asks)
        if isinstance(ask, Ask)
    ]


def test_a_text_of_many_pairs_is_computed_once(version: Callable[..., ModelVersion]) -> None:
    reviews = [f"Guest {number}. " + REVIEW * 4 for number in range(16)]
    statements = [f"Is it {number}?" for number in range(20)]
    pairs = [(review, statement) for statement in statements for review in reviews]
    backend = LocalBackend(InferenceConfig(number_type="fp32", threads=1), prepare=lambda version: version)
    asked = requests(pairs, OneModel(version(context=1024)))
    done = list(backend.generate(asked, is_cancelled=lambda: False))
    assert [each.error for each in done] == [None] * len(pairs)
    tokens = sum(each.prompt_tokens for each in done)
    computed = sum(each.computed_tokens for each in done)
    assert computed <= tokens / 10
    assert computed <= len(pairs) * TAIL + sum(map(len, reviews)) + len(pairs)
