"""The content key: one name for one question to one model. Equal keys have equal answers.

It is at once duplicate removal, answer cache and crash checkpoint. Tokenizer and chat template come with the weights'
file, so its digest stands for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from json.encoder import encode_basestring as quoted
from typing import Any

from sapwood.functions.function import Ask, EmbedAsk
from sapwood.inference.request import Message, Sampling
from sapwood.store.records import ModelVersion

FORMAT = 1
"""Raised when what goes into a key changes."""


class ContentKeys:
    """The keys of one statement's questions. `version_of` gives the version of a model's backend, and is asked once a model."""

    def __init__(self, version_of: Callable[[ModelVersion], str]) -> None:
        self._version_of = version_of
        self._models: dict[str, str] = {}

    def key(self, ask: Ask | EmbedAsk) -> str:
        """The sha256 of everything that decides the answer, written as JSON."""
        question = _question(ask) if isinstance(ask, Ask) else f'"embed", {quoted(ask.text)}, {ask.dimensions}'
        parts = f"[{FORMAT}, {self._model(ask.model)}, {question}]"
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()

    def _model(self, model: ModelVersion) -> str:
        if model.name not in self._models:
            endpoint = [model.endpoint_url, model.endpoint_model]
            parts = [model.kind, model.digest or model.name, model.adapter_digest, endpoint, self._version_of(model)]
            self._models[model.name] = _as_json(parts)[1:-1]
        return self._models[model.name]


def shortened(key: str) -> bytes:
    """A key in 16 bytes, and what was put behind it."""
    return bytes.fromhex(key[:32]) + key[64:].encode()


def _question(ask: Ask) -> str:
    """Most questions are a text and a sampling of their own, so these are written by hand."""
    messages = ", ".join(map(_message, ask.messages))
    schema = "null" if ask.schema is None else quoted(ask.schema)
    limited = f", {_as_json([ask.labels, ask.wants_confidence])[1:-1]}" if ask.labels or ask.wants_confidence else ""
    return f"[{messages}], {_sampling(ask.sampling)}, {schema}{limited}"


def _message(message: Message) -> str:
    return f"[{quoted(message.role)}, {quoted(message.content)}]"


def _sampling(sampling: Sampling) -> str:
    """Greedy decoding does not look at nucleus and seed."""
    if sampling.temperature == 0:
        return f"[0, {'null' if sampling.max_tokens is None else sampling.max_tokens}]"
    return _as_json([sampling.temperature, sampling.max_tokens, sampling.top_p, sampling.seed])


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
