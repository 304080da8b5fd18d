"""Time zones in DuckDB's SQL: the session's, a value's own offset, and the step between a moment and a clock's reading.

The engine keeps the session's zone in DuckDB's variable `zone`. DuckDB's own zone is always UTC. A zoned moment is a struct of
a moment and the minutes that a clock there is ahead of UTC; it is NULL as a whole. Knows no types.
"""

from __future__ import annotations

from collections.abc import Callable

from sapwood.dialect.values import once

SESSION = "coalesce(getvariable('zone'), 'UTC')"
"""SQL for the name of the session's time zone."""
UTC = "'UTC'"


def clock(moment: str, zone: str = SESSION) -> str:
    """What a clock in the zone reads at a moment: TIMESTAMPTZ to TIMESTAMP."""
    return f"timezone({zone}, {moment})"


def moment(reading: str, zone: str = SESSION) -> str:
    """The moment at which a clock in the zone reads that: TIMESTAMP to TIMESTAMPTZ."""
    return f"timezone({zone}, {reading})"


def offset(moment_: str, zone: str = SESSION) -> str:
    """Minutes that the zone is ahead of UTC at a moment."""
    return f"datediff('minute', timezone('UTC', {moment_}), timezone({zone}, {moment_}))"


def zoned(moment_: str, *given: str, minutes: Callable[..., str] = offset) -> str:
    """A zoned moment: with the offset that `minutes` makes of the moment and of what else is given, else the session's.

    >>> zoned("m", "90", minutes=lambda at, ahead: ahead)
    'CASE WHEN m IS NOT NULL THEN struct_pack(moment := m, minutes := CAST(90 AS SMALLINT)) END'
    """

    def build(at: str, *rest: str) -> str:
        pair = f"struct_pack(moment := {at}, minutes := CAST({minutes(at, *rest)} AS SMALLINT))"
        return f"CASE WHEN {at} IS NOT NULL THEN {pair} END"

    return once([moment_, *given], build)


def moment_in(zoned_: str) -> str:
    """The moment of a zoned one."""
    return f"struct_extract({zoned_}, 'moment')"


def minutes_in(zoned_: str) -> str:
    """The offset of a zoned moment in minutes."""
    return f"struct_extract({zoned_}, 'minutes')"


def clock_at(moment_: str, minutes: str) -> str:
    """What a clock that is so many minutes ahead of UTC reads at a moment."""
    return f"({clock(moment_, UTC)} + to_minutes({minutes}))"


def zoned_reading(reading: str, minutes: str) -> str:
    """The zoned moment at which a clock that is so many minutes ahead of UTC reads that."""
    return zoned(moment(f"({reading} - to_minutes({minutes}))", UTC), minutes, minutes=lambda _, ahead: ahead)


def written_offset(minutes: str, *, colon: bool = False) -> str:
    """An offset as text: +0530, or +05:30.

    >>> written_offset("90")
    "CASE WHEN 90 < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(90) // 60 AS VARCHAR), 2, '0') || '' || lpad(CAST(abs(90) % 60 AS VARCHAR), 2, '0')"
    """
    parts = [f"lpad(CAST(abs({minutes}) {operator} 60 AS VARCHAR), 2, '0')" for operator in ("//", "%")]
    return f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END || {parts[0]} || '{':' if colon else ''}' || {parts[1]}"
