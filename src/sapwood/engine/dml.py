"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE: the calls are answered first, then the change is made once, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from sapwood.dialect.statements import Column, Dml
from sapwood.engine.insertion import check_lengths, insert_rows
from sapwood.engine.metadata import TableInfo, clear_history
from sapwood.engine.result import Rows, count_rows, status_rows
from sapwood.engine.work import Work, source_of
from sapwood.errors import DuplicateRowError, NotNullError, UnsupportedError


def change_rows(work: Work, statement: Dml) -> Rows:
    """Any DML statement."""
    if statement.kind == "TRUNCATE" and not statement.sql:
        return status_rows("TRUNCATE", "Statement executed successfully.")
    target = work.the_table(statement.target)
    if target.kind == "VIEW":
        raise UnsupportedError(f"{statement.kind} into a view is not supported", hint="Change the table below it.")
    return _KINDS[statement.kind](work, statement, target)


def _insert(work: Work, statement: Dml, target: TableInfo) -> Rows:
    query = statement.source
    assert query is not None, "INSERT has a source"
    columns = _columns(target, statement.columns)
    place = source_of(target)
    is_read_first = bool(query.calls or query.commands or (statement.overwrite and place in query.sql))
    rows = work.rows(query) if is_read_first else None
    with work.transaction():
        if statement.overwrite:
            work.cursor.execute(f"DELETE FROM {place}")
        if rows is None:
            count = insert_rows(work.cursor, place, columns, source=query.sql)
        else:
            with work.staged(rows) as staged:
                count = insert_rows(work.cursor, place, columns, source=f"SELECT * FROM {staged}")
    return count_rows("INSERT", {"number of rows inserted": count})


def _columns(target: TableInfo, names: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns to insert into; NotNullError if one that must not be NULL is not among them."""
    if not names:
        return target.columns
    by_name = {column.name: column for column in target.columns}
    for column in target.columns:
        if column.name not in names and not column.nullable and column.default is None:
            raise NotNullError("NULL result in a non-nullable column")
    return tuple(by_name[name] for name in names)


def _update(work: Work, statement: Dml, target: TableInfo) -> Rows:
    count = _changed(work, statement, target)
    return count_rows("UPDATE", {"number of rows updated": count, "number of multi-joined rows updated": 0})


def _delete(work: Work, statement: Dml, target: TableInfo) -> Rows:
    return count_rows("DELETE", {"number of rows deleted": _changed(work, statement, target)})


def _merge(work: Work, statement: Dml, target: TableInfo) -> Rows:
    """MERGE; DuplicateRowError if two rows of the source would change one of the target."""
    if statement.guard and work.run(statement.guard):
        raise DuplicateRowError(
            "Duplicate row detected during DML action",
            hint="Make the rows of the source distinct by the join's columns.",
        )
    actions = _changed(work, statement, target, read=_actions)
    names = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}
    return count_rows("MERGE", {f"number of rows {names[each]}": actions[each] for each in statement.actions})


def _truncate(work: Work, statement: Dml, target: TableInfo) -> Rows:
    with work.transaction():
        work.cursor.execute(f"DELETE FROM {source_of(target)}")
        if not target.is_temporary:
            clear_history(work.cursor, target.name)
    work.state.temporary_loads.pop(target.name, None)
    return status_rows("TRUNCATE", "Statement executed successfully.")


_KINDS = {"INSERT": _insert, "UPDATE": _update, "DELETE": _delete, "MERGE": _merge, "TRUNCATE": _truncate}


def _changed(work: Work, statement: Dml, target: TableInfo, *, read: Callable[[Work, str], Any] | None = None) -> Any:
    """Run the change; the number of rows, or what `read` makes of it. With calls it is run and rolled back until nothing is unknown."""
    read = read or _count
    place = source_of(target)
    if not statement.calls:
        with work.transaction():
            count = read(work, statement.sql)
            check_lengths(work.cursor, place, target.columns)
        return count
    if work.state.is_in_transaction:
        return work.passes.at_once(statement, lambda sql: read(work, sql))
    return _until_known(work, statement, target, read)


def _until_known(work: Work, statement: Dml, target: TableInfo, read: Callable[[Work, str], Any]) -> Any:
    """Each run is a transaction of its own, which ends before a model is asked."""

    def attempt(sql: str) -> Any:
        work.run("BEGIN TRANSACTION")
        return read(work, sql)

    try:
        count = work.passes.until_known(statement, attempt, undo=work.roll_back)
        check_lengths(work.cursor, source_of(target), target.columns)
        work.run("COMMIT")
    except BaseException:
        work.roll_back()
        raise
    return count


def _actions(work: Work, sql: str) -> Counter[str]:
    """How often a MERGE did what."""
    return Counter(str(row[0]).upper() for row in work.run(sql))


def _count(work: Work, sql: str) -> int:
    rows: list[tuple[Any, ...]] = work.run(sql)
    return int(rows[0][0]) if rows else 0
