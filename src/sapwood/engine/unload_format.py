"""Rows to the bytes of files that are unloaded: CSV, JSON or Parquet.

Comes in: rows of a query and the format. Goes out: what each format asks of the query, and the bytes of rows. What is
written with a format is read back with the same one. Knows no stages and no file names.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sapwood.dialect.coercion import STAMPS, cast, comparable
from sapwood.dialect.dateformats import formatted
from sapwood.dialect.statements import Column
from sapwood.dialect.types import text
from sapwood.dialect.values import Value, text_value
from sapwood.engine.compression import PACKERS, Packer
from sapwood.engine.csv_columns import loading_type
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.document_format import DocumentFormat, FileForm
from sapwood.errors import ProgrammingError

SEMI_STRUCTURED = ("VARIANT", "OBJECT", "ARRAY")


class Encoder(Protocol):
    """The bytes of one file on their way. `plain` and `packed` count them."""

    plain: int
    packed: int

    def encode(self, rows: pa.Table) -> bytes:
        """The bytes that rows add."""
        ...

    def end(self) -> bytes:
        """The file's last bytes."""
        ...


@dataclass(frozen=True)
class Encoding:
    """How a query's rows become files: the file's suffix, what is selected of each column, and an encoder a file."""

    suffix: str
    selected: Callable[[str, Column], str]
    encoder: Callable[[], Encoder]


def encoding_of(form: FileForm, columns: Sequence[Column], *, has_header: bool) -> Encoding:
    """How columns are written in a format; ProgrammingError for columns that it does not take."""
    if isinstance(form, CsvFormat):
        return _csv(form, columns, has_header=has_header)
    return _json(form, columns) if form.kind == "JSON" else _parquet(form, columns, has_header=has_header)


class _Text:
    """The lines of a text file, packed."""

    def __init__(self, lines: Callable[[pa.Table], bytes], packer: Packer, head: bytes = b"") -> None:
        self._lines = lines
        self._packer = packer
        self._head = head
        self.plain = 0
        self.packed = 0

    def encode(self, rows: pa.Table) -> bytes:
        data, self._head = self._head + self._lines(rows), b""
        self.plain += len(data)
        return self._counted(self._packer.compress(data))

    def end(self) -> bytes:
        head, self._head = self._head, b""
        self.plain += len(head)
        return self._counted(self._packer.compress(head) + self._packer.flush())

    def _counted(self, data: bytes) -> bytes:
        self.packed += len(data)
        return data


def _packer(form: FileForm) -> tuple[str, Callable[[], Packer]]:
    return PACKERS["GZIP" if form.compression == "AUTO" else form.compression]


def _suffix(form: FileForm, kind: str, packed: str) -> str:
    return f".{(form.file_extension or kind).lstrip('.')}{packed}"


# CSV ------------------------------------------------------------------------------------------------------------------


def _csv(form: CsvFormat, columns: Sequence[Column], *, has_header: bool) -> Encoding:
    packed, packer = _packer(form)
    head = _joined([_header(column.name, form) for column in columns], form).encode() if has_header else b""
    is_text = [column.type.name in ("TEXT", "BINARY", *SEMI_STRUCTURED) for column in columns]

    def lines(rows: pa.Table) -> bytes:
        return _csv_lines(rows, is_text, form)

    return Encoding(
        _suffix(form, "csv", packed), lambda name, column: _as_text(name, column, form), lambda: _Text(lines, packer(), head)
    )  # fmt: skip


def _as_text(name: str, column: Column, form: CsvFormat) -> str:
    """SQL for the text of a value."""
    kind = column.type.name
    written = {"DATE": form.date_format, "TIME": form.time_format}.get(kind, form.timestamp_format)
    if kind in ("DATE", "TIME", *STAMPS) and written.upper() != "AUTO":
        return formatted(Value(name, column.type), text_value(written)).sql
    if kind == "BINARY" and form.binary_format == "BASE64":
        return f"to_base64({name})"
    return cast(Value(name, column.type), text()).sql


def _header(name: str, form: CsvFormat) -> str:
    quote = form.enclosure
    return f"{quote}{name.replace(quote, quote * 2)}{quote}" if quote else _escaped(name, form)


def _joined(fields: Sequence[str], form: CsvFormat) -> str:
    return (form.field_delimiter or "").join(fields) + (form.record_delimiter or "")


def _escaped(value: str, form: CsvFormat) -> str:
    for mark, instead in _escapes(form):
        value = value.replace(mark, instead)
    return value


