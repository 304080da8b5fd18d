"""Arithmetic on NUMBER(p, s), FLOAT and dates: types of results and exact values.

Comes in: bound values that are numbers already. Goes out: a bound value of the type that Snowflake gives it. Source: the
vendor's page "Arithmetic operators". Knows no grammar.
"""

from __future__ import annotations

from sapwood.dialect.coercion import MAX_DIGITS, cast, common, leading
from sapwood.dialect.failures import raising
from sapwood.dialect.names import literal
from sapwood.dialect.types import DATE, REAL, SnowType, number
from sapwood.dialect.values import Value, combine, once


def _sized(leading: int, scale: int) -> SnowType:
    scale = min(scale, 37)
    return number(min(MAX_DIGITS, max(1, leading + scale)), scale)


def sum_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a + b and a - b.

    >>> str(sum_type(number(3, 1), number(2, 2)))
    'NUMBER(5,2)'
    """
    return _sized(max(leading(left), leading(right)) + 1, max(left.scale or 0, right.scale or 0))


def product_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a * b.

    >>> str(product_type(number(3, 1), number(2, 2)))
    'NUMBER(5,3)'
    """
    first, second = left.scale or 0, right.scale or 0
    return _sized(leading(left) + leading(right), min(first + second, max(first, second, 12)))


def quotient_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a / b.

    >>> str(quotient_type(number(1), number(1))), str(quotient_type(number(10, 2), number(1)))
    ('NUMBER(7,6)', 'NUMBER(16,8)')
    """
    first, second = left.scale or 0, right.scale or 0
    return _sized(leading(left) + second, max(first, min(first + 6, 12)))


def add(left: Value, right: Value, operator: str) -> Value:
    """a + b, a - b."""
    if "REAL" in (left.type.name, right.type.name):
        return combine(f"({cast(left, REAL).sql} {operator} {cast(right, REAL).sql})", REAL, [left, right])
    type_ = sum_type(left.type, right.type)
    kind = type_.duckdb()
    return combine(
        f"CAST(CAST({left.sql} AS {kind}) {operator} CAST({right.sql} AS {kind}) AS {kind})", type_, [left, right]
    )


def multiply(left: Value, right: Value) -> Value:
    """a * b."""
    if "REAL" in (left.type.name, right.type.name):
        return combine(f"({cast(left, REAL).sql} * {cast(right, REAL).sql})", REAL, [left, right])
    type_ = product_type(left.type, right.type)
    first, second = (f"CAST({value.sql} AS {value.type.duckdb()})" for value in (left, right))
    if (left.type.scale or 0) + (right.type.scale or 0) >= MAX_DIGITS:
        first, second = (f"CAST({value.sql} AS DECIMAL(38,18))" for value in (left, right))
    return combine(f"CAST({first} * {second} AS {type_.duckdb()})", type_, [left, right])


def divide(left: Value, right: Value, *, zero: str = "") -> Value:
    """a / b, exact for NUMBER. `zero` is the SQL for b = 0 in place of the error."""
    values = [left, right]
    type_ = REAL if "REAL" in (left.type.name, right.type.name) else quotient_type(left.type, right.type)
    failure = zero or raising(100051, "22012", literal("Division by zero"), type_=type_)
    first, second = (cast(value, REAL) for value in values) if type_ == REAL else values
    build = (
        _divide_real
        if type_ == REAL
        else lambda a, b: _divide_exact(a, b, left=left.type, right=right.type, type_=type_)
    )
    sql = once(
        [first.sql, second.sql],
        lambda a, b: f"CASE WHEN {b} = 0 THEN CAST({failure} AS {type_.duckdb()}) ELSE {build(a, b)} END",
        is_volatile=left.is_volatile or right.is_volatile,
    )
    return combine(sql, type_, values)


def _divide_real(left: str, right: str) -> str:
    return f"({left} / {right})"


def _divide_exact(a: str, b: str, *, left: SnowType, right: SnowType, type_: SnowType) -> str:
    """Quotient of two decimals, rounded half away from zero, on 128-bit integers.

    With a = m / 10^s1 and b = n / 10^s2 the quotient at scale s is m * 10^(s + s2 - s1) / n, taken apart into its whole
    part and the rest so that it doesn't overflow.
    """
    scale = type_.scale or 0
    power = scale + (right.scale or 0) - (left.scale or 0)
    m, n = _mantissa(a, left), _mantissa(b, right)
    grown = f"CAST(1{'0' * power} AS HUGEINT)"
    whole = f"({m} // {n}) * {grown}"
    rest = f"(({m} % {n}) * {grown})"
    rounded = f"({rest} // {n} + CASE WHEN abs(({rest}) % {n}) * 2 >= abs({n}) THEN sign({m}) * sign({n}) ELSE 0 END)"
    return f"CAST(CAST({whole} + {rounded} AS DECIMAL(38,0)) * CAST({_unit(scale)} AS DECIMAL({max(1, scale)},{scale})) AS {type_.duckdb()})"


def _mantissa(sql: str, type_: SnowType) -> str:
    scale = type_.scale or 0
    return f"CAST(CAST({sql} AS {type_.duckdb()}) * 1{'0' * scale} AS HUGEINT)" if scale else f"CAST({sql} AS HUGEINT)"


def _unit(scale: int) -> str:
    return "0." + "0" * (scale - 1) + "1" if scale else "1"


def modulo(left: Value, right: Value) -> Value:
    """a % b, with the sign of a."""
    if "REAL" in (left.type.name, right.type.name):
        return combine(f"fmod({cast(left, REAL).sql}, {cast(right, REAL).sql})", REAL, [left, right])
    type_ = common([left.type, right.type])
    kind = type_.duckdb()
    failure = raising(100051, "22012", literal("Division by zero"), type_=type_)
    sql = once(
        [left.sql, right.sql],
        lambda a, b: (
            f"CASE WHEN {b} = 0 THEN {failure} ELSE CAST(CAST({a} AS {kind}) % CAST({b} AS {kind}) AS {kind}) END"
        ),
        is_volatile=left.is_volatile or right.is_volatile,
    )
    return combine(sql, type_, [left, right])


def difference_of_days(left: Value, right: Value) -> Value:
    """DATE - DATE: whole days."""
    return combine(f"CAST(datediff('day', {right.sql}, {left.sql}) AS DECIMAL(9,0))", number(9, 0), [left, right])


def shifted_by_days(date: Value, days: Value, operator: str) -> Value:
    """DATE + n, DATE - n."""
    return combine(f"CAST({date.sql} {operator} CAST({days.sql} AS INTEGER) AS DATE)", DATE, [date, days])
