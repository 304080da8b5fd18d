"""COPY INTO <table>: which files, how they are read, rows and load history in one commit, and what is told of them.

Error texts, result columns and the meaning of the options:
https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from sapwood.dialect.conventions import Conventions
from sapwood.dialect.names import spelled
from sapwood.dialect.stage_statements import CopyInto
from sapwood.dialect.statements import Column, Name
from sapwood.dialect.types import number, text
from sapwood.engine.copy_options import CopyOptions, copy_options
from sapwood.engine.copy_query import apart, documents, queried
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault
from sapwood.engine.document_format import FileForm, file_form
from sapwood.engine.insertion import insert_loaded
from sapwood.engine.load import CsvReading, Loaded, Loader, Reading, shown_column
from sapwood.engine.location import Location, StageFile, check_is_there, files, locate
from sapwood.engine.metadata import LoadedFile, TableInfo, read_history, write_history
from sapwood.engine.result import Rows, listing, status_rows
from sapwood.engine.staged import options_of
from sapwood.engine.validation import error_rows, validated
from sapwood.engine.work import Copied, Work, now_ms, source_of
from sapwood.errors import (
    InvalidIdentifierError,
    NotNullError,
    ProgrammingError,
    UnknownFileError,
    UnsupportedError,
)

HISTORY_DAYS = 64
"""Days after which it is uncertain whether a file was loaded."""
DAY_MS = 86_400_000
MOST_COPIES = 100
"""Loads of a session that VALIDATE knows."""
NOTHING = "Copy executed with 0 files processed."
COLUMNS = {
    "file": text(),
    "status": text(),
    "rows_parsed": number(19, 0),
    "rows_loaded": number(19, 0),
    "error_limit": number(19, 0),
    "errors_seen": number(19, 0),
    "first_error": text(),
    "first_error_line": number(19, 0),
    "first_error_character": number(19, 0),
    "first_error_column_name": text(),
}


@dataclass(frozen=True)
class Copy:
    """One COPY INTO on its way: where its files lie, what they are, and what they go into."""

    work: Work
    statement: CopyInto
    target: TableInfo
    columns: tuple[Column, ...]
    location: Location
    form: FileForm
    options: CopyOptions


def copy_into(work: Work, statement: CopyInto) -> Rows:
    """Load files; nothing changes if any of them can't be loaded as ON_ERROR wants."""
    copy = _copy(work, statement)
    with apart(work) as reader:
        return _validated(copy, reader) if copy.options.validation is not None else _loaded(copy, reader)


def _copy(work: Work, statement: CopyInto) -> Copy:
    target = work.the_table(statement.target)
    if target.kind != "TABLE":
        raise UnsupportedError("COPY INTO a view is not supported", hint="Load the table below it.")
    options = copy_options(statement.options)
    location = locate(work, statement.source)
    form = file_form(options_of(work, location, statement.format_name, statement.format_options))
    if isinstance(form, CsvFormat):
        form = form.read_by(Conventions.of(work.parameter).inputs)
    if location.notice:
        work.notices.append(location.notice)
    check_is_there(location)
    copy = Copy(work, statement, target, _columns(target, statement.columns), location, form, options)
    _check(copy)
    return copy


def _columns(target: TableInfo, names: Sequence[str]) -> tuple[Column, ...]:
    by_name = {column.name: column for column in target.columns}
    for name in names:
        if name not in by_name:
            raise InvalidIdentifierError(
                f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{spelled(name)}'"
            )
    return tuple(by_name[name] for name in names) or target.columns


def _check(copy: Copy) -> None:
    """What the vendor refuses of a COPY."""
    by_name, has_query = copy.options.match != "NONE", copy.statement.query is not None
    if by_name and has_query:
        raise UnsupportedError("MATCH_BY_COLUMN_NAME and a transformation can't be given together")
    if copy.options.validation is not None and has_query:
        raise UnsupportedError("VALIDATION_MODE is not supported for a COPY with a transformation")
    if not isinstance(copy.form, CsvFormat):
        return
    if copy.form.parses_header and has_query:
        raise UnsupportedError("PARSE_HEADER = TRUE is not supported in a transformation", hint="Use SKIP_HEADER = 1.")
    if copy.form.parses_header is not by_name and not has_query:
        raise ProgrammingError(
            "SQL compilation error:\nFor CSV files PARSE_HEADER = TRUE and MATCH_BY_COLUMN_NAME must be given together",
            errno=1008,
            sqlstate="22023",
        )