def _escapes(form: CsvFormat) -> list[tuple[str, str]]:
    """What is replaced in a field that is not enclosed; the escape character first."""
    escape = form.escape or form.escape_unenclosed
    marks = [escape, form.field_delimiter, form.record_delimiter]
    return [(mark, f"{escape}{mark}") for mark in marks if mark] if escape else []


def _csv_lines(rows: pa.Table, is_text: Sequence[bool], form: CsvFormat) -> bytes:
    fields = [_field(rows.column(place), form, is_text=is_text[place]) for place in range(rows.num_columns)]
    lines = pc.call_function("binary_join_element_wise", [*fields, pa.scalar(form.field_delimiter or "")])
    return "".join(f"{line}{form.record_delimiter or ''}" for line in lines.to_pylist()).encode()


def _field(values: pa.ChunkedArray, form: CsvFormat, *, is_text: bool) -> Any:
    """A column's texts as they stand in the file; NULL is the first text of NULL_IF."""
    is_null, quote = values.is_null(), form.enclosure
    if is_text and quote:
        if form.escape:
            values = _replaced(values, form.escape, form.escape * 2)
        values = _replaced(values, quote, quote * 2)
        values = pc.call_function(
            "binary_join_element_wise", [pa.scalar(quote), values, pa.scalar(quote), pa.scalar("")]
        )
    elif is_text:
        for mark, instead in _escapes(form):
            values = _replaced(values, mark, instead)
    null = form.null_if[0] if form.null_if else ""
    return pc.call_function("if_else", [is_null, pa.scalar(null), values])


def _replaced(values: Any, mark: str, instead: str) -> Any:
    return pc.call_function("replace_substring", [values], pc.ReplaceSubstringOptions(mark, instead))


# JSON and Parquet -----------------------------------------------------------------------------------------------------


def _json(form: DocumentFormat, columns: Sequence[Column]) -> Encoding:
    if len(columns) != 1 or columns[0].type.name not in SEMI_STRUCTURED:
        raise ProgrammingError(
            "SQL compilation error:\nJSON files can only be unloaded from one column of type VARIANT, OBJECT or ARRAY",
            errno=2019,
            sqlstate="0A000",
            hint="Write COPY INTO @stage FROM (SELECT OBJECT_CONSTRUCT(*) FROM t).",
        )
    packed, packer = _packer(form)

    def lines(rows: pa.Table) -> bytes:
        return "".join(f"{'null' if each is None else each}\n" for each in rows.column(0).to_pylist()).encode()

    return Encoding(
        _suffix(form, "json", packed), lambda name, _: f"CAST({name} AS VARCHAR)", lambda: _Text(lines, packer())
    )


class _Sink(io.RawIOBase):
    """Takes what a writer appends until it is taken away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        self._place += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._place

    def taken(self) -> bytes:
        data, self._pieces = b"".join(self._pieces), []
        return data


class _ParquetFile:
    """A Parquet file; what its writer has written so far is handed on."""

    def __init__(self, columns: Sequence[Column], names: Sequence[str], codec: str) -> None:
        self._columns = columns
        self._names = list(names)
        self._codec = codec
        self._sink = _Sink()
        self._writer: pq.ParquetWriter | None = None
        self.plain = 0
        self.packed = 0

    def encode(self, rows: pa.Table) -> bytes:
        rows = rows.rename_columns(self._names)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._sink, _schema(self._columns, self._names), compression=self._codec)
        self.plain += rows.nbytes
        self._writer.write_table(rows.cast(self._writer.schema))
        return self._taken()

    def end(self) -> bytes:
        if self._writer is not None:
            self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        data = self._sink.taken()
        self.packed += len(data)
        return data


def _schema(columns: Sequence[Column], names: Sequence[str]) -> pa.Schema:
    """Wide whole numbers are decimals in every file, whatever values they have."""
    return pa.schema([(name, loading_type(column.type)) for name, column in zip(names, columns, strict=True)])


def _parquet(form: DocumentFormat, columns: Sequence[Column], *, has_header: bool) -> Encoding:
    codec = "none" if form.compression == "NONE" else "snappy"
    names = [column.name if has_header else f"_COL_{place}" for place, column in enumerate(columns)]
    written = [replace(column, type=_comparable(column.name, column).type) for column in columns]
    suffix = ".parquet" if codec == "none" else ".snappy.parquet"
    return Encoding(
        suffix, lambda name, column: _comparable(name, column).sql, lambda: _ParquetFile(written, names, codec)
    )


def _comparable(name: str, column: Column) -> Value:
    """A value as Parquet holds it: of a TIMESTAMP_TZ the moment, for the format knows no offsets."""
    return comparable(Value(name, column.type))
