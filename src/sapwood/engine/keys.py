"""The keys that tables declare: kept beside the table, shown, and enforced by nobody, as at the vendor's.

Columns of SHOW PRIMARY KEYS, UNIQUE KEYS and IMPORTED KEYS, and of TABLE_CONSTRAINTS and REFERENTIAL_CONSTRAINTS in
INFORMATION_SCHEMA: the vendor's pages of these.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sapwood.dialect.names import spelled
from sapwood.dialect.statements import Key, Name
from sapwood.engine.schema_objects import KEYS, SchemaObject, read_object, write_object
from sapwood.engine.work import Work, moment, now_ms, unknown_object
from sapwood.errors import ProgrammingError

Row = dict[str, Any]

_TYPES = {"PRIMARY": "PRIMARY KEY", "UNIQUE": "UNIQUE", "FOREIGN": "FOREIGN KEY"}


def keep_keys(work: Work, table: Name, keys: Sequence[Key]) -> None:
    """Note the keys of a new table, inside its transaction."""
    if keys:
        _keep(work, table, [asdict(key) for key in keys])


def add_key(work: Work, table: Name, key: Key) -> None:
    """Note one more key of a table; ProgrammingError for a second primary one."""
    kept = _kept_keys(work, table)
    if key.kind == "PRIMARY" and any(each["kind"] == "PRIMARY" for each in kept):
        raise ProgrammingError(f"SQL compilation error:\nprimary key already exists for table '{table.name}'")
    _keep(work, table, [*kept, asdict(key)])


def drop_key(work: Work, table: Name, said: Key) -> None:
    """Forget the keys of which that is said: a name, a kind, columns; UnknownObjectError if there is none."""
    kept = [{**key, "name": _name_of(table, key, place)} for place, key in enumerate(_kept_keys(work, table), start=1)]
    left = [key for key in kept if not _fits(key, said)]
    if len(left) == len(kept):
        raise unknown_object("Constraint", Name("", "", said.name or f"{said.kind} KEY"))
    _keep(work, table, left)


def _fits(key: Row, said: Key) -> bool:
    columns = tuple(key["columns"])
    return said.name in ("", key["name"]) and said.kind in ("", key["kind"]) and said.columns in ((), columns)


def _kept_keys(work: Work, table: Name) -> list[Row]:
    kept = read_object(work.cursor, KEYS, table)
    return list(kept.content["keys"]) if kept else []


def _keep(work: Work, table: Name, keys: Sequence[Row]) -> None:
    write_object(work.cursor, SchemaObject(KEYS, table, {"keys": list(keys)}, "", now_ms(), work.state.role))


def key_columns(work: Work, table: Name, kind: str) -> set[str]:
    """The columns of a table that are in a key of a kind."""
    return {column for key in _kept_keys(work, table) if key["kind"] == kind for column in key["columns"]}


def key_clauses(work: Work, table: Name) -> list[str]:
    """The keys of a table as its statement writes them."""
    return [_clause(key) for key in _kept_keys(work, table)]


def _clause(key: Row) -> str:
    name = f"constraint {spelled(key['name'])} " if key["name"] else ""
    return f"{name}{_TYPES[key['kind']].lower()} {_listed(key['columns'])}{_target(key)}"


def _target(key: Row) -> str:
    if key["kind"] != "FOREIGN":
        return ""
    target = Name(**key["references"])
    columns = _listed(key["reference_columns"]) if key["reference_columns"] else ""
    return f" references {'.'.join(map(spelled, (target.database, target.schema, target.name)))}{columns}"


def _listed(columns: Sequence[str]) -> str:
    return f"({', '.join(map(spelled, columns))})"


def key_rows(kept: Sequence[SchemaObject], kind: str) -> Iterator[Row]:
    """One row a column of each key of a kind."""
    for table in kept:
        for place, key in enumerate(table.content["keys"], start=1):
            if key["kind"] == kind:
                yield from _ROWS[kind](table, key, _name_of(table.name, key, place))


def _name_of(table: Name, key: Row, place: int) -> str:
    """A key's name. One that its table did not name has the same each time, of the form of the vendor's."""
    return key["name"] or f"SYS_CONSTRAINT_{uuid.uuid5(uuid.NAMESPACE_OID, f'{table} {place}')}"


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


# INFORMATION_SCHEMA ---------------------------------------------------------------------------------------------------

_CONSTRAINT = "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME"
CONSTRAINT_COLUMNS = (
    f"{_CONSTRAINT} TABLE_CATALOG TABLE_SCHEMA TABLE_NAME CONSTRAINT_TYPE IS_DEFERRABLE INITIALLY_DEFERRED ENFORCED COMMENT CREATED "
    "LAST_ALTERED RELY"
)
REFERENCE_COLUMNS = f"{_CONSTRAINT} UNIQUE_{_CONSTRAINT.replace(' ', ' UNIQUE_')} MATCH_OPTION UPDATE_RULE DELETE_RULE COMMENT CREATED LAST_ALTERED"


def constraint_rows(table: SchemaObject) -> Iterator[Row]:
    """One row a key of a table."""
    name = table.name
    place = {"TABLE_CATALOG": name.database, "TABLE_SCHEMA": name.schema, "TABLE_NAME": name.name}
    fixed = {"IS_DEFERRABLE": "NO", "INITIALLY_DEFERRED": "YES", "ENFORCED": "NO", "RELY": "NO"}
    for number, key in enumerate(table.content["keys"], start=1):
        yield {**_constraint(table, key, number), **place, "CONSTRAINT_TYPE": _TYPES[key["kind"]], **fixed}


def _constraint(table: SchemaObject, key: Row, number: int) -> Row:
    return {
        "CONSTRAINT_CATALOG": table.name.database,
        "CONSTRAINT_SCHEMA": table.name.schema,
        "CONSTRAINT_NAME": _name_of(table.name, key, number),
        "CREATED": moment(table.created_on),
        "LAST_ALTERED": moment(table.created_on),
    }


def reference_rows(work: Work, table: SchemaObject) -> Iterator[Row]:
    """One row a foreign key of a table, with the key that it refers to."""
    fixed = {"MATCH_OPTION": "FULL", "UPDATE_RULE": "NO ACTION", "DELETE_RULE": "NO ACTION"}
    for number, key in enumerate(table.content["keys"], start=1):
        if key["kind"] == "FOREIGN":
            target = Name(**key["references"])
            place = {"UNIQUE_CONSTRAINT_CATALOG": target.database, "UNIQUE_CONSTRAINT_SCHEMA": target.schema}
            meant = {**place, "UNIQUE_CONSTRAINT_NAME": _referred(work, target, key["reference_columns"])}
            yield {**_constraint(table, key, number), **meant, **fixed}


def _referred(work: Work, target: Name, columns: Sequence[str]) -> str | None:
    """The name of the key of a table that has these columns, of its primary one if none are named."""
    for number, key in enumerate(_kept_keys(work, target), start=1):
        if list(key["columns"]) == list(columns) if columns else key["kind"] == "PRIMARY":
            return _name_of(target, key, number)
    return None
