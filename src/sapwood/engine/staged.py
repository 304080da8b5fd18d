"""Files of a stage as a table: what SELECT ... FROM @stage and a COPY with a transformation read.

A CSV file has the columns $1, $2, ... of text; a JSON or Parquet file has $1, one document a record. Beside them stand the
file's name and the record's number. A file that can't be read, or has one bad record, ends the statement.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from sapwood.dialect.statements import Column, Name, Relation, StagedFiles
from sapwood.dialect.types import VARIANT, number, text
from sapwood.engine.csv_format import CsvFormat, merged
from sapwood.engine.csv_reader import Fault, read_records
from sapwood.engine.document_format import DocumentFormat, FileForm, file_form
from sapwood.engine.failure import translated
from sapwood.engine.load import content_of, text_of
from sapwood.engine.location import Location, StageFile, check_is_there, files, locate
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import CopyError, UnsupportedError

PLACE_COLUMNS = (Column("METADATA$FILENAME", text()), Column("METADATA$FILE_ROW_NUMBER", number(38, 0)))


def staged_files(work: Work, wanted: StagedFiles) -> Relation:
    """A relation over the files of a place; an empty one of the same shape if COPY reads them later."""
    location = locate(work, wanted.place)
    form = file_form(options_of(work, location, wanted.format_name, wanted.format_options))
    found: list[StageFile] = []
    if not wanted.is_deferred:
        check_is_there(location)
        found = files(location, pattern=wanted.pattern)
    if isinstance(form, CsvFormat) and form.parses_header:
        raise UnsupportedError("PARSE_HEADER = TRUE is not supported in a query", hint="Use SKIP_HEADER = 1.")
    rows = read_files(work.cursor, found, form, width=wanted.width)
    columns = tuple(columns_of(form, rows))
    return work.snapshots.relation(Name("", "", location.label), columns, rows)


def columns_of(form: FileForm, rows: pa.Table) -> list[Column]:
    """The columns of read files."""
    kind = VARIANT if isinstance(form, DocumentFormat) else text()
    return [*(Column(name, kind) for name in rows.column_names if name.startswith("$")), *PLACE_COLUMNS]


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


# Files to rows --------------------------------------------------------------------------------------------------------


def read_files(
    cursor: duckdb.DuckDBPyConnection, found: Sequence[StageFile], form: FileForm, *, width: int
) -> pa.Table:
    """The records of files, in order. CSV files have `width` columns or more, as many as the widest record."""
    tables = [_read_file(cursor, file, form) for file in found]
    is_csv = isinstance(form, CsvFormat)
    widest = max([width, *(table.num_columns - len(PLACE_COLUMNS) for table in tables)]) if is_csv else 1
    names = [f"${place}" for place in range(1, widest + 1)] + [column.name for column in PLACE_COLUMNS]
    schema = pa.schema([*((name, pa.string()) for name in names[:-1]), (names[-1], pa.int64())])
    padded = [_padded(table, schema) for table in tables]
    return pa.concat_tables([schema.empty_table(), *padded])


def _padded(table: pa.Table, schema: pa.Schema) -> pa.Table:
    given = set(table.column_names)
    return pa.table(
        [table.column(name) if name in given else pa.nulls(table.num_rows, pa.string()) for name in schema.names],
        schema=schema,
    )


def _read_file(cursor: duckdb.DuckDBPyConnection, file: StageFile, form: FileForm) -> pa.Table:
    if isinstance(form, CsvFormat):
        columns = _csv_columns(file, form)
    elif form.kind == "PARQUET":
        columns = [_parquet_documents(cursor, parquet_table(file, form))]
    else:
        columns = [pa.array((json.dumps(each) for each in json_documents(file, form)), pa.string())]
    count = len(columns[0]) if columns else 0
    names = [f"${place}" for place in range(1, len(columns) + 1)] + [column.name for column in PLACE_COLUMNS]
    return pa.table([*columns, pa.repeat(file.label, count), pa.array(range(1, count + 1), pa.int64())], names=names)


def _csv_columns(file: StageFile, form: CsvFormat) -> list[pa.Array]:
    content = text_of(content_of(file, form.compression), file, form)
    records: list[list[str | None]] = []
    for record in read_records(content, form):
        if isinstance(record, Fault):
            raise CopyError(
                f"{record.message}\n  File '{file.label}', line {record.line}, character {record.character}",
                errno=record.errno,
                sqlstate=record.sqlstate,
            )
        records.append(record.fields)
    width = max((len(fields) for fields in records), default=0)
    return [
        pa.array((fields[place] if place < len(fields) else None for fields in records), pa.string())
        for place in range(width)
    ]


def parquet_table(file: StageFile, form: DocumentFormat) -> pa.Table:
    """A Parquet file's rows; its bytes are text or hexadecimal digits, as the format says."""
    try:
        rows = pq.read_table(io.BytesIO(file.path.read_bytes()))
    except pa.ArrowInvalid:
        raise CopyError(f"The file '{file.label}' is no Parquet file", errno=100095) from None
    folded = [name.upper() for name in rows.column_names]
    if len(set(folded)) < len(folded):
        raise UnsupportedError(f"The file '{file.label}' has columns whose names differ in case only")
    for place, column in enumerate(rows.schema):
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            rows = rows.set_column(place, column.name, _binary_text(rows.column(place), form))
    return rows


def _binary_text(values: pa.ChunkedArray, form: DocumentFormat) -> pa.Array:
    if form.binary_as_text:
        return values.cast(pa.string())
    return pa.array((None if value is None else value.hex().upper() for value in values.to_pylist()), pa.string())


def _parquet_documents(cursor: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.ChunkedArray:
    """Each row as a JSON object under the file's own column names."""
    name = "sapwood_parquet"
    with translated():
        cursor.register(name, rows)
        try:
            return (
                cursor.execute(f"SELECT CAST(to_json(r) AS VARCHAR) AS d FROM {name} AS r").to_arrow_table().column(0)
            )
        finally:
            cursor.unregister(name)


def json_documents(file: StageFile, form: DocumentFormat) -> Iterator[Any]:
    """The documents of a JSON file, which may stand on lines of their own or not."""
    content = text_of(content_of(file, form.compression), file, CsvFormat())
    decoder, place = json.JSONDecoder(), _behind_blanks(content, 0)
    while place < len(content):
        try:
            document, place = decoder.raw_decode(content, place)
        except json.JSONDecodeError as error:
            raise CopyError(
                f"Error parsing JSON: {error.msg}\n  File '{file.label}', line {error.lineno}, character {error.colno}",
                errno=100069,
                sqlstate="22P02",
            ) from None
        if form.strips_outer_array and isinstance(document, list):
            yield from document
        else:
            yield document
        place = _behind_blanks(content, place)


def _behind_blanks(content: str, place: int) -> int:
    while place < len(content) and content[place] in " \t\r\n,":
        place += 1
    return place
