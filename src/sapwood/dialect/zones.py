"""Time zones in DuckDB's SQL: the session's, and the step between a moment and a clock's reading.

The engine keeps the session's zone in DuckDB's variable `zone`. DuckDB's own zone is always UTC. Knows no types.
"""

from __future__ import annotations

SESSION = "coalesce(getvariable('zone'), 'UTC')"
"""SQL for the name of the session's time zone."""


def clock(moment: str, zone: str = SESSION) -> str:
    """What a clock in the zone reads at a moment: TIMESTAMPTZ to TIMESTAMP."""
    return f"timezone({zone}, {moment})"


def moment(reading: str, zone: str = SESSION) -> str:
    """The moment at which a clock in the zone reads that: TIMESTAMP to TIMESTAMPTZ."""
    return f"timezone({zone}, {reading})"


def offset(moment_: str, zone: str = SESSION) -> str:
    """Minutes that the zone is ahead of UTC at a moment."""
    return f"datediff('minute', timezone('UTC', {moment_}), timezone({zone}, {moment_}))"


def written_offset(minutes: str, *, colon: bool = False) -> str:
    """An offset as text: +0530, or +05:30.

    >>> written_offset("90")
    "CASE WHEN 90 < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(90) // 60 AS VARCHAR), 2, '0') || '' || lpad(CAST(abs(90) % 60 AS VARCHAR), 2, '0')"
    """
    parts = [f"lpad(CAST(abs({minutes}) {operator} 60 AS VARCHAR), 2, '0')" for operator in ("//", "%")]
    return f"CASE WHEN {minutes} < 0 THEN '-' ELSE '+' END || {parts[0]} || '{':' if colon else ''}' || {parts[1]}"
