"""Functions of dates, times and timestamps: parts, arithmetic, slices, and those that make them of parts.

Comes in: bound values. Goes out: bound values. A moment (TIMESTAMP_LTZ, _TZ) is read in the session's zone. Source: the
vendor's page "Date & time functions". Knows no names of columns or tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sapwood.dialect import weeks
from sapwood.dialect.coercion import STAMPS, cast, numeric
from sapwood.dialect.given import Given, Rule, arity, one_of
from sapwood.dialect.names import literal
from sapwood.dialect.stamps import from_reading, offset_of, reading_of
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import DATE, REAL, TIME, TIMESTAMP_LTZ, TIMESTAMP_NTZ, TIMESTAMP_TZ, SnowType, number, text
from sapwood.dialect.values import Value, combine, constant_value, once
from sapwood.dialect.zones import UTC, clock, clock_at, minutes_in, moment, moment_in, offset, zoned
from sapwood.errors import InvalidArgumentsError

_UNITS = {
    "year": "y yy yyy yyyy yr years yrs", "month": "mm mon mons months", "day": "d dd days dayofmonth", "week": "w wk weekofyear woy wy weeks",
    "quarter": "q qtr qtrs quarters", "hour": "h hh hr hours hrs", "minute": "m mi min minutes mins", "second": "s sec seconds secs",
    "millisecond": "ms msec milliseconds", "microsecond": "us usec microseconds", "nanosecond": "ns nsec nanosec nsecond nanoseconds nanosecs",
    "dayofweek": "weekday dow dw", "dayofyear": "yearday doy dy", "yearofweek": "", "yearofweekiso": "",
    "isodow": "dayofweekiso weekday_iso dow_iso dw_iso dayofweek_iso", "isoweek": "week_iso weekiso weekofyeariso weekofyear_iso",
    "epoch": "epoch_second epoch_seconds", "epoch_millisecond": "epoch_milliseconds", "epoch_microsecond": "epoch_microseconds",
    "epoch_nanosecond": "epoch_nanoseconds", "timezone_hour": "tzh", "timezone_minute": "tzm",
}  # fmt: skip
_UNIT_OF = {alias: unit for unit, names in _UNITS.items() for alias in (unit, *names.split())}
_DAYS = ("su", "mo", "tu", "we", "th", "fr", "sa")


def unit_of(value: Value | str) -> str:
    """The date part that a word means.

    >>> unit_of("mm"), unit_of("DOW")
    ('month', 'dayofweek')
    """
    word = value if isinstance(value, str) else value.constant
    unit = _UNIT_OF.get(str(word).lower()) if isinstance(word, str) else None
    if unit is None:
        told = f"'{word}'" if isinstance(word, str) else "A value"
        raise InvalidArgumentsError(f"SQL compilation error:\n{told} is not a valid date/time component")
    return unit


def moment_of(value: Value) -> Value:
    """A value as a date, time or timestamp; texts are read as timestamps."""
    return value if value.type.name in ("DATE", "TIME", *STAMPS) else cast(value, TIMESTAMP_NTZ)


def _reading(value: Value) -> str:
    """What a clock and a calendar show of it."""
    return reading_of(value.sql, value.type)


def from_epoch(value: Value, target: SnowType, *, scale: int) -> Value:
    """A number since 1970 in units of 10^-scale seconds; with scale 0 large ones are milliseconds and finer, as Snowflake guesses."""
    if scale:
        count = f"CAST({value.sql} AS DECIMAL(38,{value.type.scale or 0})) * 1000000 / 1{'0' * scale}"
        sql = f"make_timestamp(CAST({count} AS BIGINT))"
        return cast(combine(sql, TIMESTAMP_NTZ, [value]), target)
    micros = f"CAST(CAST({value.sql} AS DECIMAL(38,6)) * 1000000 AS BIGINT)"
    sql = once(
        [f"CAST({value.sql} AS BIGINT)", micros],
        lambda n, exact: (
            f"make_timestamp(CASE WHEN abs({n}) < 31536000000 THEN {exact} WHEN abs({n}) < 31536000000000 THEN {n} * 1000 "
            f"WHEN abs({n}) < 31536000000000000 THEN {n} ELSE {n} // 1000 END)"
        ),
    )
    made = combine(sql, TIMESTAMP_NTZ, [value])
    if target.name == "TIMESTAMP_NTZ":
        return made
    at = moment(sql, UTC)
    return combine(at if target.name == "TIMESTAMP_LTZ" else zoned(at, minutes=lambda _: "0"), target, [value])


# --- parts


def part_of(unit: str, value: Value) -> Value:
    """YEAR(x), DATE_PART('month', x), EXTRACT(day FROM x)."""
    found = moment_of(value)
    if unit in ("timezone_hour", "timezone_minute"):
        operator = "//" if unit == "timezone_hour" else "%"
        return combine(
            f"CAST(({offset_of(found.sql, found.type)}) {operator} 60 AS DECIMAL(38,0))", number(38, 0), [found]
        )
    if unit.startswith("epoch"):
        at = moment_in(found.sql) if found.type.name == "TIMESTAMP_TZ" else found.sql
        counted = f"epoch_us(CAST({at} AS TIMESTAMP))" if found.type.name != "TIME" else f"epoch_us({at})"
        return combine(f"CAST({_EPOCHS[unit].format(counted)} AS DECIMAL(38,0))", number(38, 0), [found])
    counted = _OF_WEEKS.get(unit) or _PARTS.get(unit, f"datepart('{unit}', {{0}})").format
    return combine(f"CAST({counted(_reading(found))} AS DECIMAL(38,0))", number(38, 0), [found])


_EPOCHS = {
    "epoch": "floor({0} / 1000000)", "epoch_millisecond": "floor({0} / 1000)", "epoch_microsecond": "{0}", "epoch_nanosecond": "{0}::HUGEINT * 1000",
}  # fmt: skip
_PARTS = {
    "dayofyear": "datepart('doy', {0})", "isoweek": "datepart('week', {0})",
    "nanosecond": "(datepart('microsecond', {0}) % 1000000) * 1000", "microsecond": "datepart('microsecond', {0}) % 1000000",
    "millisecond": "datepart('millisecond', {0}) % 1000", "yearofweekiso": "datepart('isoyear', {0})",
}  # fmt: skip


_OF_WEEKS = {"dayofweek": weeks.day, "week": weeks.number, "yearofweek": weeks.year}


def _date_part(given: Given) -> Value:
    unit, value = one_of(given, 2)
    return part_of(unit_of(unit), value)


def _part(unit: str) -> Rule:
    return lambda given: part_of(unit, one_of(given, 1)[0])


def _name(form: str) -> Rule:
    def rule(given: Given) -> Value:
        found = moment_of(one_of(given, 1)[0])
        return combine(f"strftime({_reading(found)}, '{form}')", text(), [found])

    return rule


# --- arithmetic


def shifted(unit: str, amount: Value, value: Value) -> Value:
    """DATEADD: a date stays one for units of a day and more."""
    found = moment_of(value)
    is_whole = unit in ("year", "month", "day", "week", "quarter")
    type_ = TIMESTAMP_NTZ if found.type == DATE and not is_whole else found.type
    factor, name = {"quarter": (3, "month"), "nanosecond": (1, "microsecond")}.get(unit, (1, unit))
    rounded = f"round({numeric(amount).sql})" if amount.type.name != "FIXED" or amount.type.scale else amount.sql
    count = f"CAST({rounded} AS BIGINT)" + (" // 1000" if unit == "nanosecond" else "")
    width = "BIGINT" if name in ("hour", "minute", "microsecond") else "INTEGER"
    step = f"to_{name}s(CAST({count}{f' * {factor}' if factor > 1 else ''} AS {width}))"
    if found.type.name == "TIMESTAMP_LTZ" and not is_whole:
        return combine(f"({found.sql} + {step})", type_, [amount, found])
    sql = once(
        [found.sql],
        lambda x: from_reading(f"({reading_of(x, found.type)} + {step})", x, type_),
        is_volatile=found.is_volatile,
    )
    return combine(sql, type_, [amount, found])


def _dateadd(given: Given) -> Value:
    unit, amount, value = one_of(given, 3)
    return shifted(unit_of(unit), amount, value)


def _datediff(given: Given) -> Value:
    """Boundaries of the part that lie between, as a clock at the first one's offset has them; weeks begin as the session has it."""
    unit, start, end = one_of(given, 3)
    first, second = moment_of(start), moment_of(end)
    if first.type != second.type:
        first, second = (cast(each, TIMESTAMP_NTZ) if each.type.name != "TIME" else each for each in (first, second))
    name, a, b = unit_of(unit), _reading(first), _reading(second)
    if second.type.name == "TIMESTAMP_TZ":
        b = clock_at(moment_in(second.sql), minutes_in(first.sql))
    if name == "week":
        sql = f"datediff('day', {weeks.beginning(a)}, {weeks.beginning(b)}) // 7"
    elif name == "nanosecond":
        sql = f"datediff('microsecond', {a}, {b})::HUGEINT * 1000"
    else:
        sql = f"datediff('{name}', {a}, {b})"
    return combine(f"CAST({sql} AS DECIMAL(18,0))", number(18, 0), [first, second])


