"""The cases of tests/conformance, told by the official connectors: all files in one run of a client's own Python, each in a session of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from test_conformance import CASES, Case, check_rows, fits
from wire_bench import ClientPython, Server, environment

FILES = (
    "aggregates.sql", "conditions.sql", "conventions.sql", "dates.sql", "flatten.sql", "hierarchies.sql", "numbers.sql", "offsets.sql",
    "queries.sql", "scripting.sql", "semistructured.sql", "strings.sql", "text.sql", "vectors.sql",
)  # fmt: skip
"""Files that work in any schema, and ask no model."""
FUNCTIONS = tuple(file for file in CASES if file.startswith("functions_"))
"""Files of the AI functions; the models that they name are echo behind the server."""
TOLD = {"connector4": ("offsets.sql", *FUNCTIONS), "connector5": (*FILES, *FUNCTIONS)}
"""What each line of the connector runs: offsets and what asks models both, since shapes and types are theirs to show."""
SCRIPT = """
import decimal
def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else str(value)
    if isinstance(value, (bytes, bytearray)):
        return str(bytes(value))
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
def told(cursor, statement):
    try:
        cursor.execute(statement)
        return {{"names": [each.name for each in cursor.description], "rows": [[plain(value) for value in row] for row in cursor.fetchall()]}}
    except snowflake.connector.Error as error:
        return {{"error": [error.errno, error.sqlstate, error.msg]}}
for file, statements in json.loads({files!r}).items():
    with connect() as connection:
        cursor = connection.cursor()
        cursor.execute("create or replace schema " + {line!r} + "_" + file.removesuffix(".sql"))
        out[file] = [told(cursor, statement) for statement in statements]
"""


@pytest.fixture(scope="module")
def tell(server: Server) -> Callable[[str], dict[str, Any]]:
    """What a line of the connector was told of each of its files; it is asked once."""

    @cache
    def tell(line: str) -> dict[str, Any]:
        files = json.dumps({file: [case.sql for case in CASES[file]] for file in TOLD[line]})
        return ClientPython(environment(line), server).run(SCRIPT.format(line=line, files=files), seconds=300)

    return tell


@pytest.mark.parametrize(("line", "file"), [(line, file) for line, files in TOLD.items() for file in files])
def test_a_file_through_a_connector(tell: Callable[[str], dict[str, Any]], line: str, file: str) -> None:
    for case, told in zip(CASES[file], tell(line)[file], strict=True):
        _check(case, told)


def _check(case: Case, told: dict[str, Any]) -> None:
    """What the client was told is what the case claims."""
    place = f"{case.file}:{case.line}"
    claims = case.claimed("error")
    assert ("error" in told) == bool(claims), (place, told)
    if claims:
        number, state, text = (*claims[0].split(" ", 2), "", "")[:3]
        errno, sqlstate, message = told["error"]
        assert fits(f"{errno:06d}", number), (place, told)
        assert fits(sqlstate, state), (place, told)
        assert text.replace("\\n", "\n").strip("*") in message, (place, told)
        return
    for columns in case.claimed("columns"):
        assert told["names"] == [_name(each) for each in _split(columns)], place
    check_rows(case, told["rows"])


def _split(columns: str) -> list[str]:
    """`A NUMBER(1,0), B VECTOR(INT, 3)` into its columns: a comma in parentheses divides nothing."""
    found, depth = [""], 0
    for letter in columns:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found]


def _name(column: str) -> str:
    """A column's name: what is before its type."""
    bare = column[: column.rindex("(")] if column.endswith(")") else column
    return bare.rpartition(" ")[0]
