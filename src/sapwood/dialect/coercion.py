"""Types that meet: casts, common types, and arithmetic on NUMBER(p, s).

Comes in: bound values. Goes out: a value of the wanted type, with Snowflake's rules and Snowflake's error where a value
can't become it. Sources: the vendor's pages "Arithmetic operators" and "Data type conversion". Knows no grammar.
Errors that only rows can show are written into the SQL as `error('sapwood:<errno>:<sqlstate>:<text>')`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from sapwood.dialect.names import literal
from sapwood.dialect.types import BOOLEAN, DATE, MAX_TEXT, REAL, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, combine, once
from sapwood.errors import TypeMismatchError

SEMI = ("VARIANT", "OBJECT", "ARRAY")
STAMPS = ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")
_LARGEST = 38
_TRUE = "'true', 't', 'yes', 'y', 'on', '1'"
_FALSE = "'false', 'f', 'no', 'n', 'off', '0'"


def raising(errno: int, sqlstate: str, *pieces: str, type_: SnowType) -> str:
    """SQL that raises one of our errors when it is computed; each piece is SQL for a text."""
    return (
        f"CAST(error(concat({literal(f'sapwood:{errno:06d}:{sqlstate}:')}, {', '.join(pieces)})) AS {type_.duckdb()})"
    )


# --- casts


def cast(value: Value, target: SnowType, *, tries: bool = False, truncates: bool = True) -> Value:
    """CAST, `::` or TRY_CAST (`tries`). `truncates` is what an explicit cast to VARCHAR(n) does; an INSERT doesn't."""
    if value.type == UNTYPED:
        return value.over(f"CAST(NULL AS {target.duckdb()})", target, constant=value.constant)
    if value.type == target:
        return value
    build = _CASTS.get((_family(value.type), _family(target)))
    if build is None:
        raise TypeMismatchError(
            f"SQL compilation error:\ninvalid type [CAST({value.type} AS {target})] for parameter 'TO_{target.name}'"
        )
    sql = once([value.sql], lambda source: build(source, value.type, target, tries), is_volatile=value.is_volatile)
    if target.name == "TEXT" and truncates and (target.length or MAX_TEXT) < _length_of(value.type):
        sql = f"left({sql}, {target.length})"
    keeps = value.is_constant and (
        value.type.name == target.name or value.constant is None or (target.name == "VARIANT")
    )
    constant = {"constant": value.constant} if keeps else {}
    return value.over(sql, target, nullable=value.nullable or tries or value.type.name in SEMI, **constant)


def _family(type_: SnowType) -> str:
    return "STAMP" if type_.name in STAMPS else type_.name


def _length_of(type_: SnowType) -> int:
    return type_.length or MAX_TEXT if type_.name == "TEXT" else MAX_TEXT


_Build = Callable[[str, SnowType, SnowType, bool], str]


