"""The catalogue's database: how it is opened, read and written, whatever lies in it.

On SQLite every writer begins IMMEDIATE, so that it waits for the one before it instead of failing half way, and a
commit is on the disk when it returns. Any other SQLAlchemy URL works too. Knows no table but its own version.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from sapwood.errors import ConfigError, DataDirectoryBusyError, InternalError, StorageFullError
from sapwood.store import migrations

BUSY_S = 30.0
"""Seconds that a writer waits for another one."""

_FULL = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
"""SQLite's errors on a full disk; the last one is that of the side file which its processes share."""

_UPGRADE_LOCK = 0x5A9_300D
"""PostgreSQL's advisory lock under which migrations run."""


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Database:
    """One database with the newest tables in it. Safe for threads and for processes side by side.

    Raises ConfigError if it was written by a newer sapwood, DataDirectoryBusyError if another process holds it too long.
    """

    def __init__(self, url: str) -> None:
        self._engine = _open_engine(url)
        self._writer = self._engine.execution_options(immediate=True)
        self._turn = threading.Lock()
        self.changes = 0
        """How often this process has written what others read again and again; the history does not count."""
        with self.read() as connection:
            standing = migrations.revision(connection)
        if standing != migrations.HEAD:
            self._upgrade()

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that only reads; it sees one state of the database from its first statement to its end."""
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, is_history: bool = False) -> Generator[Connection]:
        """A transaction that may write: alone from its start, durable at its end, undone by an exception."""
        # SQLite lets waiting writers sleep for up to a tenth of a second; those of this process need not.
        try:
            with self._turn, _translated(), self._writer.begin() as connection:
                yield connection
        finally:
            self.changes += not is_history

    def close(self) -> None:
        """Give up all connections."""
        self._engine.dispose()

    def _upgrade(self) -> None:
        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            standing = migrations.revision(connection)
            if standing is not None and standing > migrations.HEAD:
                hint = "Install the newer sapwood again, or use another data directory."
                raise ConfigError(
                    f"the catalogue was written by a newer sapwood (form {standing}, known is {migrations.HEAD})",
                    hint=hint,
                )
            migrations.upgrade(connection)


def make_private(path: Path) -> None:
    """Create the file, if need be, and let nobody but its owner read it; SQLite gives its side files the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def switch_to_wal(connection: sqlite3.Connection) -> None:
    """Set WAL mode, which stays with the file. SQLite does not wait for others here, so we do."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def translate(error: sqlite3.Error) -> Exception:
    """SQLite's error as one of ours."""
    words = str(error)
    if "locked" in words or "busy" in words:
        return DataDirectoryBusyError(
            f"another process holds the catalogue: {words}", hint="Run the statement again when it has finished."
        )
    if error.sqlite_errorname in _FULL:
        return StorageFullError(f"the disk is full: {words}")
    return InternalError(f"the catalogue failed: {words}")


def _open_engine(url: str) -> Engine:
    place = make_url(url)
    if place.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if place.database:
        make_private(Path(place.database))
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    # Python's own handling of transactions would begin them too late; see SQLAlchemy's page on SQLite.
    connection.isolation_level = None
    switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise translate(error.orig) from error
        raise InternalError(f"the catalogue failed: {error}") from error
