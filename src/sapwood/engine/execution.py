"""One statement to its rows: a table from statement class to handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sapwood.dialect.account_statements import (
    AccessTokens,
    AlterUser,
    CreateUser,
    GrantPrivileges,
    GrantRole,
    ShowGrants,
)
from sapwood.dialect.definition_statements import (
    AlterSequence,
    CreateFunction,
    CreateSequence,
    CreateTag,
)
from sapwood.dialect.stage_statements import (
    CopyInto,
    CreateFileFormat,
    CreateStage,
    ExportModel,
    GetFiles,
    ListStage,
    PutFiles,
    RemoveFiles,
    Unload,
)
from sapwood.dialect.statements import (
    AlterModel,
    AlterSession,
    AlterTable,
    AlterWarehouse,
    CreateContainer,
    CreateTable,
    CreateView,
    Describe,
    Dml,
    Drop,
    Explain,
    Query,
    SetComment,
    SetVariable,
    Show,
    Statement,
    Transaction,
    UnsetVariable,
    Use,
)
from sapwood.dialect.types import number, text
from sapwood.engine.arrow import conform
from sapwood.engine.container import alter_warehouse, create_container, use
from sapwood.engine.copy_into import copy_into
from sapwood.engine.definition import alter_sequence, create_function, create_sequence
from sapwood.engine.describe import describe_object
from sapwood.engine.dml import change_rows
from sapwood.engine.drop import drop
from sapwood.engine.explain import explain
from sapwood.engine.export import export_model
from sapwood.engine.files import get_files, list_stage, put_files, remove_files
from sapwood.engine.grants import follow, grant_privileges, grant_role, is_there, show_grants, target_of
from sapwood.engine.model import alter_model
from sapwood.engine.privileges import check
from sapwood.engine.result import Rows, listing, status_rows
from sapwood.engine.setting import alter_session, set_variable, unset_variable
from sapwood.engine.show import show
from sapwood.engine.stage import create_file_format, create_stage
from sapwood.engine.table import alter_table, create_table, create_view, set_comment
from sapwood.engine.tags import create_tag
from sapwood.engine.unload import unload
from sapwood.engine.users import access_tokens, alter_user, create_user
from sapwood.engine.work import Work
from sapwood.errors import InternalError


def handle(work: Work, statement: Query | Statement) -> Rows:
    """Run a statement, if the session's roles allow it; grants follow the objects that it makes or takes away."""
    handler = _HANDLERS.get(type(statement))
    if handler is None:
        raise InternalError(f"no handler for {type(statement).__name__}")
    check(work, statement)
    target = target_of(statement)
    was_there = is_there(work, target)
    _open_transaction(work, statement)
    rows = handler(work, statement)
    if target is not None:
        follow(work, statement, target, was_there=was_there)
    return rows


def describe(statement: Query | Statement) -> Rows:
    """The columns that a statement would give; nothing is run and no model asked."""
    if isinstance(statement, Query):
        rows = listing("SELECT", {}, [])
        empty = conform(_empty(statement), statement.columns)
        return Rows("SELECT", statement.columns, empty, rowcount=rows.rowcount)
    if isinstance(statement, Dml):
        return listing(statement.kind, dict.fromkeys(_COUNTS.get(statement.kind, ("status",)), number(19, 0)), [])
    return listing(type(statement).__name__.upper(), {"status": text()}, [])


_COUNTS = {
    "INSERT": ("number of rows inserted",),
    "UPDATE": ("number of rows updated", "number of multi-joined rows updated"),
    "DELETE": ("number of rows deleted",),
}
"""What a change of rows tells, by kind."""


def _empty(query: Query) -> Any:
    return listing("SELECT", {str(index): column.type for index, column in enumerate(query.columns)}, []).table


def _query(work: Work, query: Query) -> Rows:
    table = conform(work.rows(query), query.columns)
    return Rows("SELECT", query.columns, table, rowcount=table.num_rows)


def _open_transaction(work: Work, statement: Query | Statement) -> None:
    """Without AUTOCOMMIT the first change opens a transaction, which COMMIT, ROLLBACK or DDL ends."""
    if isinstance(statement, (Dml, CopyInto)) and not work.state.is_in_transaction and not work.parameter("AUTOCOMMIT"):
        work.run("BEGIN TRANSACTION")
        work.state.turn_transaction("BEGIN")


def _transaction(work: Work, statement: Transaction) -> Rows:
    """BEGIN inside a transaction goes on with it; COMMIT and ROLLBACK without one do nothing. As in Snowflake."""
    is_begin = statement.action.upper() == "BEGIN"
    if is_begin != work.state.is_in_transaction:
        work.run("BEGIN TRANSACTION" if is_begin else statement.action.upper())
        work.state.turn_transaction(statement.action.upper())
    return status_rows("TRANSACTION", "Statement executed successfully.")


_HANDLERS: dict[type, Callable[[Work, Any], Rows]] = {
    Query: _query,
    CreateTable: create_table,
    CreateView: create_view,
    CreateContainer: create_container,
    CreateFileFormat: create_file_format,
    CreateStage: create_stage,
    CreateFunction: create_function,
    CreateSequence: create_sequence,
    CreateTag: create_tag,
    Drop: drop,
    Dml: change_rows,
    AlterSequence: alter_sequence,
    AlterTable: alter_table,
    AlterWarehouse: alter_warehouse,
    AccessTokens: access_tokens,
    AlterModel: alter_model,
    AlterUser: alter_user,
    CreateUser: create_user,
    GrantPrivileges: grant_privileges,
    GrantRole: grant_role,
    ShowGrants: show_grants,
    AlterSession: alter_session,
    SetComment: set_comment,
    CopyInto: copy_into,
    ListStage: list_stage,
    PutFiles: put_files,
    Unload: unload,
    ExportModel: export_model,
    GetFiles: get_files,
    RemoveFiles: remove_files,
    Use: use,
    SetVariable: set_variable,
    UnsetVariable: unset_variable,
    Show: show,
    Describe: describe_object,
    Transaction: _transaction,
    Explain: explain,
}
