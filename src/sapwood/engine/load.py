"""One file of a stage to an Arrow table of a table's columns, with its faults counted and the first one told in full."""

from __future__ import annotations

import hashlib
import lzma
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.dialect.types import SnowType
from sapwood.engine.compression import KINDS, TooLargeError, decompress
from sapwood.engine.conversion import Converter, Mismatch, converter, not_null
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault, Record, field_place, read_records
from sapwood.engine.location import StageFile
from sapwood.engine.metadata import TableInfo
from sapwood.errors import CancelledError, CopyError, UnknownFileError, UnsupportedError

BLOCK_ROWS = 20_000
"""Rows that are turned into Arrow at once."""
MOST_BYTES = 2**31
"""Bytes that a file may have, unpacked: it is held in memory beside its rows."""
LOOK_ROWS = 1000
"""Rows between two looks at whether the statement was cancelled."""


@dataclass(frozen=True)
class Loaded:
    """What became of a file. `report` is the first fault's text with its place, `fault_column` its column as COPY shows it."""

    rows: pa.Table
    parsed: int
    errors: int
    md5: str
    fault: Fault | None = None
    fault_column: str | None = None
    report: str = ""

    @property
    def status(self) -> str:
        """LOADED, PARTIALLY_LOADED or LOAD_FAILED."""
        if not self.errors:
            return "LOADED"
        return "PARTIALLY_LOADED" if self.rows.num_rows else "LOAD_FAILED"

    def without_rows(self) -> Loaded:
        """The same, with the file skipped."""
        return replace(self, rows=self.rows.slice(0, 0))


def load_file(
    file: StageFile,
    columns: Sequence[Column],
    *,
    form: CsvFormat,
    table: TableInfo,
    truncates: bool,
    stops_at_fault: bool,
    is_cancelled: Callable[[], bool],
) -> Loaded:
    """Read a file. A file that can't be read at all raises; a record that can't is a fault."""
    data = _bytes_of(file)
    content = text_of(_decompressed(data, file, form.compression), file, form)
    loading = _Loading(content, columns, form=form, truncates=truncates)
    loading.read(stops_at_fault=stops_at_fault, is_cancelled=is_cancelled)
    fault = loading.first_fault
    rows, errors = loading.rows(), loading.errors
    loaded = Loaded(rows, loading.parsed, errors, hashlib.md5(data, usedforsecurity=False).hexdigest(), fault)
    if fault is None:
        return loaded
    column = _shown_column(table, columns, fault)
    place = f"File '{file.label}', line {fault.line}, character {fault.character}\n  Row {fault.row}, column {column}"
    return replace(loaded, fault_column=column, report=f"{fault.message}\n  {place}")


def _bytes_of(file: StageFile) -> bytes:
    try:
        if file.size > MOST_BYTES:
            raise _too_large(file)
        return file.path.read_bytes()
    except OSError as error:
        raise UnknownFileError(f"The file '{file.label}' can't be read ({error.strerror})") from None


def _shown_column(table: TableInfo, columns: Sequence[Column], fault: Fault) -> str:
    index = min(fault.field, len(columns))
    return f'"{table.name.name}"["{columns[index - 1].name}":{index}]'


# Bytes to text --------------------------------------------------------------------------------------------------------


def content_of(file: StageFile, compression: str) -> bytes:
    """A file's bytes, decompressed."""
    return _decompressed(_bytes_of(file), file, compression)


def _decompressed(data: bytes, file: StageFile, kind: str) -> bytes:
    if kind == "AUTO":
        suffix = file.path.suffix.lower()
        kind = _BY_SUFFIX.get(suffix) or ("GZIP" if data[:2] == b"\x1f\x8b" else "NONE")
    if kind == "NONE":
        return data
    if kind not in KINDS:
        raise UnsupportedError(f"COMPRESSION = {kind} is not supported", hint="Use GZIP, BZ2, ZSTD or NONE.")
    try:
        return decompress(kind, data, limit=MOST_BYTES)
    except TooLargeError:
        raise _too_large(file) from None
    except EOFError:
        raise CopyError(
            f"The file '{file.label}' is cut off: its compressed data ends too early",
            errno=100079,
            hint="Get the whole file, put it in this one's place and run COPY again.",
        ) from None
    except (OSError, ValueError, zlib.error, lzma.LZMAError):
        raise CopyError(
            f"The file '{file.label}' can't be decompressed as {kind}",
            errno=100079,
            hint="Set COMPRESSION to what the file is.",
        ) from None


def _too_large(file: StageFile) -> CopyError:
    return CopyError(
        f"The file '{file.label}' has more than {MOST_BYTES:,} bytes once it is unpacked",
        errno=100079,
        hint="Split it: the vendor recommends files of 100 to 250 MB, compressed.",
    )


_BY_SUFFIX = {
    ".gz": "GZIP",
    ".gzip": "GZIP",
    ".bz2": "BZ2",
    ".zst": "ZSTD",
    ".deflate": "DEFLATE",
    ".raw_deflate": "RAW_DEFLATE",
    ".br": "BROTLI",
}


