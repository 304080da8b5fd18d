"""INFER_SCHEMA: the columns that files of a stage have, with types that hold all their values.

Result columns and rules: the vendor's page "INFER_SCHEMA". Parquet files say their types; those of CSV and JSON are read
from the values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from sapwood.dialect.names import parts, qualify, spelled
from sapwood.dialect.stagepath import stage_path
from sapwood.dialect.statements import Name
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.document_format import DocumentFormat, FileForm, file_form
from sapwood.engine.location import StageFile, check_is_there, files, locate
from sapwood.engine.privileges import check_place
from sapwood.engine.staged import (
    CsvRecords,
    RecordSource,
    fault_error,
    options_of,
    parquet_file,
    source_of_records,
    width_of,
)
from sapwood.engine.work import Work
from sapwood.errors import UnknownFileError

Row = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A column of a file: its name, Snowflake's text of its type, and whether a value is missing."""

    name: str
    type: str
    nullable: bool


def infer_schema(work: Work, place: str, format_name: str, *, only: Sequence[str], ignores_case: bool) -> list[Row]:
    """One row a column, in the order of the first file that has it."""
    path, _ = stage_path(place, work.state)
    check_place(work, path)
    location = locate(work, path)
    check_is_there(location)
    name = Name(*qualify(parts(format_name), database=work.state.database, schema=work.state.schema))
    form = file_form(options_of(work, location, name, {}))
    wanted = [file for file in files(location) if not only or PurePosixPath(file.name).name in only]
    if not wanted:
        raise UnknownFileError(f"Cannot perform INFER_SCHEMA: no files found in {place}", hint="LIST shows the files.")
    rows: dict[str, Row] = {}
    for file in wanted:
        for found in _columns(work, file, form):
            _merge(rows, found, file, is_document=isinstance(form, DocumentFormat), ignores_case=ignores_case)
    return list(rows.values())


def _merge(rows: dict[str, Row], found: Found, file: StageFile, *, is_document: bool, ignores_case: bool) -> None:
    name = found.name.upper() if ignores_case else found.name
    known = rows.get(name)
    if known is not None:
        kind = _wider(known["TYPE"], found.type)
        nullable, names = known["NULLABLE"] or found.nullable, f"{known['FILENAMES']}, {file.label}"
        rows[name] = {**known, "TYPE": kind, "NULLABLE": nullable, "FILENAMES": names}
        return
    source = f"$1:{found.name}" if is_document else f"${len(rows) + 1}"
    rows[name] = {
        "COLUMN_NAME": name,
        "TYPE": found.type,
        "NULLABLE": found.nullable,
        "EXPRESSION": f"{source}::{found.type}" if spelled(found.name) else source,
        "FILENAMES": file.label,
        "ORDER_ID": len(rows),
    }


def _columns(work: Work, file: StageFile, form: FileForm) -> list[Found]:
    if isinstance(form, CsvFormat):
        return _csv_columns(file, form)
    if form.kind == "PARQUET":
        with file.open() as stream:
            return [
                Found(column.name, _arrow_type(column.type), column.nullable)
                for column in parquet_file(file, stream).schema_arrow
            ]
    source = source_of_records(work.cursor, file, form, width=1)
    return _json_columns(json.loads(text) for each in _records(file, source) for text in each.column(0).to_pylist())


def _records(file: StageFile, source: RecordSource) -> Iterator[pa.Table]:
    for records in source.records():
        for fault in records.faults:
            raise fault_error(file, fault)
        yield records.table


# Parquet --------------------------------------------------------------------------------------------------------------


def _arrow_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"NUMBER({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP_LTZ" if kind.tz else "TIMESTAMP_NTZ"
    for is_kind, name in _ARROW:
        if is_kind(kind):
            return name
    return "VARIANT"


