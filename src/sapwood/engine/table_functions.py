"""Table functions whose rows the engine gives: RESULT_SCAN, INFER_SCHEMA, VALIDATE and those of INFORMATION_SCHEMA.

Comes in: the name as written and constant arguments. Goes out: a relation, None for a name that is none of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sapwood.dialect.statements import Column, Name, Relation
from sapwood.dialect.types import BOOLEAN, REAL, SnowType, number, text
from sapwood.engine.copy_into import earlier, faults_of
from sapwood.engine.infer import infer_schema
from sapwood.engine.information_schema import INFORMATION_SCHEMA, QUERY_COLUMNS, VIEWS, type_of_column
from sapwood.engine.privileges import check
from sapwood.engine.result import listing
from sapwood.engine.tags import tag_rows
from sapwood.engine.usage_history import MOST_QUERIES, progress_rows, query_rows
from sapwood.engine.validation import ERROR_COLUMNS
from sapwood.engine.work import Work
from sapwood.errors import InvalidArgumentsError, ProgrammingError

Row = dict[str, Any]
Arguments = Mapping[str, Any]


def table_function(work: Work, name: str, arguments: Arguments) -> Relation | None:
    """The rows of a table function."""
    *holder, last = name.split(".")
    if holder and holder[-1] != INFORMATION_SCHEMA:
        return None
    handler = (_OF_INFORMATION_SCHEMA if holder else _BARE).get(last)
    return None if handler is None else handler(work, arguments)


def _made(work: Work, name: str, types: Mapping[str, SnowType], rows: list[Row]) -> Relation:
    found = listing("", types, [tuple(row.get(column) for column in types) for row in rows])
    return work.snapshots.relation(Name("", "", name), tuple(Column(*each) for each in types.items()), found.table)


# RESULT_SCAN ----------------------------------------------------------------------------------------------------------


def _result_scan(work: Work, arguments: Arguments) -> Relation:
    """RESULT_SCAN('query id'): the rows of an earlier statement of this user, of the last one without an argument."""
    query_id = arguments.get("1", work.state.query_ids[-1] if work.state.query_ids else None)
    found = work.parts.recent.find(work.state.user, str(query_id)) if query_id else None
    if found is None:
        raise ProgrammingError(
            f"SQL compilation error:\nstatement {query_id} not found",
            errno=709,
            sqlstate="02000",
            hint="Results are kept until newer ones take their place; run the statement again.",
        )
    return work.snapshots.relation(Name("", "", "RESULT_SCAN"), found.columns, found.table)


# INFER_SCHEMA ---------------------------------------------------------------------------------------------------------

_INFERRED = {
    "COLUMN_NAME": text(),
    "TYPE": text(),
    "NULLABLE": BOOLEAN,
    "EXPRESSION": text(),
    "FILENAMES": text(),
    "ORDER_ID": number(38, 0),
}


def _infer_schema(work: Work, arguments: Arguments) -> Relation:
    """INFER_SCHEMA(LOCATION => '@stage/path', FILE_FORMAT => 'name' [, FILES => ..., IGNORE_CASE => ...])"""
    given = {name: value for name, value in arguments.items() if value is not None}
    for name in given:
        if name not in ("LOCATION", "FILE_FORMAT", "FILES", "IGNORE_CASE", "MAX_FILE_COUNT", "MAX_RECORDS_PER_FILE"):
            raise InvalidArgumentsError(f"SQL compilation error:\nINFER_SCHEMA has no argument {name}.")
    if not isinstance(given.get("LOCATION"), str) or not isinstance(given.get("FILE_FORMAT"), str):
        raise InvalidArgumentsError("SQL compilation error:\nINFER_SCHEMA needs LOCATION and FILE_FORMAT.")
    wanted = given.get("FILES")
    return _made(
        work,
        "INFER_SCHEMA",
        _INFERRED,
        infer_schema(
            work,
            given["LOCATION"],
            given["FILE_FORMAT"],
            only=(wanted,) if isinstance(wanted, str) else tuple(wanted or ()),
            ignores_case=bool(given.get("IGNORE_CASE", False)),
        ),
    )


# VALIDATE -------------------------------------------------------------------------------------------------------------


def _validate(work: Work, arguments: Arguments) -> Relation:
    """VALIDATE(table, JOB_ID => '_last' | query id): the faults in the files of an earlier COPY INTO the table."""
    copied = earlier(work, arguments["TABLE"], str(arguments["JOB_ID"]))
    check(work, copied.statement)
    rows = [dict(zip(ERROR_COLUMNS, row, strict=True)) for row in faults_of(work, copied)]
    return _made(work, "VALIDATE", ERROR_COLUMNS, rows)


# INFORMATION_SCHEMA ---------------------------------------------------------------------------------------------------


def _query_history(kind: str) -> Callable[[Work, Arguments], Relation]:
    """QUERY_HISTORY, QUERY_HISTORY_BY_SESSION, ..._BY_USER, ..._BY_WAREHOUSE, with RESULT_LIMIT and ranges of time."""

    def handler(work: Work, arguments: Arguments) -> Relation:
        limit = arguments.get("RESULT_LIMIT", 100)
        if not isinstance(limit, int) or not 1 <= limit <= MOST_QUERIES:
            raise InvalidArgumentsError(f"SQL compilation error:\nRESULT_LIMIT is a number from 1 to {MOST_QUERIES}.")
        rows = [row for row in query_rows(work) if _is_wanted(work, row, kind, arguments)][:limit]
        return _made(work, "QUERY_HISTORY", {column: type_of_column(column) for column in QUERY_COLUMNS.split()}, rows)

    return handler


def _is_wanted(work: Work, row: Row, kind: str, arguments: Arguments) -> bool:
    given = {
        "SESSION": ("SESSION_ID", arguments.get("SESSION_ID", arguments.get("1", work.state.id))),
        "USER": ("USER_NAME", arguments.get("USER_NAME", arguments.get("1", work.state.user))),
        "WAREHOUSE": ("WAREHOUSE_NAME", arguments.get("WAREHOUSE_NAME", arguments.get("1", work.state.warehouse))),
    }
    if kind and str(row.get(given[kind][0])) != str(given[kind][1]):
        return False
    start, end = arguments.get("END_TIME_RANGE_START"), arguments.get("END_TIME_RANGE_END")
    ended = "" if row["END_TIME"] is None else row["END_TIME"].isoformat(sep=" ")
    return (start is None or ended >= str(start)) and (end is None or ended <= str(end))


_PROGRESS = {
    "QUERY_ID": text(),
    "USER_NAME": text(),
    "MODEL_NAME": text(),
    "DONE": number(38, 0),
    "TOTAL": number(38, 0),
    "CACHED": number(38, 0),
    "REQUESTS_PER_SECOND": REAL,
    "SECONDS_LEFT": REAL,
}


def _query_progress(work: Work, arguments: Arguments) -> Relation:
    """QUERY_PROGRESS(): the statements that ask a model now. The vendor has no such function."""
    return _made(work, "QUERY_PROGRESS", _PROGRESS, list(progress_rows(work)))


def _copy_history(work: Work, arguments: Arguments) -> Relation:
    """COPY_HISTORY(TABLE_NAME => 't', START_TIME => ...): the loads of a table."""
    table = str(arguments.get("TABLE_NAME", arguments.get("1", ""))).upper().split(".")[-1]
    columns = (
        "FILE_NAME STAGE_LOCATION LAST_LOAD_TIME ROW_COUNT ROW_PARSED FILE_SIZE FIRST_ERROR_MESSAGE ERROR_COUNT ERROR_LIMIT STATUS "
        "TABLE_CATALOG_NAME TABLE_SCHEMA_NAME TABLE_NAME"
    )
    databases = [work.state.database] if work.state.database else []
    rows = [row for row in VIEWS["LOAD_HISTORY"].seen(work, databases) if row["TABLE_NAME"] == table]
    return _made(work, "COPY_HISTORY", {column: type_of_column(column) for column in columns.split()}, rows)


def _tag_references(work: Work, arguments: Arguments) -> Relation:
    """TAG_REFERENCES('t', 'TABLE'), TAG_REFERENCES('t.c', 'COLUMN')"""
    columns = (
        "TAG_DATABASE TAG_SCHEMA TAG_NAME TAG_VALUE LEVEL OBJECT_DATABASE OBJECT_SCHEMA OBJECT_NAME DOMAIN COLUMN_NAME"
    )
    rows = list(tag_rows(work, str(arguments.get("1", "")), kind=str(arguments.get("2", "")).upper()))
    return _made(work, "TAG_REFERENCES", dict.fromkeys(columns.split(), text()), rows)


_BARE: dict[str, Callable[[Work, Arguments], Relation]] = {
    "RESULT_SCAN": _result_scan,
    "INFER_SCHEMA": _infer_schema,
    "VALIDATE": _validate,
}
_OF_INFORMATION_SCHEMA: dict[str, Callable[[Work, Arguments], Relation]] = {
    "QUERY_HISTORY": _query_history(""),
    "QUERY_HISTORY_BY_SESSION": _query_history("SESSION"),
    "QUERY_HISTORY_BY_USER": _query_history("USER"),
    "QUERY_HISTORY_BY_WAREHOUSE": _query_history("WAREHOUSE"),
    "QUERY_PROGRESS": _query_progress,
    "COPY_HISTORY": _copy_history,
    "TAG_REFERENCES": _tag_references,
}
