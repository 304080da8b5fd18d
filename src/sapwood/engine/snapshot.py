"""Tables that are made for one statement: views of the catalogue, results of earlier queries, files of stages.

Comes in: an Arrow table with Snowflake columns. Goes out: a relation that the dialect can bind. It knows nothing of
what is in them; what was put in is let go of when the statement is over.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from sapwood.dialect.names import duck
from sapwood.dialect.statements import Column, Name, Relation
from sapwood.engine.failure import translated


class Snapshots:
    """The tables of one statement, on the cursor that runs it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._holders: dict[str, Relation] = {}

    def relation(self, name: Name, columns: Sequence[Column], table: pa.Table) -> Relation:
        """A relation over a table whose columns are `columns`, by position."""
        holder = f"sapwood_snapshot_{uuid.uuid4().hex}"
        made = Relation(name, tuple(columns), source=_read(holder, columns))
        self._holders[holder] = made
        self._put(holder, table)
        return made

    @property
    def made(self) -> tuple[Relation, ...]:
        """The relations made so far, in order."""
        return tuple(self._holders.values())

    def on(self, cursor: duckdb.DuckDBPyConnection) -> Snapshots:
        """The same relations for another cursor, which sees none of them until it is refilled."""
        other = Snapshots(cursor)
        other._holders.update(self._holders)
        return other

    def refill(self, relation: Relation, table: pa.Table) -> None:
        """Put another table of the same shape behind a relation."""
        holder = next(holder for holder, made in self._holders.items() if made is relation)
        with translated():
            self._cursor.unregister(holder)
        self._put(holder, table)

    def close(self) -> None:
        """Let go of all tables."""
        for holder in self._holders:
            with contextlib.suppress(duckdb.Error):
                self._cursor.unregister(holder)
        self._holders.clear()

    def _put(self, holder: str, table: pa.Table) -> None:
        with translated():
            self._cursor.register(holder, _numbered(table))


def _read(holder: str, columns: Sequence[Column]) -> str:
    listed = ", ".join(
        f"CAST(c{place} AS {column.type.duckdb()}) AS {duck(column.name)}" for place, column in enumerate(columns)
    )
    return f"(SELECT {listed} FROM {holder})"


def _numbered(table: pa.Table) -> pa.Table:
    """The table with the columns c0, c1, ... so that DuckDB folds none of their names."""
    return table.rename_columns([f"c{place}" for place in range(table.num_columns)])
