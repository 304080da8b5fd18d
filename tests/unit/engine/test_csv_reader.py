from __future__ import annotations

import csv
import io
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault, Record, RecordReader, field_start

PLAIN = CsvFormat(enclosure='"', escape_unenclosed=None, null_if=(), empty_field_as_null=False)
FIELDS = st.text(alphabet='ab ,"\n\r;é\\', max_size=6)
TABLES = st.lists(st.lists(FIELDS, min_size=2, max_size=4), max_size=6)


@given(
    rows=TABLES, style=st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)])
)
def test_what_pythons_csv_writes_is_read_back(rows: list[list[str]], style: tuple[str, Literal[0, 1]]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=style[0], quoting=style[1])
    writer.writerows(rows)
    found = list(RecordReader(stream.getvalue(), PLAIN))
    assert [record.fields for record in found if isinstance(record, Record)] == rows


@given(text=st.text(alphabet='ab,"\n', max_size=40))
def test_any_text_is_read_to_its_end_and_faults_have_places(text: str) -> None:
    for found in RecordReader(text, PLAIN):
        line = found.line
        assert 1 <= line <= text.count("\n") + 1
        if isinstance(found, Fault):
            assert found.character >= 1
        else:
            assert text.count("\n", 0, field_start(text, PLAIN, found, field=1)) == line - 1


def test_lines_and_characters_of_fields_behind_a_field_of_two_lines() -> None:
    text = 'a,"b\nc",d\ne,f,g\n'
    first, second = (record for record in RecordReader(text, PLAIN) if isinstance(record, Record))
    assert (first.line, second.line) == (1, 3)
    assert text[field_start(text, PLAIN, first, field=3) :].startswith("d\n")
    assert text[field_start(text, PLAIN, second, field=2) :].startswith("f,g")


def test_a_fault_does_not_swallow_the_next_line() -> None:
    found = list(RecordReader('a,"b"x\nc,d\n', PLAIN))
    assert isinstance(found[0], Fault)
    assert (found[0].line, found[0].character, found[0].field) == (1, 6, 2)
    assert [record.fields for record in found[1:] if isinstance(record, Record)] == [["c", "d"]]
