"""COPY INTO <stage path>: the rows of a query to files, each of which can be seen once it is whole.

Names of files, options and result columns:
https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import IO, Any

import pyarrow as pa

from sapwood.dialect.conventions import Conventions, holding
from sapwood.dialect.stage_statements import Unload
from sapwood.dialect.statements import (
    Column,
    Query,
)
from sapwood.dialect.types import number, text
from sapwood.engine.arrow import conform
from sapwood.engine.document_format import file_form
from sapwood.engine.location import Location, check_writable, locate
from sapwood.engine.option import Option, choice, flag, unknown_option, whole_number
from sapwood.engine.result import Rows, listing
from sapwood.engine.staged import options_of
from sapwood.engine.unload_format import Encoder, Encoding, encoding_of
from sapwood.engine.work import PORTION, Work
from sapwood.errors import CancelledError, ProgrammingError

MOST_FILE = 5_368_709_120
NULL_FOLDER = "__NULL__"
"""Where rows go whose partition is NULL."""


@dataclass(frozen=True)
class UnloadOptions:
    """How files are written. `names_query` and `has_details` stand for INCLUDE_QUERY_ID and DETAILED_OUTPUT."""

    overwrites: bool = False
    is_single: bool = False
    most_bytes: int = 16_777_216
    names_query: bool = False
    has_details: bool = False
    has_header: bool = False
    validation: str = ""


UNLOAD_OPTIONS: Mapping[str, Option] = {
    "OVERWRITE": Option("FALSE", "put files in place of those of the same name; else that is an error", flag("overwrites")),
    "SINGLE": Option("FALSE", "one file, whose name is the path", flag("is_single")),
    "MAX_FILE_SIZE": Option("16777216", "bytes of a file before it is compressed, at most", whole_number("most_bytes")),
    "INCLUDE_QUERY_ID": Option("FALSE", "the query's id stands in the files' names; always with PARTITION BY", flag("names_query")),
    "DETAILED_OUTPUT": Option("FALSE", "show each file instead of the sums", flag("has_details")),
    "HEADER": Option("FALSE", "CSV files begin with the columns' names; Parquet files have them", flag("has_header")),
    "VALIDATION_MODE": Option("", "RETURN_ROWS gives the rows and writes nothing", choice("validation", "RETURN_ROWS")),
}  # fmt: skip
"""Each option with its default, its meaning, and what reads it. docs/loading.md shows this table."""


def unload(work: Work, statement: Unload) -> Rows:
    """Write a query's rows to files. If it fails, the files that it has made are taken away again."""
    options = _options(statement)
    if options.validation:
        rows = conform(work.rows(statement.query), statement.query.columns)
        return Rows("UNLOAD", statement.query.columns, rows, rowcount=rows.num_rows)
    location = locate(work, statement.target)
    check_writable(work, location)
    form = file_form(options_of(work, location, statement.format_name, statement.format_options))
    columns = statement.query.columns[: -1 if statement.is_partitioned else None]
    encoding = encoding_of(form, columns, has_header=options.has_header)
    files = _Files(location, encoding, options, work.query_id, statement.target.path)
    try:
        for partition, rows in _portions(work, statement, encoding):
            if work.cancelled.is_set():
                raise CancelledError("SQL execution canceled")
            files.write(partition, rows)
        files.close()
    except BaseException:
        files.take_back()
        raise
    return _result(files.written, options)


def _options(statement: Unload) -> UnloadOptions:
    options = UnloadOptions(names_query=statement.is_partitioned)
    for name, value in statement.options.items():
        option = UNLOAD_OPTIONS.get(name.upper())
        if option is None:
            raise unknown_option(name.upper(), f"Known: {', '.join(UNLOAD_OPTIONS)}.")
        options = replace(options, **option.read(name.upper(), value))
    if not 0 < options.most_bytes <= MOST_FILE:
        raise ProgrammingError(f"SQL compilation error:\nMAX_FILE_SIZE is a number from 1 to {MOST_FILE}", errno=1008)
    if statement.is_partitioned and (options.is_single or options.overwrites or not options.names_query):
        raise ProgrammingError(
            "SQL compilation error:\nPARTITION BY can't be given together with SINGLE = TRUE, OVERWRITE = TRUE or INCLUDE_QUERY_ID = FALSE",
            errno=1008,
            sqlstate="22023",
        )
    return options


# Rows -----------------------------------------------------------------------------------------------------------------


def _portions(work: Work, statement: Unload, encoding: Encoding) -> Iterator[tuple[str, pa.Table]]:
    """Rows as the format wants them, with their partition; those of one partition stand together."""
    query = _selected(statement, encoding, conventions=Conventions.of(work.parameter))
    for batch in work.portions(query):
        rows = pa.Table.from_batches([batch])
        if not statement.is_partitioned:
            yield "", rows
            continue
        start, partitions = 0, rows.column(rows.num_columns - 1).to_pylist()
        for end in range(1, len(partitions) + 1):
            if end == len(partitions) or partitions[end] != partitions[start]:
                yield _folder(partitions[start]), rows.slice(start, end - start).select(range(rows.num_columns - 1))
                start = end


