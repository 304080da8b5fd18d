"""The quick reader and the exact one give the same, wherever a file is cut into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapwood.dialect.statements import Column
from sapwood.dialect.types import BOOLEAN, DATE, REAL, TIME, TIMESTAMP_NTZ, number, text
from sapwood.engine.csv_blocks import CsvBlocks, PlainText
from sapwood.engine.csv_columns import Chunk, CsvColumns
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault, Record, RecordReader

QUOTED = CsvFormat(enclosure='"')
FORMATS = st.sampled_from(
    [
        CsvFormat(),
        QUOTED,
        CsvFormat(enclosure="'", escape="\\"),
        CsvFormat(enclosure='"', trim_space=True),
        CsvFormat(enclosure='"', empty_field_as_null=False, null_if=("", "NULL")),
        CsvFormat(enclosure='"', skip_blank_lines=True, error_on_column_count_mismatch=False),
        CsvFormat(enclosure='"', multi_line=False, escape_unenclosed=None),
        CsvFormat(field_delimiter=None, skip_byte_order_mark=False),
        CsvFormat(record_delimiter=";", is_any_newline=False, enclosure='"'),
    ]
)
MARKS = ("a", ",", "\n", "\r\n", "\r", '"', '""', "'", "\\", "\\N", "NULL", " ", ";", "é", "\ufeff")
VALUES = ("1.5", "0x1F", "-7", "1e2", "true", "2024-02-29", "2024-02-29 10:11:12", "10:11", "1" * 40)
PIECES = st.sampled_from([*MARKS, *VALUES])
TEXTS = st.lists(PIECES, max_size=40).map("".join)
COLUMNS = st.lists(
    st.sampled_from(
        [text(), text(2), number(38, 0), number(5, 2), REAL, BOOLEAN, DATE, TIME, TIMESTAMP_NTZ],
    ),
    min_size=1,
    max_size=3,
).map(lambda types: tuple(Column(f"C{place}", kind, nullable=place != 1) for place, kind in enumerate(types)))


def cut(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


def chunks_of(blocks: CsvBlocks, reader: CsvColumns) -> list[Chunk]:
    return [chunk for block in blocks for chunk in reader.chunks(block)]


def told(chunks: Sequence[Chunk]) -> tuple[list[dict[str, Any]], int, list[Fault]]:
    """Rows, how many records there were, and faults with their rows counted through."""
    rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
    faults: list[Fault] = []
    parsed = 0
    for chunk in chunks:
        faults += [replace(fault, row=fault.row + parsed) for fault in chunk.faults]
        parsed += chunk.parsed
    return rows, parsed, faults


@settings(deadline=None)
@given(content=TEXTS, form=FORMATS, columns=COLUMNS, size=st.integers(1, 60))
def test_the_quick_reader_gives_what_the_exact_one_does(
    content: str, form: CsvFormat, columns: tuple[Column, ...], size: int
) -> None:
    data = content.encode()
    quick = chunks_of(CsvBlocks(cut(data, size), form), CsvColumns(columns, form, truncates=False))
    exact = CsvColumns(columns, form, truncates=False)
    exact._quick = lambda data: None  # type: ignore[method-assign]
    assert told(quick) == told(chunks_of(CsvBlocks([data], form), exact))


@settings(deadline=None)
@given(content=TEXTS, form=FORMATS, size=st.integers(1, 60))
def test_blocks_have_the_whole_file_and_end_where_records_do(content: str, form: CsvFormat, size: int) -> None:
    content = content.removeprefix("\ufeff") if form.skip_byte_order_mark else content
    data = content.encode()
    blocks = list(CsvBlocks(cut(data, size), replace(form, skip_byte_order_mark=False)))
    assert b"".join(block.data for block in blocks) == data
    whole = [each.fields if isinstance(each, Record) else each.message for each in RecordReader(content, form)]
    found = [
        each.fields if isinstance(each, Record) else each.message
        for block in blocks
        for each in (RecordReader(block.text, form) if block.records is None else block.records)
    ]
    assert found == whole
    for block in blocks:
        assert block.line == 1 + data[: block.offset].count(b"\n")


@pytest.mark.parametrize(
    ("content", "end"),
    [
        (b"a,b\nc,d\ne", 8),
        (b'a,"b\nc"\nd', 8),
        (b'a,"b\nc', 0),
        (b'a,"b""c"\n', 9),
        (b'a,"b"c\n', None),
        (b'a,b"c\n', None),
        (b'"",x\n', 5),
        (b'""x\n', None),
        (b"a\rb\n", None),
        (b"a\r\nb\r", 3),
        (b"a\\,b\n", None),
        (b"\\N,\\N\n", 6),
        (b"a\\N,b\n", None),
        (b'"a\\",b\n', 7),
    ],
)
def test_what_is_plain(content: bytes, end: int | None) -> None:
    assert PlainText(QUOTED).end(content, is_last=False) == end


def test_only_the_surroundings_of_a_bad_record_are_read_exactly() -> None:
    lines = [f"{number},text {number}\n" for number in range(60_000)]
    lines[30_000] = 'x,"text" of another kind\n'
    blocks = list(CsvBlocks(cut("".join(lines).encode(), 4 << 20), QUOTED))
    exact = [block for block in blocks if block.records is not None]
    assert len(exact) == 1
    assert len(exact[0].records or ()) < 20_000
    assert sum(isinstance(record, Fault) for record in exact[0].records or ()) == 1
