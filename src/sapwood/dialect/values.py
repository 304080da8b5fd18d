"""A bound expression: its DuckDB SQL with its Snowflake type, and what is known about it.

Knows no grammar and no catalogue. Invariant: run on DuckDB, `sql` gives a value of `type.duckdb()`, so nothing further
out needs to guess; NULL literals alone have the type `UNTYPED`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sapwood.dialect.names import literal
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BOOLEAN, OBJECT, REAL, SnowType, number, text

UNTYPED = SnowType("NULL")
"""The type of a bare NULL."""

_LONG = 160
"""SQL longer than this is not written twice into one expression (characters)."""


@dataclass(frozen=True)
class Value:
    """`constant` is the value if it is known before rows are read. `loose` are the columns read outside of aggregates."""

    sql: str
    type: SnowType
    nullable: bool = True
    constant: Any = NOT_CONSTANT
    loose: frozenset[str] = frozenset()
    is_volatile: bool = False
    has_aggregate: bool = False
    has_window: bool = False

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT

    def over(self, sql: str, type_: SnowType, *, nullable: bool | None = None, constant: Any = NOT_CONSTANT) -> Value:
        """The same value inside a larger SQL."""
        return replace(
            self, sql=sql, type=type_, nullable=self.nullable if nullable is None else nullable, constant=constant
        )


def combine(
    sql: str, type_: SnowType, values: Sequence[Value], *, nullable: bool | None = None, constant: Any = NOT_CONSTANT
) -> Value:
    """An expression made of others; it may be NULL if one of them may."""
    return Value(
        sql=sql,
        type=type_,
        nullable=any(value.nullable for value in values) if nullable is None else nullable,
        constant=constant,
        loose=frozenset[str]().union(*(value.loose for value in values)),
        is_volatile=any(value.is_volatile for value in values),
        has_aggregate=any(value.has_aggregate for value in values),
        has_window=any(value.has_window for value in values),
    )


def once(sources: Sequence[str], build: Callable[..., str], *, is_volatile: bool = False) -> str:
    """SQL that uses some expressions several times and computes each once where that matters.

    >>> once(["a"], lambda a: f"{a} + {a}")
    'a + a'
    >>> once(["random()"], lambda a: f"{a} + {a}", is_volatile=True)
    'list_transform([struct_pack(v0 := random())], lambda "~v": "~v".v0 + "~v".v0)[1]'
    """
    if not is_volatile and all(len(source) <= _LONG for source in sources):
        return build(*sources)
    fields = ", ".join(f"v{place} := {source}" for place, source in enumerate(sources))
    body = build(*(f'"~v".v{place}' for place in range(len(sources))))
    return f'list_transform([struct_pack({fields})], lambda "~v": {body})[1]'


def tried(sources: Sequence[str], build: Callable[..., str]) -> str:
    """SQL that is NULL where `build`'s fails; an error of a source itself stays one.

    >>> tried(["a"], "unhex({0})".format)
    'list_transform([struct_pack(v0 := a)], lambda "~v": TRY(unhex("~v".v0)))[1]'
    """
    return once(sources, lambda *names: f"TRY({build(*names)})", is_volatile=True)


def shown(value: Value) -> str:
    """A constant as an error quotes it; of any other value, that it is none."""
    return repr(value.constant) if value.is_constant else "that is not a constant"


def null() -> Value:
    return Value("NULL", UNTYPED, constant=None)


def text_value(content: str) -> Value:
    return Value(literal(content), text(max(1, len(content))), nullable=False, constant=content)


def boolean_value(truth: bool) -> Value:
    return Value("TRUE" if truth else "FALSE", BOOLEAN, nullable=False, constant=truth)


def number_value(digits: str) -> Value:
    """An integer or decimal literal without exponent.

    >>> number_value("1.50").type, number_value("1.50").sql
    (SnowType(name='FIXED', precision=3, scale=2, length=None), 'CAST(1.50 AS DECIMAL(3,2))')
    """
    whole, _, fraction = digits.partition(".")
    whole = whole.lstrip("0")
    kind = number(max(1, len(whole) + len(fraction)), len(fraction))
    written = f"{whole or '0'}.{fraction}" if fraction else whole or "0"
    return Value(
        f"CAST({written} AS {kind.duckdb()})",
        kind,
        nullable=False,
        constant=float(written) if fraction else int(written),
    )


def constant_value(content: Any) -> Value:
    """A Python value as a bound constant."""
    match content:
        case None:
            return null()
        case bool():
            return boolean_value(content)
        case int() | Decimal():
            return _signed(f"{content:f}" if isinstance(content, Decimal) else str(content))
        case float():
            return Value(f"CAST('{content!r}' AS DOUBLE)", REAL, nullable=False, constant=content)
        case _:
            return text_value(str(content))


def _signed(digits: str) -> Value:
    return negative(number_value(digits[1:])) if digits.startswith("-") else number_value(digits)


def negative(value: Value) -> Value:
    """A number with the other sign."""
    constant = -value.constant if isinstance(value.constant, (int, float)) else NOT_CONSTANT
    return value.over(f"(-{value.sql})", value.type, constant=constant)


def array_of(values: Sequence[Value]) -> Value:
    """A JSON array of values that are JSON already."""
    return combine(
        f"json_array({', '.join(value.sql for value in values)})",
        ARRAY,
        values,
        nullable=False,
        constant=_list_of(values),
    )


def _list_of(values: Sequence[Value]) -> Any:
    return [value.constant for value in values] if all(value.is_constant for value in values) else NOT_CONSTANT


def object_of(keys: Sequence[Value], values: Sequence[Value], *, keeps_null: bool = False) -> Value:
    """A JSON object of text keys and JSON values. Pairs with a NULL are left out, or kept as JSON's null."""
    if not keys:
        return Value("CAST('{}' AS JSON)", OBJECT, nullable=False, constant={})
    pieces = [_pair(key, value, keeps_null=keeps_null) for key, value in zip(keys, values, strict=True)]
    sql = "CAST('{' || array_to_string([" + ", ".join(pieces) + "], ',') || '}' AS JSON)"
    return combine(
        sql, OBJECT, [*keys, *values], nullable=False, constant=_dict_of(keys, values, keeps_null=keeps_null)
    )


def _pair(key: Value, value: Value, *, keeps_null: bool) -> str:
    content = f"CAST({value.sql} AS VARCHAR)"
    if keeps_null:
        content = f"coalesce({content}, 'null')"
    return f"CAST(to_json({key.sql}) AS VARCHAR) || ':' || {content}"


def _dict_of(keys: Sequence[Value], values: Sequence[Value], *, keeps_null: bool) -> Any:
    if not all(value.is_constant for value in (*keys, *values)):
        return NOT_CONSTANT
    pairs = zip(keys, values, strict=True)
    return {
        key.constant: value.constant
        for key, value in pairs
        if key.constant is not None and (keeps_null or value.constant is not None)
    }
