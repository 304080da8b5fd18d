"""Casts between texts, dates, times and the three kinds of timestamp.

Comes in: DuckDB's SQL for a value, its type and the wanted one. Goes out: SQL. A TIMESTAMP_LTZ is a moment that is read
in the session's zone, a TIMESTAMP_NTZ a clock's reading without a zone, a TIMESTAMP_TZ a moment that is read at an offset of its own.
Sources: the vendor's pages
"Date and time data types" and "Date and time input and output formats" (AUTO). Knows no grammar.
"""

from __future__ import annotations

from collections.abc import Callable

from sapwood.dialect.conventions import AUTO, DEFAULT, current
from sapwood.dialect.failures import or_error, raising
from sapwood.dialect.names import literal
from sapwood.dialect.timeformats import pattern, written
from sapwood.dialect.types import SnowType
from sapwood.dialect.values import once
from sapwood.dialect.zones import (
    UTC,
    clock,
    clock_at,
    minutes_in,
    moment,
    moment_in,
    offset,
    zoned,
    zoned_reading,
)  # fmt: skip

Build = Callable[[str, SnowType, SnowType, bool], str]

_ZONE = r"(:\d\d(\.\d+)?)\s*(Z|UTC|GMT|[+-](?:[01]\d|2[0-3])(:?[0-5]\d)?)"
"""An offset behind a time, wherever that is."""
_OFFSET = rf"{_ZONE}( \d{{4}})?$"
"""An offset behind a time, at the end of a text or before its year."""
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
    bare = f"regexp_replace({sql}, {literal(_OFFSET)}, '\\1\\5')"
    forms = [*_OTHER_STAMPS, *_OTHER_DATES, *_WITH_YEAR_LAST]
    counted = f"make_timestamp(TRY_CAST({micros(f'TRY_CAST({sql} AS HUGEINT)')} AS BIGINT))"
    return f"coalesce(TRY_CAST({bare} AS TIMESTAMP), try_strptime({bare}, {_list(forms)}), {counted})"


def read_by(sql: str, target: SnowType, form: str, *, tries: bool) -> str:
    """SQL for the value that a text of a format stands for; a text without an offset is read in the session's zone."""
    shape = pattern(form)
    found, has_offset = f"try_strptime({sql}, {literal(shape)})", "%z" in shape
    if target.name in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ") and not has_offset:
        found = moment(found)
    if target.name == "TIMESTAMP_TZ":
        found = zoned(found, sql, minutes=lambda at, text: minutes_of_text(text) if has_offset else offset(at))
    found = f"CAST({found} AS {target.duckdb()})"
    words = {"DATE": "date", "TIME": "time"}.get(target.name, "timestamp")
    pieces = (literal("Can't parse '"), sql, literal(f"' as {words} with format '"), literal(f"{form}'"))
    failure = raising(100096, "22007", *pieces, type_=target)
    return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"


