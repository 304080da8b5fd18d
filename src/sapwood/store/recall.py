"""What was read of the catalogue, remembered for a moment: each statement asks who its user is and which roles they have.

Forgotten once this process writes, so that it sees its own changes at once; another process's are seen within a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sapwood.store.database import Database

Key = TypeVar("Key")
Found = TypeVar("Found")

KEPT_S = 1.0
"""Seconds for which nothing that another process changes may be missed."""


class Recall(Generic[Key, Found]):
    """A way of reading that is taken once a moment for each key. Safe for threads."""

    def __init__(self, database: Database, read: Callable[[Key], Found]) -> None:
        self._database = database
        self._read = read
        self._kept: tuple[tuple[int, float], dict[Key, Found]] = ((-1, 0.0), {})

    def __call__(self, key: Key) -> Found:
        """What the catalogue has under a key."""
        standing = (self._database.changes, time.monotonic() // KEPT_S)
        if self._kept[0] != standing:
            self._kept = (standing, {})
        known = self._kept[1]
        if key not in known:
            known[key] = self._read(key)
        return known[key]
