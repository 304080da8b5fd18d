"""Where each answer stands, by 63 bits that stand for its key. A part of the cache of answers: its lock, its transactions.

Keys come in no order, so an index of them has each new one on another page, and a large cache would write all its pages again
for each group. So the newest answers have their places in memory, and are put into the index many at a time, in its order.
Two keys of one hash (of 10 million keys, with a chance of 3 in a million) hide each other; neither gives the other's answer.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

TABLES = (
    "CREATE TABLE IF NOT EXISTS places (hash INTEGER PRIMARY KEY, made INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS placed (made INTEGER NOT NULL)",
    "INSERT INTO placed SELECT 0 WHERE NOT EXISTS (SELECT * FROM placed)",
)
"""The index, and the number of the last answer in it."""
MOST_UNPLACED = 65_536
"""Answers that have their places in memory, at most: some 10 MB."""

_PLACE = "INSERT OR REPLACE INTO places SELECT hash, made FROM answers WHERE made > (SELECT made FROM placed) ORDER BY hash, made"
_PLACED = "UPDATE placed SET made = ifnull((SELECT max(made) FROM answers), made)"
_FORGET = "DELETE FROM places WHERE made < ifnull((SELECT min(made) FROM answers), (SELECT made + 1 FROM placed))"
_NEW = "SELECT hash, made FROM answers WHERE made > ? ORDER BY made"


class Places:
    """The places of answers, whoever wrote them. A newer answer hides an older one of its key."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._unplaced: dict[int, int] = {}
        self._placed = self._seen = 0

    def find(self, hashes: Sequence[int]) -> list[int]:
        """The numbers of the answers whose keys may be meant."""
        self._look()
        new = [self._unplaced[each] for each in hashes if each in self._unplaced]
        old = [each for each in hashes if each not in self._unplaced]
        marks = ", ".join("?" * len(old))
        rows = self._connection.execute(f"SELECT made FROM places WHERE hash IN ({marks})", old)
        return new + [made for (made,) in rows]

    def is_due(self) -> bool:
        """Whether many answers have their places in memory only."""
        return self._connection.execute(
            "SELECT (SELECT max(made) FROM answers) - made >= ? FROM placed", (MOST_UNPLACED,)
        ).fetchone()[0]

    def place(self) -> None:
        """Put all into the index. The transaction is the caller's."""
        self._connection.execute(_PLACE)
        self._connection.execute(_PLACED)

    def forget(self) -> None:
        """Let go of the places of answers that are gone, which are the oldest. The transaction is the caller's."""
        self._connection.execute(_FORGET)

    def _look(self) -> None:
        """Take in the places of answers that came since, from here or from another process."""
        (placed,) = self._connection.execute("SELECT made FROM placed").fetchone()
        if placed != self._placed:
            self._placed, self._seen = placed, max(placed, self._seen)
            self._unplaced = {each: made for each, made in self._unplaced.items() if made > placed}
        for each, made in self._connection.execute(_NEW, (self._seen,)):
            self._unplaced[each] = self._seen = made


def hash_of(key: str) -> int:
    """63 bits that stand for a key."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1
