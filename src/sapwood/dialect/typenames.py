"""Names of types as statements write them: VARCHAR(60), NUMBER(10, 2), VECTOR(FLOAT, 768).

Comes in: sqlglot's tree of a type. Goes out: a SnowType. A type that isn't served is refused by name. Sources: the
vendor's pages "Summary of data types" and "Vector data types".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.conventions import current
from sapwood.dialect.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    MAX_TEXT,
    OBJECT,
    REAL,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    VARIANT,
    SnowType,
    number,
    text,
    vector,
)  # fmt: skip
from sapwood.errors import ProgrammingError, UnsupportedError

MAX_ELEMENTS = 4096
"""Elements of a vector at most."""

_TYPES: dict[str, SnowType] = {
    **dict.fromkeys(("DECIMAL", "INT", "BIGINT", "SMALLINT", "TINYINT"), number(38, 0)),
    **dict.fromkeys(("FLOAT", "DOUBLE", "UDOUBLE"), REAL),
    **dict.fromkeys(("VARCHAR", "TEXT", "NVARCHAR"), text()),
    **dict.fromkeys(("CHAR", "NCHAR"), text(1)),
    **dict.fromkeys(("BINARY", "VARBINARY"), BINARY),
    **dict.fromkeys(("TIMESTAMPNTZ", "DATETIME"), TIMESTAMP_NTZ),
    "BOOLEAN": BOOLEAN, "DATE": DATE, "TIME": TIME, "TIMESTAMPLTZ": TIMESTAMP_LTZ, "TIMESTAMPTZ": TIMESTAMP_TZ,
    "VARIANT": VARIANT, "OBJECT": OBJECT, "ARRAY": ARRAY,
}  # fmt: skip


def type_of(tree: exp.Expr) -> SnowType:
    """The Snowflake type that a type name stands for.

    >>> str(type_of(exp.DataType.build("number(10, 2)", dialect="snowflake")))
    'NUMBER(10,2)'
    """
    name = tree.this.name if hasattr(tree.this, "name") else str(tree.this)
    if name == "TIMESTAMP":
        name = current().timestamp.replace("_", "")
    if name == "VECTOR":
        return _vector(tree)
    found = _TYPES.get(name)
    if found is None or (tree.expressions and name in ("OBJECT", "ARRAY")):
        raise UnsupportedError(f"SQL compilation error:\nUnsupported data type '{tree.sql(dialect='snowflake')}'.")
    sizes = [int(each.name) for each in tree.expressions]
    return _sized(found, sizes) if sizes else found


def _vector(tree: exp.Expr) -> SnowType:
    """VECTOR(FLOAT, 768), VECTOR(INT, 3)"""
    hint = f"Write VECTOR(FLOAT, n) or VECTOR(INT, n) with n from 1 to {MAX_ELEMENTS}."
    if len(tree.expressions) == 2:
        element, size = tree.expressions[0], tree.expressions[1].name
        kind = _TYPES.get(element.this.name) if isinstance(element, exp.DataType) else None
        if kind in (REAL, number(38, 0)) and size.isdigit():
            if not 1 <= int(size) <= MAX_ELEMENTS:
                raise ProgrammingError(f"SQL compilation error:\nInvalid vector dimension '{int(size):,}'.", hint=hint)
            return vector(int(size), of_integers=kind != REAL)
    raise ProgrammingError(
        f"SQL compilation error:\ninvalid data type '{tree.sql(dialect='snowflake')}'",
        hint=hint,
    )


def _sized(type_: SnowType, sizes: Sequence[int]) -> SnowType:
    match type_.name:
        case "FIXED":
            precision, scale = (*sizes, 0)[:2]
            _check_range(1 <= precision <= 38 and 0 <= scale <= min(37, precision), f"NUMBER({precision},{scale})")
            return number(precision, scale)
        case "TEXT" | "BINARY":
            _check_range(1 <= sizes[0] <= MAX_TEXT, f"{type_.name}({sizes[0]})")
            return replace(type_, length=sizes[0])
        case "TIME" | "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ":
            _check_range(0 <= sizes[0] <= 9, f"{type_.name}({sizes[0]})")
            return replace(type_, scale=sizes[0])
        case _:
            return type_


def _check_range(is_fine: bool, what: str) -> None:
    if not is_fine:
        raise ProgrammingError(f"SQL compilation error:\ninvalid size of a data type: {what}")