def text_of(data: bytes, file: StageFile, form: CsvFormat) -> str:
    """The text; bytes that are no UTF-8 are kept as lone surrogates, so that the record that has them can be told."""
    if form.replace_invalid_characters:
        content = data.decode(form.encoding, "replace")
    elif form.encoding == "utf-8":
        content = data.decode("utf-8", "surrogateescape")
    else:
        try:
            content = data.decode(form.encoding)
        except UnicodeError:
            raise CopyError(f"The file '{file.label}' is not in the encoding {form.encoding}", errno=100144) from None
    return content.removeprefix("\ufeff") if form.skip_byte_order_mark else content


# Records to columns ---------------------------------------------------------------------------------------------------


class _Loading:
    """The rows of one file on their way to Arrow."""

    def __init__(self, content: str, columns: Sequence[Column], *, form: CsvFormat, truncates: bool) -> None:
        self._content = content
        self._columns = columns
        self._form = form
        self._is_dirty = _DIRTY.search(content) is not None
        self._converters: list[Converter | None] = [converter(column, form, truncates=truncates) for column in columns]
        self._must = [not column.nullable for column in columns]
        self._block: list[list[Any]] = []
        self._tables: list[pa.Table] = []
        self.parsed = 0
        self.errors = 0
        self.first_fault: Fault | None = None

    def read(self, *, stops_at_fault: bool, is_cancelled: Callable[[], bool]) -> None:
        for record in read_records(self._content, self._form):
            self.parsed += 1
            if self.parsed % LOOK_ROWS == 0 and is_cancelled():
                raise CancelledError("SQL execution canceled")
            fault = record if isinstance(record, Fault) else self._take(record)
            if fault is not None:
                self.errors += 1
                self.first_fault = self.first_fault or fault
                if stops_at_fault:
                    return

    def rows(self) -> pa.Table:
        """All good rows."""
        self._flush()
        schema = pa.schema(
            [pa.field(f"c{index}", loading_type(column.type)) for index, column in enumerate(self._columns)]
        )
        return pa.concat_tables([schema.empty_table(), *self._tables])

    def _take(self, record: Record) -> Fault | None:
        """Put a record's values into the block; its fault if it has one."""
        fields, width = record.fields, len(self._columns)
        if len(fields) != width:
            if self._form.error_on_column_count_mismatch:
                return self._count_fault(record)
            fields = fields[:width] + [None] * (width - len(fields))
        if (
            self._is_dirty
            and (dirty := next((index for index, field in enumerate(fields) if field and _DIRTY.search(field)), None))
            is not None
        ):
            return self._fault(record, dirty, _bad_utf8(fields[dirty] or ""))
        values: list[Any] = []
        for index, (field, convert) in enumerate(zip(fields, self._converters, strict=True)):
            try:
                if field is None and self._must[index]:
                    raise not_null(self._columns[index])
                values.append(field if field is None or convert is None else convert(field))
            except Mismatch as mismatch:
                return self._fault(record, index, mismatch)
        self._block.append(values)
        if len(self._block) >= BLOCK_ROWS:
            self._flush()
        return None

    def _count_fault(self, record: Record) -> Fault:
        given, width = len(record.fields), len(self._columns)
        message = (
            f"Number of columns in file ({given}) does not match that of the corresponding table ({width}), use file format option "
            "error_on_column_count_mismatch=false to ignore this error"
        )
        field = min(given, width) + (given > width)
        line, character = field_place(self._content, self._form, record, field=field)
        return Fault(message, 100080, line, character, record.number, field)

    def _fault(self, record: Record, index: int, mismatch: Mismatch) -> Fault:
        line, character = field_place(self._content, self._form, record, field=index + 1)
        return Fault(mismatch.message, mismatch.errno, line, character, record.number, index + 1, mismatch.sqlstate)

    def _flush(self) -> None:
        if self._block:
            arrays = [
                pa.array(values, loading_type(column.type))
                for values, column in zip(zip(*self._block, strict=True), self._columns, strict=True)
            ]
            self._tables.append(pa.table(arrays, names=[f"c{index}" for index in range(len(arrays))]))
            self._block = []


def loading_type(kind: SnowType) -> pa.DataType:
    """The Arrow type of values on their way into a table."""
    if kind.name == "FIXED":
        return pa.decimal128(kind.precision or 38, kind.scale or 0)
    return _LOADING[kind.name]


_LOADING: dict[str, pa.DataType] = {
    "TEXT": pa.string(),
    "REAL": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP_NTZ": pa.timestamp("us"),
    "TIMESTAMP_LTZ": pa.timestamp("us", tz="UTC"),
    "TIMESTAMP_TZ": pa.timestamp("us", tz="UTC"),
    "BINARY": pa.binary(),
    "VARIANT": pa.string(),
    "OBJECT": pa.string(),
    "ARRAY": pa.string(),
}
_DIRTY = re.compile("[\udc80-\udcff]")


def _bad_utf8(field: str) -> Mismatch:
    shown = "".join(f"0x{ord(letter) - 0xDC00:02X}" if _DIRTY.match(letter) else letter for letter in field)
    return Mismatch(f"Invalid UTF8 detected in string '{shown}'", errno=100144, sqlstate="22000")
