"""Results of the last statements, for RESULT_SCAN: each is found by its user only, the oldest go when they are too many.

Bounded in memory; what is gone is told as gone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from sapwood.engine.result import Result

MOST_BYTES = 128 * 2**20
"""Bytes of all results that are kept; a larger one is not kept at all."""
MOST_RESULTS = 1000


class RecentResults:
    """The last results of all sessions of an engine. Safe for threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, tuple[str, Result]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, user: str, result: Result) -> None:
        """Keep a result under its query id."""
        size = result.table.nbytes
        if size > self._most_bytes:
            return
        with self._lock:
            self._kept[result.query_id] = (user, result)
            self._bytes += size
            while self._bytes > self._most_bytes or len(self._kept) > MOST_RESULTS:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._bytes -= oldest.table.nbytes

    def find(self, user: str, query_id: str) -> Result | None:
        """The result of a query of this user; None if there is none any more."""
        with self._lock:
            owner, result = self._kept.get(query_id, ("", None))
        return result if owner == user else None
