"""A statement's result into the protocol's answer: `data` with its rows inside, and chunks for what is too much for that.

Comes in: the engine's `Result`. Goes out: the envelope and the chunks' bytes. Knows no HTTP and no files.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sapwood.engine.result import Result
from sapwood.server.columns import json_rows, row_type, wire_table
from sapwood.server.results import Chunk

INLINE_ROWS = 5_000
"""Rows that travel inside the answer; the others are fetched chunk by chunk."""
INLINE_BYTES = 4_000_000
CHUNK_ROWS = 100_000
CHUNK_BYTES = 64_000_000
"""At most; a row that is larger travels alone."""

STATEMENT_TYPES = {
    "SELECT": 0x1000, "EXPLAIN": 0x1000, "INSERT": 0x3100, "UPDATE": 0x3200, "DELETE": 0x3300, "MERGE": 0x3400, "COPY": 0x3600,
    "ALTERSESSION": 0x4100, "USE": 0x4300, "SHOW": 0x4200, "DESCRIBE": 0x4200, "TRANSACTION": 0x5000, "PUT": 0x7101, "GET": 0x7102,
    "LIST": 0x7103, "REMOVE": 0x7104,
}  # fmt: skip
"""The protocol's statementTypeId by kind of statement; everything else is DDL. Source: the public connector's constants."""
DDL = 0x6000
MULTIPLE = 0xA000
_ARROW_KINDS = ("SELECT", "EXPLAIN")


@dataclass(frozen=True)
class Place:
    """What a session's answers say about it: where it is after the statement."""

    database: str | None
    schema: str | None
    warehouse: str | None
    role: str
    parameters: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Encoded:
    """An answer, and the chunks beside it."""

    envelope: dict[str, Any]
    chunks: tuple[Chunk, ...] = ()
    bodies: tuple[bytes, ...] = ()


def statement_type(kind: str) -> int:
    """The protocol's number of a kind of statement."""
    return STATEMENT_TYPES.get(kind.replace("_", "").upper(), DDL)


def encode(result: Result, place: Place, *, as_arrow: bool, binds: int = 0) -> Encoded:
    """The answer to one statement."""
    data = _common(result, place, binds=binds)
    if as_arrow and result.kind.upper() in _ARROW_KINDS:
        return _arrow(result, data)
    return _json(result, data)


def encode_many(results: Sequence[Result], query_id: str, place: Place) -> Encoded:
    """The answer to a text of several statements: the ids of their answers."""
    data = {
        **_final(place),
        "queryId": query_id,
        "statementTypeId": MULTIPLE,
        "queryResultFormat": "json",
        "rowtype": [_MULTIPLE_COLUMN],
        "rowset": [["Multiple statements executed successfully."]],
        "total": 1,
        "returned": 1,
        "resultIds": ",".join(result.query_id for result in results),
        "resultTypes": ",".join(str(statement_type(result.kind)) for result in results),
    }
    return Encoded(_envelope(data))


_MULTIPLE_COLUMN = {
    "name": "multiple statement execution", "type": "text", "nullable": False, "precision": None, "scale": None, "length": 16777216,
    "byteLength": 16777216, "collation": None, "database": "", "schema": "", "table": "",
}  # fmt: skip


def _common(result: Result, place: Place, *, binds: int) -> dict[str, Any]:
    rows = result.table.num_rows
    number = statement_type(result.kind)
    return {
        **_final(place),
        "queryId": result.query_id,
        "statementTypeId": number,
        "rowtype": [row_type(column) for column in result.columns],
        "total": rows,
        "returned": rows,
        "numberOfBinds": binds,
        "metaDataOfBinds": [],
        "arrayBindSupported": number == STATEMENT_TYPES["INSERT"],
        "databaseProvider": None,
        "version": 1,
        "stats": _stats(result),
        "notices": list(result.notices),
    }


def _final(place: Place) -> dict[str, Any]:
    return {
        "finalDatabaseName": place.database,
        "finalSchemaName": place.schema,
        "finalWarehouseName": place.warehouse,
        "finalRoleName": place.role,
        "parameters": [{"name": name, "value": value} for name, value in place.parameters],
        "queryContext": None,
    }


def _stats(result: Result) -> dict[str, int] | None:
    """Rows changed by kind, as the newer clients want them."""
    if result.kind not in _CHANGES:
        return None
    counts = dict.fromkeys(_CHANGES.values(), 0)
    counts[_CHANGES[result.kind]] = result.rowcount or 0
    return {**counts, "numDmlDuplicates": 0}


_CHANGES = {"INSERT": "numRowsInserted", "UPDATE": "numRowsUpdated", "DELETE": "numRowsDeleted"}


def _envelope(data: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "code": None, "message": None, "data": data}


def _arrow(result: Result, data: dict[str, Any]) -> Encoded:
    table = wire_table(result.table, result.columns)
    first, *rest = _slices(table)
    data.update(queryResultFormat="arrow", returned=first.num_rows)
    data["rowsetBase64"] = base64.b64encode(_stream(first)).decode("ascii") if first.num_rows else ""
    bodies = tuple(_stream(part) for part in rest)
    return _with_chunks(data, [part.num_rows for part in rest], bodies)


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _json(result: Result, data: dict[str, Any]) -> Encoded:
    first, *rest = _slices(result.table)
    data.update(queryResultFormat="json", returned=first.num_rows, rowset=json_rows(first, result.columns))
    bodies = tuple(json.dumps(json_rows(part, result.columns))[1:-1].encode() for part in rest)
    return _with_chunks(data, [part.num_rows for part in rest], bodies)


def _slices(table: pa.Table) -> Iterator[pa.Table]:
    """The whole table if it is small, else its first rows and then chunks."""
    inline = _rows_within(table, INLINE_ROWS, size=INLINE_BYTES)
    yield table.slice(0, inline)
    step = _rows_within(table, CHUNK_ROWS, size=CHUNK_BYTES)
    for start in range(inline, table.num_rows, step):
        yield table.slice(start, step)


def _rows_within(table: pa.Table, most: int, *, size: int) -> int:
    """How many rows of average width go into so many bytes, at least one and at most `most`."""
    width = max(1, table.nbytes // max(1, table.num_rows))
    return max(1, min(most, size // width))


def _with_chunks(data: dict[str, Any], rows: Sequence[int], bodies: tuple[bytes, ...]) -> Encoded:
    chunks = tuple(Chunk(count, len(body)) for count, body in zip(rows, bodies, strict=True))
    return Encoded(_envelope(data), chunks, bodies)