def _add_months(given: Given) -> Value:
    """ADD_MONTHS: from the last day of a month to the last day of another."""
    value, amount = one_of(given, 2)
    found = moment_of(value)
    moved = shifted("month", amount, found)
    if found.type != DATE:
        return moved
    sql = once(
        [found.sql, moved.sql],
        lambda d, m: f"CASE WHEN {d} = last_day({d}) THEN last_day({m}) ELSE {m} END",
        is_volatile=found.is_volatile,
    )
    return combine(sql, DATE, [found, amount])


def _months_between(given: Given) -> Value:
    """MONTHS_BETWEEN(a, b): whole if the days are equal or both are last ones, else by a month of 31 days."""
    first, second = (cast(moment_of(value), TIMESTAMP_NTZ) for value in one_of(given, 2))

    def build(a: str, b: str) -> str:
        months = f"((year({a}) - year({b})) * 12 + month({a}) - month({b}))"
        is_whole = f"day({a}) = day({b}) OR (CAST({a} AS DATE) = last_day({a}) AND CAST({b} AS DATE) = last_day({b}))"
        seconds = f"(epoch({a} - date_trunc('month', {a})) - epoch({b} - date_trunc('month', {b})))"
        return f"CASE WHEN {is_whole} THEN {months} ELSE round({months} + {seconds} / 86400.0 / 31, 6) END"

    return combine(f"CAST({once([first.sql, second.sql], build)} AS DOUBLE)", REAL, [first, second])