_ARROW = (
    (pa.types.is_integer, "NUMBER(38, 0)"),
    (pa.types.is_floating, "REAL"),
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_date, "DATE"),
    (pa.types.is_time, "TIME"),
    (pa.types.is_string, "TEXT"),
    (pa.types.is_large_string, "TEXT"),
    (pa.types.is_binary, "BINARY"),
    (pa.types.is_large_binary, "BINARY"),
    (pa.types.is_fixed_size_binary, "BINARY"),
    (pa.types.is_struct, "OBJECT"),
    (pa.types.is_list, "ARRAY"),
)


# CSV and JSON ---------------------------------------------------------------------------------------------------------


def _csv_columns(file: StageFile, form: CsvFormat) -> list[Found]:
    """The columns c1, c2, ..., or those of the header line."""
    source = CsvRecords(file, form, width=1, is_fixed=False)
    found: list[Found] = []
    for table in _records(file, source):
        seen = [_found(f"c{place + 1}", table.column(place)) for place in range(width_of(table))]
        found = [_both(*pair) for pair in zip_longest(found, seen)]
    return (
        [replace(each, name=name) for each, name in zip(found, source.header, strict=False)] if source.header else found
    )


def _found(name: str, values: pa.ChunkedArray) -> Found:
    distinct = (value for value in values.unique().to_pylist() if value is not None)
    return Found(name, _type_of_texts(distinct), values.null_count > 0)


def _both(first: Found | None, second: Found | None) -> Found:
    """What holds both of a column's parts; a part that is not there is one of NULLs."""
    if first is None or second is None:
        one = first or second
        assert one is not None, "one of two columns is there"
        return replace(one, nullable=True)
    return Found(first.name, _wider(first.type, second.type), first.nullable or second.nullable)


def _type_of_texts(values: Iterable[str]) -> str:
    kinds = [_type_of_text(value) for value in values]
    merged = kinds[0] if kinds else "TEXT"
    for kind in kinds:
        merged = _wider(merged, kind)
    return merged


def _type_of_text(value: str) -> str:
    number = _NUMBER.fullmatch(value)
    if number is not None:
        whole, fraction = number[1].lstrip("0"), number[2] or ""
        return f"NUMBER({max(1, len(whole) + len(fraction))}, {len(fraction)})"
    for pattern, kind in _PATTERNS:
        if pattern.fullmatch(value):
            return kind
    return "TEXT"


_NUMBER = re.compile(r"[+-]?(\d{1,30})(?:\.(\d{1,8}))?")
_PATTERNS = (
    (re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), "REAL"),
    (re.compile(r"true|false", re.IGNORECASE), "BOOLEAN"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "DATE"),
    (re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?"), "TIME"),
    (re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"), "TIMESTAMP_NTZ"),
)


def _wider(first: str, second: str) -> str:
    """The type that holds both."""
    if first == second:
        return first
    sizes = [re.fullmatch(r"NUMBER\((\d+), (\d+)\)", kind) for kind in (first, second)]
    a, b = sizes
    if a is not None and b is not None:
        scale = max(int(a[2]), int(b[2]))
        return f"NUMBER({max(int(a[1]) - int(a[2]), int(b[1]) - int(b[2])) + scale}, {scale})"
    if "REAL" in (first, second) and (a is not None or b is not None):
        return "REAL"
    if {first, second} == {"DATE", "TIMESTAMP_NTZ"}:
        return "TIMESTAMP_NTZ"
    return "TEXT"


def _json_columns(documents: Iterable[Any]) -> list[Found]:
    """The keys of all records."""
    values: dict[str, list[Any]] = {}
    records = list(documents)
    for document in records:
        for key, value in document.items() if isinstance(document, dict) else ():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            values.setdefault(str(key), []).append(value)  # pyright: ignore[reportUnknownArgumentType]
    return [
        Found(name, _type_of_values(found), len(found) < len(records) or None in found)
        for name, found in values.items()
    ]


def _type_of_values(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    for known, name in ((dict, "OBJECT"), (list, "ARRAY"), (bool, "BOOLEAN")):
        if kinds == {known}:
            return name
    if kinds & {dict, list}:
        return "VARIANT"
    return _type_of_texts(str(value) for value in values if value is not None)
