"""The durable cache of finished LLM rows: content key -> answer. A file of its own, so that it can be thrown away.

What `put_many` was given is on the disk when it returns: WAL with synchronous=FULL, one commit a call, so neither a
kill -9 nor a power cut takes it back. It knows nothing of how a key is made.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from sapwood.errors import DataDirectoryBusyError
from sapwood.store.database import BUSY_S, make_private, now_ms, switch_to_wal, translate
from sapwood.store.records import CachedAnswer

_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
    computed_tokens INTEGER NOT NULL, seconds REAL NOT NULL, model TEXT NOT NULL, made_on INTEGER NOT NULL,
    scores TEXT NOT NULL DEFAULT '[]', confidence REAL)"""
_LATER_COLUMNS = {"scores": "TEXT NOT NULL DEFAULT '[]'", "confidence": "REAL"}
"""Columns that files of earlier versions lack."""
_COLUMNS = "key, text, finish, prompt_tokens, completion_tokens, computed_tokens, seconds, model, scores, confidence"
_TOO_MUCH = """DELETE FROM answers WHERE key IN (SELECT key FROM (
    SELECT key, SUM(LENGTH(CAST(text AS BLOB)) + 200) OVER (ORDER BY made_on DESC, key) AS size FROM answers) WHERE size > ?)"""
_FILE_BYTES = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_PACE = """SELECT avg(seconds), avg(completion_tokens) FROM (
    SELECT seconds, completion_tokens, model FROM answers ORDER BY made_on DESC LIMIT 10000) WHERE model = ?"""
_KEYS_A_QUERY = 500
_NO_SCORES = "[]"
_PAGES_KB = 65_536
"""Pages held in memory: keys come in no order, so each falls on another page of the index."""
_DAY_MS = 86_400_000
COMMITS_A_PRUNE = 1000
"""Calls of `put_many` after which old answers are looked for."""


@dataclass(frozen=True)
class Pace:
    """Seconds and tokens of an answer."""

    seconds: float
    tokens: float


class AnswerCache:
    """Finished rows by content key. Safe for threads and for processes side by side; `clock` gives epoch milliseconds.

    Raises DataDirectoryBusyError if another process holds the file too long, StorageFullError if the disk is full.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limits: tuple[int, int] | None = None
        self._commits = 0
        make_private(path)
        with _translated():
            self._connection = _open(path)

    def get_many(self, keys: Sequence[str]) -> dict[str, CachedAnswer]:
        """The answers that are there, by key."""
        found: dict[str, CachedAnswer] = {}
        with self._lock, _translated():
            for some in _groups(keys):
                marks = ", ".join("?" * len(some))
                rows = self._connection.execute(f"SELECT {_COLUMNS} FROM answers WHERE key IN ({marks})", some)
                found.update((row[0], _answer(row)) for row in rows)
        return found

    def pace(self, model: str) -> Pace | None:
        """What a model's last answers took on average; None if it has none."""
        with self._lock, _translated():
            row = self._connection.execute(_PACE, (model,)).fetchone()
        return Pace(*row) if row[0] is not None else None

    def put_many(self, answers: Sequence[CachedAnswer]) -> None:
        """Store answers, all or none, durable when it returns; a key that is there gets the new answer."""
        now = self._clock()
        rows = [
            (*_plain(answer), json.dumps(answer.scores) if answer.scores else _NO_SCORES, answer.confidence, now)
            for answer in answers
        ]
        with self._lock, self._writing():
            self._connection.executemany(
                f"INSERT OR REPLACE INTO answers ({_COLUMNS}, made_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        self._commits += 1
        if self._limits is not None and self._commits % COMMITS_A_PRUNE == 0:
            self.prune(days=self._limits[0], megabytes=self._limits[1])

    def prune(self, *, days: int, megabytes: int) -> int:
        """Forget what is older than `days`, then the oldest until `megabytes` (2**20 bytes) hold the rest; the number forgotten.

        From then on this is done from time to time. All answers are read only if the file is larger than that.
        """
        self._limits = (days, megabytes)
        with self._lock:
            with self._writing():
                old = self._connection.execute(
                    "DELETE FROM answers WHERE made_on < ?", (self._clock() - days * _DAY_MS,)
                ).rowcount
                is_large = self._connection.execute(_FILE_BYTES).fetchone()[0] > megabytes * 2**20
                large = self._connection.execute(_TOO_MUCH, (megabytes * 2**20,)).rowcount if is_large else 0
            if old + large:
                with _translated():
                    self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        return old + large

    def purge(self) -> int:
        """Forget everything and leave none of its text in the files; the number forgotten.

        Raises DataDirectoryBusyError if a reader in another process keeps the old text alive; nothing is there for new
        readers then, and purging again ends the work.
        """
        with self._lock:
            with self._writing():
                count = self._connection.execute("DELETE FROM answers").rowcount
            with _translated():
                self._connection.execute("VACUUM")
                busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise DataDirectoryBusyError(
                "another process still reads the cache of answers", hint="Purge again when its statement has ended."
            )
        return count

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        with _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk makes SQLite roll back by itself
                    self._connection.execute("ROLLBACK")
                raise


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_PAGES_KB}")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_TABLE)
    known = {row[1] for row in connection.execute("PRAGMA table_info(answers)")}
    for name, kind in _LATER_COLUMNS.items():
        if name not in known:
            connection.execute(f"ALTER TABLE answers ADD COLUMN {name} {kind}")
    connection.execute("CREATE INDEX IF NOT EXISTS answers_by_age ON answers (made_on)")
    connection.execute("COMMIT")
    return connection


_plain = attrgetter(*_COLUMNS.split(", ")[:-2])


def _answer(row: Sequence[Any]) -> CachedAnswer:
    *plain, scores, confidence = row
    return CachedAnswer(*plain, scores=() if scores == _NO_SCORES else tuple(json.loads(scores)), confidence=confidence)


def _groups(keys: Sequence[str]) -> list[list[str]]:
    distinct = list(dict.fromkeys(keys))
    return [distinct[start : start + _KEYS_A_QUERY] for start in range(0, len(distinct), _KEYS_A_QUERY)]


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error
