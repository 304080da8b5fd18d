"""How often Python looks for circles among objects while a statement asks a model. Knows no statement.

At its usual pace it would go through all of the process every few thousand rows, for a third of a statement's time; what a row
leaves is in no circle. The pace is the whole process's, a caller's own code too, so it is put back when no statement asks.
"""

from __future__ import annotations

import gc
import threading
from types import TracebackType

SELDOM = (50_000, 20, 100)
"""New objects, by generation, after which a search begins."""


class Seldom:
    """A context in which the search is seldom; the last of those that are in it at a time puts the old pace back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = gc.get_threshold()
                gc.set_threshold(*SELDOM)
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                gc.set_threshold(*self._before)


COLLECTOR = Seldom()
"""The process's own: there is one collector in it."""
