"""Rows into a table, with what Snowflake holds of its columns: lengths and NOT NULL."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from sapwood.dialect.names import duck
from sapwood.dialect.statements import Column
from sapwood.dialect.types import MAX_TEXT
from sapwood.engine.failure import too_long


def insert_rows(cursor: duckdb.DuckDBPyConnection, target: str, columns: Sequence[Column], *, source: str) -> int:
    """Insert the rows of `source` (SQL), whose columns are `columns` in order; the number inserted.

    A text longer than its column raises 100078, NULL in a NOT NULL column 100072; nothing is inserted then.
    """
    names = ", ".join(duck(column.name) for column in columns)
    given = ", ".join(f"c{index}" for index in range(len(columns)))
    sql = f"INSERT INTO {target} ({names}) SELECT {checked_columns(columns)} FROM ({source}) AS s({given})"
    row = cursor.execute(sql).fetchone()
    return int(row[0]) if row else 0


def insert_loaded(cursor: duckdb.DuckDBPyConnection, target: str, columns: Sequence[Column], *, source: str) -> None:
    """Insert rows of a registered table whose values were held to their columns already."""
    names = ", ".join(duck(column.name) for column in columns)
    listed = ", ".join(f"CAST(c{index} AS {column.type.duckdb()})" for index, column in enumerate(columns))
    cursor.execute(f"INSERT INTO {target} ({names}) SELECT {listed} FROM {source}")


def checked_columns(columns: Sequence[Column]) -> str:
    """The select list over `c0, c1, ...` that casts to each column's type and holds lengths."""
    return ", ".join(_checked(f"c{index}", column) for index, column in enumerate(columns))


def check_lengths(cursor: duckdb.DuckDBPyConnection, target: str, columns: Sequence[Column]) -> None:
    """Raise if a changed table has a text that is too long for its column."""
    for column in columns:
        if column.type.name == "TEXT" and (column.type.length or MAX_TEXT) < MAX_TEXT:
            name = duck(column.name)
            row = cursor.execute(
                f"SELECT {name} FROM {target} WHERE length({name}) > {column.type.length} LIMIT 1"
            ).fetchone()
            if row is not None:
                raise too_long(row[0])


def _checked(name: str, column: Column) -> str:
    kind = column.type
    if kind.name != "TEXT" or (kind.length or MAX_TEXT) >= MAX_TEXT:
        return f"CAST({name} AS {kind.duckdb()})"
    text = f"CAST({name} AS VARCHAR)"
    message = f"'sapwood:100078:22000:String ''' || {text} || ''' is too long and would be truncated'"
    return f"CASE WHEN length({text}) > {kind.length} THEN CAST(error({message}) AS VARCHAR) ELSE {text} END"
