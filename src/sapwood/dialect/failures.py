"""Errors that only rows can show: DuckDB's SQL that raises one of ours when it is computed.

They are written as `error('sapwood:<errno>:<sqlstate>:<text>')`. Knows no grammar.
"""

from __future__ import annotations

from sapwood.dialect.names import literal
from sapwood.dialect.types import SnowType


def raising(errno: int, sqlstate: str, *pieces: str, type_: SnowType) -> str:
    """SQL that raises one of our errors when it is computed; each piece is SQL for a text."""
    return (
        f"CAST(error(concat({literal(f'sapwood:{errno:06d}:{sqlstate}:')}, {', '.join(pieces)})) AS {type_.duckdb()})"
    )


def or_error(found: str, sql: str, *, what: str, errno: int, target: SnowType) -> str:
    """What was made of a text; where that is NULL and the text isn't, an error that names the text."""
    failure = raising(errno, "22018", literal(f"{what} '"), sql, literal("' is not recognized"), type_=target)
    return f"coalesce({found}, CASE WHEN {sql} IS NOT NULL THEN {failure} END)"
