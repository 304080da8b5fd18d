"""Types that meet: casts and common types.

Comes in: bound values. Goes out: a value of the wanted type, with Snowflake's rules and Snowflake's error where a value
can't become it. Source: the vendor's page "Data type conversion". Knows no grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from sapwood.dialect import stamps
from sapwood.dialect.failures import or_error, raising
from sapwood.dialect.names import EACH, literal
from sapwood.dialect.types import BINARY, BOOLEAN, MAX_TEXT, REAL, TIMESTAMP_LTZ, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, once
from sapwood.errors import TypeMismatchError

SEMI = ("VARIANT", "OBJECT", "ARRAY")
STAMPS = ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")
MAX_DIGITS = 38
"""Digits of a NUMBER at most."""
_TRUE = "'true', 't', 'yes', 'y', 'on', '1'"
_FALSE = "'false', 'f', 'no', 'n', 'off', '0'"


# --- casts


def cast(value: Value, target: SnowType, *, tries: bool = False, truncates: bool = True) -> Value:
    """CAST, `::` or TRY_CAST (`tries`). `truncates` is what an explicit cast to VARCHAR(n) does; an INSERT doesn't."""
    if value.type == UNTYPED:
        return value.over(f"CAST(NULL AS {target.duckdb()})", target, constant=value.constant)
    if value.type == target:
        return value
    build = _CASTS.get((value.type.name, target.name))
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


def _length_of(type_: SnowType) -> int:
    return type_.length or MAX_TEXT if type_.name == "TEXT" else MAX_TEXT


_Build = stamps.Build


