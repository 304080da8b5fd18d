"""Database files that an earlier version wrote, brought to today's format when they are attached.

Each step goes from one format to the next; all of them, and the new number, are one commit of the file. Knows no SQL of users.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb

from sapwood.dialect.names import duck
from sapwood.dialect.statements import Name
from sapwood.dialect.types import TIMESTAMP_TZ
from sapwood.dialect.zones import zoned
from sapwood.engine.metadata import FORMAT
from sapwood.engine.physical import metadata, table_source


def upgrade(cursor: duckdb.DuckDBPyConnection, database: str) -> None:
    """Bring an attached database's file to `FORMAT`; nothing happens to one that has it."""
    about = metadata(database, "about")
    ((held,),) = cursor.execute(f"SELECT format FROM {about}").fetchall()
    if held >= FORMAT:
        return
    cursor.execute("BEGIN")
    try:
        for number in range(held, FORMAT):
            _STEPS[number](cursor, database)
        cursor.execute(f"UPDATE {about} SET format = ?", [FORMAT])
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise


def _give_offsets(cursor: duckdb.DuckDBPyConnection, database: str) -> None:
    """A TIMESTAMP_TZ was a moment; from now on it has an offset of its own, which is UTC's for those that are there."""
    columns = cursor.execute(
        f"SELECT c.schema, c.object, c.name FROM {metadata(database, 'columns')} c JOIN {metadata(database, 'objects')} o "
        "ON o.schema = c.schema AND o.name = c.object WHERE o.kind = 'TABLE' AND c.type = 'TIMESTAMP_TZ'"
    ).fetchall()
    for schema, table, column in columns:
        name = duck(column)
        cursor.execute(
            f"ALTER TABLE {table_source(Name(database, schema, table))} ALTER {name} "
            f"TYPE {TIMESTAMP_TZ.duckdb()} USING {zoned(name, minutes=lambda _: '0')}"
        )


_STEPS: Mapping[int, Callable[[duckdb.DuckDBPyConnection, str], None]] = {1: _give_offsets}
"""What leads from each format to the next."""