def _by_convention(build: Build) -> Build:
    """A text is read by the session's format, where it has one; a text inside of a VARIANT never is."""

    def read(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
        form = current().input_of(target.name)
        if source.name != "TEXT" or form.upper() == AUTO:
            return build(sql, source, target, tries)
        return read_by(sql, target, form, tries=tries)

    return read


def _text_to_reading(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    found = f"CAST({_reading(sql)} AS {target.duckdb()})"
    what, errno = ("Date", 100040) if target.name == "DATE" else ("Timestamp", 100035)
    return found if tries else or_error(found, sql, what=what, errno=errno, target=target)


def _text_to_moment(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """A text without an offset is read in the session's zone."""
    normal = f"regexp_replace(regexp_replace({sql}, {literal(_OFFSET)}, '\\1\\3'), '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
    other = moment(f"({_reading(sql)} - to_minutes({minutes_of_text(sql)}))", UTC)
    at_offset = f"coalesce(TRY_CAST({normal} AS TIMESTAMPTZ), {other})"
    found = f"CASE WHEN {_ends_in_offset(sql)} THEN {at_offset} ELSE {moment(_reading(sql))} END"
    if target.name == "TIMESTAMP_TZ":
        found = zoned(found, sql, minutes=_minutes_of)
    return found if tries else or_error(found, sql, what="Timestamp", errno=100035, target=target)


def _ends_in_offset(sql: str) -> str:
    return f"regexp_matches({sql}, {literal(_OFFSET)})"


def _minutes_of(at: str, text: str) -> str:
    """The offset that a text ends in, else the session's at that moment."""
    return f"CASE WHEN {_ends_in_offset(text)} THEN {minutes_of_text(text)} ELSE {offset(at)} END"


def minutes_of_text(sql: str) -> str:
    """The offset that a text has behind a time, in minutes; 0 for Z, UTC, GMT and none."""
    digits = f"replace(regexp_extract({sql}, {literal(_ZONE)}, 3), ':', '')"

    def build(d: str) -> str:
        hours, minutes = f"left({d}, 3)", f"left({d}, 1) || rpad({d}[4:5], 2, '0')"
        return f"coalesce(TRY_CAST({hours} AS INTEGER) * 60 + TRY_CAST({minutes} AS INTEGER), 0)"

    return once([digits], build)


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
    """A date or timestamp as the clock reads it: a moment in the session's zone, or at its own offset."""
    if source.name == "TIMESTAMP_TZ":
        return clock_at(moment_in(sql), minutes_in(sql))
    return clock(sql) if source.name == "TIMESTAMP_LTZ" else sql


def offset_of(sql: str, source: SnowType) -> str:
    """Minutes that a date or timestamp is ahead of UTC."""
    if source.name == "TIMESTAMP_TZ":
        return minutes_in(sql)
    return offset(sql) if source.name == "TIMESTAMP_LTZ" else "0"


def from_reading(reading: str, like: str, type_: SnowType) -> str:
    """A clock's reading as a value of a type, at the offset of the zoned moment `like`."""
    if type_.name == "TIMESTAMP_TZ":
        return zoned_reading(reading, minutes_in(like))
    return moment(reading) if type_.name == "TIMESTAMP_LTZ" else f"CAST({reading} AS {type_.duckdb()})"


def text_of(sql: str, source: SnowType, form: str) -> str:
    """SQL for the text of a date, time or timestamp by a format. A time alone is put onto a day."""
    reading = f"(DATE '2000-01-01' + {sql})" if source.name == "TIME" else reading_of(sql, source)
    return written(form, reading, offset_of(sql, source))


def _to_text(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return text_of(sql, source, current().outputs[source.name])


def _stamp_to_json(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """A VARIANT's text does not depend on the session."""
    return f"to_json({text_of(sql, source, DEFAULT.outputs[source.name])})"


def _stamp_to_reading(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    return f"CAST({reading_of(sql, source)} AS {target.duckdb()})"


def _to_moment(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    match source.name:
        case "TIMESTAMP_LTZ":
            return sql
        case "TIMESTAMP_TZ":
            return moment_in(sql)
        case _:
            return moment(f"CAST({sql} AS TIMESTAMP)")


def _to_zoned(sql: str, source: SnowType, target: SnowType, tries: bool) -> str:
    """What has no offset has the session's from now on."""
    return sql if source.name == target.name else zoned(_to_moment(sql, source, target, tries))


_STAMPS = ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")

FROM_TEXT: dict[str, Build] = {
    "DATE": _by_convention(_text_to_reading),
    "TIME": _by_convention(_text_to_time),
    "TIMESTAMP_NTZ": _by_convention(_text_to_reading),
    "TIMESTAMP_LTZ": _by_convention(_text_to_moment),
    "TIMESTAMP_TZ": _by_convention(_text_to_moment),
}

CASTS: dict[tuple[str, str], Build] = {
    **{(name, "TEXT"): _to_text for name in ("DATE", "TIME", *_STAMPS)},
    **{(name, "VARIANT"): _stamp_to_json for name in _STAMPS},
    **{(source, target): _stamp_to_reading for source in _STAMPS for target in ("DATE", "TIME", "TIMESTAMP_NTZ")},
    **{(source, "TIMESTAMP_LTZ"): _to_moment for source in ("DATE", *_STAMPS)},
    **{(source, "TIMESTAMP_TZ"): _to_zoned for source in ("DATE", *_STAMPS)},
    ("DATE", "TIMESTAMP_NTZ"): _stamp_to_reading,
}
