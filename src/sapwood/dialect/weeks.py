"""Weeks: when one begins, its number in a year, and the number of a day in it, by the session's conventions.

Comes in: SQL for a clock's reading (DATE or TIMESTAMP). Goes out: SQL. The ISO week begins on Monday and belongs to the year of its
Thursday. Source: the vendor's page "Date & time functions", calendar weeks and weekdays.
"""

from __future__ import annotations

from sapwood.dialect.conventions import current

MONDAY = 1
_DAYS_OF_A_YEAR = 3
"""Days behind a week's first to the one whose year has most of the week."""


def beginning(reading: str) -> str:
    """The first moment of the week, as DATE_TRUNC('week', ...) of DuckDB gives it."""
    behind = _days_behind_monday()
    return f"(date_trunc('week', {reading} - to_days({behind})) + to_days({behind}))" if behind else _iso(reading)


def day(reading: str) -> str:
    """DAYOFWEEK: 0 for Sunday to 6, or with a WEEK_START 1 for that day to 7."""
    start = current().week_start
    return f"(datepart('isodow', {reading}) - {start} + 7) % 7 + 1" if start else f"datepart('dow', {reading})"


def number(reading: str) -> str:
    """WEEK: by the policy 0 a year's first week has at least four of its days, by 1 it has 1 January."""
    if current().week_policy:
        first = beginning(f"date_trunc('year', {reading})")
        return f"datediff('day', {first}, {beginning(reading)}) // 7 + 1"
    if not _days_behind_monday():
        return f"datepart('week', {reading})"
    return f"(datepart('doy', {_deciding(reading)}) - 1) // 7 + 1"


def year(reading: str) -> str:
    """YEAROFWEEK: the year that a week belongs to."""
    if current().week_policy:
        return f"datepart('year', {reading})"
    return f"datepart('year', {_deciding(reading)})" if _days_behind_monday() else f"datepart('isoyear', {reading})"


def origin() -> str:
    """The beginning of a week near 1970, from which slices of weeks are counted."""
    return f"(TIMESTAMP '1969-12-29' + to_days({_days_behind_monday()}))"


def _days_behind_monday() -> int:
    return max(current().week_start, MONDAY) - MONDAY


def _iso(reading: str) -> str:
    return f"date_trunc('week', {reading})"


def _deciding(reading: str) -> str:
    return f"({beginning(reading)} + to_days({_DAYS_OF_A_YEAR}))"
