"""The cases of tests/conformance, told by the official connector: a file in one session of a client's own Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_conformance import CASES, Case, check_rows, fits
from wire_bench import ClientPython, Server, environment

FILES = (
    "aggregates.sql", "conditions.sql", "dates.sql", "flatten.sql", "numbers.sql", "queries.sql", "scripting.sql",
    "semistructured.sql", "strings.sql", "text.sql", "vectors.sql",
)  # fmt: skip
"""Files that work in any schema, and ask no model."""
SCRIPT = """
import decimal
def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else str(value)
    if isinstance(value, (bytes, bytearray)):
        return str(bytes(value))
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
cursor = connect().cursor()
cursor.execute("create or replace schema " + {schema!r})
out["told"] = []
for statement in json.loads({statements!r}):
    try:
        cursor.execute(statement)
        names = [each.name for each in cursor.description]
        out["told"].append({{"names": names, "rows": [[plain(value) for value in row] for row in cursor.fetchall()]}})
    except snowflake.connector.Error as error:
        out["told"].append({{"error": [error.errno, error.sqlstate, error.msg]}})
"""


@pytest.mark.parametrize("file", FILES)
def test_a_file_through_the_connector(server: Server, file: str) -> None:
    client = ClientPython(environment("connector5"), server)
    cases = CASES[file]
    statements = json.dumps([case.sql for case in cases])
    schema = f"cases_{file.removesuffix('.sql')}"
    out = client.run(SCRIPT.format(schema=schema, statements=statements))
    for case, told in zip(cases, out["told"], strict=True):
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
