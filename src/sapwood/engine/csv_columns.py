"""Blocks of CSV records to columns of a table's types, with a fault for each record that does not fit.

Plain blocks go through Arrow's reader, which is quick; where that one refuses something, or might take it for something
else, the exact reader and the converters decide record by record. Both give the same, and a test holds them together.
Knows no files and no ON_ERROR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from sapwood.dialect.statements import Column
from sapwood.dialect.types import MAX_TEXT, SnowType
from sapwood.engine.arrow import arrow_type
from sapwood.engine.conversion import BOOLEANS, Converter, Mismatch, converter, not_null
from sapwood.engine.csv_blocks import PIECE, UNUSED, Block, PlainText
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault, Record, RecordReader, fault_in


@dataclass(frozen=True)
class Chunk:
    """Some of a file's records: the good ones as rows, how many there were, and a fault for each other one.

    Rows of faults count from the chunk's first record; its offsets are bytes of the plain file.
    """

    rows: pa.Table
    parsed: int
    faults: tuple[Fault, ...] = ()


class CsvColumns:
    """The reader of one file's blocks. `order` has the file's field of each column, None for a column without one.

    `width` is how many fields the file's records have; without an order they are the columns.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        form: CsvFormat,
        *,
        truncates: bool,
        order: Sequence[int | None] | None = None,
        width: int | None = None,
    ) -> None:
        self._columns = columns
        self._form = form
        self._order = range(len(columns)) if order is None else order
        self._width = len(columns) if width is None else width
        self._plain = PlainText(form)
        self._converters = [converter(column, form, truncates=truncates) for column in columns]
        self._schema = pa.schema([(f"c{place}", loading_type(column.type)) for place, column in enumerate(columns)])
        by_field = {field: column.type for field, column in zip(self._order, columns, strict=True)}
        self._types = [_plain_type(by_field.get(field), form) for field in range(self._width)]

    def chunks(self, block: Block) -> Iterator[Chunk]:
        """The rows of a block. A part that Arrow can't take is as small as can be."""
        if block.records is not None:
            yield self._exact(block, block.records)
            return
        whole = self._quick(block.data)
        if whole is not None:
            yield whole
            return
        for piece in _pieces(block, self._plain):
            yield self._quick(piece.data) or self._exact(piece, exact_reader(piece, self._form))

    # By Arrow's reader -----------------------------------------------------------------------------------------------

    def _quick(self, data: bytes) -> Chunk | None:
        """The rows of plain records, None if any of them is not what its columns want."""
        fields = self._fields(data)
        if fields is None:
            return None
        try:
            arrays = [self._column(place, fields, data) for place in range(len(self._columns))]
        except Mismatch:
            return None
        return Chunk(pa.table(arrays, schema=self._schema), fields.num_rows)

    def _fields(self, data: bytes) -> pa.Table | None:
        """Arrow's own table; a column that has a value it can't convert is read as text, in this file's other blocks too."""
        while True:
            try:
                return _without_blank_lines(read_plain(data, self._form, self._types), data, self._form)
            except pa.ArrowInvalid as error:
                failed = _FAILED_COLUMN.search(str(error))
                if failed is None or pa.types.is_string(self._types[int(failed[1])]):
                    return None
                self._types[int(failed[1])] = pa.string()

    def _column(self, place: int, fields: pa.Table, data: bytes) -> pa.Array:
        """A column's values as the table takes them; Mismatch if one does not fit."""
        column, field, wanted = self._columns[place], self._order[place], self._schema.field(place).type
        values = pa.nulls(fields.num_rows, wanted) if field is None else fields.column(field).combine_chunks()
        if field is not None and pa.types.is_string(values.type):
            values = without_enclosed_nulls(values, data, self._form)
            if column.type.name != "TEXT" or _is_longer(values, column.type.length or MAX_TEXT):
                values = _converted(values, self._converters[place], wanted)
        if not column.nullable and values.null_count:
            raise not_null(column)
        return values.cast(wanted)

    # By the exact reader ---------------------------------------------------------------------------------------------

    def _exact(self, block: Block, records: Iterable[Record | Fault]) -> Chunk:
        text, rows, faults, parsed = block.text, list[list[Any]](), list[Fault](), 0
        for record in records:
            parsed += 1
            taken = record if isinstance(record, Fault) else self._taken(text, record, block.before)
            if isinstance(taken, Fault):
                offset = block.offset + len(text[: taken.offset].encode("utf-8", "surrogateescape"))
                faults.append(replace(taken, offset=offset))
            else:
                rows.append(taken)
        return Chunk(self._table(rows), parsed, tuple(faults))

    def _table(self, rows: Sequence[Sequence[Any]]) -> pa.Table:
        by_column = zip(*rows, strict=True) if rows else [()] * len(self._columns)
        arrays = [pa.array(values, kind) for values, kind in zip(by_column, self._schema.types, strict=True)]
        return pa.table(arrays, schema=self._schema)

    def _taken(self, text: str, record: Record, before: int) -> list[Any] | Fault:
        """A record's values, or what is wrong with it."""
        fields = record.fields
        if self._form.error_on_column_count_mismatch and len(fields) != self._width:
            return self._miscounted(text, record, before)
        values: list[Any] = []
        for column, place, convert in zip(self._columns, self._order, self._converters, strict=True):
            field = None if place is None or place >= len(fields) else fields[place]
            try:
                if field is not None and _DIRTY.search(field):
                    raise _bad_utf8(field)
                if field is None and not column.nullable:
                    raise not_null(column)
                values.append(field if field is None or convert is None else convert(field))
            except Mismatch as mismatch:
                error = (mismatch.message, mismatch.errno, mismatch.sqlstate)
                return fault_in(text, self._form, record, field=(place or 0) + 1, error=error, before=before)
        return values

    def _miscounted(self, text: str, record: Record, before: int) -> Fault:
        given, width = len(record.fields), self._width
        message = (
            f"Number of columns in file ({given}) does not match that of the corresponding table ({width}), use file format option "
            "error_on_column_count_mismatch=false to ignore this error"
        )
        field = min(given, width) + (given > width)
        return fault_in(text, self._form, record, field=field, error=(message, 100080, "22000"), before=before)


