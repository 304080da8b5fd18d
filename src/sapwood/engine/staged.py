"""Files of a stage as tables: what SELECT ... FROM @stage and a COPY with a transformation read.

A CSV file has the columns $1, $2, ... of text; a JSON or Parquet file has $1, one document a record. Beside them stand
the file's name, the record's number and the file's times. Source:
https://docs.snowflake.com/en/user-guide/querying-metadata
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sapwood.dialect.stagepath import stage_path
from sapwood.dialect.statements import Column, Name, Relation, StagedFiles
from sapwood.dialect.types import TIMESTAMP_LTZ, TIMESTAMP_NTZ, VARIANT, number, text
from sapwood.engine.csv_blocks import Block, CsvBlocks
from sapwood.engine.csv_columns import exact_reader, plain_texts
from sapwood.engine.csv_format import CsvFormat, merged
from sapwood.engine.csv_reader import Fault, Record
from sapwood.engine.document_format import DocumentFormat, FileForm, file_form
from sapwood.engine.failure import translated
from sapwood.engine.file_bytes import FileBytes, wrong_encoding
from sapwood.engine.json_reader import Document, JsonReader
from sapwood.engine.location import Location, StageFile, check_is_there, files, locate
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import CopyError, ParseError, UnknownFileError, UnsupportedError

PLACE_COLUMNS = (
    Column("METADATA$FILENAME", text()),
    Column("METADATA$FILE_ROW_NUMBER", number(38, 0)),
    Column("METADATA$FILE_LAST_MODIFIED", TIMESTAMP_NTZ),
    Column("METADATA$START_SCAN_TIME", TIMESTAMP_LTZ),
)
"""What is known of each record's place."""
DOCUMENTS = 10_000
"""Documents that are handed on at once."""


def staged_files(work: Work, wanted: StagedFiles) -> Relation:
    """A relation over the files of a place; an empty one of the same shape if COPY reads them later."""
    location = locate(work, wanted.place)
    form = file_form(options_of(work, location, wanted.format_name, wanted.format_options))
    if isinstance(form, CsvFormat) and form.parses_header:
        raise UnsupportedError("PARSE_HEADER = TRUE is not supported in a query", hint="Use SKIP_HEADER = 1.")
    rows = empty_records(wanted.width if isinstance(form, CsvFormat) else 1)
    if not wanted.is_deferred:
        check_is_there(location)
        rows = _all_records(work, files(location, pattern=wanted.pattern), form, rows)
    return work.snapshots.relation(Name("", "", location.label), columns_of(form, rows), rows)


def staged_documents(work: Work, written: str) -> pa.ChunkedArray:
    """The documents of the JSON files at a stage path, such as @rows/train.jsonl, as JSON texts; for commands.

    Raises ParseError for what is no path, UnknownFileError if no file is there, CopyError for what is no JSON.
    """
    text = written.strip()
    place, end = stage_path(text, work.state)
    if text[end:]:
        raise ParseError(f"SQL compilation error:\nunexpected '{text[end:]}' behind a stage path.")
    location = locate(work, place)
    check_is_there(location)
    found = files(location)
    if not found:
        raise UnknownFileError(f"Remote file '{text}' was not found", hint=f"LIST {text} shows what is there.")
    return _all_records(work, found, file_form({"TYPE": "JSON"}), empty_records(1)).column("$1")


def _all_records(work: Work, found: Sequence[StageFile], form: FileForm, empty: pa.Table) -> pa.Table:
    """The records of files, in order. CSV files have as many columns as the widest record, or more."""
    tables = [empty]
    for file in found:
        for records in source_of_records(work.cursor, file, form, width=width_of(empty), is_fixed=False).records():
            for fault in records.faults:
                raise fault_error(file, fault)
            tables.append(records.table)
    widest = max(width_of(table) for table in tables)
    return pa.concat_tables([_of_width(table, widest) for table in tables])


def fault_error(file: StageFile, fault: Fault) -> CopyError:
    """The error of a query that meets a fault."""
    return CopyError(
        f"{fault.message}\n  File '{file.label}', line {fault.line}, character {fault.character}",
        errno=fault.errno,
        sqlstate=fault.sqlstate,
    )


def columns_of(form: FileForm, rows: pa.Table) -> tuple[Column, ...]:
    """The columns of read files."""
    kind = VARIANT if isinstance(form, DocumentFormat) else text()
    return (*(Column(name, kind) for name in rows.column_names if name.startswith("$")), *PLACE_COLUMNS)


