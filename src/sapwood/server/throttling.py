"""Attempts to log in: after a few failures in a row, each next one has to wait twice as long.

Counted per user and peer, so that a stranger can't lock a user out from elsewhere. Knows nothing of what an attempt is.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_FREE = 5
"""Failures in a row that cost nothing: people mistype."""
_LONGEST_MS = 15 * 60 * 1000
"""The longest wait; a failure older than that is forgotten."""
_MOST_KEYS = 10_000
"""Pairs that are remembered; beyond, the oldest are forgotten."""


@dataclass(frozen=True)
class _Failures:
    count: int
    last_ms: int

    @property
    def wait_ms(self) -> int:
        """How long after the last failure nothing is tried."""
        over = self.count - _FREE
        return 0 if over < 0 else min(1000 * 2 ** min(over, 30), _LONGEST_MS)


class Throttle:
    """Failures by key. Safe for threads; `clock` gives epoch milliseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_ms(self, key: tuple[str, str]) -> int:
        """Milliseconds until the next attempt is looked at; 0 for now."""
        with self._lock:
            known = self._failures.get(key)
            return 0 if known is None else max(0, known.last_ms + known.wait_ms - self._clock())

    def failed(self, key: tuple[str, str]) -> None:
        """Count a failure."""
        with self._lock:
            now = self._clock()
            known = self._failures.pop(key, None)
            count = known.count + 1 if known is not None and now - known.last_ms < _LONGEST_MS else 1
            self._failures[key] = _Failures(count, now)
            while len(self._failures) > _MOST_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, key: tuple[str, str]) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop(key, None)
