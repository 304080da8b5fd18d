"""COPY INTO with a transformation, and of JSON and Parquet files: each file's records go through a query into the table.

Comes in: the files to load and how. Goes out: one row a file, as COPY shows it. A file is loaded whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from sapwood.dialect.coercion import cast
from sapwood.dialect.names import duck
from sapwood.dialect.semistructured import path
from sapwood.dialect.statements import Column, Name, Query, Relation
from sapwood.dialect.types import VARIANT
from sapwood.dialect.values import Value, null
from sapwood.engine.document_format import DocumentFormat, FileForm
from sapwood.engine.location import StageFile
from sapwood.engine.staged import columns_of, json_documents, parquet_table, read_files
from sapwood.engine.work import Work
from sapwood.errors import CopyError, Error, ProgrammingError

Reading = Callable[[], pa.Table]


@dataclass(frozen=True)
class FileRows:
    """What became of one file: its rows for the table, or the error that kept it out."""

    file: StageFile
    rows: pa.Table
    failure: Error | None = None


def queried_rows(
    work: Work, chosen: Sequence[StageFile], form: FileForm, query: Query, *, skips: bool
) -> list[FileRows]:
    """The rows that a query makes of each file. `skips` keeps an error with its file, else the first one is raised."""
    (relation,) = work.snapshots.made
    return [
        _guarded(work, file, skips=skips, read=lambda file=file: _through(work, relation, file, form, query))
        for file in chosen
    ]


def _through(work: Work, relation: Relation, file: StageFile, form: FileForm, query: Query) -> pa.Table:
    width = len(relation.columns) - 2
    rows = read_files(work.cursor, [file], form, width=width)
    kept = rows.select([column.name for column in relation.columns])
    work.snapshots.refill(relation, kept)
    return work.rows(query)


def document_rows(
    work: Work,
    chosen: Sequence[StageFile],
    form: DocumentFormat,
    columns: Sequence[Column],
    *,
    match: str,
    skips: bool,
) -> list[FileRows]:
    """The rows of documents: the whole document into the one column there is, or its parts by name."""
    if match == "NONE" and len(columns) != 1:
        raise CopyError(
            f"SQL compilation error:\n{form.kind} file format can produce one and only one column of type variant, object, or array. "
            "Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.",
            errno=2019,
            sqlstate="0A000",
        )
    return [
        _guarded(work, file, skips=skips, read=lambda file=file: _matched(work, file, form, columns, match))
        for file in chosen
    ]


def _matched(work: Work, file: StageFile, form: DocumentFormat, columns: Sequence[Column], match: str) -> pa.Table:
    rows = read_files(work.cursor, [file], form, width=1)
    relation = work.snapshots.relation(Name("", "", file.label), columns_of(form, rows), rows)
    document = Value(duck("$1"), VARIANT)
    names = [] if match == "NONE" else _names_in(file, form)
    values = [document if match == "NONE" else _part(document, column, names, match) for column in columns]
    listed = ", ".join(
        f"{cast(value, column.type, truncates=False).sql} AS c{place}"
        for place, (value, column) in enumerate(zip(values, columns, strict=True))
    )
    return work.rows(Query(f"SELECT {listed} FROM {relation.source} AS d", tuple(columns)))


def _part(document: Value, column: Column, names: Sequence[str], match: str) -> Value:
    """The document's field of a column's name; NULL if no record has it."""
    for name in names:
        if name == column.name or (match == "CASE_INSENSITIVE" and name.upper() == column.name.upper()):
            return path(document, [name])
    return null()


def _names_in(file: StageFile, form: DocumentFormat) -> list[str]:
    if form.kind == "PARQUET":
        return list(parquet_table(file, form).column_names)
    found: dict[str, None] = {}
    for document in json_documents(file, form):
        if not isinstance(document, dict):
            raise ProgrammingError(f"The file '{file.label}' has records that are no objects")
        found.update(dict.fromkeys(str(key) for key in document))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return list(found)


def _guarded(work: Work, file: StageFile, *, skips: bool, read: Reading) -> FileRows:
    try:
        return FileRows(file, read())
    except Error as error:
        if not skips or work.cancelled.is_set():
            raise
        return FileRows(file, pa.table({}), error)