def _plain(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"{'TRY_CAST' if tries else 'CAST'}({sql} AS {target.duckdb()})"


def _same(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return sql


def _checked(what: str, errno: int) -> _Build:
    """A cast from text that names the text in its error."""

    def build(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        found = f"TRY_CAST({sql} AS {target.duckdb()})"
        return found if tries else _or_error(found, sql, what=what, errno=errno, target=target)

    return build


def _moment(what: str, errno: int) -> _Build:
    """A cast from text to a date, a time or a timestamp; a whole number counts from 1970, in a unit that its size tells."""

    def build(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        counted = f"CAST(make_timestamp({_micros(f'TRY_CAST({sql} AS BIGINT)')}) AS {target.duckdb()})"
        found = f"coalesce(TRY_CAST({sql} AS {target.duckdb()}), {counted})"
        return found if tries else _or_error(found, sql, what=what, errno=errno, target=target)

    return build


def _micros(count: str) -> str:
    """Seconds, or from some size on milliseconds, microseconds and nanoseconds. Source: the vendor's page of TO_TIMESTAMP."""
    size = f"abs({count})"
    return (
        f"CASE WHEN {size} < 31536000000 THEN {count} * 1000000 WHEN {size} < 31536000000000 THEN {count} * 1000 "
        f"WHEN {size} < 31536000000000000 THEN {count} ELSE {count} // 1000 END"
    )


def _or_error(found: str, sql: str, *, what: str, errno: int, target: SnowType) -> str:
    failure = raising(errno, "22018", literal(f"{what} '"), sql, literal("' is not recognized"), type_=target)
    return f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"


def _text_to_boolean(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    found = f"CASE WHEN lower({sql}) IN ({_TRUE}) THEN TRUE WHEN lower({sql}) IN ({_FALSE}) THEN FALSE END"
    return found if tries else _or_error(found, sql, what="Boolean value", errno=100037, target=target)


def _narrowed(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """NUMBER to NUMBER: digits that don't fit are an error, fractions are rounded."""
    fits = _leading(target) >= _leading(source) and (target.scale or 0) >= (source.scale or 0)
    if fits:
        return _plain(sql, source, target, False)
    found = f"TRY_CAST({sql} AS {target.duckdb()})"
    failure = raising(
        100039,
        "22003",
        literal("Number out of representable range: type "),
        literal(f"{target}, value "),
        sql,
        type_=target,
    )
    return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"


def _real_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """Snowflake writes whole floats without a fraction."""
    return f"CASE WHEN {sql} = trunc({sql}) AND abs({sql}) < 1e15 THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR) ELSE CAST({sql} AS VARCHAR) END"


def _stamp_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """The default output format has milliseconds, and the offset where the type has one."""
    text_ = f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%g')"
    return text_ if source.name == "TIMESTAMP_NTZ" else f"{text_} || ' ' || rpad(strftime({sql}, '%z'), 5, '0')"


def _to_boolean(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"({sql} <> 0)"


def _from_boolean(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"CAST(CAST({sql} AS INTEGER) AS {target.duckdb()})"


def _to_json(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"to_json({sql})"


def _number_to_json(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """Exact digits, without zeros at the end of a fraction."""
    digits = f"CAST({sql} AS VARCHAR)"
    if source.scale and source.scale == source.precision:  # DuckDB then writes .5, which JSON does not know
        digits = f"regexp_replace({digits}, '^(-?)\\.', '\\1' || '0.')"
    written = f"rtrim(rtrim({digits}, '0'), '.')" if source.scale else digits
    return f"CAST({written} AS JSON)"


def _stamp_to_json(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"to_json({_stamp_to_text(sql, source, target, tries)})"


def _in_array(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    inner = _CASTS[(_family(source), "VARIANT")](sql, source, target, tries)
    return f"CASE WHEN {sql} IS NOT NULL THEN json_array({inner}) END"


def _variant_to_array(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"CASE json_type({sql}) WHEN 'ARRAY' THEN {sql} WHEN 'NULL' THEN NULL ELSE json_array({sql}) END"


def _variant_to_object(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    failure = raising(
        100071,
        "22000",
        literal("Failed to cast variant value "),
        f"CAST({sql} AS VARCHAR)",
        literal(" to OBJECT"),
        type_=target,
    )
    return (
        f"CASE json_type({sql}) WHEN 'OBJECT' THEN {sql} WHEN 'NULL' THEN NULL ELSE {'NULL' if tries else failure} END"
    )


def _json_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"({sql} ->> '$')"


def _through_text(build: _Build) -> _Build:
    """From VARIANT: the scalar inside, as text, then on."""

    def through(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        return build(_json_to_text(sql, source, text(), tries), text(), target, tries)

    return through


_NUMERIC = _checked("Numeric value", 100038)
_FROM_TEXT: dict[str, _Build] = {
    "FIXED": _NUMERIC,
    "REAL": _NUMERIC,
    "BOOLEAN": _text_to_boolean,
    "DATE": _moment("Date", 100040),
    "TIME": _moment("Time", 100108),
    "STAMP": _moment("Timestamp", 100035),
}
_CASTS: dict[tuple[str, str], _Build] = {
    ("TEXT", "TEXT"): _same,
    **{("TEXT", name): build for name, build in _FROM_TEXT.items()},
    **{("VARIANT", name): _through_text(build) for name, build in _FROM_TEXT.items()},
    **{(name, "TEXT"): _json_to_text for name in SEMI},
    **{(name, "TEXT"): _plain for name in ("FIXED", "BOOLEAN", "DATE", "TIME")},
    **{(name, "VARIANT"): _to_json for name in ("TEXT", "REAL", "BOOLEAN", "DATE", "TIME")},
    ("FIXED", "VARIANT"): _number_to_json,
    **{(name, "ARRAY"): _in_array for name in ("TEXT", "FIXED", "REAL", "BOOLEAN", "OBJECT")},
    ("REAL", "TEXT"): _real_to_text,
    ("STAMP", "TEXT"): _stamp_to_text,
    ("STAMP", "VARIANT"): _stamp_to_json,
    ("VARIANT", "VARIANT"): _same,
    ("OBJECT", "VARIANT"): _same,
    ("ARRAY", "VARIANT"): _same,
    ("VARIANT", "ARRAY"): _variant_to_array,
    ("VARIANT", "OBJECT"): _variant_to_object,
    ("FIXED", "FIXED"): _narrowed,
    ("FIXED", "REAL"): _plain,
    ("REAL", "FIXED"): _plain,
    ("FIXED", "BOOLEAN"): _to_boolean,
    ("REAL", "BOOLEAN"): _to_boolean,
    ("BOOLEAN", "FIXED"): _from_boolean,
    ("BOOLEAN", "REAL"): _from_boolean,
    ("DATE", "STAMP"): _plain,
    ("STAMP", "DATE"): _plain,
    ("STAMP", "TIME"): _plain,
    ("STAMP", "STAMP"): _plain,
    ("TIME", "TIME"): _same,
    ("BINARY", "BINARY"): _same,
    ("TEXT", "BINARY"): lambda sql, source, target, tries: f"unhex({sql})",
    ("BINARY", "TEXT"): lambda sql, source, target, tries: f"hex({sql})",
}


# --- common types


def common(types: Sequence[SnowType]) -> SnowType:
    """The type that holds values of all of these; NULLs count for nothing.

    >>> str(common([number(3, 1), number(5, 0)])), str(common([text(2), text(5)])), str(common([number(1), REAL]))
    ('NUMBER(6,1)', 'VARCHAR(5)', 'FLOAT')
    """
    known = [type_ for type_ in types if type_ != UNTYPED]
    return reduce(_pair, known) if known else UNTYPED


def _pair(left: SnowType, right: SnowType) -> SnowType:
    if left.name == right.name == "FIXED":
        scale = max(left.scale or 0, right.scale or 0)
        return number(min(_LARGEST, max(_leading(left), _leading(right)) + scale), scale)
    if left.name == right.name == "TEXT":
        return text(max(left.length or MAX_TEXT, right.length or MAX_TEXT))
    if left.name == right.name:
        return left
    for rank in _RANKS:
        if rank(left) or rank(right):
            winner, loser = (left, right) if rank(left) else (right, left)
            if (_family(loser), _family(winner)) in _CASTS:
                return (
                    number(_LARGEST, max(5, winner.scale or 0))
                    if (winner.name, loser.name) == ("FIXED", "TEXT")
                    else winner
                )
    raise TypeMismatchError(f"SQL compilation error:\nCan not convert type [{right}] into type [{left}]")


_RANKS: tuple[Callable[[SnowType], bool], ...] = (
    lambda type_: type_.name == "VARIANT",
    lambda type_: type_.name == "ARRAY",
    lambda type_: type_.name in STAMPS,
    lambda type_: type_.name in ("DATE", "TIME"),
    lambda type_: type_.name == "REAL",
    lambda type_: type_.name == "FIXED",
    lambda type_: type_.name == "BOOLEAN",
    lambda type_: type_.name in ("TEXT", "BINARY"),
)


def unified(values: Sequence[Value]) -> tuple[list[Value], SnowType]:
    """The values cast to their common type, and that type."""
    type_ = common([value.type for value in values])
    return [cast(value, type_) if type_ != UNTYPED else value for value in values], type_


def compared(left: Value, right: Value) -> tuple[Value, Value]:
    """Two values made comparable: a VARIANT becomes what it is compared with, a text a number or a date."""
    if "VARIANT" in (left.type.name, right.type.name) and left.type.name != right.type.name:
        other = right.type if left.type.name == "VARIANT" else left.type
        if other.name not in SEMI and other != UNTYPED:
            wide = REAL if other.name == "FIXED" else text() if other.name == "TEXT" else other
            return cast(left, wide), cast(right, wide)
    if left.type.name == right.type.name == "FIXED":
        return left, right
    (first, second), _ = unified([left, right])
    return first, second


# --- arithmetic


def numeric(value: Value) -> Value:
    """The value as NUMBER or FLOAT, where Snowflake converts without being asked."""
    if value.type.name in ("FIXED", "REAL"):
        return value
    targets = {"TEXT": number(_LARGEST, 5), "VARIANT": REAL, "NULL": number(_LARGEST, 0), "BOOLEAN": number(1, 0)}
    if value.type.name not in targets:
        raise TypeMismatchError(
            f"SQL compilation error:\nInvalid argument types: a number is needed here, found {value.type}"
        )
    return cast(value, targets[value.type.name])


def truth(value: Value) -> Value:
    """The value as BOOLEAN."""
    return cast(value, BOOLEAN)


def _leading(type_: SnowType) -> int:
    """Digits before the point."""
    return (type_.precision or _LARGEST) - (type_.scale or 0)


def _sized(leading: int, scale: int) -> SnowType:
    scale = min(scale, 37)
    return number(min(_LARGEST, max(1, leading + scale)), scale)


def sum_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a + b and a - b.

    >>> str(sum_type(number(3, 1), number(2, 2)))
    'NUMBER(5,2)'
    """
    return _sized(max(_leading(left), _leading(right)) + 1, max(left.scale or 0, right.scale or 0))


def product_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a * b.

    >>> str(product_type(number(3, 1), number(2, 2)))
    'NUMBER(5,3)'
    """
    first, second = left.scale or 0, right.scale or 0
    return _sized(_leading(left) + _leading(right), min(first + second, max(first, second, 12)))


def quotient_type(left: SnowType, right: SnowType) -> SnowType:
    """Type of a / b.

    >>> str(quotient_type(number(1), number(1))), str(quotient_type(number(10, 2), number(1)))
    ('NUMBER(7,6)', 'NUMBER(16,8)')
    """
    first, second = left.scale or 0, right.scale or 0
    return _sized(_leading(left) + second, max(first, min(first + 6, 12)))


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
    if (left.type.scale or 0) + (right.type.scale or 0) >= _LARGEST:
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
