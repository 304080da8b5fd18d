"""Results into answers: what is small stays inside, what is large is cut into chunks."""

from __future__ import annotations

import base64
import json

import pyarrow as pa
import pytest

from sapwood.dialect.statements import Column
from sapwood.dialect.types import number, text
from sapwood.engine.result import Result
from sapwood.server.answers import CHUNK_ROWS, INLINE_BYTES, INLINE_ROWS, Place, encode, statement_type

PLACE = Place("DB", "PUBLIC", "WH", "PUBLIC")


def numbers(count: int, kind: str = "SELECT") -> Result:
    return Result("q", kind, (Column("N", number(18, 0)),), pa.table({"N": pa.array(range(count), pa.int64())}))


def inline(envelope: dict[str, object]) -> pa.Table:
    data = envelope["data"]
    assert isinstance(data, dict)
    return pa.ipc.open_stream(base64.b64decode(data["rowsetBase64"])).read_all()


def test_a_small_result_stays_inside() -> None:
    encoded = encode(numbers(3), PLACE, as_arrow=True)
    assert encoded.chunks == ()
    assert inline(encoded.envelope).column(0).to_pylist() == [0, 1, 2]


def test_a_large_result_is_cut_and_nothing_is_lost() -> None:
    total = INLINE_ROWS + CHUNK_ROWS + 1
    encoded = encode(numbers(total), PLACE, as_arrow=True)
    parts = [pa.ipc.open_stream(body).read_all() for body in encoded.bodies]
    assert [chunk.rows for chunk in encoded.chunks] == [CHUNK_ROWS, 1]
    assert [chunk.bytes for chunk in encoded.chunks] == [len(body) for body in encoded.bodies]
    rows = [value for part in (inline(encoded.envelope), *parts) for value in part.column(0).to_pylist()]
    assert rows == list(range(total))


def test_wide_rows_are_cut_by_their_size() -> None:
    table = pa.table({"T": ["x" * 1_000_000] * 20})
    encoded = encode(Result("q", "SELECT", (Column("T", text()),), table), PLACE, as_arrow=True)
    first = inline(encoded.envelope)
    assert 1 <= first.num_rows <= INLINE_BYTES // 1_000_000
    assert first.num_rows + sum(chunk.rows for chunk in encoded.chunks) == 20


def test_an_empty_result_has_its_columns() -> None:
    data = encode(numbers(0), PLACE, as_arrow=True).envelope["data"]
    assert (data["total"], data["rowsetBase64"], data["rowtype"][0]["name"]) == (0, "", "N")


def test_json_chunks_are_rows_without_brackets() -> None:
    encoded = encode(numbers(INLINE_ROWS + 2), PLACE, as_arrow=False)
    assert len(encoded.envelope["data"]["rowset"]) == INLINE_ROWS
    (body,) = encoded.bodies
    assert json.loads(b"[" + body + b"]") == [[str(INLINE_ROWS)], [str(INLINE_ROWS + 1)]]


@pytest.mark.parametrize(
    ("kind", "number_"), [("SELECT", 0x1000), ("INSERT", 0x3100), ("CREATE_TABLE", 0x6000), ("SHOW", 0x4200)]
)
def test_kinds_have_the_protocols_numbers(kind: str, number_: int) -> None:
    assert statement_type(kind) == number_