def _selected(statement: Unload, encoding: Encoding, *, conventions: Conventions) -> Query:
    """The query whose columns are what the format writes; AUTO of a format is the session's."""
    columns = statement.query.columns
    names = [f"c{place}" for place in range(len(columns))]
    with holding(conventions):
        chosen = [encoding.selected(name, column) for name, column in zip(names, columns, strict=True)]
    order = ""
    if statement.is_partitioned:
        chosen[-1], order = names[-1], f" ORDER BY {names[-1]} NULLS LAST"
    return replace(
        statement.query,
        sql=f"SELECT {', '.join(chosen)} FROM ({statement.query.sql}) AS s({', '.join(names)}){order}",
        columns=tuple(Column(name, column.type) for name, column in zip(names, columns, strict=True)),
    )


def _folder(partition: str | None) -> str:
    if partition is None:
        return NULL_FOLDER
    parts = [part for part in partition.split("/") if part]
    if any(part in (".", "..") or "\0" in part for part in parts):
        raise ProgrammingError(f"The partition '{partition}' is no path", hint="Leave '..' out of it.")
    return "/".join(parts)


# Files ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """One file that was made: its name in the storage, and its rows and bytes."""

    name: str
    rows: int
    plain: int
    packed: int


@dataclass
class _Files:
    """The files of one statement, of which one is open at a time."""

    location: Location
    encoding: Encoding
    options: UnloadOptions
    query_id: str
    path: str
    written: list[Written] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _stream: IO[bytes] | None = None
    _encoder: Encoder | None = None
    _partition: str = ""
    _rows: int = 0

    def write(self, partition: str, rows: pa.Table) -> None:
        """Put rows into the open file, or into a new one for another partition or if the open one is full."""
        if self._encoder is not None and (partition != self._partition or self._is_full()):
            self.close()
        if self._encoder is None:
            self._begin(partition)
        assert self._encoder is not None and self._stream is not None, "a file is open"
        self._stream.write(self._encoder.encode(rows))
        self._rows += rows.num_rows

    def close(self) -> None:
        """End the open file, which can be seen from then on."""
        if self._encoder is None or self._stream is None:
            return
        self._stream.write(self._encoder.end())
        self._stack.close()
        done = Written(self._name(self._partition), self._rows, self._encoder.plain, self._encoder.packed)
        self.written.append(done)
        self._encoder, self._stream, self._rows = None, None, 0

    def take_back(self) -> None:
        """Take away what was made."""
        for each in self.written:
            self.location.storage.remove(each.name)

    def _is_full(self) -> bool:
        assert self._encoder is not None, "a file is open"
        per_row = self._encoder.plain / max(1, self._rows)
        return not self.options.is_single and self._encoder.plain + per_row * PORTION > self.options.most_bytes

    def _begin(self, partition: str) -> None:
        self._partition = partition
        name = self._name(partition)
        if not self.options.overwrites and any(each.name == name for each in self.location.storage.files(name)):
            raise ProgrammingError(
                f"Files already existing at the unload destination: {self.location.label}{name}. Use overwrite option to force unloading.",
                errno=1030,
                sqlstate="22000",
            )
        self._stream = self._stack.enter_context(self.location.storage.writing(name))
        self._encoder = self.encoding.encoder()

    def _name(self, partition: str) -> str:
        """Such as data_0_0_0.csv.gz; the path is the beginning of the name unless it ends with a slash."""
        prefix = self.location.prefix
        if self.options.is_single:
            return prefix + "data" if not prefix or prefix.endswith("/") else prefix
        if partition:
            prefix = f"{prefix.rstrip('/')}/{partition}/" if prefix else f"{partition}/"
        prefix += "data" if not prefix or prefix.endswith("/") else ""
        query = f"_{self.query_id}" if self.options.names_query else ""
        return f"{prefix}{query}_0_{len(self.written)}_0{self.encoding.suffix}"


def _result(written: Sequence[Written], options: UnloadOptions) -> Rows:
    count = sum(each.rows for each in written)
    if options.has_details:
        columns = {"FILE_NAME": text(), "FILE_SIZE": number(19, 0), "ROW_COUNT": number(19, 0)}
        rows: list[tuple[Any, ...]] = [(each.name, each.packed, each.rows) for each in written]
    else:
        columns = {name: number(19, 0) for name in ("rows_unloaded", "input_bytes", "output_bytes")}
        rows = [(count, sum(each.plain for each in written), sum(each.packed for each in written))]
    return replace(listing("UNLOAD", columns, rows), rowcount=count)
