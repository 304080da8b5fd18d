"""What a session takes along into another process: its role and place, its variables, its parameters.

Goes out and comes in: a mapping that JSON holds. Temporary objects and an open transaction can't be taken along.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from sapwood.engine.work import State

_PLACE = ("role", "has_all_roles", "database", "schema", "warehouse")


def memory_of(state: State) -> dict[str, Any] | None:
    """What the session remembers; None while it has something that ends with this process."""
    if state.is_in_transaction or state.temporary or state.temporary_stages or state.temporary_formats:
        return None
    return {
        **{name: getattr(state, name) for name in _PLACE},
        "parameters": dict(state.parameters),
        "variables": _packed(state.variables),
    }


def recall(state: State, memory: Mapping[str, Any]) -> None:
    """Let a session remember what `memory_of` gave."""
    for name in _PLACE:
        setattr(state, name, memory[name])
    state.parameters = dict(memory["parameters"])
    state.variables = _unpacked(memory["variables"])


def _packed(variables: Mapping[str, Any]) -> str:
    """The variables as an Arrow table of one row, which keeps their types."""
    table = pa.table({name: [value] for name, value in variables.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue()).decode("ascii") if variables else ""


def _unpacked(text: str) -> dict[str, Any]:
    if not text:
        return {}
    with pa.ipc.open_stream(base64.b64decode(text)) as reader:
        return reader.read_all().to_pylist()[0]
