"""The question of a task function: one user turn, greedy, so that a model tuned on (prompt, completion) rows sees what it was taught."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sapwood.functions.function import Ask
from sapwood.functions.json_text import compact, unfit
from sapwood.inference.request import Completion, Message, Sampling
from sapwood.store.records import ModelVersion


def ask(
    model: ModelVersion, prompt: str, *, max_tokens: int, schema: Any = None, wants_confidence: bool = False
) -> Ask:
    """A prompt in one turn; `schema` is what the answer must follow, None for free text."""
    turns, sampling = (Message("user", prompt),), Sampling(max_tokens=max_tokens)
    return Ask(model, turns, sampling, None if schema is None else compact(schema), wants_confidence=wants_confidence)


def choose(model: ModelVersion, prompt: str, labels: Sequence[str], *, wants_confidence: bool = False) -> Ask:
    """A prompt in one turn, answered by one of the labels."""
    return Ask(model, (Message("user", prompt),), labels=tuple(labels), wants_confidence=wants_confidence)


def chosen(completion: Completion, labels: Sequence[str]) -> str:
    """The label that was answered. Raises ModelError for anything else: an endpoint may not mind the labels."""
    if completion.text not in labels:
        raise unfit(completion)
    return completion.text


def section(title: str, content: str) -> str:
    """A part of a prompt whose content begins on a line of its own."""
    return f"{title}:\n{content}"
