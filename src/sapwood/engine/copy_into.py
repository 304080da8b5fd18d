"""COPY INTO <table>: files to rows, one outcome a file, rows and load history in one commit.

Error texts, result columns and the meaning of ON_ERROR: the vendor's page "COPY INTO <table>".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from sapwood.dialect.statements import Column, CopyInto, Query
from sapwood.dialect.types import number, text
from sapwood.engine.copy_query import FileRows, document_rows, queried_rows
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault
from sapwood.engine.document_format import DocumentFormat, FileForm, file_form
from sapwood.engine.insertion import insert_rows
from sapwood.engine.load import Loaded, load_file
from sapwood.engine.location import Location, StageFile, check_is_there, files, locate
from sapwood.engine.metadata import LoadedFile, TableInfo, read_history, write_history
from sapwood.engine.result import Rows, listing, status_rows
from sapwood.engine.staged import options_of
from sapwood.engine.work import Work, now_ms, source_of
from sapwood.errors import (
    CancelledError,
    CopyError,
    InvalidIdentifierError,
    NotNullError,
    ProgrammingError,
    UnknownFileError,
    UnsupportedError,
)

HISTORY_DAYS = 64
"""Days that a load is remembered."""
DAY_MS = 86_400_000
NOTHING = "Copy executed with 0 files processed."
CONTINUE_HINT = (
    "If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option."
)
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
class CopyOptions:
    """COPY's own options. `on_error` is ABORT, CONTINUE or SKIP; a SKIP limit is a number of errors or a percentage."""

    on_error: str = "ABORT"
    skip_limit: float = 1
    is_percentage: bool = False
    size_limit: int | None = None
    purges: bool = False
    returns_failed_only: bool = False
    truncates: bool = False
    is_forced: bool = False
    match: str = "NONE"


def copy_into(work: Work, statement: CopyInto) -> Rows:
    """Load files; nothing changes if any of them can't be loaded as ON_ERROR wants."""
    target = work.the_table(statement.target)
    if target.kind != "TABLE":
        raise UnsupportedError("COPY INTO a view is not supported", hint="Load the table below it.")
    options = copy_options(statement.options)
    columns = _columns(target, statement.columns)
    location = locate(work, statement.source)
    form = file_form(options_of(work, location, statement.format_name, statement.format_options))
    if location.notice:
        work.notices.append(location.notice)
    check_is_there(location)
    wanted = _wanted(location, statement)
    chosen = _not_loaded(work, target, wanted, is_forced=options.is_forced)
    if not chosen:
        return status_rows("COPY", NOTHING)
    if statement.query is None and isinstance(form, CsvFormat):
        outcomes = _read(work, target, columns, chosen, form=form, options=options)
    else:
        outcomes = _made(work, columns, chosen, form=form, options=options, query=statement.query)
    return _load(work, target, columns, outcomes, options=options, is_internal=location.is_internal)


def copy_options(given: Mapping[str, Any]) -> CopyOptions:
    """COPY's options checked; UnsupportedError or ProgrammingError by name."""
    options = CopyOptions()
    for name, value in given.items():
        reader = _OPTIONS.get(name.upper())
        if reader is None:
            raise UnsupportedError(
                f"The option {name.upper()} of COPY INTO is not supported", hint=f"Served: {', '.join(_OPTIONS)}."
            )
        options = replace(options, **reader(name.upper(), value))
    return options


# Options --------------------------------------------------------------------------------------------------------------


def _on_error(name: str, value: Any) -> dict[str, Any]:
    written = str(value).upper()
    if written in ("ABORT_STATEMENT", "CONTINUE"):
        return {"on_error": written.removesuffix("_STATEMENT")}
    found = re.fullmatch(r"SKIP_FILE(?:_(\d+)(%)?)?", written)
    if not found:
        raise _invalid(name, value)
    return {"on_error": "SKIP", "skip_limit": float(found[1] or 1), "is_percentage": found[2] is not None}


def _flag(field: str, *, negated: bool = False) -> Any:
    def read(name: str, value: Any) -> dict[str, Any]:
        if str(value).upper() not in ("TRUE", "FALSE"):
            raise _invalid(name, value)
        return {field: (str(value).upper() == "TRUE") is not negated}

    return read


def _size_limit(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, bool) or not str(value).isdigit():
        raise _invalid(name, value)
    return {"size_limit": int(value)}


def _match(name: str, value: Any) -> dict[str, Any]:
    if str(value).upper() not in ("NONE", "CASE_SENSITIVE", "CASE_INSENSITIVE"):
        raise _invalid(name, value)
    return {"match": str(value).upper()}


