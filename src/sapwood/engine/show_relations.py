"""Rows of SHOW for what a schema holds: tables, views, columns, sequences, functions, keys, stages and file formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sapwood.dialect.statements import Name, Show
from sapwood.dialect.types import SnowType
from sapwood.engine.ddl import table_ddl
from sapwood.engine.definition import function_of, returned
from sapwood.engine.identity import PREFIX, shown_default, shown_identity
from sapwood.engine.information_schema import INFORMATION_SCHEMA, VIEWS
from sapwood.engine.keys import key_rows
from sapwood.engine.metadata import TableInfo, read_database, read_tables
from sapwood.engine.privileges import may_see
from sapwood.engine.schema_objects import FUNCTION, KEYS, SEQUENCE, TAG, SchemaObject, read_objects
from sapwood.engine.show_places import Row, base_row, databases_of, schema_of
from sapwood.engine.work import Work, size_of, unknown_object
from sapwood.store.records import FileFormat, Stage

Kept = TypeVar("Kept", Stage, FileFormat)

# Tables, views, columns -----------------------------------------------------------------------------------------------


def _relations(work: Work, statement: Show, kind: str) -> list[TableInfo]:
    schema = schema_of(work, statement)
    found: list[TableInfo] = []
    for database in databases_of(work, statement):
        hidden = {name for name in work.state.temporary if name.database == database and schema in (None, name.schema)}
        found += [
            table
            for table in read_tables(work.cursor, database, schema)
            if table.kind == kind and table.name not in hidden
        ]
        found += [work.state.temporary[name] for name in hidden if work.state.temporary[name].kind == kind]
    return sorted(found, key=lambda table: (table.name.database, table.name.schema, table.name.name))


def tables(work: Work, statement: Show) -> list[Row]:
    return [_table(work, table) for table in _relations(work, statement, "TABLE")]


def _table(work: Work, table: TableInfo) -> Row:
    row = base_row(
        table.created_on, table.name.name, table.name.database, table.name.schema, table.owner, table.comment
    )
    rows, size = size_of(work, table)
    kind = "TEMPORARY" if table.is_temporary else "TABLE"
    return {
        **row,
        "kind": kind,
        "cluster_by": "",
        "rows": rows,
        "bytes": size,
        "retention_time": "1",
        "is_external": "N",
        **dict.fromkeys(("is_hybrid", "is_dynamic", "is_iceberg"), "N"),
    }


def views(work: Work, statement: Show) -> list[Row]:
    """The views of a place; those that a database has by itself where their schema is named."""
    if statement.schema == INFORMATION_SCHEMA:
        return [_system_view(work, statement.database, name) for name in sorted(VIEWS)]
    return [_view(view) for view in _relations(work, statement, "VIEW")]


def _view(view: TableInfo) -> Row:
    return {
        **base_row(view.created_on, view.name.name, view.name.database, view.name.schema, view.owner, view.comment),
        **_VIEW,
        "text": table_ddl(view),
    }


def _system_view(work: Work, database: str, name: str) -> Row:
    held = read_database(work.cursor, database)
    return {**base_row(held.created_on, name, database, INFORMATION_SCHEMA, "", ""), **_VIEW, "text": ""}


_VIEW = {
    "kind": "VIEW", **dict.fromkeys(("is_hybrid", "is_dynamic", "is_iceberg"), "N"), "reserved": "", "is_secure": "false",
    "is_materialized": "false",
}  # fmt: skip
"""What is the same of all views."""


def _seen_table(work: Work, name: Name) -> TableInfo:
    found = work.the_table(name)
    if not may_see(work, work.rights, found.kind, name):
        raise unknown_object("Table", name)
    return found


def columns(work: Work, statement: Show) -> list[Row]:
    if statement.table:
        tables = [_seen_table(work, Name(statement.database, statement.schema, statement.table))]
    else:
        tables = _relations(work, statement, "TABLE") + _relations(work, statement, "VIEW")
    return [_column(table, index) for table in tables for index in range(len(table.columns))]


def _column(table: TableInfo, index: int) -> Row:
    column = table.columns[index]
    return {
        "table_name": table.name.name,
        "schema_name": table.name.schema,
        "column_name": column.name,
        "data_type": json.dumps(_type_as_json(column.type, column.nullable), separators=(",", ":")),
        "null?": "true" if column.nullable else "NOT_NULL",
        "default": shown_default(column.default) or "",
        "kind": "COLUMN",
        "expression": "",
        "comment": column.comment,
        "database_name": table.name.database,
        "autoincrement": shown_identity(column.default) or "",
    }


def _type_as_json(kind: SnowType, nullable: bool) -> Row:
    given = {"precision": kind.precision, "scale": kind.scale, "length": kind.length}
    return {
        "type": kind.name,
        **{name: value for name, value in given.items() if value is not None},
        "nullable": nullable,
    }


def objects(work: Work, statement: Show) -> list[Row]:
    return sorted(tables(work, statement) + views(work, statement), key=lambda row: (row["schema_name"], row["name"]))


# Sequences, functions, keys -------------------------------------------------------------------------------------------


def _kept(work: Work, statement: Show, kind: str) -> list[SchemaObject]:
    schema = schema_of(work, statement)
    return [
        kept for database in databases_of(work, statement) for kept in read_objects(work.cursor, kind, database, schema)
    ]


def sequences(work: Work, statement: Show) -> list[Row]:
    return [
        sequence_row(kept)
        for kept in _kept(work, statement, SEQUENCE)
        if not kept.name.name.startswith(PREFIX) and may_see(work, work.rights, SEQUENCE, kept.name)
    ]


def tags(work: Work, statement: Show) -> list[Row]:
    return [
        {
            **base_row(kept.created_on, kept.name.name, kept.name.database, kept.name.schema, kept.owner, kept.comment),
            "allowed_values": json.dumps(kept.content["allowed"]) if kept.content["allowed"] else None,
        }
        for kept in _kept(work, statement, TAG)
        if may_see(work, work.rights, TAG, kept.name)
    ]


def sequence_row(kept: SchemaObject) -> Row:
    """A sequence, as SHOW and DESCRIBE list it."""
    return {
        **base_row(kept.created_on, kept.name.name, kept.name.database, kept.name.schema, kept.owner, kept.comment),
        "interval": str(kept.content["increment"]),
        "ordered": "N",
    }


def user_functions(work: Work, statement: Show) -> list[Row]:
    return [
        _user_function(kept)
        for kept in _kept(work, statement, FUNCTION)
        if may_see(work, work.rights, FUNCTION, kept.name)
    ]


def _user_function(kept: SchemaObject) -> Row:
    function = function_of(kept)
    count = len(function.parameters)
    return {
        **base_row(kept.created_on, function.name.name, "", kept.name.schema, kept.owner, ""),
        "catalog_name": kept.name.database,
        "min_num_arguments": count,
        "max_num_arguments": count,
        "arguments": f"{kept.name.name} RETURN {returned(function).partition('(')[0].strip()}",
        "description": function.comment or "user-defined function",
        "is_builtin": "N",
        "is_aggregate": "N",
        "language": "SQL",
    }


def keys(kind: str) -> Callable[[Work, Show], list[Row]]:
    """The keys of a table, or of all tables of a place."""

    def read(work: Work, statement: Show) -> list[Row]:
        if statement.table:
            work.the_table(Name(statement.database, statement.schema, statement.table))
        kept = [
            each
            for each in _kept(work, statement, KEYS)
            if statement.table in ("", each.name.name) and may_see(work, work.rights, "TABLE", each.name)
        ]
        return list(key_rows(kept, kind))

    return read


def exported_keys(work: Work, statement: Show) -> list[Row]:
    """The foreign keys, of any table of the database, that refer to a table or to one of a place."""
    rows = keys("FOREIGN")(work, replace(statement, schema="", table=""))
    place = {"pk_schema_name": statement.schema, "pk_table_name": statement.table}
    return [row for row in rows if all(wanted in ("", row[name]) for name, wanted in place.items())]


def no_rows(work: Work, statement: Show) -> list[Row]:
    """Nobody has procedures, and the one transaction there may be is the session's own."""
    return []


