"""The keys that tables declare: kept beside the table, shown, and enforced by nobody, as at the vendor's.

Columns of SHOW PRIMARY KEYS, UNIQUE KEYS and IMPORTED KEYS: the vendor's pages of these commands.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sapwood.dialect.statements import Key, Name
from sapwood.engine.schema_objects import KEYS, SchemaObject, read_object, write_object
from sapwood.engine.work import Work, moment, now_ms

Row = dict[str, Any]


def keep_keys(work: Work, table: Name, keys: Sequence[Key]) -> None:
    """Note the keys of a new table, inside its transaction."""
    if keys:
        content = {"keys": [asdict(key) for key in keys]}
        write_object(work.cursor, SchemaObject(KEYS, table, content, "", now_ms(), work.state.role))


def key_columns(work: Work, table: Name, kind: str) -> set[str]:
    """The columns of a table that are in a key of a kind."""
    kept = read_object(work.cursor, KEYS, table)
    return {
        column for key in (kept.content["keys"] if kept else ()) if key["kind"] == kind for column in key["columns"]
    }


def key_rows(kept: Sequence[SchemaObject], kind: str) -> Iterator[Row]:
    """One row a column of each key of a kind."""
    for table in kept:
        for place, key in enumerate(table.content["keys"], start=1):
            if key["kind"] == kind:
                name = key["name"] or _given_name(table.name, place)
                yield from _ROWS[kind](table, key, name)


def _given_name(table: Name, place: int) -> str:
    """The name of a key that its table did not name: the same each time, and of the form of the vendor's."""
    return f"SYS_CONSTRAINT_{uuid.uuid5(uuid.NAMESPACE_OID, f'{table} {place}')}"


def _own_rows(table: SchemaObject, key: Row, name: str) -> Iterator[Row]:
    for sequence, column in enumerate(key["columns"], start=1):
        yield {
            "created_on": moment(table.created_on),
            "database_name": table.name.database,
            "schema_name": table.name.schema,
            "table_name": table.name.name,
            "column_name": column,
            "key_sequence": sequence,
            "constraint_name": name,
            "rely": "false",
            "comment": None,
        }


def _foreign_rows(table: SchemaObject, key: Row, name: str) -> Iterator[Row]:
    target = Name(**key["references"])
    targets = key["reference_columns"] or key["columns"]
    for sequence, (column, target_column) in enumerate(zip(key["columns"], targets, strict=False), start=1):
        yield {
            "created_on": moment(table.created_on),
            "pk_database_name": target.database,
            "pk_schema_name": target.schema,
            "pk_table_name": target.name,
            "pk_column_name": target_column,
            "fk_database_name": table.name.database,
            "fk_schema_name": table.name.schema,
            "fk_table_name": table.name.name,
            "fk_column_name": column,
            "key_sequence": sequence,
            "update_rule": "NO ACTION",
            "delete_rule": "NO ACTION",
            "fk_name": name,
            "pk_name": None,
            "deferrability": "NOT DEFERRABLE",
            "rely": "false",
            "comment": None,
        }


_ROWS: dict[str, Callable[[SchemaObject, Row, str], Iterator[Row]]] = {
    "PRIMARY": _own_rows,
    "UNIQUE": _own_rows,
    "FOREIGN": _foreign_rows,
}
