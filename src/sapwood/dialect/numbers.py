"""Functions of numbers: rounding, roots, angles, bits.

Comes in: bound arguments. Goes out: bound values. Source: the vendor's pages "Numeric functions" and "Bitwise expression
functions". Knows no names of columns or tables.
"""

from __future__ import annotations

from dataclasses import replace

from sapwood.dialect import arithmetic
from sapwood.dialect.coercion import MAX_DIGITS, cast, numeric
from sapwood.dialect.dates import truncated
from sapwood.dialect.failures import raising
from sapwood.dialect.given import Given, Rule, one_of
from sapwood.dialect.names import literal
from sapwood.dialect.rows import whole
from sapwood.dialect.types import REAL, SnowType, number
from sapwood.dialect.values import Value, combine, once
from sapwood.errors import InvalidArgumentsError, UnsupportedError

TABLE = """
ABS               num                   same   abs({0})
SIGN              num                   int    sign({0})
CBRT              real                  real   cbrt({0})
SQUARE            real                  real   ({0} * {0})
POWER             real,real             real   pow({0}, {1})
POW               real,real             real   pow({0}, {1})
EXP               real                  real   exp({0})
SIN               real                  real   sin({0})
COS               real                  real   cos({0})
TAN               real                  real   tan({0})
COT               real                  real   cot({0})
SINH              real                  real   sinh({0})
COSH              real                  real   cosh({0})
TANH              real                  real   tanh({0})
ASINH             real                  real   asinh({0})
ATAN              real                  real   atan({0})
ATAN2             real,real             real   atan2({0}, {1})
PI                -                     real   pi()
DEGREES           real                  real   degrees({0})
RADIANS           real                  real   radians({0})
HAVERSINE         real,real,real,real   real   (2 * 6371 * asin(sqrt(pow(sin(radians({2} - {0}) / 2), 2) + cos(radians({0})) * cos(radians({2})) * pow(sin(radians({3} - {1}) / 2), 2))))
WIDTH_BUCKET      real,real,real,int    count  CASE WHEN {0} < {1} THEN 0 WHEN {0} >= {2} THEN {3} + 1 ELSE floor(({0} - {1}) * {3} / ({2} - {1})) + 1 END
BITAND            int,int               int    ({0} & {1})
BIT_AND           int,int               int    ({0} & {1})
BITOR             int,int               int    ({0} | {1})
BIT_OR            int,int               int    ({0} | {1})
BITXOR            int,int               int    xor({0}, {1})
BIT_XOR           int,int               int    xor({0}, {1})
BITNOT            int                   int    (~{0})
BIT_NOT           int                   int    (~{0})
GETBIT            int,int               int    (({0} >> {1}) & 1)
BITCOUNT          int                   int    bit_count({0})
BITMAP_BUCKET_NUMBER int                int    CASE WHEN {0} > 0 THEN ({0} - 1) // 32768 + 1 ELSE -(-{0} // 32768) END
BITMAP_BIT_POSITION int                 int    CASE WHEN {0} > 0 THEN ({0} - 1) % 32768 ELSE -{0} % 32768 END
BITMAP_COUNT      binary                int    bit_count(CAST({0} AS BIT))
REGR_VALX         real,real             real   CASE WHEN {0} IS NOT NULL THEN {1} END
REGR_VALY         real,real             real   CASE WHEN {1} IS NOT NULL THEN {0} END
"""  # noqa: E501

BITMAP_BITS = 32768
"""Bits of a bitmap. Source: the vendor's page of BITMAP_BIT_POSITION."""


def _outside(condition: str, sql: str) -> Rule:
    """A function of FLOAT that is undefined somewhere: there it is an error that names the call."""

    def rule(given: Given) -> Value:
        value = cast(numeric(one_of(given, 1)[0]), REAL)
        what = given.name.lower()

        def build(x: str) -> str:
            failure = raising(
                100061, "22P02", literal(f"Invalid floating point operation: {what}("), x, literal(")"), type_=REAL
            )
            return f"CASE WHEN {condition.format(x)} THEN {failure} ELSE {sql.format(x)} END"

        return combine(once([value.sql], build, is_volatile=value.is_volatile), REAL, [value])

    return rule


def _log(given: Given) -> Value:
    """LOG(base, x)"""
    base, value = (replace(given, name="LOG", values=(each,)) for each in one_of(given, 2))
    logarithm = _outside("{0} <= 0", "ln({0})")
    first, second = logarithm(base), logarithm(value)
    return arithmetic.divide(second, first)