_OPTIONS: dict[str, Any] = {
    "ON_ERROR": _on_error,
    "SIZE_LIMIT": _size_limit,
    "PURGE": _flag("purges"),
    "RETURN_FAILED_ONLY": _flag("returns_failed_only"),
    "ENFORCE_LENGTH": _flag("truncates", negated=True),
    "TRUNCATECOLUMNS": _flag("truncates"),
    "FORCE": _flag("is_forced"),
    "LOAD_UNCERTAIN_FILES": lambda name, value: {},
    "MATCH_BY_COLUMN_NAME": _match,
}


def _invalid(name: str, value: Any) -> ProgrammingError:
    return ProgrammingError(
        f"SQL compilation error:\ninvalid value [{value}] for parameter '{name}'", errno=1008, sqlstate="22023"
    )


# What to load ---------------------------------------------------------------------------------------------------------


def _columns(target: TableInfo, names: Sequence[str]) -> tuple[Column, ...]:
    by_name = {column.name: column for column in target.columns}
    for name in names:
        if name not in by_name:
            raise InvalidIdentifierError(
                f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{name}'"
            )
    return tuple(by_name[name] for name in names) or target.columns


def _wanted(location: Location, statement: CopyInto) -> list[StageFile]:
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


def _not_loaded(work: Work, target: TableInfo, wanted: Sequence[StageFile], *, is_forced: bool) -> list[StageFile]:
    if is_forced:
        return list(wanted)
    history = (
        work.state.temporary_loads.get(target.name, {})
        if target.is_temporary
        else read_history(work.cursor, target.name)
    )
    oldest = now_ms() - HISTORY_DAYS * DAY_MS
    loaded = {
        (load.file, load.md5)
        for load in history.values()
        if load.status in ("LOADED", "PARTIALLY_LOADED") and load.loaded_on >= oldest
    }
    return [file for file in wanted if (file.label, file.md5) not in loaded]


# Loading --------------------------------------------------------------------------------------------------------------


Outcomes = list[tuple[StageFile, Loaded]]


def _read(
    work: Work,
    target: TableInfo,
    columns: tuple[Column, ...],
    chosen: Sequence[StageFile],
    *,
    form: CsvFormat,
    options: CopyOptions,
) -> Outcomes:
    """The rows of CSV files as they stand."""
    if form.parses_header:
        raise UnsupportedError("PARSE_HEADER = TRUE is not supported in COPY INTO", hint="Use SKIP_HEADER = 1.")
    if options.match != "NONE":
        raise UnsupportedError(
            f"MATCH_BY_COLUMN_NAME = {options.match} is not supported for CSV files",
            hint="Name the table's columns in the file's order.",
        )
    outcomes: Outcomes = []
    for file in _within_limit(chosen, options):
        if work.cancelled.is_set():
            raise CancelledError("SQL execution canceled")
        loaded = load_file(
            file,
            columns,
            form=form,
            table=target,
            truncates=options.truncates,
            stops_at_fault=options.on_error == "ABORT",
            is_cancelled=work.cancelled.is_set,
        )
        outcomes.append((file, _judged(loaded, options)))
    return outcomes


def _made(
    work: Work,
    columns: tuple[Column, ...],
    chosen: Sequence[StageFile],
    *,
    form: FileForm,
    options: CopyOptions,
    query: Query | None,
) -> Outcomes:
    """The rows that a query makes of files, or those of documents."""
    if options.on_error == "CONTINUE":
        raise UnsupportedError(
            "ON_ERROR = CONTINUE is not supported for documents and transformations", hint="Use SKIP_FILE."
        )
    wanted, skips = _within_limit(chosen, options), options.on_error == "SKIP"
    if query is not None:
        made = queried_rows(work, wanted, form, query, skips=skips)
    else:
        assert isinstance(form, DocumentFormat), "CSV files are read as they stand"
        made = document_rows(work, wanted, form, columns, match=options.match, skips=skips)
    return [(each.file, _outcome(each)) for each in made]


def _outcome(made: FileRows) -> Loaded:
    failure = made.failure
    if failure is None:
        return Loaded(made.rows, made.rows.num_rows, 0, made.file.md5)
    fault = Fault(failure.msg, failure.errno, 1, 1, 1, 1, failure.sqlstate)
    return Loaded(made.rows, 0, 1, made.file.md5, fault)


