"""What a schema holds beside tables: functions, sequences, tags, and the keys and tags that tables have.

Kept in the database's own file beside its tables, so that one commit holds both. The content is JSON; each kind's
module says what is in it. Works on the cursor that it is given, inside that cursor's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from sapwood.dialect.statements import Name
from sapwood.engine.physical import metadata

TABLE = "schema_objects"
FUNCTION, SEQUENCE, TAG, KEYS, TAGS = "FUNCTION", "SEQUENCE", "TAG", "KEYS", "TAGS"
OF_TABLES = (KEYS, TAGS)
"""What is kept under a table's name, and goes where that goes."""
COLUMNS = (
    "kind VARCHAR, schema VARCHAR, name VARCHAR, content VARCHAR, comment VARCHAR, created_on BIGINT, owner VARCHAR"
)


@dataclass(frozen=True)
class SchemaObject:
    """One object. `kind` is one of those above; `created_on` epoch milliseconds."""

    kind: str
    name: Name
    content: Mapping[str, Any] = field(default_factory=dict)
    comment: str = ""
    created_on: int = 0
    owner: str = "ACCOUNTADMIN"


def make_room(cursor: duckdb.DuckDBPyConnection, database: str) -> None:
    """Make the table in a database file that has none yet."""
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {metadata(database, TABLE)} ({COLUMNS})")


def read_object(cursor: duckdb.DuckDBPyConnection, kind: str, name: Name) -> SchemaObject | None:
    """An object by name; None if there is none."""
    return next((each for each in read_objects(cursor, kind, name.database, name.schema) if each.name == name), None)


def read_objects(
    cursor: duckdb.DuckDBPyConnection, kind: str, database: str, schema: str | None = None
) -> list[SchemaObject]:
    """All objects of a kind in a database or a schema, ordered by schema and name."""
    rows = cursor.execute(
        f"SELECT schema, name, content, comment, created_on, owner FROM {metadata(database, TABLE)} "
        "WHERE kind = ? AND (? IS NULL OR schema = ?) ORDER BY schema, name",
        [kind, schema, schema],
    ).fetchall()
    return [SchemaObject(kind, Name(database, *row[:2]), json.loads(row[2]), *row[3:]) for row in rows]


def write_object(cursor: duckdb.DuckDBPyConnection, made: SchemaObject) -> None:
    """Note an object in place of what was known of that kind and name."""
    delete_object(cursor, made.kind, made.name)
    cursor.execute(
        f"INSERT INTO {metadata(made.name.database, TABLE)} VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            made.kind,
            made.name.schema,
            made.name.name,
            json.dumps(made.content),
            made.comment,
            made.created_on,
            made.owner,
        ],
    )


def delete_object(cursor: duckdb.DuckDBPyConnection, kind: str, name: Name) -> bool:
    """Forget an object; False if there was none."""
    row = cursor.execute(
        f"DELETE FROM {metadata(name.database, TABLE)} WHERE kind = ? AND schema = ? AND name = ?",
        [kind, name.schema, name.name],
    ).fetchone()
    return bool(row and row[0])


def rename_object(cursor: duckdb.DuckDBPyConnection, kind: str, old: Name, new: Name) -> None:
    """Note an object's new name; the database stays."""
    cursor.execute(
        f"UPDATE {metadata(old.database, TABLE)} SET schema = ?, name = ? WHERE kind = ? AND schema = ? AND name = ?",
        [new.schema, new.name, kind, old.schema, old.name],
    )
