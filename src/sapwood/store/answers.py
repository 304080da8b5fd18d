"""The durable cache of finished LLM rows: content key -> answer. A file of its own, so that it can be thrown away.

What `put_many` was given is on the disk when it returns: WAL with synchronous=FULL, one commit a call, so neither a
kill -9 nor a power cut takes it back. It knows nothing of how a key is made.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sapwood.errors import DataDirectoryBusyError
from sapwood.store.database import BUSY_S, make_private, now_ms, switch_to_wal, translate
from sapwood.store.places import TABLES, Places, hash_of
from sapwood.store.records import CachedAnswer

_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    made INTEGER PRIMARY KEY AUTOINCREMENT, hash INTEGER NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, finish TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, computed_tokens INTEGER NOT NULL, seconds REAL NOT NULL,
    model TEXT NOT NULL, scores TEXT NOT NULL, confidence REAL, made_on INTEGER NOT NULL)"""
_COLUMNS = "key, text, finish, prompt_tokens, completion_tokens, computed_tokens, seconds, model, scores, confidence"
_PUT = f"INSERT INTO answers (hash, {_COLUMNS}, made_on) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OLD = """DELETE FROM answers WHERE made < ifnull(
    (SELECT made FROM answers WHERE made_on >= ? ORDER BY made LIMIT 1), (SELECT max(made) + 1 FROM answers))"""
_TOO_MUCH = """DELETE FROM answers WHERE made IN (SELECT made FROM (
    SELECT made, SUM(LENGTH(CAST(text AS BLOB)) + 200) OVER (ORDER BY made DESC) AS size FROM answers) WHERE size > ?)"""
_FILE_BYTES = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_PACE = """SELECT avg(seconds), avg(completion_tokens) FROM (
    SELECT seconds, completion_tokens, model FROM answers ORDER BY made DESC LIMIT 10000) WHERE model = ?"""
_KEYS_A_QUERY = 500
_ROWS_A_STATEMENT = 64
"""Rows that are inserted together: other threads have their turn between statements, so many small ones take long."""
_NO_SCORES = "[]"
_PAGES_KB = 65_536
"""Pages held in memory: the index of some four million answers."""
_DAY_MS = 86_400_000
_Item = TypeVar("_Item")
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
            self._connection, self._places = _open(path)

    def get_many(self, keys: Sequence[str]) -> dict[str, CachedAnswer]:
        """The answers that are there, by key."""
        found: dict[str, CachedAnswer] = {}
        with self._lock, _translated():
            for some in _groups(dict.fromkeys(keys), _KEYS_A_QUERY):
                made = self._places.find([hash_of(key) for key in some])
                marks, wanted = ", ".join("?" * len(made)), set(some)
                rows = self._connection.execute(f"SELECT {_COLUMNS} FROM answers WHERE made IN ({marks})", made)
                found.update((key, _answer(key, row)) for key, *row in rows if key in wanted)
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
            (hash_of(key), key, *plain, json.dumps(scores) if scores else _NO_SCORES, confidence, now)
            for key, *plain, scores, confidence in answers
        ]
        with self._lock:
            with self._writing():
                for some in _groups(rows, _ROWS_A_STATEMENT):
                    sql = _PUT + ", ".join([_ROW] * len(some))
                    self._connection.execute(sql, list(itertools.chain.from_iterable(some)))
            if self._places.is_due():
                with self._writing():
                    self._places.place()
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
                old = self._connection.execute(_OLD, (self._clock() - days * _DAY_MS,)).rowcount
                is_large = self._connection.execute(_FILE_BYTES).fetchone()[0] > megabytes * 2**20
                large = self._connection.execute(_TOO_MUCH, (megabytes * 2**20,)).rowcount if is_large else 0
                if old + large:
                    self._places.forget()
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
                self._places.forget()
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


def _open(path: Path) -> tuple[sqlite3.Connection, Places]:
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_PAGES_KB}")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("BEGIN IMMEDIATE")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(answers)")]
    is_earlier = bool(columns) and not connection.execute("PRAGMA table_info(places)").fetchall()
    if is_earlier:
        connection.execute("ALTER TABLE answers RENAME TO earlier")
    for table in (_TABLE, *TABLES):
        connection.execute(table)
    places = Places(connection)
    if is_earlier:
        _take_over(connection, columns)
        places.place()
    connection.execute("COMMIT")
    return connection, places


def _take_over(connection: sqlite3.Connection, columns: Sequence[str]) -> None:
    """Move the answers of a file of an earlier version, which lack what that did not know."""
    connection.create_function("hash_of", 1, hash_of, deterministic=True)
    listed = ", ".join(name if name in columns else _WITHOUT[name] for name in _COLUMNS.split(", "))
    connection.execute(
        f"INSERT INTO answers (hash, {_COLUMNS}, made_on) SELECT hash_of(key), {listed}, made_on FROM earlier ORDER BY made_on"
    )
    connection.execute("DROP TABLE earlier")


_WITHOUT = {"scores": f"'{_NO_SCORES}'", "confidence": "NULL"}


def _answer(key: str, row: Sequence[Any]) -> CachedAnswer:
    *plain, scores, confidence = row
    return CachedAnswer(
        key, *plain, scores=() if scores == _NO_SCORES else tuple(json.loads(scores)), confidence=confidence
    )


def _groups(items: Iterable[_Item], most: int) -> Iterator[list[_Item]]:
    """The items, some at a time."""
    rest = iter(items)
    while some := list(itertools.islice(rest, most)):
        yield some


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error) from error
