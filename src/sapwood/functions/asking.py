"""The question of a task function: one user turn, greedy, so that a model tuned on (prompt, completion) rows sees what it was taught."""

from __future__ import annotations

from typing import Any

from sapwood.functions.function import Ask
from sapwood.functions.json_text import compact
from sapwood.inference.request import Message, Sampling
from sapwood.store.records import ModelVersion


def ask(model: ModelVersion, prompt: str, *, max_tokens: int, schema: Any = None) -> Ask:
    """A prompt in one turn; `schema` is what the answer must follow, None for free text."""
    sampling = Sampling(max_tokens=max_tokens)
    return Ask(model, (Message("user", prompt),), sampling, None if schema is None else compact(schema))


def longest(values: list[str]) -> int:
    """Tokens that the JSON of the longest of some texts can take.

    >>> longest(["a", "abc"])
    6
    """
    return max(len(compact(value).encode()) for value in values) + 1


def section(title: str, content: str) -> str:
    """A part of a prompt whose content begins on a line of its own."""
    return f"{title}:\n{content}"
