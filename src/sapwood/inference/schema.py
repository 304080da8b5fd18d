"""Answers that must follow a JSON schema: which tokens may come next. A thin layer over llguidance; knows no model."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from sapwood.errors import InvalidOptionError

LAYOUT: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON on one line as json.dumps writes it: a small model that may put white space anywhere puts it everywhere."""


class Matcher:
    """Where one answer stands in its schema."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def allowed(self, vocabulary: int) -> Tensor:
        """Bool mask over the vocabulary of the tokens that may come next."""
        bits = np.unpackbits(np.frombuffer(self._inner.compute_bitmask(), dtype=np.uint8), bitorder="little")
        mask = torch.from_numpy(bits[:vocabulary].astype(np.bool_))
        missing = vocabulary - mask.shape[0]
        return mask if missing <= 0 else torch.cat([mask, torch.zeros(missing, dtype=torch.bool)])

    def consume(self, token: int) -> bool:
        """Go on by a token. False once the answer is whole (the schema allows nothing more) or the grammar gave up."""
        self._inner.consume_token(token)
        return not self._inner.is_stopped()

    @property
    def error(self) -> str:
        """Why the grammar gave up; '' if it did not."""
        return self._inner.get_error()


class Schemas:
    """Matchers for one tokenizer. Each schema is compiled once."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, end_id: int) -> None:
        """Takes about a second for a large vocabulary."""
        import llguidance.hf

        fast: Any = tokenizer
        self._tokenizer = llguidance.hf.from_tokenizer(fast, eos_token=end_id)
        self._compiled: dict[str, Any] = {}

    def matcher(self, schema: str) -> Matcher:
        """A fresh matcher for a schema's text. Raises InvalidOptionError for one that is no JSON schema or can't be served."""
        if schema not in self._compiled:
            self._compiled[schema] = self._compile(schema)
        return Matcher(self._compiled[schema].deep_copy())

    def _compile(self, schema: str) -> Any:
        from llguidance import LLMatcher

        try:
            if not isinstance(json.loads(schema), dict):
                raise ValueError("a schema must be an object")
            matcher = LLMatcher(
                self._tokenizer, LLMatcher.grammar_from_json_schema(schema, overrides=LAYOUT), log_level=0
            )
        except ValueError as error:
            raise _refuse(str(error)) from error
        if matcher.is_error():
            raise _refuse(matcher.get_error())
        return matcher


def _refuse(reason: str) -> InvalidOptionError:
    hint = "Give a JSON schema whose top level is an object with properties."
    return InvalidOptionError(f"input schema validation error: {reason.strip().splitlines()[0]}", hint=hint)
