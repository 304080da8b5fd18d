"""Lines of JSON between the process that computes and the one that asks. Knows neither processes nor models.

A line asks: {"id", "do", ...}, where "do" names a task of worker.py. Rows for it come behind it, in any number of lines {"id",
"do": "more", "requests", "last"}; {"id", "do": "cancel"} ends it. It is answered by any number of lines {"id", "item"} and then
one of {"id", "result"} and {"id", "error", "text", "hint"}.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sapwood import errors
from sapwood.inference.request import Completion, Embed, Message, Request, Sampling, Vector
from sapwood.store.records import ModelVersion


def to_line(frame: Mapping[str, Any]) -> bytes:
    return json.dumps(frame, separators=(",", ":")).encode("ascii") + b"\n"


def request_values(request: Request | Embed) -> dict[str, Any]:
    """All of a request but its model, which the line names once for all requests."""
    values = asdict(request)
    del values["model"]
    return values


def read_request(values: Mapping[str, Any], model: ModelVersion) -> Request:
    fields = _tuples(values)
    fields["messages"], fields["sampling"] = read_messages(values["messages"]), Sampling(**values["sampling"])
    return Request(model=model, **fields)


def read_embed(values: Mapping[str, Any], model: ModelVersion) -> Embed:
    return Embed(model=model, **values)


def read_messages(values: list[Mapping[str, Any]]) -> tuple[Message, ...]:
    return tuple(Message(**value) for value in values)


def read_completion(values: Mapping[str, Any]) -> Completion:
    return Completion(**_tuples(values))


def vector_values(vector: Vector) -> dict[str, Any]:
    return {**asdict(vector), "values": b64encode(vector.values).decode("ascii")}


def read_vector(values: Mapping[str, Any]) -> Vector:
    fields: dict[str, Any] = {**values, "values": b64decode(values["values"])}
    return Vector(**fields)


def error_values(error: errors.Error) -> dict[str, Any]:
    return {"error": type(error).__name__, "text": error.msg, "hint": error.hint}


def read_error(values: Mapping[str, Any]) -> errors.Error:
    """The error with its own class; one that is not of errors.py becomes an InternalError."""
    found = getattr(errors, values["error"], None)
    kind = found if isinstance(found, type) and issubclass(found, errors.Error) else errors.InternalError
    return kind(values["text"], hint=values["hint"])


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