def exact_reader(block: Block, form: CsvFormat) -> RecordReader:
    """The exact reader over a block."""
    return RecordReader(block.text, form, line=block.line, before=block.before)


def plain_texts(data: bytes, form: CsvFormat, *, width: int) -> pa.Table | None:
    """The fields of plain records as texts; None if a record has more or fewer of them."""
    try:
        fields = _without_blank_lines(read_plain(data, form, [pa.string()] * width), data, form)
    except pa.ArrowInvalid:
        return None
    if fields is None:
        return None
    columns = [without_enclosed_nulls(column.combine_chunks(), data, form) for column in fields.columns]
    return pa.table(columns, names=fields.column_names)


def without_enclosed_nulls(values: pa.Array, data: bytes, form: CsvFormat) -> pa.Array:
    """NULL_IF counts for enclosed values too; Arrow has only seen to the others."""
    quote = form.enclosure
    if not quote or not any(f"{quote}{null}{quote}".encode() in data for null in form.null_if):
        return values
    is_null = pc.call_function("is_in", [values], pc.SetLookupOptions(pa.array(form.null_if, pa.string())))
    return pc.call_function("if_else", [is_null, pa.scalar(None, pa.string()), values])


def read_plain(data: bytes, form: CsvFormat, types: Sequence[pa.DataType]) -> pa.Table:
    """Plain records by Arrow's reader; ArrowInvalid if one has another number of fields or a value is not of its type."""
    names = [f"c{place}" for place in range(len(types))]
    return pv.read_csv(
        pa.py_buffer(data),
        read_options=pv.ReadOptions(column_names=names, block_size=len(data) + 1, use_threads=False),
        parse_options=pv.ParseOptions(
            delimiter=form.field_delimiter or UNUSED,
            quote_char=form.enclosure or False,
            ignore_empty_lines=form.skip_blank_lines,
        ),
        convert_options=pv.ConvertOptions(
            column_types=dict(zip(names, types, strict=True)),
            null_values=[*form.null_if, *([""] if form.empty_field_as_null else [])],
            true_values=[word for word, value in BOOLEANS.items() if value],
            false_values=[word for word, value in BOOLEANS.items() if not value],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def loading_type(kind: SnowType) -> pa.DataType:
    """The Arrow type of values on their way into a table."""
    if kind.name == "FIXED":
        return pa.decimal128(kind.precision or 38, kind.scale or 0)
    return arrow_type(kind)


_FAILED_COLUMN = re.compile(r"In CSV column #(\d+)")
_DIRTY = re.compile("[\udc80-\udcff]")


def _plain_type(kind: SnowType | None, form: CsvFormat) -> pa.DataType:
    """The type that Arrow's reader may convert to by itself, because it does it as the converters do."""
    formats = {"DATE": form.date_format, "TIME": form.time_format, "TIMESTAMP_NTZ": form.timestamp_format}
    if kind is not None and (kind.name in ("FIXED", "REAL", "BOOLEAN") or formats.get(kind.name, "").upper() == "AUTO"):
        return loading_type(kind)
    return pa.string()


def _without_blank_lines(fields: pa.Table, data: bytes, form: CsvFormat) -> pa.Table | None:
    """None if a row of NULLs may be a blank line, which is a fault where there is more than one column."""
    if form.skip_blank_lines or fields.num_columns < 2 or not _BLANK_LINE.search(data):
        return fields
    is_blank = fields.column(0).is_null()
    for column in fields.columns[1:]:
        is_blank = pc.call_function("and", [is_blank, column.is_null()])
    return None if pc.call_function("any", [is_blank]).as_py() else fields


_BLANK_LINE = re.compile(rb"\A\r?\n|\n\r?\n")


def _is_longer(values: pa.Array, length: int) -> bool:
    """Whether a text has more characters. Bytes are quicker to count, and never fewer."""
    return _most(values, "binary_length") > length and _most(values, "utf8_length") > length


def _most(values: pa.Array, count: str) -> int:
    return pc.call_function("max", [pc.call_function(count, [values])]).as_py() or 0


def _converted(values: pa.Array, convert: Converter | None, wanted: pa.DataType) -> pa.Array:
    """Texts by a column's converter, each distinct one once."""
    if convert is None:
        return values
    coded = values.dictionary_encode()
    made = pa.array([convert(value) for value in coded.dictionary.to_pylist()], wanted)
    return made.take(coded.indices)


def _pieces(block: Block, plain: PlainText) -> Iterator[Block]:
    """A plain block in plain pieces."""
    start, line = 0, block.line
    while start < len(block.data):
        size = PIECE
        while size < len(block.data) - start and not plain.end(block.data[start : start + size], is_last=False):
            size *= 2
        piece = block.data[start : start + size]
        data = piece if start + size >= len(block.data) else piece[: plain.end(piece, is_last=False)]
        yield Block(data, line, block.offset + start)
        start, line = start + len(data), line + data.count(b"\n")


def _bad_utf8(field: str) -> Mismatch:
    shown = "".join(f"0x{ord(letter) - 0xDC00:02X}" if _DIRTY.match(letter) else letter for letter in field)
    return Mismatch(f"Invalid UTF8 detected in string '{shown}'", errno=100144, sqlstate="22000")
