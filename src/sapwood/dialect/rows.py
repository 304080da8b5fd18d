"""Functions that one line says: what each takes, what it gives, and DuckDB's SQL for it.

Comes in: a table as text, a line an overload, and bound arguments. Goes out: bound values. Knows no function's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sapwood.dialect import coercion
from sapwood.dialect.coercion import cast, numeric, truth
from sapwood.dialect.dates import moment_of
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import literal
from sapwood.dialect.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    MAX_TEXT,
    OBJECT,
    REAL,
    TIMESTAMP_NTZ,
    VARIANT,
    SnowType,
    number,
    text,
)
from sapwood.dialect.values import UNTYPED, Value, combine, once
from sapwood.errors import TypeMismatchError


@dataclass(frozen=True)
class Row:
    """One overload: kinds of its arguments, kind of its result, DuckDB's SQL with {0}, {1} ..."""

    takes: tuple[str, ...]
    gives: str
    sql: str


def rows_of(table: str) -> Mapping[str, tuple[Row, ...]]:
    """The overloads of a table by name. A line is: name, kinds of arguments or -, kind of the result, SQL."""
    rows: dict[str, tuple[Row, ...]] = {}
    for line in table.strip().splitlines():
        name, takes, gives, sql = line.split(maxsplit=3)
        row = Row(() if takes == "-" else tuple(takes.split(",")), gives, sql)
        rows[name] = (*rows.get(name, ()), row)
    return rows


def apply_row(given: Given, rows: Sequence[Row]) -> Value:
    """The value of the overload with as many arguments as are given."""
    row = next((row for row in rows if len(row.takes) == len(given.values)), None)
    if row is None:
        sizes = [len(row.takes) for row in rows]
        raise arity(given, min(sizes), max(sizes))
    values = [TAKES[kind](value) for kind, value in zip(row.takes, given.values, strict=True)]
    type_ = values[0].type if row.gives == "same" else _GIVES[row.gives]
    is_repeated = any(row.sql.count(f"{{{place}}}") > 1 for place in range(len(values)))
    is_volatile = is_repeated and any(value.is_volatile for value in values)
    sql = (
        once([value.sql for value in values], row.sql.format, is_volatile=is_volatile)
        if is_repeated
        else row.sql.format(*(v.sql for v in values))
    )
    nullable = True if row.gives in ("json", "text?") else None
    return combine(
        f"CAST({sql} AS {type_.duckdb()})" if type_.name == "FIXED" else sql, type_, values, nullable=nullable
    )


def whole(value: Value) -> Value:
    """A whole number as DuckDB's BIGINT, as its own functions want it."""
    found = numeric(value)
    return replace(
        found, sql=f"({value.constant})" if isinstance(value.constant, int) else f"CAST({found.sql} AS BIGINT)"
    )


def cut(value: Value) -> Value:
    """How many characters to keep: none if it is below zero."""
    count = whole(value)
    return count.over(f"CASE WHEN {count.sql} < 0 THEN 0 ELSE {count.sql} END", count.type)


def size(value: Value) -> Value:
    """How long a text is to become: 0 if it is below zero, an error if no text is that long."""
    count = whole(value)
    kind = number(18, 0)
    failure = raising(100078, "22000", literal("A text of this length is too long: "), count.sql, type_=kind)
    limit = f"WHEN {count.sql} > {MAX_TEXT} THEN CAST({failure} AS INTEGER)"
    return count.over(f"CASE WHEN {count.sql} < 0 THEN 0 {limit} ELSE CAST({count.sql} AS INTEGER) END", count.type)


def elements(value: Value) -> Value:
    """An ARRAY as DuckDB's list of JSON; another VARIANT is no list."""
    array = cast(value, value.type if value.type.name in coercion.SEMI else ARRAY)
    return array.over(f"CAST(json_extract({array.sql}, '$[*]') AS JSON[])", ARRAY)


def as_text(value: Value) -> Value:
    """A value as a text; bytes are none, and which digits they should be nobody has said."""
    if value.type == BINARY:
        raise TypeMismatchError(
            f"SQL compilation error:\nInvalid argument types: a text is needed here, found {value.type}",
            hint="HEX_ENCODE, BASE64_ENCODE and TO_VARCHAR(x, 'UTF-8') make texts of bytes.",
        )
    return cast(value, value.type if value.type.name == "TEXT" else text())


def as_bytes(value: Value) -> Value:
    """Bytes, of a text those of its UTF-8."""
    return value if value.type == BINARY else as_text(value).over(f"encode({as_text(value).sql})", BINARY)


TAKES: Mapping[str, Callable[[Value], Value]] = {
    "text": as_text,
    "bytes": as_bytes,
    "int": whole,
    "cut": cut,
    "size": size,
    "num": numeric,
    "real": lambda value: cast(numeric(value), REAL),
    "bool": truth,
    "date": lambda value: cast(value, DATE),
    "moment": moment_of,
    "json": lambda value: cast(value, value.type if value.type.name in coercion.SEMI else VARIANT),
    "array": lambda value: cast(value, ARRAY),
    "list": elements,
    "object": lambda value: cast(value, OBJECT),
    "binary": lambda value: cast(value, BINARY),
    "any": lambda value: cast(value, text()) if value.type == UNTYPED else value,
}
_GIVES: Mapping[str, SnowType] = {
    "text": text(), "int": number(38, 0), "count": number(18, 0), "real": REAL, "bool": BOOLEAN, "date": DATE, "stamp": TIMESTAMP_NTZ,
    "json": VARIANT, "array": ARRAY, "object": OBJECT, "binary": BINARY, "text?": text(),
}  # fmt: skip