def _weekday(*, is_next: bool) -> Rule:
    """NEXT_DAY and PREVIOUS_DAY of a day of the week, such as 'fr' or 'Friday'."""

    def rule(given: Given) -> Value:
        value, day = one_of(given, 2)
        word = str(day.constant).strip().lower()[:2] if isinstance(day.constant, str) else ""
        if word not in _DAYS:
            raise InvalidArgumentsError(f"SQL compilation error:\n{given.name} takes a day of the week as a constant.")
        found = cast(moment_of(value), DATE)
        wanted, today = _DAYS.index(word), f"CAST(dayofweek({found.sql}) AS INTEGER)"
        days = f"(({wanted} - {today} + 6) % 7 + 1)" if is_next else f"(({today} - {wanted} + 6) % 7 + 1)"
        return combine(f"CAST({found.sql} {'+' if is_next else '-'} {days} AS DATE)", DATE, [found])

    return rule


# --- beginnings and ends


def truncated(unit: Value, value: Value) -> Value:
    """DATE_TRUNC, TRUNC of a date."""
    found = moment_of(value)
    name = {"isoweek": "week"}.get(unit_of(unit), unit_of(unit))
    if found.type.name == "TIME":
        day = "(DATE '2000-01-01' + {0})"
        return combine(f"CAST(date_trunc('{name}', {day.format(found.sql)}) AS TIME)", TIME, [found])
    if name == "nanosecond":
        return found
    is_week = unit_of(unit) == "week"
    cut = weeks.beginning(_reading(found)) if is_week else f"date_trunc('{name}', {_reading(found)})"
    return combine(from_reading(cut, found.sql, found.type), found.type, [found])


def _date_trunc(given: Given) -> Value:
    unit, value = one_of(given, 2)
    return truncated(unit, value) if isinstance(unit.constant, str) else truncated(value, unit)


