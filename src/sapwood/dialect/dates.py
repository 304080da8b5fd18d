"""Dates and times: parts, arithmetic, formats.

Comes in: bound values. Goes out: bound values. Snowflake's format elements are put into DuckDB's; one that isn't known
is an error, never passed through.
"""

from __future__ import annotations

import re

from sapwood.dialect.coercion import STAMPS, cast, numeric, raising
from sapwood.dialect.given import Given, Rule, one_of
from sapwood.dialect.names import literal
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import DATE, TIME, TIMESTAMP_LTZ, TIMESTAMP_NTZ, SnowType, number, text
from sapwood.dialect.values import Value, combine, once
from sapwood.errors import InvalidArgumentsError, UnsupportedError

_UNITS = {
    "year": "y yy yyy yyyy yr years yrs", "month": "mm mon mons months", "day": "d dd days dayofmonth", "week": "w wk weekofyear woy wy weeks",
    "quarter": "q qtr qtrs quarters", "hour": "h hh hr hours hrs", "minute": "m mi min minutes mins", "second": "s sec seconds secs",
    "millisecond": "ms msec milliseconds", "microsecond": "us usec microseconds", "dayofweek": "weekday dow dw", "dayofyear": "yearday doy dy",
    "isodow": "dayofweekiso weekday_iso dow_iso dw_iso dayofweek_iso", "epoch": "epoch_second epoch_seconds",
}  # fmt: skip
_UNIT_OF = {alias: unit for unit, names in _UNITS.items() for alias in (unit, *names.split())}

_FORMATS = (
    ("YYYY", "%Y"), ("YY", "%y"), ("MMMM", "%B"), ("MON", "%b"), ("MM", "%m"), ("DY", "%a"), ("DD", "%d"), ("HH24", "%H"), ("HH12", "%I"),
    ("MI", "%M"), ("SS", "%S"), ("FF3", "%g"), ("FF6", "%f"), ("FF9", "%n"), ("FF", "%f"), ("AM", "%p"), ("PM", "%p"), ("TZHTZM", "%z"),
    ("TZH:TZM", "%z"),
)  # fmt: skip
_LETTERS = ("T", "Z", "UTC")
"""Letters in a format that stand for themselves."""
_FORMAT = re.compile(
    "|".join(re.escape(name) for name, _ in _FORMATS) + r'|"[^"]*"|[A-Za-z]+|[^A-Za-z"]+', re.IGNORECASE
)


def unit_of(value: Value | str) -> str:
    """DuckDB's word for a date part.

    >>> unit_of("mm"), unit_of("DOW")
    ('month', 'dayofweek')
    """
    word = value if isinstance(value, str) else value.constant
    unit = _UNIT_OF.get(str(word).lower()) if isinstance(word, str) else None
    if unit is None:
        raise InvalidArgumentsError(f"SQL compilation error:\n'{word}' is not a valid date/time component")
    return unit


def format_of(form: Value) -> str:
    """DuckDB's format for a constant Snowflake format.

    >>> from sapwood.dialect.values import text_value
    >>> format_of(text_value("YYYY-MM-DD HH24:MI"))
    '%Y-%m-%d %H:%M'
    """
    if not isinstance(form.constant, str):
        raise UnsupportedError("SQL compilation error:\nA date format must be a constant.")
    known = dict(_FORMATS)
    pieces: list[str] = []
    for piece in _FORMAT.findall(form.constant):
        element = known.get(piece.upper())
        if element is None and piece[:1].isalpha() and piece.upper() not in _LETTERS:
            raise UnsupportedError(f"SQL compilation error:\nThe date format element '{piece}' is not supported.")
        pieces.append(element or piece.strip('"').replace("%", "%%"))
    return "".join(pieces)


def formatted(value: Value, form: Value) -> Value:
    """TO_VARCHAR of a date or timestamp."""
    return combine(f"strftime({value.sql}, {literal(format_of(form))})", text(), [value])


def parsed(value: Value, form: Value, target: SnowType, *, tries: bool) -> Value:
    """TO_DATE and its like with a format."""
    source = cast(value, text())
    pattern = literal(format_of(form))

    def build(sql: str) -> str:
        found = f"CAST(try_strptime({sql}, {pattern}) AS {target.duckdb()})"
        failure = raising(
            100096,
            "22007",
            literal("Can't parse '"),
            sql,
            literal("' as date with format '"),
            literal(f"{form.constant}'"),
            type_=target,
        )
        return found if tries else f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"

    return combine(
        once([source.sql], build, is_volatile=source.is_volatile), target, [source], nullable=source.nullable or tries
    )


def from_epoch(value: Value, target: SnowType) -> Value:
    """A number of seconds since 1970 (milliseconds and finer for larger numbers, as Snowflake guesses them)."""
    sql = once(
        [f"CAST({value.sql} AS BIGINT)"],
        lambda n: (
            f"CAST(make_timestamp(CASE WHEN abs({n}) < 31536000000 THEN {n} * 1000000 WHEN abs({n}) < 31536000000000 THEN {n} * 1000 "
            f"WHEN abs({n}) < 31536000000000000 THEN {n} ELSE {n} // 1000 END) AS {target.duckdb()})"
        ),
    )
    return combine(sql, target, [value])


