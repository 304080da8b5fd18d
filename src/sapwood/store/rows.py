"""Records to rows and back, and the few statements that all nouns share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select

from sapwood.errors import ObjectExistsError


class Record(Protocol):
    """Any of the dataclasses of records.py."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=Record)


def to_row(record: Record) -> dict[str, Any]:
    """A record's fields as column values; mappings become plain dicts, which JSON columns want."""
    values = {item.name: getattr(record, item.name) for item in fields(record)}
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}


def find(connection: Connection, table: Table, record: type[R], **key: str) -> R | None:
    """The record with this key, or None."""
    row = connection.execute(select(*_columns(table, record)).where(matches(table, **key))).mappings().first()
    return None if row is None else record(**row)


def find_all(connection: Connection, table: Table, record: type[R], **key: str | None) -> list[R]:
    """All records with these values, in the order of the primary key; a value of None is no condition."""
    asked = {name: value for name, value in key.items() if value is not None}
    query = select(*_columns(table, record)).where(matches(table, **asked)).order_by(*table.primary_key.columns)
    return [record(**row) for row in connection.execute(query).mappings()]


def put(
    connection: Connection, table: Table, record: Record, *, or_replace: bool = False, if_not_exists: bool = False
) -> bool:
    """Store a record under its primary key; False if one was there and was left.

    Raises ObjectExistsError if the key is taken and neither flag is set.
    """
    row = to_row(record)
    same = matches(table, **{column.name: row[column.name] for column in table.primary_key.columns})
    if connection.execute(select(1).select_from(table).where(same)).first() is not None:
        if if_not_exists:
            return False
        if not or_replace:
            raise ObjectExistsError(
                f"SQL compilation error:\nObject '{row['name']}' already exists.",
                hint="Use CREATE OR REPLACE, or another name.",
            )
        connection.execute(delete(table).where(same))
    connection.execute(insert(table).values(**row))
    return True


def drop(connection: Connection, table: Table, **key: str) -> bool:
    """Delete the records with these values; False if there were none."""
    return connection.execute(delete(table).where(matches(table, **key))).rowcount > 0


def matches(table: Table, **key: str) -> ColumnElement[bool]:
    """The condition that columns have these values."""
    return and_(True, *(table.c[name] == value for name, value in key.items()))


def _columns(table: Table, record: type[Record]) -> list[Any]:
    return [table.c[name] for name in record.__dataclass_fields__]