# What to load ---------------------------------------------------------------------------------------------------------


def _wanted(copy: Copy) -> list[StageFile]:
    location, statement = copy.location, copy.statement
    found = files(location, pattern=statement.pattern)
    if not statement.files:
        return found
    prefix = location.prefix.rstrip("/") + "/" if location.prefix else ""
    by_name = {file.name: file for file in found}
    wanted: list[StageFile] = []
    for name in statement.files:
        file = by_name.get(prefix + name)
        if file is None:
            raise UnknownFileError(
                f"Remote file '{location.label}{prefix}{name}' was not found. If you are running a copy command, please make sure files are "
                "not deleted when they are being loaded.",
                hint="LIST shows the files that are there.",
            )
        wanted.append(file)
    return wanted


def _history(copy: Copy) -> dict[str, LoadedFile]:
    if copy.target.is_temporary:
        return copy.work.state.temporary_loads.get(copy.target.name, {})
    return read_history(copy.work.cursor, copy.target.name)


def _not_loaded(copy: Copy) -> list[StageFile]:
    wanted = _wanted(copy)
    if copy.options.is_forced:
        return wanted
    history, oldest = _history(copy), now_ms() - HISTORY_DAYS * DAY_MS

    def is_loaded(file: StageFile) -> bool:
        load = history.get(file.label)
        if load is None or load.status == "LOAD_FAILED" or load.size != file.size or load.md5 != file.md5:
            return False
        return load.loaded_on >= oldest or not copy.options.loads_uncertain

    return [file for file in wanted if not is_loaded(file)]


def _to_validate(copy: Copy) -> list[StageFile]:
    """RETURN_ALL_ERRORS looks at files too that were loaded in part."""
    if copy.options.validation != "RETURN_ALL_ERRORS":
        return _not_loaded(copy)
    partly = {name for name, load in _history(copy).items() if load.status == "PARTIALLY_LOADED"}
    fresh = {file.label for file in _not_loaded(copy)}
    return [file for file in _wanted(copy) if file.label in partly | fresh]


def _within_limit(chosen: Sequence[StageFile], limit: int | None) -> list[StageFile]:
    """The files before SIZE_LIMIT is passed, at least one."""
    kept: list[StageFile] = []
    for file in chosen:
        if limit is not None and kept and sum(each.size for each in kept) >= limit:
            break
        kept.append(file)
    return kept


def _validated(copy: Copy, reader: Work) -> Rows:
    return validated(_loader(copy, reader), _to_validate(copy), copy.columns, copy.options.validation or 0)


# Loading --------------------------------------------------------------------------------------------------------------


def _loaded(copy: Copy, reader: Work) -> Rows:
    chosen = _within_limit(_not_loaded(copy), copy.options.size_limit)
    if not chosen:
        return status_rows("COPY", NOTHING)
    _remember(copy, chosen)
    with copy.work.transaction():
        loaded = _loader(copy, reader).load(chosen)
        _note(copy, loaded)
    _purge(copy, loaded)
    return _result(loaded, copy.options)


def _remember(copy: Copy, chosen: Sequence[StageFile]) -> None:
    """What this load reads, for VALIDATE; the oldest loads are forgotten."""
    copies = copy.work.state.copies
    copies[copy.work.query_id] = Copied(copy.statement, tuple(file.label for file in chosen))
    for query_id in list(copies)[:-MOST_COPIES]:
        del copies[query_id]


def earlier(work: Work, table: Name, job: str) -> Copied:
    """A load of this session into a table, by its query id or '_last'; ProgrammingError if there is none."""
    into_table = {
        query_id: copied for query_id, copied in work.state.copies.items() if copied.statement.target == table
    }
    found = list(into_table.values())[-1:] if job == "_last" else [into_table[job]] if job in into_table else []
    if not found:
        raise ProgrammingError(
            f"SQL compilation error:\nNo COPY INTO {table} with the job id '{job}' in this session",
            errno=709,
            sqlstate="02000",
            hint="JOB_ID is a COPY's query id or '_last'. VALIDATION_MODE looks at files before they are loaded.",
        )
    return found[0]