def _last_day(given: Given) -> Value:
    """LAST_DAY(d [, 'year' | 'quarter' | 'month' | 'week'])"""
    value, *unit = one_of(given, 1, 2)
    name = unit_of(unit[0]) if unit else "month"
    if name not in ("year", "quarter", "month", "week"):
        raise InvalidArgumentsError(f"SQL compilation error:\nLAST_DAY does not know the last day of a {name}.")
    found = cast(moment_of(value), DATE)
    step = {"quarter": "to_months(3)"}.get(name, f"to_{name}s(1)")
    first = weeks.beginning(found.sql) if name == "week" else f"date_trunc('{name}', {found.sql})"
    return combine(f"CAST({first} + {step} - INTERVAL 1 DAY AS DATE)", DATE, [found])


def _time_slice(given: Given) -> Value:
    """TIME_SLICE(d, n, 'unit' [, 'START' | 'END']): slices are counted from 1970, those of weeks from the beginning of one."""
    value, size, unit, *side = one_of(given, 3, 4)
    where = str(side[0].constant).upper() if side else "START"
    if not isinstance(size.constant, int) or size.constant < 1 or where not in ("START", "END"):
        raise InvalidArgumentsError(
            "SQL compilation error:\nTIME_SLICE takes a constant number from 1 on, a unit, and 'START' or 'END'."
        )
    found, name = moment_of(value), unit_of(unit)
    factor, word = (3, "month") if name == "quarter" else (1, name)
    step = f"to_{word}s({size.constant * factor})"
    origin = weeks.origin() if name == "week" else "TIMESTAMP '1970-01-01'"
    slice_ = f"time_bucket({step}, CAST({_reading(found)} AS TIMESTAMP), {origin})"
    sql = f"({slice_} + {step})" if where == "END" else slice_
    return combine(from_reading(sql, found.sql, found.type), found.type, [found])


# --- made of parts


def _integers(values: Sequence[Value]) -> list[str]:
    return [f"CAST({numeric(value).sql} AS BIGINT)" for value in values]


def _since_midnight(values: Sequence[Value]) -> str:
    """Microseconds of hours, minutes, seconds and perhaps nanoseconds, which may be out of their ranges."""
    hour, minute, second, *nanos = _integers(values)
    rest = f" + {nanos[0]} // 1000" if nanos else ""
    return f"((({hour} * 60 + {minute}) * 60 + {second}) * 1000000{rest})"


def _date_from_parts(given: Given) -> Value:
    """Months and days may be out of their ranges."""
    values = one_of(given, 3)
    return combine(f"CAST({_day(_integers(values))} AS DATE)", DATE, values)


def _day(parts: Sequence[str]) -> str:
    year, month, day = (f"CAST({part} AS INTEGER)" for part in parts)
    return f"(make_date({year}, 1, 1) + to_months({month} - 1) + to_days({day} - 1))"


def _time_from_parts(given: Given) -> Value:
    values = one_of(given, 3, 4)
    return combine(f"(TIME '00:00:00' + to_microseconds({_since_midnight(values)}))", TIME, values)


def _stamp_from_parts(type_: SnowType) -> Rule:
    """TIMESTAMP_FROM_PARTS(y, m, d, h, mi, s [, ns [, zone]]), or of a date and a time."""

    def rule(given: Given) -> Value:
        values = list(given.values)
        zone = values.pop() if len(values) == 8 and type_.name == "TIMESTAMP_TZ" else None
        if len(values) == 2:
            day, time = cast(values[0], DATE), cast(values[1], TIME)
            sql = f"CAST({day.sql} + {time.sql} AS TIMESTAMP)"
        elif len(values) in (6, 7):
            sql = f"(CAST({_day(_integers(values[:3]))} AS TIMESTAMP) + to_microseconds({_since_midnight(values[3:])}))"
        else:
            raise arity(given, 2, 8 if type_.name == "TIMESTAMP_TZ" else 7)
        made = combine(sql, TIMESTAMP_NTZ, values)
        if zone is not None:
            name = cast(zone, text()).sql
            return combine(zoned(moment(sql, name), name, minutes=offset), type_, given.values)
        return cast(made, type_)

    return rule


# --- now, and here


