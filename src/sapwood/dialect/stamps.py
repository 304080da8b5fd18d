"""Casts between texts, dates, times and the three kinds of timestamp.

Comes in: DuckDB's SQL for a value, its type and the wanted one. Goes out: SQL. A TIMESTAMP_LTZ is a moment that is read
in the session's zone, a TIMESTAMP_NTZ a clock's reading without a zone, a TIMESTAMP_TZ a moment. Sources: the vendor's pages
"Date and time data types" and "Date and time input and output formats" (AUTO). Knows no grammar.
"""

from __future__ import annotations

from collections.abc import Callable

from sapwood.dialect.failures import or_error
from sapwood.dialect.names import literal
from sapwood.dialect.types import SnowType
from sapwood.dialect.zones import clock, moment, offset, written_offset

Build = Callable[[str, SnowType, SnowType, bool], str]

_OFFSET = r"(:\d\d(\.\d+)?)\s*(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$"
"""An offset behind a time, at the end of a text."""
_OTHER_DATES = ["%m/%d/%Y", "%d-%b-%Y", "%d-%B-%Y"]
_OTHER_STAMPS = [
    f"{date} {time}"
    for date in ("%m/%d/%Y", "%d-%b-%Y", "%a, %d %b %Y")
    for time in ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
]
_WITH_YEAR_LAST = ["%a %b %d %H:%M:%S %Y"]


def _list(forms: list[str]) -> str:
    return f"[{', '.join(literal(form) for form in forms)}]"


def _reading(sql: str) -> str:
    """A text as TIMESTAMP, NULL if it is none; an offset at its end counts for nothing."""
    bare = f"regexp_replace({sql}, {literal(_OFFSET)}, '\\1')"
    forms = [*_OTHER_STAMPS, *_OTHER_DATES, *_WITH_YEAR_LAST]
    counted = f"make_timestamp(TRY_CAST({micros(f'TRY_CAST({sql} AS HUGEINT)')} AS BIGINT))"
    return f"coalesce(TRY_CAST({bare} AS TIMESTAMP), try_strptime({bare}, {_list(forms)}), {counted})"


def _text_to_reading(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    found = f"CAST({_reading(sql)} AS {target.duckdb()})"
    what, errno = ("Date", 100040) if target.name == "DATE" else ("Timestamp", 100035)
    return found if tries else or_error(found, sql, what=what, errno=errno, target=target)


def _text_to_moment(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """A text without an offset is read in the session's zone."""
    normal = f"regexp_replace(regexp_replace({sql}, {literal(_OFFSET)}, '\\1\\3'), '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
    has_offset = f"regexp_matches({sql}, {literal(_OFFSET)})"
    found = f"CASE WHEN {has_offset} THEN TRY_CAST({normal} AS TIMESTAMPTZ) ELSE {moment(_reading(sql))} END"
    return found if tries else or_error(found, sql, what="Timestamp", errno=100035, target=target)


def _text_to_time(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    clocks = _list(["%I:%M:%S %p", "%I:%M %p", "%H:%M"])
    counted = f"CAST(make_timestamp({micros(f'TRY_CAST({sql} AS BIGINT)')}) AS TIME)"
    found = f"coalesce(TRY_CAST({sql} AS TIME), CAST(try_strptime({sql}, {clocks}) AS TIME), {counted})"
    return found if tries else or_error(found, sql, what="Time", errno=100108, target=target)


def micros(count: str) -> str:
    """Seconds since 1970, or from some size on milliseconds, microseconds and nanoseconds. Source: the vendor's page of TO_TIMESTAMP."""
    size = f"abs({count})"
    return (
        f"CASE WHEN {size} < 31536000000 THEN {count} * 1000000 WHEN {size} < 31536000000000 THEN {count} * 1000 "
        f"WHEN {size} < 31536000000000000 THEN {count} ELSE {count} // 1000 END"
    )


def reading_of(sql: str, source: SnowType) -> str:
    """A date or timestamp as the clock reads it: a moment in the session's zone."""
    return clock(sql) if source.name in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ") else sql


def _stamp_to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """The default output format has milliseconds, and the offset where the type has one."""
    text = f"strftime({reading_of(sql, source)}, '%Y-%m-%d %H:%M:%S.%g')"
    return text if source.name == "TIMESTAMP_NTZ" else f"{text} || ' ' || {written_offset(offset(sql))}"


def _stamp_to_json(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"to_json({_stamp_to_text(sql, source, target, tries)})"


def _stamp_to_reading(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"CAST({reading_of(sql, source)} AS {target.duckdb()})"


def _to_moment(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    if source.name in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
        return sql
    return moment(f"CAST({sql} AS TIMESTAMP)")


_MOMENTS = ("TIMESTAMP_LTZ", "TIMESTAMP_TZ")
_STAMPS = ("TIMESTAMP_NTZ", *_MOMENTS)

FROM_TEXT: dict[str, Build] = {
    "DATE": _text_to_reading,
    "TIME": _text_to_time,
    "TIMESTAMP_NTZ": _text_to_reading,
    "TIMESTAMP_LTZ": _text_to_moment,
    "TIMESTAMP_TZ": _text_to_moment,
}

CASTS: dict[tuple[str, str], Build] = {
    **{(name, "TEXT"): _stamp_to_text for name in _STAMPS},
    **{(name, "VARIANT"): _stamp_to_json for name in _STAMPS},
    **{(source, target): _stamp_to_reading for source in _STAMPS for target in ("DATE", "TIME", "TIMESTAMP_NTZ")},
    **{(source, target): _to_moment for source in ("DATE", *_STAMPS) for target in _MOMENTS},
    ("DATE", "TIMESTAMP_NTZ"): _stamp_to_reading,
}
