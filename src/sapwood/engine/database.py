"""The DuckDB instance and the database files under it: one file a Snowflake database.

Comes in: a folder. Goes out: cursors on one locked-down instance with all databases attached. DuckDB may open files of
that folder only, and nothing turns that off again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from sapwood.engine import python_functions
from sapwood.engine.failure import translated
from sapwood.engine.metadata import Container, create_metadata, write_schema
from sapwood.engine.physical import database_alias, database_of, schema_source, stem, text_literal
from sapwood.engine.schema_objects import make_room
from sapwood.engine.upgrade import upgrade
from sapwood.errors import Error, InternalError, ObjectExistsError, UnknownObjectError

STORAGE_VERSION = "v1.0.0"
"""The oldest storage version that we support; new files are written in it."""
SUFFIX = ".duckdb"
DROPPED = ".dropped"
"""Suffix of the file of a database that is being dropped."""
RESERVED = ("SNOWFLAKE",)
"""Names that no database of a user's may have."""
FIRST_SCHEMA = "PUBLIC"


class Databases:
    """All databases of a data directory. Safe for threads."""

    def __init__(self, folder: Path, *, register: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        with translated():
            self._root = _open_instance(folder, register)
            self._known = self._attach_all()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own, with temporary tables and transactions of its own."""
        with translated():
            return self._root.cursor()

    def names(self) -> tuple[str, ...]:
        """All databases by name."""
        with self._lock:
            return tuple(sorted(self._known))

    def has(self, name: str) -> bool:
        """Whether there is such a database."""
        return name in self._known

    def create(self, name: str, *, owner: str, comment: str = "") -> None:
        """Make a database with its PUBLIC schema; it is there as a whole or not at all."""
        if name in RESERVED:
            raise ObjectExistsError(f"SQL compilation error:\nObject '{name}' already exists.")
        with self._lock, translated():
            path = self._path(name)
            self._root.execute(
                f"ATTACH {text_literal(str(path))} AS {database_alias(name)} (STORAGE_VERSION '{STORAGE_VERSION}')"
            )
            try:
                self._fill(name, owner=owner, comment=comment)
            except BaseException:
                self._root.execute(f"DETACH {database_alias(name)}")
                _remove(path)
                raise
            self._known.add(name)

    def drop(self, name: str) -> None:
        """Take a database and its file away."""
        with self._lock, translated():
            if name not in self._known:
                raise unknown_database(name)
            self._root.execute(f"DETACH {database_alias(name)}")
            self._known.discard(name)
            path = self._path(name)
            path.replace(path.with_suffix(DROPPED))
            _remove(path.with_suffix(DROPPED))
            _remove(path)

    def close(self) -> None:
        """Write what is left to the files and close them."""
        with self._lock:
            self._root.close()

    def _path(self, name: str) -> Path:
        return self._folder / f"{stem(name)}{SUFFIX}"

    def _fill(self, name: str, *, owner: str, comment: str) -> None:
        made = int(time.time() * 1000)
        self._root.execute("BEGIN")
        try:
            create_metadata(self._root, Container(name, "", comment, made, owner))
            self._root.execute(f"CREATE SCHEMA {schema_source(name, FIRST_SCHEMA)}")
            write_schema(self._root, Container(name, FIRST_SCHEMA, "", made, owner))
            self._root.execute("COMMIT")
        except BaseException:
            self._root.execute("ROLLBACK")
            raise

    def _attach_all(self) -> set[str]:
        for dropped in self._folder.glob(f"*{DROPPED}"):
            _remove(dropped)
        return {name for path in sorted(self._folder.glob(f"*{SUFFIX}")) if (name := self._attach(path)) is not None}

    def _attach(self, path: Path) -> str | None:
        """Attach a file and give its database's name; None, and the file is gone, if it was not wholly made before a crash."""
        name = database_of(path.stem)
        alias = database_alias(name)
        try:
            self._root.execute(f"ATTACH {text_literal(str(path))} AS {alias}")
            tables = self._root.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE database_name = ?", [alias.strip('"')]
            ).fetchall()
            if tables[0][0]:
                upgrade(self._root, name)
                make_room(self._root, name)
                return name
            self._root.execute(f"DETACH {alias}")
        except duckdb.Error as error:
            raise _damaged(path) from error
        _remove(path)
        return None


def unknown_database(name: str) -> Error:
    """The error of a database that is not there."""
    return UnknownObjectError(
        f"SQL compilation error:\nDatabase '{name}' does not exist or not authorized.", sqlstate="02000"
    )


def _damaged(path: Path) -> Error:
    return InternalError(
        f"The database file {path.name} can't be read",
        hint="It is damaged, or written by a newer version: put a backup in its place, or move it out of the folder.",
    )


def _open_instance(folder: Path, register: Callable[[duckdb.DuckDBPyConnection], None]) -> duckdb.DuckDBPyConnection:
    root = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": str(folder / ".spill"),
        },
    )
    register(root)
    python_functions.register(root)
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    root.execute(f"SET allowed_directories = [{text_literal(str(folder))}]")
    root.execute("SET enable_external_access = false")
    root.execute("SET lock_configuration = true")
    return root


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