def _factorial(given: Given) -> Value:
    value = whole(one_of(given, 1)[0])

    def build(x: str) -> str:
        failure = raising(100046, "22003", literal("Invalid argument for factorial: "), x, type_=number(38, 0))
        return f"CASE WHEN {x} NOT BETWEEN 0 AND 33 THEN {failure} ELSE CAST(factorial(CAST({x} AS INTEGER)) AS DECIMAL(38,0)) END"

    return combine(once([value.sql], build, is_volatile=value.is_volatile), number(38, 0), [value])


def _shift(operator: str) -> Rule:
    """BITSHIFTLEFT and -RIGHT, in 128 bits."""

    def rule(given: Given) -> Value:
        value, places = (whole(each) for each in one_of(given, 2))
        power = f"(CAST(1 AS HUGEINT) << CAST({places.sql} AS INTEGER))"
        sql = f"CAST({value.sql} AS HUGEINT) {operator} {power}"
        rounded = (
            sql
            if operator == "*"
            else f"({sql} - CASE WHEN {value.sql} < 0 AND {value.sql} % {power} <> 0 THEN 1 ELSE 0 END)"
        )
        return combine(f"CAST({rounded} AS DECIMAL(38,0))", number(38, 0), [value, places])

    return rule


def _rounded(function: str) -> Rule:
    """ROUND, TRUNC, CEIL, FLOOR with an optional scale; ROUND with an optional way; TRUNC of a date to a part."""

    def rule(given: Given) -> Value:
        value, *rest = one_of(given, 1, 3 if function == "round" else 2)
        if function == "trunc" and rest and isinstance(rest[0].constant, str):
            return truncated(rest[0], value)
        value = numeric(value)
        scale = rest[0].constant if rest else 0
        if not isinstance(scale, (int, float)):
            raise UnsupportedError(f"SQL compilation error:\n{given.name} takes a constant as its second argument.")
        places = max(-MAX_DIGITS, min(round(scale), MAX_DIGITS - 1))
        sql = _scaled(_way(function, rest), value.sql, places, value.type)
        if value.type == REAL:
            return combine(sql, REAL, [value])
        scale = max(0, min(value.type.scale or 0, places))
        type_ = number(min(38, (value.type.precision or 38) - (value.type.scale or 0) + 1 + scale), scale)
        return combine(f"CAST({sql} AS {type_.duckdb()})", type_, [value])

    return rule


def _way(function: str, rest: list[Value]) -> str:
    """ROUND's third argument: half away from zero, or half to even."""
    if len(rest) < 2:
        return function
    known = {"HALF_AWAY_FROM_ZERO": "round", "HALF_TO_EVEN": "round_even"}
    if rest[1].constant not in known:
        raise InvalidArgumentsError(f"SQL compilation error:\nROUND knows the modes {' and '.join(known)}.")
    return known[str(rest[1].constant)]


def _scaled(function: str, sql: str, places: int, type_: SnowType) -> str:
    if function == "round":
        return f"round({sql}, {places})"
    if function == "round_even":
        return sql if places >= (type_.scale or 0) and type_ != REAL else f"round_even({sql}, {places})"
    if places == 0:
        return f"{function}({sql})"
    if places >= (type_.scale or 0) and type_ != REAL:
        return sql
    power = f"1{'0' * abs(places)}"
    wide = f"CAST({sql} AS DECIMAL(38,{type_.scale or 0}))" if type_ != REAL else sql
    if places > 0:
        return (
            f"({function}({wide} * {power}) / {power})"
            if type_ == REAL
            else f"CAST({function}({wide} * {power}) AS DECIMAL(38,0)) * {_fraction(places)}"
        )
    return f"{function}({wide} / {power}) * {power}"


def _fraction(places: int) -> str:
    return f"CAST(0.{'0' * (places - 1)}1 AS DECIMAL({places},{places}))"


def _mod(given: Given) -> Value:
    first, second = one_of(given, 2)
    return arithmetic.modulo(numeric(first), numeric(second))


RULES: dict[str, Rule] = {
    "SQRT": _outside("{0} < 0", "sqrt({0})"),
    "LN": _outside("{0} <= 0", "ln({0})"),
    "ASIN": _outside("abs({0}) > 1", "asin({0})"),
    "ACOS": _outside("abs({0}) > 1", "acos({0})"),
    "ACOSH": _outside("{0} < 1", "acosh({0})"),
    "ATANH": _outside("abs({0}) >= 1", "atanh({0})"),
    "LOG": _log,
    "FACTORIAL": _factorial,
    "BITSHIFTLEFT": _shift("*"),
    "BIT_SHIFTLEFT": _shift("*"),
    "BITSHIFTRIGHT": _shift("//"),
    "BIT_SHIFTRIGHT": _shift("//"),
    "ROUND": _rounded("round"),
    "TRUNC": _rounded("trunc"),
    "TRUNCATE": _rounded("trunc"),
    "CEIL": _rounded("ceil"),
    "FLOOR": _rounded("floor"),
    "MOD": _mod,
}
