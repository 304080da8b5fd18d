"""The vendor's functions that DuckDB has not, in Python.

Comes in: a DuckDB connection. Goes out: the same one, which knows functions whose names begin with `own_`; the dialect writes them, and
no statement of a user's reaches them. Each takes values without NULL, and NULL is what it gives of one.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pyarrow as pa
from duckdb import sqltype
from duckdb.func import FunctionNullHandling, PythonUDFType

from sapwood.engine.lenient_json import NotJsonError, standard_json

FAULT = "!"
"""What an answer begins with that is no answer but the reason why there is none."""


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to every cursor of the connection."""
    for name, takes, function in _FUNCTIONS:
        by_column = _of_one(function) if len(takes) == 1 else _of_two(function)
        types: list[Any] = [sqltype(each) for each in takes]
        connection.create_function(
            name,
            by_column,
            types,
            sqltype("VARCHAR"),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
        )


def _of_one(function: Callable[[Any], str | None]) -> Callable[[Any], pa.Array]:
    """A function of rows as DuckDB calls it: with a column, whose number of parameters it looks at."""
    return lambda first: _answers(function, first)


def _of_two(function: Callable[[Any, Any], str | None]) -> Callable[[Any, Any], pa.Array]:
    return lambda first, second: _answers(function, first, second)


def _answers(function: Callable[..., str | None], *columns: Any) -> pa.Array:
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([None if None in row else function(*row) for row in rows], pa.string())


def _json(text: str, keeps_last: bool) -> str:
    """Standard JSON for a text, or why it is none."""
    try:
        return standard_json(text, keeps_last=keeps_last)
    except NotJsonError as error:
        return f"{FAULT}{error}"


def _sha2(content: bytes, bits: int) -> str:
    return hashlib.new(f"sha{bits}", content).hexdigest()


def _uuid(space: str, name: str) -> str | None:
    """The version 5 UUID of a name in a namespace; NULL if that is no UUID."""
    try:
        return str(uuid.uuid5(uuid.UUID(space), name))
    except ValueError:
        return None


def _url(text: str) -> str:
    """A URL's parts as a JSON object, or why it has none. Source: the vendor's page of PARSE_URL."""
    try:
        found = urlsplit(text)
    except ValueError as error:
        return f"{FAULT}{error}"
    if not found.scheme:
        return f"{FAULT}scheme not specified"
    host, colon, port = found.netloc.rpartition(":")
    has_port = bool(colon) and port.isdigit()
    parts = {
        "fragment": found.fragment or None,
        "host": (host if has_port else found.netloc) or None,
        "parameters": dict(parse_qsl(found.query, keep_blank_values=True)) or None,
        "path": found.path.removeprefix("/"),
        "port": port if has_port else None,
        "query": found.query or None,
        "scheme": found.scheme,
    }
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _distance(first: str, second: str) -> str:
    """How many characters must be put in, taken away or changed to make one text of the other."""
    row = list(range(len(second) + 1))
    for place, letter in enumerate(first, 1):
        row = _next_row(row, place, [int(letter != other) for other in second])
    return str(row[-1])


def _next_row(above: Sequence[int], start: int, costs: Sequence[int]) -> list[int]:
    row = [start]
    for place, cost in enumerate(costs):
        row.append(min(above[place] + cost, above[place + 1] + 1, row[place] + 1))
    return row


_FUNCTIONS: tuple[tuple[str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("own_json", ("VARCHAR", "BOOLEAN"), _json),
    ("own_sha2", ("BLOB", "INTEGER"), _sha2),
    ("own_uuid", ("VARCHAR", "VARCHAR"), _uuid),
    ("own_url", ("VARCHAR",), _url),
    ("own_distance", ("VARCHAR", "VARCHAR"), _distance),
)
"""Name, what it takes, and what it gives for a row."""
