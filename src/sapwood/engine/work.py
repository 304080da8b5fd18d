"""What a handler works with: the engine's parts, the session's state, and one statement on its way.

Handlers take a `Work` and a statement and give `Rows`. Nothing here knows the handlers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

from sapwood.config import Config
from sapwood.dialect.stage_statements import CopyInto
from sapwood.dialect.statements import Command, Name, Query, Signature
from sapwood.engine.batch import Batcher
from sapwood.engine.database import Databases, unknown_database
from sapwood.engine.deadlines import Deadlines
from sapwood.engine.failure import translated
from sapwood.engine.metadata import LoadedFile, TableInfo, read_schemas, read_table
from sapwood.engine.models import Registry
from sapwood.engine.parameter import AccountParameters, default_of
from sapwood.engine.passes import Passes
from sapwood.engine.physical import table_source, temporary_source
from sapwood.engine.recent import RecentResults
from sapwood.engine.rights import Rights, rights_of_user
from sapwood.engine.running import Running
from sapwood.engine.snapshot import Snapshots
from sapwood.engine.udf import CallDoor
from sapwood.errors import Error, ObjectExistsError, UnknownObjectError
from sapwood.functions.function import CommandContext, CommandHandler, SqlFunction
from sapwood.inference.request import Backend
from sapwood.store.answers import AnswerCache
from sapwood.store.catalog import Catalog
from sapwood.store.records import FileFormat, Stage

PORTION = 10_000
"""Rows that a query hands on at once where they are not all needed together."""


class Export(Protocol):
    """What writes a tuned model's files into a folder that is not there yet."""

    def __call__(self, name: Name, folder: Path, form: str, *, is_cancelled: Callable[[], bool]) -> None:
        """Raises ModelError, with the number of what went wrong; CancelledError once `is_cancelled` says so."""
        ...


@dataclass(frozen=True)
class Parts:
    """What all sessions of an engine share."""

    config: Config
    catalog: Catalog
    answers: AnswerCache
    functions: Mapping[str, SqlFunction]
    commands: Mapping[str, tuple[Signature, CommandHandler]]
    registry: Registry
    backends: Backend
    databases: Databases
    door: CallDoor
    account: AccountParameters
    recent: RecentResults
    export: Export
    running: Running = field(default_factory=Running)
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(frozen=True)
class Copied:
    """A COPY INTO that was run, and the labels of the files that it read: what VALIDATE looks at again."""

    statement: CopyInto
    files: tuple[str, ...]


@dataclass
class State:
    """What a session remembers between statements. `parameters` holds those set in the session only.

    `copies` are the last loads by query id.
    `has_all_roles` says that secondary roles are on, `is_role_fixed` that the login allows this role alone, `is_by_token`
    that it was made with an access token. `transaction` is the id of the one that is open.
    """

    id: str
    user: str
    role: str
    database: str | None
    schema: str | None
    warehouse: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    temporary: dict[Name, TableInfo] = field(default_factory=dict)
    temporary_loads: dict[Name, dict[str, LoadedFile]] = field(default_factory=dict)
    copies: dict[str, Copied] = field(default_factory=dict)
    temporary_stages: dict[Name, Stage] = field(default_factory=dict)
    temporary_formats: dict[Name, FileFormat] = field(default_factory=dict)
    transaction: str | None = None
    loads_at_begin: dict[Name, dict[str, LoadedFile]] = field(default_factory=dict)
    query_ids: list[str] = field(default_factory=list)
    is_remote: bool = False
    has_all_roles: bool = False
    is_role_fixed: bool = False
    is_by_token: bool = False

    @property
    def is_in_transaction(self) -> bool:
        return self.transaction is not None

    def turn_transaction(self, action: str) -> None:
        """Note that a transaction was begun, committed or rolled back; the last takes back what temporary tables loaded."""
        if action == "BEGIN":
            self.loads_at_begin = {name: dict(loads) for name, loads in self.temporary_loads.items()}
        if action == "ROLLBACK":
            self.temporary_loads = self.loads_at_begin
        self.transaction = str(time.time_ns()) if action == "BEGIN" else None


