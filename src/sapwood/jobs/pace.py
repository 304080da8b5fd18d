"""When a job will end, from how fast it got on so far. Progress in, a time out."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_S = 2.0
"""Seconds that must be seen before anything is said."""


class Pace:
    """The pace of one process's work. A job that goes on from a checkpoint starts at some progress; its time counts from then."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None

    def expected_end(self, progress: float) -> float | None:
        """When progress will be 1, in epoch seconds; None while too little was seen."""
        now = self._clock()
        if self._first is None:
            self._first = now, progress
        since, start = self._first
        if now - since < LEAST_S or progress <= start:
            return None
        return now + (now - since) * (1 - progress) / (progress - start)