def _plain(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"{'TRY_CAST' if tries else 'CAST'}({sql} AS {target.duckdb()})"


def _same(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return sql


def _checked(what: str, errno: int) -> _Build:
    """A cast from text that names the text in its error."""

    def build(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        found = f"TRY_CAST({sql} AS {target.duckdb()})"
        return found if tries else or_error(found, sql, what=what, errno=errno, target=target)

    return build


def _text_to_boolean(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    found = f"CASE WHEN lower({sql}) IN ({_TRUE}) THEN TRUE WHEN lower({sql}) IN ({_FALSE}) THEN FALSE END"
    return found if tries else or_error(found, sql, what="Boolean value", errno=100037, target=target)


def _text_to_binary(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return decoded(sql, "hex", tries=tries)


_ENCODINGS = {
    "hex": ("{0}", "([0-9A-Fa-f]{2})*", "unhex"),
    "base64": (
        r"regexp_replace({0}, '\s', '', 'g')",
        "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        "from_base64",
    ),
}
"""How bytes are written as text: what counts of it, what that looks like, DuckDB's function that reads it."""


def decoded(sql: str, encoding: str, *, tries: bool) -> str:
    """SQL for the bytes that a text stands for in `hex` or `base64`."""
    counts, pattern, function = _ENCODINGS[encoding]
    bare = counts.format(sql)
    found = f"CASE WHEN regexp_full_match({bare}, {literal(pattern)}) THEN {function}({bare}) END"
    what = literal(f"The following string is not a legal {encoding}-encoded value: '")
    failure = raising(100115, "22000", what, sql, literal("'"), type_=BINARY)
    return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"


def _narrowed(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """NUMBER to NUMBER: digits that don't fit are an error, fractions are rounded."""
    fits = leading(target) >= leading(source) and (target.scale or 0) >= (source.scale or 0)
    if fits:
        return _plain(sql, source, target, False)
    found = f"TRY_CAST({sql} AS {target.duckdb()})"
    failure = raising(
        100046,
        "22003",
        literal("Number out of representable range: type "),
        literal(f"{target}, value "),
        sql,
        type_=target,
    )
    return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"


def _real_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """Fifteen digits, as C's %.15g writes them: no more are sure."""
    return f"CASE WHEN isnan({sql}) THEN 'NaN' ELSE format('{{:.15g}}', {sql}) END"


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


def _in_array(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    inner = _CASTS[(source.name, "VARIANT")](sql, source, target, tries)
    return f"CASE WHEN {sql} IS NOT NULL THEN json_array({inner}) END"


def _variant_to_array(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"CASE json_type({sql}) WHEN 'ARRAY' THEN {sql} WHEN 'NULL' THEN NULL ELSE json_array({sql}) END"


def _array_to_vector(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """As many numbers as the vector has elements."""
    element = target.duckdb().partition("[")[0]
    numbers = f"TRY_CAST({sql} AS {element}[])"
    fits = f"json_array_length({sql}) = {target.length} AND len(list_filter({numbers}, lambda {EACH}: {EACH} IS NOT NULL)) = {target.length}"
    why = literal(f"Array-like value can't be cast to {target}: it has other elements than {target.length} numbers")
    failure = "NULL" if tries else raising(100071, "22000", why, type_=text())
    checked = f"CASE WHEN {fits} THEN {numbers} WHEN {sql} IS NOT NULL THEN CAST({failure} AS {element}[]) END"
    return chosen(checked, target)


def _variant_to_object(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    kept = f"CASE json_type({sql}) WHEN 'OBJECT' THEN {sql} END"
    return _of_variant(kept, sql, f"nullif(json_type({sql}), 'NULL')", target, tries)


def _of_variant(found: str, sql: str, inside: str, target: SnowType, tries: bool) -> str:
    """What was made of a VARIANT; where that is NULL and what is inside is not, an error that names it."""
    why = literal("Failed to cast variant value ")
    failure = raising(100071, "22000", why, f"CAST({sql} AS VARCHAR)", literal(f" to {target.name}"), type_=target)
    return found if tries else f"coalesce({found}, CASE WHEN {inside} IS NOT NULL THEN {failure} END)"


def _json_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"({sql} ->> '$')"


def _through_text(build: _Build) -> _Build:
    """From VARIANT: the scalar inside, as text, then on."""

    def through(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        inside = _json_to_text(sql, source, text(), tries)
        return _of_variant(build(inside, source, target, True), sql, inside, target, tries)

    return through


_NUMERIC = _checked("Numeric value", 100038)
_FROM_TEXT: dict[str, _Build] = {
    "FIXED": _NUMERIC,
    "REAL": _NUMERIC,
    "BOOLEAN": _text_to_boolean,
    **stamps.FROM_TEXT,
}
_CASTS: dict[tuple[str, str], _Build] = {
    ("TEXT", "TEXT"): _same,
    **{("TEXT", name): build for name, build in _FROM_TEXT.items()},
    **{("VARIANT", name): _through_text(build) for name, build in _FROM_TEXT.items()},
    ("VARIANT", "BINARY"): _through_text(_text_to_binary),
    **{(name, "TEXT"): _json_to_text for name in SEMI},
    **{(name, "TEXT"): _plain for name in ("FIXED", "BOOLEAN")},
    **{(name, "VARIANT"): _to_json for name in ("TEXT", "REAL", "BOOLEAN", "DATE", "TIME")},
    ("FIXED", "VARIANT"): _number_to_json,
    ("BINARY", "VARIANT"): lambda sql, source, target, tries: f"to_json(hex({sql}))",
    ("REAL", "TEXT"): _real_to_text,
    ("VARIANT", "VARIANT"): _same,
    ("OBJECT", "VARIANT"): _same,
    ("ARRAY", "VARIANT"): _same,
    ("VARIANT", "ARRAY"): _variant_to_array,
    ("VARIANT", "OBJECT"): _variant_to_object,
    ("ARRAY", "VECTOR"): _array_to_vector,
    ("VECTOR", "ARRAY"): _to_json,
    ("FIXED", "FIXED"): _narrowed,
    ("FIXED", "REAL"): _plain,
    ("REAL", "FIXED"): _plain,
    ("FIXED", "BOOLEAN"): _to_boolean,
    ("REAL", "BOOLEAN"): _to_boolean,
    ("BOOLEAN", "FIXED"): _from_boolean,
    ("BOOLEAN", "REAL"): _from_boolean,
    **stamps.CASTS,
    ("TIME", "TIME"): _same,
    ("BINARY", "BINARY"): _same,
    ("TEXT", "BINARY"): _text_to_binary,
    ("BINARY", "TEXT"): lambda sql, source, target, tries: f"hex({sql})",
}
_CASTS.update(
    {(name, "ARRAY"): _in_array for name, to in [*_CASTS] if to == "VARIANT" and name not in ("VARIANT", "ARRAY")}
)


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
        return number(min(MAX_DIGITS, max(leading(left), leading(right)) + scale), scale)
    if left.name == right.name == "TEXT":
        return text(max(left.length or MAX_TEXT, right.length or MAX_TEXT))
    if left.name == right.name:
        return left
    for rank in _RANKS:
        if rank(left) or rank(right):
            winner, loser = (left, right) if rank(left) else (right, left)
            if (loser.name, winner.name) in _CASTS:
                return (
                    number(MAX_DIGITS, max(5, winner.scale or 0))
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


def branches(values: Sequence[Value]) -> tuple[list[Value], SnowType]:
    """Values of which SQL is to choose one, in their common type: vectors as lists, for DuckDB can't choose between arrays."""
    found, type_ = unified(values)
    if type_.name == "VECTOR":
        listed = type_.duckdb().partition("[")[0] + "[]"
        found = [replace(value, sql=f"CAST({value.sql} AS {listed})") for value in found]
    return found, type_


def chosen(sql: str, type_: SnowType) -> str:
    """What SQL chose between `branches`, in their type."""
    return f"CAST({sql} AS {type_.duckdb()})" if type_.name == "VECTOR" else sql


def compared(left: Value, right: Value) -> tuple[Value, Value]:
    """Two values made comparable: a VARIANT becomes what it is compared with, a text a number or a date."""
    if "VARIANT" in (left.type.name, right.type.name) and left.type.name != right.type.name:
        other = right.type if left.type.name == "VARIANT" else left.type
        if other.name not in SEMI and other != UNTYPED:
            wide = REAL if other.name == "FIXED" else text() if other.name == "TEXT" else other
            return comparable(cast(left, wide)), comparable(cast(right, wide))
    if left.type.name == right.type.name == "FIXED":
        return left, right
    if "TIMESTAMP_TZ" in (left.type.name, right.type.name):
        left, right = comparable(left), comparable(right)
    (first, second), _ = unified([left, right])
    return first, second


def comparable(value: Value) -> Value:
    """The value as what says whether it equals or precedes another: a TIMESTAMP_TZ as its moment, at whatever offset."""
    return cast(value, TIMESTAMP_LTZ) if value.type.name == "TIMESTAMP_TZ" else value


# --- conversions that nobody asks for


def numeric(value: Value) -> Value:
    """The value as NUMBER or FLOAT, where Snowflake converts without being asked."""
    if value.type.name in ("FIXED", "REAL"):
        return value
    targets = {"TEXT": number(MAX_DIGITS, 5), "VARIANT": REAL, "NULL": number(MAX_DIGITS, 0), "BOOLEAN": number(1, 0)}
    if value.type.name not in targets:
        raise TypeMismatchError(
            f"SQL compilation error:\nInvalid argument types: a number is needed here, found {value.type}"
        )
    return cast(value, targets[value.type.name])


def truth(value: Value) -> Value:
    """The value as BOOLEAN."""
    return cast(value, BOOLEAN)


def leading(type_: SnowType) -> int:
    """Digits of a NUMBER before the point."""
    return (type_.precision or MAX_DIGITS) - (type_.scale or 0)
