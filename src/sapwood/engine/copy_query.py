"""COPY INTO with a transformation, and of JSON and Parquet files: a file's records go through a query into the table.

Comes in: the records of a file, some at a time. Goes out: rows of the table's columns, and a fault for each record that
the query fails on. What a query makes of a record never depends on other records: COPY takes no aggregates and no order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from sapwood.dialect.coercion import cast
from sapwood.dialect.names import duck, literal
from sapwood.dialect.semistructured import path
from sapwood.dialect.statements import Column, Name, Query, Relation
from sapwood.dialect.types import MAX_TEXT, VARIANT
from sapwood.dialect.values import Value
from sapwood.engine.csv_columns import Chunk, loading_type
from sapwood.engine.csv_reader import Fault
from sapwood.engine.document_format import DocumentFormat, FileForm
from sapwood.engine.failure import translated
from sapwood.engine.location import StageFile
from sapwood.engine.staged import (
    PLACE_COLUMNS,
    Records,
    RecordSource,
    columns_of,
    empty_records,
    source_of_records,
)
from sapwood.engine.work import Work
from sapwood.errors import CancelledError, CopyError, Error, InternalError, StorageFullError

QueryOf = Callable[[Records], Query]


@dataclass(frozen=True)
class QueriedReading:
    """A pass over a file, whose records go through a query."""

    work: Work
    relation: Relation
    source: RecordSource
    query_of: QueryOf

    @property
    def md5(self) -> str:
        return self.source.md5

    def chunks(self) -> Iterator[Chunk]:
        for records in self.source.records():
            query = self.query_of(records)
            made = list(self._made(records, records.table, 0, query))
            rows = [each for each in made if isinstance(each, pa.Table)]
            faults = [*records.faults, *(each for each in made if isinstance(each, Fault))]
            faults.sort(key=lambda fault: fault.row)
            yield Chunk(pa.concat_tables([_schema(query.columns).empty_table(), *rows]), records.parsed, tuple(faults))

    def _made(self, records: Records, part: pa.Table, first: int, query: Query) -> Iterator[pa.Table | Fault]:
        """The query's rows over some records. Those that it fails on are found by halving."""
        if not part.num_rows:
            return
        try:
            self.work.snapshots.refill(self.relation, part)
            rows = self.work.rows(query)
        except (CancelledError, InternalError, StorageFullError):
            raise
        except Error as error:
            if part.num_rows == 1:
                yield records.fault_at(first, (error.msg, error.errno, error.sqlstate))
                return
            half = part.num_rows // 2
            yield from self._made(records, part.slice(0, half), first, query)
            yield from self._made(records, part.slice(half), first + half, query)
            return
        yield rows.rename_columns([f"c{place}" for place in range(rows.num_columns)]).cast(_schema(query.columns))


def _fitting(sql: str, columns: Sequence[Column], *, truncates: bool) -> str:
    """A query whose values are held to what its columns want: lengths and NOT NULL."""
    given = [f"c{place}" for place in range(len(columns))]
    listed = ", ".join(_held(name, column, truncates=truncates) for name, column in zip(given, columns, strict=True))
    return f"SELECT {listed} FROM ({sql}) AS s({', '.join(given)})"


def _held(name: str, column: Column, *, truncates: bool) -> str:
    length, held = column.type.length or MAX_TEXT, name
    if column.type.name == "TEXT" and length < MAX_TEXT:
        said = f"'sapwood:100074:22000:User character length limit ({length}) exceeded by string ''' || {name} || ''''"
        over = f"left({name}, {length})" if truncates else f"CAST(error({said}) AS VARCHAR)"
        held = f"CASE WHEN length({name}) > {length} THEN {over} ELSE {name} END"
    if not column.nullable:
        said = "'sapwood:100072:22000:NULL result in a non-nullable column'"
        held = f"CASE WHEN {name} IS NULL THEN CAST(error({said}) AS {column.type.duckdb()}) ELSE {held} END"
    return f"{held} AS {name}"


def _schema(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([(f"c{place}", loading_type(column.type)) for place, column in enumerate(columns)])


@contextmanager
def apart(work: Work) -> Generator[Work]:
    """The statement on a cursor of its own: a query that fails there does not end the transaction of the load."""
    with translated(), closing(work.parts.databases.cursor()) as cursor:
        snapshots = work.snapshots.on(cursor)
        try:
            yield replace(work, cursor=cursor, snapshots=snapshots)
        finally:
            snapshots.close()


def queried(work: Work, form: FileForm, query: Query, *, truncates: bool) -> Callable[[StageFile], QueriedReading]:
    """The reading of files through a COPY's own query."""
    (relation,) = work.snapshots.made
    width = len(relation.columns) - len(PLACE_COLUMNS)
    fitting = replace(query, sql=_fitting(query.sql, query.columns, truncates=truncates))

    def reading(file: StageFile) -> QueriedReading:
        source = source_of_records(work.cursor, file, form, width=width)
        return QueriedReading(work, relation, source, lambda _: fitting)

    return reading


def documents(
    work: Work, form: DocumentFormat, columns: Sequence[Column], *, match: str, truncates: bool
) -> Callable[[StageFile], QueriedReading]:
    """The reading of documents: the whole document into the one column there is, or its parts by name."""
    if match == "NONE" and len(columns) != 1:
        raise CopyError(
            f"SQL compilation error:\n{form.kind} file format can produce one and only one column of type variant, object, or array. "
            "Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.",
            errno=2019,
            sqlstate="0A000",
        )
    rows = empty_records(1)
    relation = work.snapshots.relation(Name("", "", "$1"), columns_of(form, rows), rows)

    def query_of(records: Records) -> Query:
        names = [] if match == "NONE" else _names_in(records)
        document = Value(duck("$1"), VARIANT)
        values = [
            document if match == "NONE" else _cleaned(_part(document, column, names, match), form) for column in columns
        ]
        listed = ", ".join(
            cast(value, column.type, truncates=False).sql for value, column in zip(values, columns, strict=True)
        )
        sql = f"SELECT {listed} FROM {relation.source} AS d"
        return Query(_fitting(sql, columns, truncates=truncates), tuple(columns))

    def reading(file: StageFile) -> QueriedReading:
        return QueriedReading(work, relation, source_of_records(work.cursor, file, form, width=1), query_of)

    return reading


def _part(document: Value, column: Column, names: Sequence[str], match: str) -> Value:
    """The document's field of a column's name; NULL if no record has it."""
    for name in names:
        if name == column.name or (match == "CASE_INSENSITIVE" and name.upper() == column.name.upper()):
            return path(document, [name])
    return Value("CAST(NULL AS JSON)", VARIANT)


def _cleaned(value: Value, form: DocumentFormat) -> Value:
    """TRIM_SPACE and NULL_IF of a field that is a text."""
    sql = value.sql
    if form.trims:
        sql = f"(CASE json_type({sql}) WHEN 'VARCHAR' THEN to_json(trim({sql} ->> '$', ' ')) ELSE {sql} END)"
    if form.null_if:
        listed = ", ".join(literal(text) for text in form.null_if)
        sql = f"(CASE WHEN json_type({sql}) = 'VARCHAR' AND ({sql} ->> '$') IN ({listed}) THEN NULL ELSE {sql} END)"
    return Value(sql, VARIANT)


def _names_in(records: Records) -> list[str]:
    found: dict[str, None] = {}
    for text in records.table.column(0).to_pylist():
        document: Any = json.loads(text)
        found.update(dict.fromkeys(document if isinstance(document, dict) else ()))
    return list(found)
