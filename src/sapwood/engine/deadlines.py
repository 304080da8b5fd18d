"""Time limits of statements: what is to be done when a block takes too long. One thread for all of them.

A thread a statement would be simpler, but to start one is a good part of what a short statement costs.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager


class Deadlines:
    """Calls that are made at a time, unless their block has ended by then. Safe for threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._due: dict[int, tuple[float, Callable[[], None]]] = {}
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def after(self, seconds: float, act: Callable[[], None]) -> Generator[None]:
        """A block after whose first `seconds` `act` is called, at most once and never behind its end; math.inf means no limit."""
        if seconds == math.inf:
            yield
            return
        number = next(self._numbers)
        with self._changed:
            self._add(number, time.monotonic() + seconds, act)
        try:
            yield
        finally:
            with self._changed:
                self._due.pop(number, None)

    def _add(self, number: int, when: float, act: Callable[[], None]) -> None:
        self._due[number] = (when, act)
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
            self._thread.start()
        if when < self._wakes:
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._act_on(time.monotonic())
                self._wakes = min((when for when, _ in self._due.values()), default=math.inf)
                self._changed.wait(None if self._wakes == math.inf else max(0.0, self._wakes - time.monotonic()))

    def _act_on(self, now: float) -> None:
        late = [number for number, (when, _) in self._due.items() if when <= now]
        for number in late:
            self._due.pop(number)[1]()
