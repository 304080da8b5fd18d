"""sqlglot's own pairs of a Snowflake statement and DuckDB's text for it: both are run and must give the same value.

The pairs are in pairs.json, which `tools/pairs.py` makes of sqlglot's tests. KNOWN says of which we differ, and why.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dialect_bench import Database

from sapwood.errors import Error

PAIRS: list[tuple[str, str]] = [
    (snowflake, duck)
    for snowflake, duck in json.loads((Path(__file__).parent / "pairs.json").read_text(encoding="utf-8"))["pairs"]
]

KNOWN = {
    r"RANDOM\(|RANDSTR\(": "random numbers are another generator's",
    r"CURRENT_TIME\b": "the two sides are run at different moments",
    r"CURRENT_VERSION": "the version is ours",
    r"OBJECT_INSERT\(.*2\.2": "sqlglot makes a text of the number, we keep it",
    r"MAP_CAT|ZIPF|DECFLOAT": "not served",
    r"BITSHIFT\w+\(X'": "bits of BINARY are not served",
    r", ,": "two commas are a syntax error",
}

UNORDERED = "ARRAY_DISTINCT"
"""The function whose elements come in an order that nobody promises."""


def reason(statement: str) -> str:
    return next((why for pattern, why in KNOWN.items() if re.search(pattern, statement)), "")


def plain(value: Any) -> str:
    """A value as both sides can be compared: numbers by their digits, JSON by its content."""
    match value:
        case bool() | None:
            return str(value)
        case int() | float() | Decimal():
            return f"{float(value):.9g}"
        case str():
            try:
                return json.dumps(json.loads(value), sort_keys=True)
            except ValueError:
                return value
        case {"moment": at, "minutes": _}:  # a TIMESTAMP_TZ; DuckDB's own knows no offset
            return str(at)
        case list() | dict():
            return json.dumps(value, default=str, sort_keys=True)
        case _:
            return str(value)


@pytest.fixture(scope="module")
def other_side() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@pytest.mark.parametrize(("snowflake", "duck"), PAIRS)
def test_both_sides_give_the_same(
    database: Database, other_side: duckdb.DuckDBPyConnection, snowflake: str, duck: str
) -> None:
    try:
        wanted = [[plain(value) for value in row] for row in other_side.execute(duck).fetchall()]
    except duckdb.Error as failure:
        pytest.skip(f"DuckDB refuses sqlglot's text: {failure}"[:120])
    try:
        found = [[plain(value) for value in row] for row in database.run(snowflake)]
    except Error:
        assert reason(snowflake), "refused"
        return
    if UNORDERED in snowflake:
        found, wanted = (
            [[sorted(json.loads(value), key=str) for value in row] for row in rows] for rows in (found, wanted)
        )
    assert (found == wanted) != bool(reason(snowflake)), (found, wanted)


def test_most_are_the_same() -> None:
    assert len(PAIRS) >= 200
    assert sum(bool(reason(snowflake)) for snowflake, _ in PAIRS) <= 25