def _within_limit(chosen: Sequence[StageFile], options: CopyOptions) -> list[StageFile]:
    """The files before SIZE_LIMIT is passed, at least one."""
    kept: list[StageFile] = []
    for file in chosen:
        if options.size_limit is not None and kept and sum(each.size for each in kept) >= options.size_limit:
            break
        kept.append(file)
    return kept


def _load(
    work: Work,
    target: TableInfo,
    columns: tuple[Column, ...],
    outcomes: Outcomes,
    *,
    options: CopyOptions,
    is_internal: bool,
) -> Rows:
    _write(work, target, columns, outcomes)
    if options.purges and is_internal and not work.state.is_in_transaction:  # else a ROLLBACK would lose the rows
        for file, loaded in outcomes:
            if loaded.status != "LOAD_FAILED":
                file.path.unlink(missing_ok=True)
    return _result(outcomes, options)


def _judged(loaded: Loaded, options: CopyOptions) -> Loaded:
    """What ON_ERROR makes of a file's faults."""
    if not loaded.errors:
        return loaded
    if options.on_error == "ABORT":
        fault = loaded.fault
        assert fault is not None, "a file with errors has a first one"
        raise CopyError(loaded.report, errno=fault.errno, sqlstate=fault.sqlstate, hint=CONTINUE_HINT)
    if options.on_error == "CONTINUE":
        return loaded
    share = 100 * loaded.errors / max(1, loaded.parsed)
    is_over = share > options.skip_limit if options.is_percentage else loaded.errors >= options.skip_limit
    return loaded.without_rows() if is_over else loaded


def _write(
    work: Work, target: TableInfo, columns: tuple[Column, ...], outcomes: Sequence[tuple[StageFile, Loaded]]
) -> None:
    now = now_ms()
    history = [_history_row(file, loaded, now) for file, loaded in outcomes]
    tables = [loaded.rows for _, loaded in outcomes if loaded.rows.num_rows]
    rows = pa.concat_tables(tables) if tables else None
    if rows is not None:
        rows, columns = _with_defaults(work, target, columns, rows)
    with work.transaction():
        if rows is not None:
            with work.staged(rows) as staged:
                insert_rows(work.cursor, source_of(target), columns, source=f"SELECT * FROM {staged}")
        if not target.is_temporary:
            write_history(work.cursor, target.name, history)
    if target.is_temporary:
        work.state.temporary_loads.setdefault(target.name, {}).update({row.file: row for row in history})


def _with_defaults(
    work: Work, target: TableInfo, columns: tuple[Column, ...], rows: pa.Table
) -> tuple[pa.Table, tuple[Column, ...]]:
    """The rows with the defaults of the columns that the files do not give."""
    given = {column.name for column in columns}
    for column in target.columns:
        if column.name in given:
            continue
        if column.default is not None:
            values = work.run_query(
                f"SELECT {column.default} FROM TABLE(GENERATOR(ROWCOUNT => {rows.num_rows}))"
            ).column(0)
            rows = rows.append_column(f"d{len(columns)}", values)
            columns = (*columns, column)
        elif not column.nullable:
            raise NotNullError("NULL result in a non-nullable column")
    return rows, columns


def _history_row(file: StageFile, loaded: Loaded, now: int) -> LoadedFile:
    return LoadedFile(
        file.label, file.size, loaded.md5, now, loaded.status, loaded.parsed, loaded.rows.num_rows, loaded.errors,
        loaded.fault.message if loaded.fault else "",
    )  # fmt: skip


def _result(outcomes: Sequence[tuple[StageFile, Loaded]], options: CopyOptions) -> Rows:
    shown = [
        (file, loaded) for file, loaded in outcomes if not options.returns_failed_only or loaded.status == "LOAD_FAILED"
    ]
    rows = listing("COPY", COLUMNS, [_result_row(file, loaded, options) for file, loaded in shown])
    return replace(rows, rowcount=sum(loaded.rows.num_rows for _, loaded in outcomes))


def _result_row(file: StageFile, loaded: Loaded, options: CopyOptions) -> tuple[Any, ...]:
    limit = (
        1
        if options.on_error == "ABORT"
        else loaded.parsed
        if options.on_error == "CONTINUE" or options.is_percentage
        else int(options.skip_limit)
    )
    fault = loaded.fault
    first = (
        (None, None, None, None) if fault is None else (fault.message, fault.line, fault.character, loaded.fault_column)
    )
    return (file.label, loaded.status, loaded.parsed, loaded.rows.num_rows, max(limit, 1), loaded.errors, *first)
