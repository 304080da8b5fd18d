"""Tables and views: CREATE, ALTER, DROP, comments. Each change and what is known of it are one DuckDB commit.

As in Snowflake a DDL statement commits an open transaction first. Temporary tables lie in the session's own part of
DuckDB and hide permanent ones of their name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from sapwood.dialect.coercion import cast
from sapwood.dialect.names import duck
from sapwood.dialect.statements import AlterTable, Column, CreateTable, CreateView, Key, Name, SetComment
from sapwood.dialect.values import Value
from sapwood.engine.identity import with_sequences
from sapwood.engine.insertion import insert_rows
from sapwood.engine.keys import add_key, drop_key, keep_keys
from sapwood.engine.metadata import (
    TableInfo,
    comment_container,
    comment_table,
    delete_table,
    rename_table,
    write_columns,
    write_table,
)
from sapwood.engine.physical import table_source, text_literal
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.tags import copy_tags, give_tags, rename_tagged_column, tag_table
from sapwood.engine.work import Work, exists, now_ms, source_of, unknown_object
from sapwood.errors import InvalidIdentifierError, NotNullError, ProgrammingError, UnsupportedError

Action = Callable[[Work, TableInfo, AlterTable], TableInfo]

# CREATE --------------------------------------------------------------------------------------------------------------


def create_table(work: Work, statement: CreateTable) -> Rows:
    """CREATE TABLE with columns, AS query, LIKE or CLONE."""
    work.commit_open()
    name = statement.name
    work.check_schema(name.database, name.schema)
    held = _taken(work, name, is_temporary=statement.temporary)
    if held is not None and statement.if_not_exists:
        return status_rows("CREATE_TABLE", f"{name.name} already exists, statement succeeded.")
    if held is not None and (not statement.or_replace or held.kind != "TABLE"):
        raise exists(name)
    model = work.the_table(statement.like) if statement.like else None
    columns = with_sequences(work, name, statement.columns or (model.columns if model else ()))
    info = TableInfo(
        name, "TABLE", columns, statement.comment, now_ms(), work.state.role, is_temporary=statement.temporary
    )
    rows, source = _rows_for(work, statement, model)  # before the transaction: it may take a model hours
    with work.transaction():
        if rows is None:
            _write(work, info, held, source)
        else:
            with work.staged(rows) as staged:
                _write(work, info, held, f"SELECT * FROM {staged}")
        if not statement.temporary:
            write_table(work.cursor, info)
            keep_keys(work, name, statement.keys)
            if statement.like is not None:
                copy_tags(work, statement.like, name)
        give_tags(work, info, statement.tags)
    if statement.temporary:
        work.state.temporary[name] = info
        work.state.temporary_loads.pop(name, None)
    return status_rows("CREATE_TABLE", f"Table {name.name} successfully created.")


def _rows_for(work: Work, statement: CreateTable, model: TableInfo | None) -> tuple[pa.Table | None, str]:
    """The first rows: as an Arrow table, or as SQL that reads them ('' for none)."""
    query = statement.query
    if query is None:
        return None, f"SELECT * FROM {source_of(model)}" if model and statement.with_rows else ""
    target = table_source(statement.name)
    if query.calls or query.commands or target in query.sql:
        return work.rows(query), ""
    return None, query.sql


def _write(work: Work, info: TableInfo, held: TableInfo | None, source: str) -> None:
    target = source_of(info)
    if held is not None:
        work.cursor.execute(f"DROP TABLE {source_of(held)}")
    kind = "TEMPORARY TABLE" if info.is_temporary else "TABLE"
    work.cursor.execute(f"CREATE {kind} {target} ({', '.join(column_definition(column) for column in info.columns)})")
    if source:
        insert_rows(work.cursor, target, info.columns, source=source)


def copy_table(work: Work, held: TableInfo, made: TableInfo) -> None:
    """A permanent table with its rows, or a view, as another one; inside a transaction."""
    if held.kind == "TABLE":
        _write(work, made, None, f"SELECT * FROM {source_of(held)}")
    write_table(work.cursor, made)


def _taken(work: Work, name: Name, *, is_temporary: bool) -> TableInfo | None:
    return work.state.temporary.get(name) if is_temporary else work.permanent(name)


def column_definition(column: Column) -> str:
    """A column as CREATE TABLE in DuckDB wants it."""
    return f"{duck(column.name)} {column.type.duckdb()}{'' if column.nullable else ' NOT NULL'}"


def create_view(work: Work, statement: CreateView) -> Rows:
    """CREATE VIEW: only its text is kept; the dialect puts it into the queries that read it."""
    work.commit_open()
    name = statement.name
    work.check_schema(name.database, name.schema)
    held = _taken(work, name, is_temporary=statement.temporary)
    if held is not None and statement.if_not_exists:
        return status_rows("CREATE_VIEW", f"{name.name} already exists, statement succeeded.")
    if held is not None and (not statement.or_replace or held.kind != "VIEW"):
        raise exists(name)
    info = TableInfo(
        name,
        "VIEW",
        statement.columns,
        statement.comment,
        now_ms(),
        work.state.role,
        definition=statement.definition,
        is_temporary=statement.temporary,
    )
    if statement.temporary:
        work.state.temporary[name] = info
    else:
        with work.transaction():
            write_table(work.cursor, info)
    return status_rows("CREATE_VIEW", f"View {name.name} successfully created.")


# DROP ----------------------------------------------------------------------------------------------------------------


def drop_table(work: Work, name: Name, *, kind: str) -> bool:
    """DROP TABLE or VIEW; False if there is none of that kind."""
    work.commit_open()
    held = work.table(name)
    if held is None or held.kind != kind:
        return False
    with work.transaction():
        if kind == "TABLE":
            work.cursor.execute(f"DROP TABLE {source_of(held)}")
        if not held.is_temporary:
            delete_table(work.cursor, name)
    if held.is_temporary:
        work.state.temporary.pop(name, None)
        work.state.temporary_loads.pop(name, None)
    return True


# ALTER ---------------------------------------------------------------------------------------------------------------


def alter_table(work: Work, statement: AlterTable) -> Rows:
    """ALTER TABLE: one action."""
    work.commit_open()
    held = work.table(statement.name)
    if held is None and statement.if_exists:
        return status_rows("ALTER_TABLE", "Statement executed successfully.")
    held = held or work.the_table(statement.name)
    with work.transaction():
        changed = held
        for step in (statement, *statement.more):
            changed = _ACTIONS[step.action](work, changed, step)
    if held.is_temporary:
        del work.state.temporary[held.name]
        work.state.temporary[changed.name] = changed
    return status_rows("ALTER_TABLE", "Statement executed successfully.")


def _rename(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    new = statement.new_name
    assert new is not None, "RENAME has a new name"
    if work.table(new) is not None:
        raise exists(new)
    work.check_schema(new.database, new.schema)
    if new.database != held.name.database:
        raise UnsupportedError(
            "A table can't be renamed into another database", hint="Use CREATE TABLE ... AS SELECT, then DROP."
        )
    renamed = replace(held, name=new)
    if held.kind == "TABLE":
        work.cursor.execute(
            f"CREATE TABLE {source_of(renamed)} ({', '.join(map(column_definition, held.columns))})".replace(
                "CREATE TABLE", "CREATE TEMPORARY TABLE" if held.is_temporary else "CREATE TABLE", 1
            )
        )
        work.cursor.execute(f"INSERT INTO {source_of(renamed)} SELECT * FROM {source_of(held)}")
        work.cursor.execute(f"DROP TABLE {source_of(held)}")
    if not held.is_temporary:
        rename_table(work.cursor, held.name, new)
    return renamed


def _swap(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    """SWAP WITH: two permanent tables of one database change their names."""
    assert statement.new_name is not None, "SWAP has another table"
    other = work.the_table(statement.new_name)
    if held.is_temporary or other.is_temporary or other.kind != "TABLE":
        raise UnsupportedError("SWAP WITH takes two permanent tables")
    between = replace(held.name, name=f"{held.name.name}~swap")
    moved = _rename(work, held, replace(statement, new_name=between))
    _rename(work, other, replace(statement, new_name=held.name))
    return _rename(work, moved, replace(statement, new_name=other.name))


def _add_column(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    column = statement.column
    assert column is not None, "ADD COLUMN has a column"
    is_there = any(known.name == column.name for known in held.columns)
    if is_there and statement.is_lenient:
        return held
    if is_there:
        raise ProgrammingError(
            f"SQL compilation error:\ncolumn '{column.name}' already exists", errno=1430, sqlstate="42601"
        )
    if (
        not column.nullable
        and column.default is None
        and work.cursor.execute(f"SELECT 1 FROM {source_of(held)} LIMIT 1").fetchone()
    ):
        raise NotNullError(f"Non-nullable column '{column.name}' cannot be added to non-empty table '{held.name.name}'")
    value = "NULL" if column.default is None else _constant(work, f"CAST({column.default} AS {column.type})")
    return _rebuilt(
        work, held, (*held.columns, column), [*_own(held.columns), f"CAST({value} AS {column.type.duckdb()})"]
    )


def _constant(work: Work, expression: str) -> str:
    """The value of a default in SQL that DuckDB can cast."""
    match work.run_query(f"SELECT {expression}").column(0)[0].as_py():
        case None:
            return "NULL"
        case bytes() as content:
            return f"unhex('{content.hex()}')"
        case {"moment": at, "minutes": ahead}:
            return f"struct_pack(moment := {text_literal(str(at))}, minutes := {ahead})"
        case value:
            return text_literal(str(value))


def _drop_column(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    if statement.is_lenient and all(column.name != statement.column_name for column in held.columns):
        return held
    _check_column(held, statement.column_name)
    kept = tuple(column for column in held.columns if column.name != statement.column_name)
    if not kept:
        raise ProgrammingError(
            f"SQL compilation error:\ncannot drop the only column '{statement.column_name}'", errno=2145
        )
    _follow_column(work, held, statement.column_name, None)
    return _rebuilt(work, held, kept, _own(kept))


def _rename_column(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    _check_column(held, statement.column_name)
    if any(column.name == statement.new_column_name for column in held.columns):
        raise ProgrammingError(
            f"SQL compilation error:\ncolumn '{statement.new_column_name}' already exists", errno=1430, sqlstate="42601"
        )
    columns = tuple(
        replace(column, name=statement.new_column_name) if column.name == statement.column_name else column
        for column in held.columns
    )
    _follow_column(work, held, statement.column_name, statement.new_column_name)
    return _rebuilt(work, held, columns, _own(held.columns))


def _follow_column(work: Work, held: TableInfo, old: str, new: str | None) -> None:
    if not held.is_temporary:
        rename_tagged_column(work, held.name, old, new)


def _set_comment(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
    if not held.is_temporary:
        comment_table(work.cursor, held.name, comment=statement.comment)
    return replace(held, comment=statement.comment)


def _change_column(change: Callable[[Column, AlterTable], Column]) -> Action:
    """An action that says something else of one column; its values are put over."""

    def action(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
        _check_column(held, statement.column_name)
        columns = tuple(
            change(column, statement) if column.name == statement.column_name else column for column in held.columns
        )
        values = [
            cast(Value(duck(old.name), old.type), new.type, truncates=False).sql
            for old, new in zip(held.columns, columns, strict=True)
        ]
        return _rebuilt(work, held, columns, values)

    return action


def _change_keys(change: Callable[[Work, Name, Key], None]) -> Action:
    """ADD and DROP of a key, which nobody enforces; those of a temporary table are not kept."""

    def action(work: Work, held: TableInfo, statement: AlterTable) -> TableInfo:
        assert statement.key is not None, "ADD KEY and DROP KEY have a key"
        for column in statement.key.columns:
            _check_column(held, column)
        if not held.is_temporary:
            change(work, held.name, statement.key)
        return held

    return action


_ACTIONS: dict[str, Action] = {
    "COMMENT COLUMN": _change_column(lambda column, statement: replace(column, comment=statement.comment)),
    "TYPE COLUMN": _change_column(lambda column, statement: replace(column, type=statement.type or column.type)),
    "NOT NULL": _change_column(lambda column, statement: replace(column, nullable=False)),
    "NULL": _change_column(lambda column, statement: replace(column, nullable=True)),
    "DROP DEFAULT": _change_column(lambda column, statement: replace(column, default=None)),
    "RENAME": _rename,
    "SWAP": _swap,
    "ADD COLUMN": _add_column,
    "DROP COLUMN": _drop_column,
    "RENAME COLUMN": _rename_column,
    "SET COMMENT": _set_comment,
    "CLUSTER": lambda work, held, statement: held,
    "TAG": tag_table,
    "ADD KEY": _change_keys(add_key),
    "DROP KEY": _change_keys(drop_key),
}


def _own(columns: Sequence[Column]) -> list[str]:
    return [duck(column.name) for column in columns]


def _check_column(held: TableInfo, name: str) -> None:
    if all(column.name != name for column in held.columns):
        raise InvalidIdentifierError(f"SQL compilation error: error line 1 at position 0\ninvalid identifier '{name}'")


def _rebuilt(work: Work, held: TableInfo, columns: tuple[Column, ...], values: Sequence[str]) -> TableInfo:
    """The table with other columns, its rows put over. DuckDB's own ALTER refuses tables with indexes or constraints in use."""
    source = source_of(held)
    kind = "TEMPORARY TABLE" if held.is_temporary else "TABLE"
    with work.staged(work.cursor.execute(f"SELECT {', '.join(values)} FROM {source}").to_arrow_table()) as staged:
        work.cursor.execute(f"DROP TABLE {source}")
        work.cursor.execute(f"CREATE {kind} {source} ({', '.join(map(column_definition, columns))})")
        insert_rows(work.cursor, source, columns, source=f"SELECT * FROM {staged}")
    if not held.is_temporary:
        write_columns(work.cursor, held.name, columns)
    return replace(held, columns=columns)


