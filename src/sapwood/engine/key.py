"""The content key: one name for one question to one model. Equal keys have equal answers.

It is at once duplicate removal, answer cache and crash checkpoint. Tokenizer and chat template come with the weights'
file, so its digest stands for them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sapwood.functions.function import Ask, EmbedAsk
from sapwood.inference.request import Sampling
from sapwood.store.records import ModelVersion

FORMAT = 1
"""Raised when what goes into a key changes."""


def content_key(ask: Ask | EmbedAsk, *, version: str) -> str:
    """The sha256 of everything that decides the answer. `version` is the backend's own."""
    parts = [FORMAT, *_model_parts(ask.model), version]
    parts += _question_parts(ask) if isinstance(ask, Ask) else ["embed", ask.text, ask.dimensions]
    return hashlib.sha256(_as_json(parts).encode("utf-8", "surrogatepass")).hexdigest()


_as_json = json.JSONEncoder(ensure_ascii=False).encode


def _model_parts(model: ModelVersion) -> list[Any]:
    return [
        model.kind,
        model.digest or model.name,
        model.adapter_digest,
        [model.endpoint_url, model.endpoint_model],
    ]


def _question_parts(ask: Ask) -> list[Any]:
    messages = [[message.role, message.content] for message in ask.messages]
    limited = [ask.labels, ask.wants_confidence] if ask.labels or ask.wants_confidence else []
    return [messages, _sampling_parts(ask.sampling), ask.schema, *limited]


def _sampling_parts(sampling: Sampling) -> list[float | int | None]:
    """Greedy decoding does not look at nucleus and seed."""
    if sampling.temperature == 0:
        return [0, sampling.max_tokens]
    return [sampling.temperature, sampling.max_tokens, sampling.top_p, sampling.seed]
