"""The SQL functions that ask a model: one declaration each, with its prompt. Sees no SQL engine."""

from __future__ import annotations

from sapwood.functions.complete import AI_COMPLETE, COMPLETE, TRY_COMPLETE
from sapwood.functions.count_tokens import AI_COUNT_TOKENS, COUNT_TOKENS

FUNCTIONS = (COMPLETE, TRY_COMPLETE, AI_COMPLETE, COUNT_TOKENS, AI_COUNT_TOKENS)
"""Every function of ours; a new one is a file and a place in this tuple."""
