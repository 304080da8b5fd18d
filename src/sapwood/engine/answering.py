"""Requests of both kinds through one backend: questions are answered, texts become vectors; all come back as completions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sapwood.functions.vector_text import encoded
from sapwood.inference.intake import Intake
from sapwood.inference.request import Backend, Completion, Embed, Request, Vector

Wanted = Request | Embed


def answers(backend: Backend, requests: Intake[Any], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
    """A completion for each request, those of one kind in any order, as they finish."""
    for first, some in requests.runs(type):
        if isinstance(first, Embed):
            yield from map(_completion, backend.embed(some, is_cancelled=is_cancelled))
        else:
            yield from backend.generate(some, is_cancelled=is_cancelled)
        if is_cancelled():
            return


def is_keepable(request: Wanted) -> bool:
    """Whether equal requests have equal answers."""
    return isinstance(request, Embed) or request.sampling.temperature == 0


def _completion(vector: Vector) -> Completion:
    return Completion(
        vector.key,
        "" if vector.error is not None else encoded(vector.values),
        "shortened" if vector.is_truncated else "stop",
        prompt_tokens=vector.tokens,
        computed_tokens=vector.tokens,
        seconds=vector.seconds,
        error=vector.error,
        retryable=vector.retryable,
    )