# COMMENT -------------------------------------------------------------------------------------------------------------


def set_comment(work: Work, statement: SetComment) -> Rows:
    """COMMENT ON TABLE, VIEW, COLUMN, SCHEMA or DATABASE."""
    work.commit_open()
    name = statement.name
    if statement.kind in ("SCHEMA", "DATABASE"):
        work.check_database(name.database)
        if name.schema:
            work.check_schema(name.database, name.schema)
        with work.transaction():
            comment_container(work.cursor, name.database, name.schema, comment=statement.comment)
    elif statement.kind in ("TABLE", "VIEW", "COLUMN"):
        _comment_relation(work, statement)
    else:
        raise UnsupportedError(f"COMMENT ON {statement.kind} is not supported")
    return status_rows("COMMENT", "Statement executed successfully.")


def _comment_relation(work: Work, statement: SetComment) -> None:
    held = work.table(statement.name)
    if held is None and statement.if_exists:
        return
    if held is None:
        raise unknown_object("Table", statement.name)
    if statement.kind == "COLUMN":
        _check_column(held, statement.column)
        columns = tuple(
            replace(column, comment=statement.comment) if column.name == statement.column else column
            for column in held.columns
        )
        changed = replace(held, columns=columns)
    else:
        changed = replace(held, comment=statement.comment)
    if held.is_temporary:
        work.state.temporary[held.name] = changed
        return
    with work.transaction():
        comment_table(work.cursor, held.name, comment=changed.comment)
        write_columns(work.cursor, held.name, changed.columns)
