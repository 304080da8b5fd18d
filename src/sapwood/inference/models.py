"""Models in memory: a ModelVersion in, weights and tokenizer out; the ones not used for longest go first. Knows no rows."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from sapwood.config import InferenceConfig
from sapwood.errors import ModelError
from sapwood.inference.adapter import check_canary, fold
from sapwood.inference.attention import encode_prefix
from sapwood.inference.chat import Chat
from sapwood.inference.embedding import Encoder, load_encoder
from sapwood.inference.kv import PrefixKV
from sapwood.inference.labels import Tries
from sapwood.inference.quantization import quantize
from sapwood.inference.schema import Schemas
from sapwood.inference.siblings import join
from sapwood.inference.weights import load_model, load_tokenizer, precision
from sapwood.store.records import ModelVersion

MODEL_BYTES = 4 << 30
"""Weights that may stay in memory together; one model more than this is always allowed."""

PREFIX_BYTES = 256 << 20
"""Memory for prefixes that are kept between calls, for each model."""

PREFIX_TOKENS = 8
"""A prefix shorter than this is not worth a pass of its own."""


class Prefixes:
    """Prefixes of one model, kept by their tokens; the oldest go first."""

    def __init__(self, model: PreTrainedModel, *, limit: int = PREFIX_BYTES) -> None:
        self._model, self._limit = model, limit
        self._kept: OrderedDict[tuple[int, ...], PrefixKV] = OrderedDict()

    def find(self, tokens: Sequence[int], *, rows: int) -> tuple[PrefixKV | None, int]:
        """Keys and values of (nearly all of) `tokens`, and how many tokens had to be computed.

        What is kept and covers nine tenths is taken as it is; what covers less is gone on from. For one row nothing new
        is computed. (None, 0) means: read the tokens with each row.
        """
        wanted = tuple(tokens)
        best = max((known for known in self._kept if wanted[: len(known)] == known), key=len, default=())
        found = self._kept.get(best)
        if found is not None:
            self._kept.move_to_end(best)
        if rows < 2 or len(wanted) - len(best) < PREFIX_TOKENS or len(best) >= 0.9 * len(wanted):
            return found, 0
        with torch.inference_mode():
            made = encode_prefix(self._model, wanted[len(best) :], before=found)
        self._kept[wanted] = made
        while len(self._kept) > 1 and sum(kept.bytes for kept in self._kept.values()) > self._limit:
            self._kept.popitem(last=False)
        return made, len(wanted) - len(best)


class Loaded:
    """A model that is in memory, with its tokenizer, its prefixes, its label sets and its schemas."""

    def __init__(self, model: PreTrainedModel, chat: Chat, path: str, *, extra_bytes: int = 0) -> None:
        """`extra_bytes` are weights that are no parameters any more."""
        self.model, self.chat, self._extra_bytes = model, chat, extra_bytes
        self.prefixes = Prefixes(model)
        self.tries = Tries(chat.completion_ids)
        self.path = path
        self._schemas: Schemas | None = None

    @property
    def schemas(self) -> Schemas:
        if self._schemas is None:
            self._schemas = Schemas(load_tokenizer(self.path), end_id=self.chat.end_id)
        return self._schemas

    @property
    def bytes(self) -> int:
        return self._extra_bytes + sum(part.numel() * part.element_size() for part in self.model.parameters())


class Models:
    """Loads models when they are needed and keeps as many as fit."""

    def __init__(self, config: InferenceConfig, *, prepare: Callable[[ModelVersion], ModelVersion]) -> None:
        self.precision = precision(config)
        self._threads = config.threads or os.cpu_count() or 1
        self._prepare = prepare
        self._loaded: OrderedDict[tuple[str, str], Loaded | Encoder] = OrderedDict()
        self._chats: dict[str, Chat] = {}
        self._tokenizers: dict[str, PreTrainedTokenizerBase] = {}

    def get(self, version: ModelVersion) -> Loaded:
        """The model, ready to answer: its adapter folded in and proved by the canary. May download; raises ModelError."""
        found = self._find(version)
        if not isinstance(found, Loaded):
            raise ModelError(f"model {version.name} makes vectors, not text", hint="Name a model that answers.")
        return found

    def encoder(self, version: ModelVersion) -> Encoder:
        """The model, ready to make vectors. May download; raises ModelError, also for a model that makes text."""
        found = self._find(version)
        if not isinstance(found, Encoder):
            raise ModelError(f"model {version.name} makes text, not vectors", hint="Name an embedding model.")
        return found

    def chat(self, version: ModelVersion) -> Chat:
        """The model's tokenizer, without its weights. May download, since both come in one file."""
        key = version.digest or version.path
        if key not in self._chats:
            self._chats[key] = Chat(load_tokenizer(self._prepare(version).path))
        return self._chats[key]

    def text_tokens(self, version: ModelVersion, text: str) -> int:
        """Tokens of a bare text: those that an embedding model reads, with the special ones, or those that stand in a prompt."""
        if not version.dimensions:
            return len(self.chat(version).text_ids(text))
        if version.digest not in self._tokenizers:
            self._tokenizers[version.digest] = load_tokenizer(self._prepare(version).path)
        tokenizer: Any = self._tokenizers[version.digest]
        return len(tokenizer(text, verbose=False)["input_ids"])

    def shrink(self, limit: int) -> None:
        """Let go of the models not used for longest until the others take at most `limit` bytes."""
        while self._loaded and sum(loaded.bytes for loaded in self._loaded.values()) > limit:
            self._loaded.popitem(last=False)

    def _find(self, version: ModelVersion) -> Loaded | Encoder:
        key = (version.digest or version.path, version.adapter_digest or version.adapter_path)
        if key not in self._loaded:
            ready = self._prepare(version)
            self._make_space(ready)
            torch.set_num_threads(self._threads)
            self._loaded[key] = load_encoder(ready.path) if ready.dimensions else self._load(ready)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _load(self, version: ModelVersion) -> Loaded:
        dtype, levels = self.precision.dtype, self.precision.levels
        # on the way to bytes weights are left as they are stored: wider they may not fit into memory
        model = load_model(version.path, None if levels and not version.adapter_path else dtype)
        if version.adapter_path:
            fold(model, version.adapter_path)
            check_canary(model, version.adapter_path)
        elif version.kind == "tuned":
            raise ModelError(f"model {version.name} has no adapter", hint="Train it again.")
        size = quantize(model, dtype, levels=levels) if levels else 0
        join(model)
        key = version.digest or version.path
        chat = self._chats.setdefault(key, Chat(load_tokenizer(version.path)))
        return Loaded(model, chat, version.path, extra_bytes=size)

    def _make_space(self, version: ModelVersion) -> None:
        """Make the new model, judged by its files, fit."""
        size = sum(file.stat().st_size for file in Path(version.path).glob("*.safetensors"))
        size *= 2 if self.precision.dtype is torch.float32 else 1
        self.shrink(max(0, MODEL_BYTES - size))