@dataclass
class Work:
    """One statement in a session. `run_query` runs another SELECT as this session, `stream_query` gives its rows some at a time,
    and `read_documents` the JSON documents at a stage path.
    """

    parts: Parts
    state: State
    cursor: duckdb.DuckDBPyConnection
    query_id: str
    batcher: Batcher
    cancelled: threading.Event
    run_query: Callable[[str], pa.Table]
    stream_query: Callable[[str], Iterator[pa.Table]]
    read_documents: Callable[[Work, str], pa.ChunkedArray]
    snapshots: Snapshots
    notices: list[str] = field(default_factory=list)

    # Reading ---------------------------------------------------------------------------------------------------------

    def rows(self, query: Query) -> pa.Table:
        """The query's rows as DuckDB gives them; its commands are run, its calls answered."""
        return self.passes.table(query, self.command_values(query.commands))

    def portions(self, query: Query) -> Iterator[pa.RecordBatch]:
        """The rows in portions. A query that asks no model is read as it runs; the rows of others are held in memory."""
        if query.calls or query.commands:
            yield from self.rows(query).to_batches(PORTION)
            return
        with translated():
            yield from self.cursor.execute(query.sql).to_arrow_reader(PORTION)

    def command_values(self, commands: tuple[Command, ...]) -> dict[str, Any]:
        """Run each command once; its value by placeholder."""
        return {command.placeholder: self._command(command) for command in commands}

    @property
    def passes(self) -> Passes:
        """The runner of this statement's queries."""
        return Passes(
            self.cursor,
            door=self.parts.door,
            token=self.query_id,
            batcher=self.batcher,
            is_cancelled=self.cancelled.is_set,
        )

    def run(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run the engine's own SQL."""
        with translated():
            return self.cursor.execute(sql, parameters).fetchall()

    def _command(self, command: Command) -> str:
        row = self.run(command.sql)[0] if command.sql else ()
        state = self.state
        context = CommandContext(
            state.database,
            state.schema,
            state.role,
            query=self.stream_query,
            documents=lambda written: self.read_documents(self, written),
            check_schema=self.check_schema,
            notice=self.notices.append,
            is_own=self.rights.is_own,
        )
        handler = self.parts.commands[command.function][1]
        return handler(dict(zip(command.arguments, row, strict=True)), context)

    @cached_property
    def rights(self) -> Rights:
        """What the session's roles may do, as it was when the statement first asked."""
        state = self.state
        return rights_of_user(self.parts.catalog, state.user, state.role, has_all_roles=state.has_all_roles)

    # Writing ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All or nothing: a transaction of its own, or a part of the one that the user began."""
        with translated():
            if self.state.is_in_transaction:
                yield
                return
            self.cursor.execute("BEGIN TRANSACTION")
            try:
                yield
                self.cursor.execute("COMMIT")
            except BaseException:
                self.roll_back()
                raise

    def roll_back(self) -> None:
        """End a transaction without its changes; nothing happens if DuckDB has ended it already."""
        try:
            self.cursor.execute("ROLLBACK")
        except duckdb.TransactionException:
            return

    def commit_open(self) -> None:
        """DDL commits what the user began, as in Snowflake."""
        if self.state.is_in_transaction:
            self.state.turn_transaction("COMMIT")
            self.run("COMMIT")

    @contextmanager
    def staged(self, rows: pa.Table) -> Generator[str]:
        """Let SQL read an Arrow table; gives what to write in FROM."""
        name = "sapwood_rows"
        with translated():
            self.cursor.register(name, rows)
            try:
                yield name
            finally:
                self.cursor.unregister(name)

    # Names -----------------------------------------------------------------------------------------------------------

    def table(self, name: Name) -> TableInfo | None:
        """A table or view; a temporary one hides a permanent one."""
        return self.state.temporary.get(name) or self.permanent(name)

    def permanent(self, name: Name) -> TableInfo | None:
        """A permanent table or view."""
        if not self.parts.databases.has(name.database):
            return None
        with translated():
            return read_table(self.cursor, name)

    def the_table(self, name: Name, *, kind: str = "Table") -> TableInfo:
        """A table that must be there."""
        found = self.table(name)
        if found is None:
            raise unknown_object(kind, name)
        return found

    def stage(self, name: Name) -> Stage | None:
        """A stage; a temporary one hides a permanent one."""
        found = self.state.temporary_stages.get(name)
        return found or self.parts.catalog.stage(name.database, name.schema, name.name)

    def file_format(self, name: Name) -> FileFormat | None:
        """A file format; a temporary one hides a permanent one."""
        found = self.state.temporary_formats.get(name)
        return found or self.parts.catalog.file_format(name.database, name.schema, name.name)

    def check_database(self, name: str) -> None:
        """Raise if there is no such database."""
        if not self.parts.databases.has(name):
            raise unknown_database(name)

    def check_schema(self, database: str, schema: str) -> None:
        """Raise if there is no such database or schema."""
        self.check_database(database)
        with translated():
            schemas = read_schemas(self.cursor, database)
        if all(known_schema.schema != schema for known_schema in schemas):
            raise unknown_object("Schema", Name(database, schema, ""), sqlstate="02000")

    def parameter(self, name: str) -> Any:
        """A parameter's value: the session's, else the account's, else the default."""
        return parameter_value(self.parts, self.state, name)


def parameter_value(parts: Parts, state: State, name: str) -> Any:
    """A parameter's value: the session's, else the account's, else the default."""
    if name in state.parameters:
        return state.parameters[name]
    found = parts.account.get(name)
    return default_of(name, parts.config) if found is None else found


def source_of(table: TableInfo) -> str:
    """What DuckDB calls a table, quoted and ready for FROM."""
    return temporary_source(table.name) if table.is_temporary else table_source(table.name)


def size_of(work: Work, table: TableInfo) -> tuple[int, int | None]:
    """Rows of a table, and bytes that it takes up in its database's file; its newest rows lie in the log beside it.

    DuckDB can't tell the bytes of a table with a quote in its name.
    """
    source = source_of(table)
    ((rows,),) = work.run(f"SELECT count(*) FROM {source}")
    if '""' in source:
        return rows, None
    ((blocks,),) = work.run("SELECT count(DISTINCT block_id) FROM pragma_storage_info(?) WHERE block_id >= 0", [source])
    return rows, blocks * _BLOCK


_BLOCK = 262_144
"""Bytes of a block of DuckDB's files."""


def unknown_object(kind: str, name: Name, *, sqlstate: str = "42S02") -> Error:
    """The error of an object that is not there."""
    return UnknownObjectError(
        f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", sqlstate=sqlstate
    )


def exists(name: Name) -> ObjectExistsError:
    """The error of a name that is taken."""
    return ObjectExistsError(
        f"SQL compilation error:\nObject '{name}' already exists.", hint="Use CREATE OR REPLACE, or another name."
    )


def moment(epoch_ms: int) -> datetime:
    """Epoch milliseconds as a point in time."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def now_ms() -> int:
    """Epoch milliseconds."""
    return int(time.time() * 1000)
