"""The content key: one name for one question to one model. Equal keys have equal answers.

It is at once duplicate removal, answer cache and crash checkpoint. Tokenizer and chat template come with the weights'
file, so its digest stands for them.
"""

from __future__ import annotations

import hashlib
import json

from sapwood.inference.request import Message, Sampling
from sapwood.store.records import ModelVersion

FORMAT = 1
"""Raised when what goes into a key changes."""


def content_key(
    model: ModelVersion, messages: tuple[Message, ...], *, sampling: Sampling, schema: str | None, version: str
) -> str:
    """The sha256 of everything that decides the answer. `version` is the backend's own."""
    parts = [
        FORMAT,
        model.kind,
        model.digest or model.name,
        model.adapter_digest,
        [model.endpoint_url, model.endpoint_model],
        version,
        [[message.role, message.content] for message in messages],
        _sampling_parts(sampling),
        schema,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def _sampling_parts(sampling: Sampling) -> list[float | int | None]:
    """Greedy decoding does not look at nucleus and seed."""
    if sampling.temperature == 0:
        return [0, sampling.max_tokens]
    return [sampling.temperature, sampling.max_tokens, sampling.top_p, sampling.seed]