def part_of(unit: str, value: Value) -> Value:
    """YEAR(x), DATE_PART('month', x), EXTRACT(day FROM x)."""
    moment = moment_of(value)
    name = {"dayofweek": "dow", "dayofyear": "doy"}.get(unit, unit)
    seconds = f"datepart('{name}', {moment.sql})"
    sql = f"floor({seconds})" if unit == "epoch" else seconds
    return combine(f"CAST({sql} AS DECIMAL(38,0))", number(38, 0), [moment])


def moment_of(value: Value) -> Value:
    """A value as a date or timestamp; texts are read as timestamps."""
    return value if value.type.name in ("DATE", "TIME", *STAMPS) else cast(value, TIMESTAMP_NTZ)


def shifted(unit: str, amount: Value, value: Value) -> Value:
    """DATEADD: a date stays one for units of a day and more."""
    moment = moment_of(value)
    is_whole = unit in ("year", "month", "day", "week", "quarter")
    type_ = TIMESTAMP_NTZ if moment.type == DATE and not is_whole else moment.type
    factor, name = (3, "month") if unit == "quarter" else (1, unit)
    count = (
        f"CAST(round({numeric(amount).sql}) AS INTEGER)"
        if amount.type.name != "FIXED"
        else f"CAST({amount.sql} AS INTEGER)"
    )
    step = f"to_{name}s({count}{f' * {factor}' if factor > 1 else ''})"
    return combine(f"CAST({moment.sql} + {step} AS {type_.duckdb()})", type_, [amount, moment])


def _dateadd(given: Given) -> Value:
    unit, amount, value = one_of(given, 3)
    return shifted(unit_of(unit), amount, value)


def _datediff(given: Given) -> Value:
    unit, start, end = one_of(given, 3)
    first, second = moment_of(start), moment_of(end)
    name = "isoyear" if unit_of(unit) == "isoyear" else unit_of(unit)
    return combine(
        f"CAST(datediff('{name}', {first.sql}, {second.sql}) AS DECIMAL(18,0))", number(18, 0), [first, second]
    )


def _date_trunc(given: Given) -> Value:
    unit, value = one_of(given, 2)
    if not isinstance(unit.constant, str):
        unit, value = value, unit
    moment = moment_of(value)
    return combine(
        f"CAST(date_trunc('{unit_of(unit)}', {moment.sql}) AS {moment.type.duckdb()})", moment.type, [moment]
    )


def _date_part(given: Given) -> Value:
    unit, value = one_of(given, 2)
    return part_of(unit_of(unit), value)


def _part(unit: str) -> Rule:
    return lambda given: part_of(unit, one_of(given, 1)[0])


def _name(form: str) -> Rule:
    def rule(given: Given) -> Value:
        moment = moment_of(one_of(given, 1)[0])
        return combine(f"strftime({moment.sql}, '{form}')", text(), [moment])

    return rule


def _last_day(given: Given) -> Value:
    moment = moment_of(one_of(given, 1)[0])
    return combine(f"last_day({moment.sql})", DATE, [moment])


def _add_months(given: Given) -> Value:
    value, amount = one_of(given, 2)
    return shifted("month", amount, value)


def _from_parts(given: Given) -> Value:
    year, month, day = (f"CAST({numeric(value).sql} AS INTEGER)" for value in one_of(given, 3))
    sql = f"CAST(make_date({year}, 1, 1) + to_months({month} - 1) + to_days({day} - 1) AS DATE)"
    return combine(sql, DATE, given.values)


def _now(type_: SnowType) -> Rule:
    """CURRENT_TIMESTAMP and its like: the session's moment if it gives one, so that every pass sees the same."""

    def rule(given: Given) -> Value:
        one_of(given, 0, 1)
        moment = given.context.get("CURRENT_TIMESTAMP")
        sql = "now()" if moment is None else f"CAST({literal(str(moment))} AS TIMESTAMPTZ)"
        return Value(f"CAST({sql} AS {type_.duckdb()})", type_, nullable=False, constant=NOT_CONSTANT)

    return rule


RULES: dict[str, Rule] = {
    **{name: _dateadd for name in ("DATEADD", "TIMEADD", "TIMESTAMPADD")},
    **{name: _datediff for name in ("DATEDIFF", "TIMEDIFF", "TIMESTAMPDIFF")},
    **{name: _now(TIMESTAMP_LTZ) for name in ("CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "GETDATE", "SYSTIMESTAMP")},
    "SYSDATE": _now(TIMESTAMP_NTZ),
    "CURRENT_DATE": _now(DATE),
    "CURRENT_TIME": _now(TIME),
    "LOCALTIME": _now(TIME),
    "DATE_TRUNC": _date_trunc,
    "DATE_PART": _date_part,
    **{
        name: _part(unit)
        for name, unit in {
            "YEAR": "year", "MONTH": "month", "DAY": "day", "DAYOFMONTH": "day", "DAYOFWEEK": "dayofweek", "DAYOFWEEKISO": "isodow",
            "DAYOFYEAR": "dayofyear", "WEEK": "week", "WEEKOFYEAR": "week", "WEEKISO": "week", "QUARTER": "quarter", "HOUR": "hour",
            "MINUTE": "minute", "SECOND": "second",
        }.items()
    },
    "DAYNAME": _name("%a"),
    "MONTHNAME": _name("%b"),
    "LAST_DAY": _last_day,
    "ADD_MONTHS": _add_months,
    "DATE_FROM_PARTS": _from_parts,
    "DATEFROMPARTS": _from_parts,
}  # fmt: skip
