"""Results and errors as JSON, for the way between the owner of a data directory and its clients.

A result's rows travel as an Arrow IPC stream in base64; everything else is plain JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from sapwood import errors
from sapwood.dialect.statements import Column
from sapwood.dialect.types import SnowType
from sapwood.engine.result import Progress, Result, Usage


def encode_result(result: Result) -> dict[str, Any]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, result.table.schema) as writer:
        writer.write_table(result.table)
    rows = base64.b64encode(sink.getvalue()).decode("ascii")
    return {
        "query_id": result.query_id,
        "kind": result.kind,
        "columns": [asdict(column) for column in result.columns],
        "rows": rows,
        "rowcount": result.rowcount,
        "usage": asdict(result.usage),
        "notices": list(result.notices),
        "statement": result.statement,
    }


def decode_result(body: dict[str, Any]) -> Result:
    columns = tuple(_decode_column(column) for column in body["columns"])
    return Result(
        query_id=body["query_id"],
        kind=body["kind"],
        columns=columns,
        table=pa.ipc.open_stream(base64.b64decode(body["rows"])).read_all(),
        rowcount=body["rowcount"],
        usage=Usage(**body["usage"]),
        notices=tuple(body["notices"]),
        statement=body["statement"],
    )


def _decode_column(body: dict[str, Any]) -> Column:
    fields: dict[str, Any] = {**body, "type": SnowType(**body["type"])}
    return Column(**fields)


def encode_progress(progress: Progress) -> dict[str, Any]:
    return asdict(progress)


def decode_progress(body: dict[str, Any]) -> Progress:
    return Progress(**body)


def encode_error(error: errors.Error) -> dict[str, Any]:
    return {
        "class": type(error).__name__,
        "msg": error.msg,
        "errno": error.errno,
        "sqlstate": error.sqlstate,
        "hint": error.hint,
        "sfqid": error.sfqid,
    }


def decode_error(body: dict[str, Any]) -> errors.Error:
    """The error of the same class; ProgrammingError for a class that this version does not know."""
    kind = dict(_classes(errors.Error)).get(body["class"], errors.ProgrammingError)
    error = kind(body["msg"], hint=body["hint"], errno=body["errno"], sqlstate=body["sqlstate"])
    error.sfqid = body["sfqid"]
    return error


def _classes(root: type[errors.Error]) -> Iterator[tuple[str, type[errors.Error]]]:
    yield root.__name__, root
    for child in root.__subclasses__():
        yield from _classes(child)
