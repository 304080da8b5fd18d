"""VALIDATION_MODE of COPY INTO: what would be loaded, and what would not be, without loading it.

Result columns: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table#validating-staged-files
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.dialect.types import number, text
from sapwood.engine.arrow import conform
from sapwood.engine.load import Loader
from sapwood.engine.location import StageFile
from sapwood.engine.result import Rows, listing

ERROR_COLUMNS = {
    "ERROR": text(),
    "FILE": text(),
    "LINE": number(19, 0),
    "CHARACTER": number(19, 0),
    "BYTE_OFFSET": number(19, 0),
    "CATEGORY": text(),
    "CODE": number(19, 0),
    "SQL_STATE": text(),
    "COLUMN_NAME": text(),
    "ROW_NUMBER": number(19, 0),
    "ROW_START_LINE": number(19, 0),
    "REJECTED_RECORD": text(),
}
PARSING = (100016, 100068, 100069, 100080, 100144)
"""Errors of a file's form; all others are about values."""


def validated(loader: Loader, files: Sequence[StageFile], columns: Sequence[Column], mode: str | int) -> Rows:
    """The first rows of the files, or all errors in them."""
    if isinstance(mode, str):
        return listing("COPY", ERROR_COLUMNS, list(error_rows(loader, files)))
    rows = conform(_first(loader, files, mode), columns)
    return Rows("COPY", tuple(columns), rows, rowcount=rows.num_rows)


def error_rows(loader: Loader, files: Sequence[StageFile]) -> Iterator[tuple[Any, ...]]:
    """A row of ERROR_COLUMNS for each fault."""
    for file in files:
        for fault in loader.faults(file):
            category = "parsing" if fault.errno in PARSING else "conversion"
            yield (
                fault.message, file.label, fault.line, fault.character, fault.offset, category, fault.errno, fault.sqlstate,
                loader.column_of(fault), fault.row, fault.row_line, fault.rejected,
            )  # fmt: skip


def _first(loader: Loader, files: Sequence[StageFile], count: int) -> pa.Table:
    tables: list[pa.Table] = []
    for file in files:
        for rows in loader.rows(file):
            tables.append(rows.slice(0, count))
            count -= tables[-1].num_rows
            if count <= 0:
                return pa.concat_tables(tables)
    return pa.concat_tables(tables) if tables else pa.table({})