# Stages and file formats ----------------------------------------------------------------------------------------------


def _with_temporary(
    permanent: Sequence[Kept], temporary: Mapping[Name, Kept], database: str, schema: str | None
) -> list[Kept]:
    """What a place holds by name; the session's temporary ones hide permanent ones."""
    here = {
        name: found for name, found in temporary.items() if name.database == database and schema in (None, name.schema)
    }
    found = {Name(each.database, each.schema, each.name): each for each in permanent} | here
    return [found[name] for name in sorted(found, key=str)]


def stages(work: Work, statement: Show) -> list[Row]:
    schema = schema_of(work, statement)
    return [
        {
            **base_row(stage.created_on, stage.name, stage.database, stage.schema, stage.owner, stage.comment),
            "url": stage.url,
            "has_credentials": "N",
            "has_encryption_key": "N",
            "type": "EXTERNAL" if stage.url else "INTERNAL",
            "directory_enabled": "N",
        }
        for database in databases_of(work, statement)
        for stage in _with_temporary(
            work.parts.catalog.stages(database, schema), work.state.temporary_stages, database, schema
        )
    ]


def file_formats(work: Work, statement: Show) -> list[Row]:
    schema = schema_of(work, statement)
    return [
        {
            **base_row(form.created_on, form.name, form.database, form.schema, form.owner, form.comment),
            "type": str(form.options.get("TYPE", "CSV")).upper(),
            "format_options": json.dumps({"TYPE": "CSV", **form.options}, default=list),
        }
        for database in databases_of(work, statement)
        for form in _with_temporary(
            work.parts.catalog.file_formats(database, schema), work.state.temporary_formats, database, schema
        )
    ]