def options_of(
    work: Work, location: Location, format_name: Name | None, format_options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """A file format's options: the stage's named format, its own options, a named format, options; the later goes before."""
    return merged(
        _named_options(work, location.format_name) if location.format_name else {},
        location.format_options or {},
        _named_options(work, format_name) if format_name else {},
        format_options,
    )


def _named_options(work: Work, name: Name) -> Mapping[str, Any]:
    found = work.file_format(name)
    if found is None:
        raise unknown_object("File format", name, sqlstate="02000")
    return found.options


# Records --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Records:
    """Some of a file's records as a table of $1, $2, ... and the columns of PLACE_COLUMNS, with faults for the others.

    Rows of faults count from the first record of these. `fault_at` makes the fault of a row of the table from a message,
    a number and a SQLSTATE.
    """

    table: pa.Table
    parsed: int
    faults: tuple[Fault, ...]
    fault_at: Callable[[int, tuple[str, int, str]], Fault]


class RecordSource(Protocol):
    """One pass over a file's records. `md5` is the file's digest, known once all were taken."""

    @property
    def md5(self) -> str: ...

    def records(self) -> Iterator[Records]: ...


def source_of_records(
    cursor: duckdb.DuckDBPyConnection, file: StageFile, form: FileForm, *, width: int, is_fixed: bool = True
) -> RecordSource:
    """How a file's records are read; those of CSV have `width` columns, or as many as there are if that is not fixed."""
    if isinstance(form, CsvFormat):
        return CsvRecords(file, form, width=width, is_fixed=is_fixed)
    return JsonRecords(file, form) if form.kind == "JSON" else ParquetRecords(cursor, file, form)


def empty_records(width: int) -> pa.Table:
    """No records of so many columns."""
    places = [("METADATA$FILENAME", pa.string()), ("METADATA$FILE_ROW_NUMBER", pa.int64()), *_TIMES]
    return pa.schema([*((f"${place}", pa.string()) for place in range(1, width + 1)), *places]).empty_table()


_TIMES = (
    ("METADATA$FILE_LAST_MODIFIED", pa.timestamp("us")),
    ("METADATA$START_SCAN_TIME", pa.timestamp("us", tz="UTC")),
)


def width_of(table: pa.Table) -> int:
    """How many columns a table of records has beside those of PLACE_COLUMNS."""
    return table.num_columns - len(PLACE_COLUMNS)


def _placed(
    columns: Sequence[pa.Array], file: StageFile, before: int, numbers: Sequence[int] | None = None
) -> pa.Table:
    """Columns of records with what is known of their place; `numbers` count from 1 behind the `before` first ones."""
    count = len(columns[0])
    given = range(1, count + 1) if numbers is None else numbers
    moments = (datetime.fromtimestamp(file.modified_on, UTC).replace(tzinfo=None), datetime.now(UTC))
    places = [
        pa.repeat(file.path, count),
        pa.array((before + number for number in given), pa.int64()),
        *(pa.repeat(pa.scalar(moment, kind), count) for moment, (_, kind) in zip(moments, _TIMES, strict=True)),
    ]
    return pa.table([*columns, *places], names=empty_records(len(columns)).column_names)


def _of_width(table: pa.Table, width: int) -> pa.Table:
    """A table with so many columns of fields; new ones are NULL."""
    own = width_of(table)
    fields = [*table.columns[: min(own, width)], *[pa.nulls(table.num_rows, pa.string())] * (width - own)]
    return pa.table([*fields, *table.columns[own:]], names=empty_records(width).column_names)


# CSV ------------------------------------------------------------------------------------------------------------------


class CsvRecords:
    """A pass over a CSV file, all of whose fields are texts."""

    def __init__(self, file: StageFile, form: CsvFormat, *, width: int, is_fixed: bool) -> None:
        self._file = file
        self._form = form
        self._width = width
        self._is_fixed = is_fixed
        self._bytes = FileBytes(file, form.compression)
        self._fields = 0
        self.header: tuple[str, ...] = ()

    @property
    def md5(self) -> str:
        return self._bytes.md5

    def records(self) -> Iterator[Records]:
        blocks, before = CsvBlocks(self._bytes, self._form), 0
        self.header = blocks.header
        try:
            for block in blocks:
                records = self._quick(block, before) or self._exact(block, before)
                yield records
                before += records.parsed
        except UnicodeError:
            raise wrong_encoding(self._file, self._form.encoding) from None

    def _quick(self, block: Block, before: int) -> Records | None:
        if block.records is not None:
            return None
        self._fields = self._fields or _first_width(block, self._form)
        fields = plain_texts(block.data, self._form, width=self._fields)
        if fields is None:
            return None
        return self._made([column.combine_chunks() for column in fields.columns], block, before, fields.num_rows)

    def _exact(self, block: Block, before: int) -> Records:
        given = block.records if block.records is not None else exact_reader(block, self._form)
        found = list(given)
        records = [record for record in found if isinstance(record, Record)]
        faults = tuple(fault for fault in found if isinstance(fault, Fault))
        widest = max((len(record.fields) for record in records), default=1)
        columns = [
            pa.array((record.fields[place] if place < len(record.fields) else None for record in records), pa.string())
            for place in range(widest)
        ]
        return self._made(columns, block, before, len(found), faults, [record.number for record in records])

    def _made(
        self,
        columns: Sequence[pa.Array],
        block: Block,
        before: int,
        parsed: int,
        faults: tuple[Fault, ...] = (),
        numbers: Sequence[int] | None = None,
    ) -> Records:
        table = _placed(columns, self._file, before, numbers)
        width = self._width if self._is_fixed else max(self._width, len(columns))
        return Records(_of_width(table, width), parsed, faults, _fault_in_block(block, self._form))


def _first_width(block: Block, form: CsvFormat) -> int:
    for record in exact_reader(block, form):
        return len(record.fields) if isinstance(record, Record) else 1
    return 1


def _fault_in_block(block: Block, form: CsvFormat) -> Callable[[int, tuple[str, int, str]], Fault]:
    def fault_at(row: int, error: tuple[str, int, str]) -> Fault:
        text = block.text
        found = [each for each in exact_reader(block, form) if isinstance(each, Record)][row]
        message, number, state = error
        start = block.offset + len(text[: found.start].encode("utf-8", "surrogateescape"))
        return Fault(message, number, found.line, 1, found.number, 0, state, start, found.line, text[found.start : found.end])  # fmt: skip

    return fault_at


# JSON -----------------------------------------------------------------------------------------------------------------


class JsonRecords:
    """A pass over a JSON file."""

    def __init__(self, file: StageFile, form: DocumentFormat) -> None:
        self._file = file
        self._form = form
        self._bytes = FileBytes(file, form.compression)

    @property
    def md5(self) -> str:
        return self._bytes.md5

    def records(self) -> Iterator[Records]:
        before, found = 0, list[Document | Fault]()
        try:
            for each in JsonReader(self._bytes, self._form):
                found.append(each)
                if len(found) == DOCUMENTS:
                    yield self._made(found, before)
                    before, found = before + len(found), []
        except UnicodeDecodeError:
            raise wrong_encoding(self._file, "utf-8") from None
        yield self._made(found, before)

    def _made(self, found: Sequence[Document | Fault], before: int) -> Records:
        numbers = [place for place, each in enumerate(found, start=1) if isinstance(each, Document)]
        documents = [each for each in found if isinstance(each, Document)]
        faults = tuple(replace(each, row=place) for place, each in enumerate(found, start=1) if isinstance(each, Fault))
        texts = pa.array((self._text(each.value) for each in documents), pa.string())

        def fault_at(row: int, error: tuple[str, int, str]) -> Fault:
            message, number, state = error
            line, offset = documents[row].line, documents[row].offset
            return Fault(message, number, line, 1, numbers[row], 0, state, offset, line, texts[row].as_py())

        return Records(_placed([texts], self._file, before, numbers), len(found), faults, fault_at)

    def _text(self, value: Any) -> str:
        kept = without_nulls(value) if self._form.strips_null_values else value
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def without_nulls(value: Any) -> Any:
    """A document without the fields and elements that are null (STRIP_NULL_VALUES)."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [without_nulls(each) for each in value if each is not None]  # pyright: ignore[reportUnknownVariableType]
    return value


# Parquet --------------------------------------------------------------------------------------------------------------


class ParquetRecords:
    """A pass over a Parquet file, each of whose rows is an object under the file's own column names."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, file: StageFile, form: DocumentFormat) -> None:
        self._cursor = cursor
        self._file = file
        self._form = form
        self.md5 = file.md5

    def records(self) -> Iterator[Records]:
        before = 0
        with self._file.open() as stream:
            for batch in parquet_file(self._file, stream).iter_batches(DOCUMENTS):
                rows = as_texts(pa.Table.from_batches([batch]), self._form)
                texts = _documents(self._cursor, rows)
                table = _placed([texts], self._file, before)
                yield Records(table, len(texts), (), _fault_of_row(before))
                before += len(texts)


def _fault_of_row(before: int) -> Callable[[int, tuple[str, int, str]], Fault]:
    def fault_at(row: int, error: tuple[str, int, str]) -> Fault:
        message, number, state = error
        return Fault(message, number, before + row + 1, 1, row + 1, 0, state, row_line=before + row + 1)

    return fault_at


def parquet_file(file: StageFile, stream: IO[bytes]) -> pq.ParquetFile:
    """An open Parquet file; CopyError if it is none, UnsupportedError for names that JSON can't hold."""
    try:
        found = pq.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError):
        raise CopyError(f"The file '{file.label}' is no Parquet file", errno=100095) from None
    folded = [name.upper() for name in found.schema_arrow.names]
    if len(set(folded)) < len(folded):
        raise UnsupportedError(f"The file '{file.label}' has columns whose names differ in case only")
    return found


def as_texts(rows: pa.Table, form: DocumentFormat) -> pa.Table:
    """A Parquet file's rows, its bytes as text or hexadecimal digits, as the format says."""
    for place, column in enumerate(rows.schema):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            rows = rows.set_column(place, column.name, _binary_text(rows.column(place), form))
    return rows


def _binary_text(values: pa.ChunkedArray, form: DocumentFormat) -> pa.Array | pa.ChunkedArray:
    if form.binary_as_text:
        return values.cast(pa.string())
    return pa.array((None if value is None else value.hex().upper() for value in values.to_pylist()), pa.string())


def _documents(cursor: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Array:
    name = "sapwood_parquet"
    with translated():
        cursor.register(name, rows)
        try:
            found = cursor.execute(f"SELECT CAST(to_json(r) AS VARCHAR) AS d FROM {name} AS r").to_arrow_table()
        finally:
            cursor.unregister(name)
    return pc.cast(found.column(0), pa.string()).combine_chunks()
