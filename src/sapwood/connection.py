"""A DB-API connection shaped like the official connector's: statements in, Python rows, pandas or Arrow out.

Behind it is a session: of this process, or of the process that owns the data directory. Knows no SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from sapwood.dialect.compile import split
from sapwood.engine.arrow import moments, python_value
from sapwood.engine.result import Result
from sapwood.errors import InterfaceError, ProgrammingError

TYPE_CODES = {
    "FIXED": 0, "REAL": 1, "TEXT": 2, "DATE": 3, "VARIANT": 5, "TIMESTAMP_LTZ": 6, "TIMESTAMP_TZ": 7,
    "TIMESTAMP_NTZ": 8, "OBJECT": 9, "ARRAY": 10, "BINARY": 11, "TIME": 12, "BOOLEAN": 13, "VECTOR": 16,
}  # fmt: skip
"""The connector's type codes (its constants.FIELD_TYPES, by position)."""


class ResultMetadata(NamedTuple):
    """One column of `Cursor.description`."""

    name: str
    type_code: int
    display_size: int | None
    internal_size: int | None
    precision: int | None
    scale: int | None
    is_nullable: bool


class SessionLike(Protocol):
    """What a connection needs of a session."""

    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class Connection:
    """A session with its cursors. Close it, or use it in a `with` block; closing gives the data directory back."""

    def __init__(self, session: SessionLike, on_close: Callable[[], None] = lambda: None) -> None:
        self._session: SessionLike | None = session
        self._on_close = on_close

    def cursor(self, cursor_class: type[Cursor] | None = None) -> Cursor:
        """A new cursor; `DictCursor` gives rows as dicts."""
        return (cursor_class or Cursor)(self)

    def execute_string(self, sql_text: str) -> list[Cursor]:
        """Run each statement of a text; one cursor a statement."""
        return [self.cursor().execute(statement) for statement in split(sql_text)]

    def commit(self) -> None:
        """Commit the transaction that BEGIN opened; nothing happens without one."""
        self.session.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction that BEGIN opened; nothing happens without one."""
        self.session.execute("ROLLBACK")

    def cancel(self) -> None:
        """Stop the statement that another thread is running; its finished LLM rows are kept."""
        self.session.cancel()

    def is_closed(self) -> bool:
        return self._session is None

    def close(self) -> None:
        """End the session; closing twice is no error."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
            self._on_close()

    @property
    def session(self) -> SessionLike:
        """The session behind; InterfaceError once closed."""
        if self._session is None:
            raise InterfaceError("Connection is closed", hint="Open a new one with sapwood.connect().")
        return self._session

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Cursor:
    """Runs statements and gives their rows. `result` is the engine's whole result of the last statement."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.result: Result | None = None
        self.sfqid: str | None = None
        self._closed = False
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(
        self, command: str, params: Sequence[Any] | Mapping[str, Any] | None = None, *, num_statements: int = 1
    ) -> Cursor:
        """Run one statement (`num_statements` of them, 0 for any number; the last one's rows are kept).

        `params` are put in for `%s` or `%(name)s`, as text, number, date, NULL or list.
        """
        if self._closed:
            raise InterfaceError("Cursor is closed", hint="Make a new one with connection.cursor().")
        text = command if params is None else render(command, params)
        statements = split(text)
        if num_statements and len(statements) > num_statements:
            raise ProgrammingError(
                f"Actual statement count {len(statements)} did not match the desired statement count {num_statements}.",
                errno=8, sqlstate="0A000", hint="Pass num_statements=0, or use connection.execute_string.",
            )  # fmt: skip
        if not statements:
            raise ProgrammingError("SQL compilation error:\nEmpty SQL statement.", errno=900, sqlstate="42601")
        try:
            for statement in statements:
                self.result = self.connection.session.execute(statement)[-1]
        except ProgrammingError as error:
            self.sfqid = error.sfqid
            raise
        self.sfqid = self._last.query_id
        self._rows = python_rows(self._last)
        return self

    def executemany(self, command: str, seqparams: Sequence[Sequence[Any] | Mapping[str, Any]]) -> Cursor:
        """Run the statement once for each set of parameters."""
        for params in seqparams:
            self.execute(command, params)
        return self

    def describe(self, command: str) -> list[ResultMetadata]:
        """The columns that a statement would give; nothing is run."""
        return [
            _metadata(column) for column in self.connection.session.execute(command, describe_only=True)[-1].columns
        ]

    def fetchone(self) -> Any:
        """The next row, or None."""
        row = next(self._rows, None)
        return None if row is None else self._shape(row)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next `size` rows (arraysize if not given)."""
        rows: list[Any] = []
        while len(rows) < (size or self.arraysize) and (row := self.fetchone()) is not None:
            rows.append(row)
        return rows

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return [self._shape(row) for row in self._rows]

    def fetch_arrow_all(self) -> pa.Table:
        """All rows as one Arrow table; NUMBER without scale is int64 where its values fit, TIMESTAMP_TZ a moment."""
        return moments(self._last.table)

    def fetch_arrow_batches(self) -> Iterator[pa.Table]:
        """All rows as Arrow tables of at most 100,000 rows."""
        for batch in self.fetch_arrow_all().to_batches(max_chunksize=100_000):
            yield pa.Table.from_batches([batch])

    def fetch_pandas_all(self) -> Any:
        """All rows as a pandas DataFrame."""
        return self.fetch_arrow_all().to_pandas()

    def fetch_pandas_batches(self) -> Iterator[Any]:
        """All rows as DataFrames of at most 100,000 rows."""
        return (table.to_pandas() for table in self.fetch_arrow_batches())

    @property
    def description(self) -> list[ResultMetadata] | None:
        """The columns of the last statement's rows; None before the first."""
        return None if self.result is None else [_metadata(column) for column in self.result.columns]

    @property
    def rowcount(self) -> int | None:
        """Rows that the last statement gave or changed; None before the first."""
        return None if self.result is None else self.result.rowcount

    def close(self) -> bool:
        """Whether it was open."""
        was_open, self._closed = not self._closed, True
        return was_open

    def is_closed(self) -> bool:
        return self._closed

    def __iter__(self) -> Iterator[Any]:
        return (self._shape(row) for row in self._rows)

    def __enter__(self) -> Cursor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _last(self) -> Result:
        if self.result is None:
            raise InterfaceError("No statement was run on this cursor", hint="Call execute first.")
        return self.result

    def _shape(self, row: tuple[Any, ...]) -> Any:
        return row


class DictCursor(Cursor):
    """A cursor whose rows are dicts by column name."""

    def _shape(self, row: tuple[Any, ...]) -> Any:
        return dict(zip((column.name for column in self._last.columns), row, strict=True))


def python_rows(result: Result) -> Iterator[tuple[Any, ...]]:
    """Rows as Python values: int for NUMBER without scale, Decimal with one, JSON text for semi-structured values."""
    converters = [_CONVERTERS.get((column.type.name, bool(column.type.scale))) for column in result.columns]
    for batch in result.table.to_batches():
        columns = [column.to_pylist() for column in batch.columns]
        for index, convert in enumerate(converters):
            if convert:
                columns[index] = [None if value is None else convert(value) for value in columns[index]]
        yield from zip(*columns, strict=True)


_CONVERTERS: Mapping[tuple[str, bool], Callable[[Any], Any]] = {
    ("FIXED", False): int,
    **{("TIMESTAMP_TZ", has_scale): python_value for has_scale in (False, True)},
}


def _metadata(column: Any) -> ResultMetadata:
    kind = column.type
    size = kind.length if kind.name in ("TEXT", "BINARY") else None
    return ResultMetadata(column.name, TYPE_CODES[kind.name], None, size, kind.precision, kind.scale, column.nullable)


def render(command: str, params: Sequence[Any] | Mapping[str, Any]) -> str:
    """The statement with its parameters put in.

    >>> render("select %s, %s", ["a", None])
    "select 'a', NULL"
    """
    try:
        if isinstance(params, Mapping):
            return command % {name: literal(value) for name, value in params.items()}
        values = params if isinstance(params, (list, tuple)) else (params,)
        return command % tuple(literal(value) for value in values)
    except (TypeError, KeyError, ValueError) as error:
        raise ProgrammingError(
            f"the parameters do not fit the statement: {error}",
            errno=252004,
            sqlstate="08001",
            hint="Write %% for a bare percent sign.",
        ) from error


def literal(value: Any) -> str:
    """A Python value as a Snowflake literal."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float() | Decimal():
            return str(value)
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"
        case bytes():
            return f"TO_BINARY('{value.hex()}')"
        case dt.datetime() | dt.date() | dt.time():
            return f"'{value.isoformat(sep=' ') if isinstance(value, dt.datetime) else value.isoformat()}'"
        case list() | tuple():
            return "(" + ",".join(literal(item) for item in value) + ")"
        case _:
            raise ProgrammingError(
                f"a parameter of type {type(value).__name__} can't be bound", errno=255001, sqlstate="22000"
            )