def _now(type_: SnowType) -> Rule:
    """CURRENT_TIMESTAMP and its like: the session's moment if it gives one, so that every pass sees the same."""

    def rule(given: Given) -> Value:
        one_of(given, 0, 1)
        found = given.context.get("CURRENT_TIMESTAMP")
        sql = "now()" if found is None else f"CAST({literal(str(found))} AS TIMESTAMPTZ)"
        value = Value(sql, TIMESTAMP_LTZ, nullable=False, constant=NOT_CONSTANT)
        return value if type_ == TIMESTAMP_LTZ else replace(cast(value, type_), constant=NOT_CONSTANT)

    return rule


def _sysdate(given: Given) -> Value:
    """SYSDATE(): what a clock in UTC reads."""
    now = _now(TIMESTAMP_LTZ)(given)
    return replace(now, sql=clock(now.sql, UTC), type=TIMESTAMP_NTZ)


def _convert_timezone(given: Given) -> Value:
    """CONVERT_TIMEZONE(to, moment), CONVERT_TIMEZONE(from, to, reading)"""
    *zones, value = one_of(given, 2, 3)
    names = [cast(zone, text()).sql for zone in zones]
    if len(names) == 1:
        at = cast(moment_of(value), TIMESTAMP_LTZ)
        return combine(zoned(at.sql, names[0], minutes=offset), TIMESTAMP_TZ, [*zones, at])
    found = cast(value, TIMESTAMP_NTZ)
    return combine(clock(moment(found.sql, names[0]), names[1]), TIMESTAMP_NTZ, [*zones, found])


def interval(steps: Sequence[tuple[int, str]], value: Value, operator: str) -> Value:
    """A date plus or minus the steps of an INTERVAL, one after another."""
    for count, unit in steps:
        value = shifted(unit_of(unit), constant_value(count if operator == "+" else -count), value)
    return value


RULES: dict[str, Rule] = {
    **dict.fromkeys(("DATEADD", "TIMEADD", "TIMESTAMPADD"), _dateadd),
    **dict.fromkeys(("DATEDIFF", "TIMEDIFF", "TIMESTAMPDIFF"), _datediff),
    **dict.fromkeys(("CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "GETDATE", "SYSTIMESTAMP"), _now(TIMESTAMP_LTZ)),
    "SYSDATE": _sysdate,
    "CURRENT_DATE": _now(DATE),
    "CURRENT_TIME": _now(TIME),
    "LOCALTIME": _now(TIME),
    "DATE_TRUNC": _date_trunc,
    "DATE_PART": _date_part,
    **{
        name: _part(unit)
        for name, unit in {
            "YEAR": "year", "MONTH": "month", "DAY": "day", "DAYOFMONTH": "day", "DAYOFWEEK": "dayofweek", "DAYOFWEEKISO": "isodow",
            "DAYOFYEAR": "dayofyear", "WEEK": "week", "WEEKOFYEAR": "week", "WEEKISO": "isoweek", "QUARTER": "quarter", "HOUR": "hour",
            "MINUTE": "minute", "SECOND": "second", "YEAROFWEEK": "yearofweek", "YEAROFWEEKISO": "yearofweekiso",
        }.items()
    },
    "DAYNAME": _name("%a"),
    "MONTHNAME": _name("%b"),
    "LAST_DAY": _last_day,
    "ADD_MONTHS": _add_months,
    "MONTHS_BETWEEN": _months_between,
    "NEXT_DAY": _weekday(is_next=True),
    "PREVIOUS_DAY": _weekday(is_next=False),
    "TIME_SLICE": _time_slice,
    **dict.fromkeys(("DATE_FROM_PARTS", "DATEFROMPARTS"), _date_from_parts),
    **dict.fromkeys(("TIME_FROM_PARTS", "TIMEFROMPARTS"), _time_from_parts),
    **{
        name: _stamp_from_parts(type_)
        for type_, names in {
            TIMESTAMP_NTZ: "TIMESTAMP_FROM_PARTS TIMESTAMP_NTZ_FROM_PARTS TIMESTAMPFROMPARTS TIMESTAMPNTZFROMPARTS",
            TIMESTAMP_LTZ: "TIMESTAMP_LTZ_FROM_PARTS TIMESTAMPLTZFROMPARTS",
            TIMESTAMP_TZ: "TIMESTAMP_TZ_FROM_PARTS TIMESTAMPTZFROMPARTS",
        }.items()
        for name in names.split()
    },
    "CONVERT_TIMEZONE": _convert_timezone,
}  # fmt: skip
