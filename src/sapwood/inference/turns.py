"""Whose turn it is: a lock that goes to who has waited longest, so that two statements share a model step by step.

Python's own locks may go to the thread that has just let go, again and again.
"""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """One holder at a time, in the order in which they asked. Whoever has it must not ask for it again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._line: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        mine = threading.Event()
        with self._guard:
            self._line.append(mine)
            if len(self._line) == 1:
                mine.set()
        mine.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._line.popleft()
            if self._line:
                self._line[0].set()