def faults_of(work: Work, copied: Copied) -> list[tuple[Any, ...]]:
    """VALIDATE: a row of ERROR_COLUMNS for each fault in the files of an earlier load that are still there."""
    if copied.statement.query is not None:
        raise UnsupportedError("VALIDATE is not supported for a COPY with a transformation")
    copy = _copy(work, copied.statement)
    found = files(copy.location, pattern=copied.statement.pattern)
    with apart(work) as reader:
        return list(error_rows(_loader(copy, reader), [file for file in found if file.label in copied.files]))


def _loader(copy: Copy, reader: Work) -> Loader:
    return Loader(
        _reading(copy, reader),
        lambda rows: _insert(copy, rows),
        lambda fault: _column_of(copy, fault),
        copy.options.on_error,
        copy.work.cancelled.is_set,
        looks_first=copy.work.state.is_in_transaction,
    )


def _reading(copy: Copy, reader: Work) -> Callable[[StageFile], Reading]:
    """How a file is read: through a query, by its fields as they stand, or document by document."""
    form, options, query = copy.form, copy.options, copy.statement.query
    if query is not None:
        return queried(reader, form, query, truncates=options.truncates)
    if isinstance(form, CsvFormat):
        return lambda file: CsvReading(file, copy.columns, form, truncates=options.truncates, match=options.match)
    return documents(reader, form, copy.columns, match=options.match, truncates=options.truncates)


def _column_of(copy: Copy, fault: Fault) -> str | None:
    return shown_column(copy.target.name.name, copy.columns, fault.field) if fault.field else None


def _insert(copy: Copy, rows: pa.Table) -> None:
    rows, columns = _with_defaults(copy, rows)
    with copy.work.staged(rows) as staged:
        insert_loaded(copy.work.cursor, source_of(copy.target), columns, source=staged)


def _with_defaults(copy: Copy, rows: pa.Table) -> tuple[pa.Table, tuple[Column, ...]]:
    """The rows with the defaults of the columns that the files do not give."""
    columns, given = copy.columns, {column.name for column in copy.columns}
    for column in copy.target.columns:
        if column.name in given:
            continue
        if column.default is not None:
            sql = f"SELECT {column.default} FROM TABLE(GENERATOR(ROWCOUNT => {rows.num_rows}))"
            rows = rows.append_column(f"c{len(columns)}", copy.work.run_query(sql).column(0))
            columns = (*columns, column)
        elif not column.nullable:
            raise NotNullError("NULL result in a non-nullable column")
    return rows, columns


def _note(copy: Copy, loaded: Sequence[Loaded]) -> None:
    """Remember what was loaded, in the transaction that loads it."""
    now = now_ms()
    history = [
        LoadedFile(
            each.file.label, each.file.size, each.md5, now, each.status, each.parsed, each.loaded, each.errors,
            each.fault.message if each.fault else "",
        )
        for each in loaded
    ]  # fmt: skip
    if copy.target.is_temporary:
        kept = copy.work.state.temporary_loads.setdefault(copy.target.name, {})
        kept.update({row.file: row for row in history})
    else:
        write_history(copy.work.cursor, copy.target.name, history)


def _purge(copy: Copy, loaded: Sequence[Loaded]) -> None:
    """Not inside a transaction: a ROLLBACK would lose the rows."""
    if not copy.options.purges or not copy.location.is_internal or copy.work.state.is_in_transaction:
        return
    for each in loaded:
        if each.status == "LOADED":
            each.file.storage.remove(each.file.name)


def _result(loaded: Sequence[Loaded], options: CopyOptions) -> Rows:
    shown = [each for each in loaded if not options.returns_failed_only or each.status == "LOAD_FAILED"]
    rows = listing("COPY", COLUMNS, [_result_row(each, options) for each in shown])
    return replace(rows, rowcount=sum(each.loaded for each in loaded))


def _result_row(loaded: Loaded, options: CopyOptions) -> tuple[Any, ...]:
    limit, fault = options.on_error.shown_limit(loaded.parsed), loaded.fault
    first = (None, None, None, None) if fault is None else (fault.message, fault.line, fault.character, loaded.column)
    return (loaded.file.label, loaded.status, loaded.parsed, loaded.loaded, limit, loaded.errors, *first)
