"""SHOW: lists of objects with Snowflake's column names. Column sets: the vendor's page of each SHOW command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sapwood.dialect.statements import Name, Show
from sapwood.dialect.types import TIMESTAMP_LTZ, SnowType, number, text
from sapwood.engine.container import SYSTEM_OBJECTS
from sapwood.engine.ddl import table_ddl
from sapwood.engine.definition import function_of, returned
from sapwood.engine.identity import PREFIX, shown_default
from sapwood.engine.keys import key_rows
from sapwood.engine.metadata import Container, TableInfo, read_database, read_schemas, read_tables
from sapwood.engine.parameter import PARAMETERS, default_of
from sapwood.engine.privileges import may_see
from sapwood.engine.result import Rows, listing
from sapwood.engine.schema_objects import FUNCTION, KEYS, SEQUENCE, SchemaObject, read_objects
from sapwood.engine.users import user_row
from sapwood.engine.work import Work, moment, source_of, unknown_object
from sapwood.errors import UnknownObjectError, UnsupportedError
from sapwood.functions.function import SqlFunction
from sapwood.store.records import FileFormat, Stage

Row = dict[str, Any]
Kept = TypeVar("Kept", Stage, FileFormat)
_TIME, _COUNT, _TEXT = TIMESTAMP_LTZ, number(19, 0), text()
MODELS_DATABASE, MODELS_SCHEMA = "SNOWFLAKE", "MODELS"
"""Where base models are listed."""


def show(work: Work, statement: Show) -> Rows:
    """SHOW <kind> [LIKE] [IN] [STARTS WITH] [LIMIT]."""
    known = _KINDS.get(statement.kind)
    if known is None:
        raise UnsupportedError(f"SHOW {statement.kind} is not supported", hint=f"Served: {', '.join(sorted(_KINDS))}.")
    columns, read = known
    rows = [row for row in read(work, statement) if _is_wanted(row, statement) and _may_see(work, statement, row)]
    if statement.limit is not None:
        rows = rows[: statement.limit]
    if statement.terse:
        columns = {name: kind for name, kind in columns.items() if name in _TERSE}
    return listing("SHOW", columns, [tuple(row.get(name) for name in columns) for row in rows])


_TERSE = ("created_on", "name", "kind", "database_name", "schema_name")


def _is_wanted(row: Row, statement: Show) -> bool:
    name = str(row.get("name", row.get("key", row.get("column_name", ""))))
    return (
        (not statement.like or like(name, statement.like))
        and name.startswith(statement.starts_with)
        and (not statement.after or name > statement.after)
    )


def _may_see(work: Work, statement: Show, row: Row) -> bool:
    """Whether the session may know of what a row shows; what belongs to no database is everybody's to see."""
    kind = _PROTECTED.get(statement.kind)
    if kind is None or work.rights.is_all:
        return True
    database, schema = str(row.get("database_name", "")), str(row.get("schema_name", ""))
    name = str(row["table_name"] if kind == "TABLE" and "table_name" in row else row["name"])
    parts = {"DATABASE": Name(name, "", ""), "SCHEMA": Name(database, name, "")}
    return may_see(work, work.rights, kind, parts.get(kind, Name(database, schema, name)))


_PROTECTED = {
    "TABLES": "TABLE", "VIEWS": "VIEW", "OBJECTS": "TABLE", "COLUMNS": "TABLE", "DATABASES": "DATABASE", "SCHEMAS": "SCHEMA", "STAGES": "STAGE",
    "FILE FORMATS": "FILE FORMAT", "MODELS": "MODEL",
}  # fmt: skip
"""Kinds of SHOW whose rows are shown to those who have a privilege on them."""


def like(name: str, pattern: str) -> bool:
    r"""Whether a name matches a LIKE pattern, whatever the case.

    >>> like("SUPPORT_TICKETS", "support%"), like("ABC", "a_"), like("A_B", "a\\_b")
    (True, False, True)
    """
    pieces = re.findall(r"\\.|.", pattern, flags=re.DOTALL)
    made = "".join({"%": ".*", "_": "."}.get(piece) or re.escape(piece.removeprefix("\\")) for piece in pieces)
    return re.fullmatch(made, name, flags=re.DOTALL | re.IGNORECASE) is not None


# Places ---------------------------------------------------------------------------------------------------------------


def _databases(work: Work, statement: Show) -> list[str]:
    """The databases that a SHOW looks into."""
    if statement.database == MODELS_DATABASE:
        return []
    if statement.database:
        _check_place(work, statement.database, statement.schema)
        return [statement.database]
    if statement.in_account or work.state.database is None:
        return list(work.parts.databases.names())
    return [work.state.database]


def _check_place(work: Work, database: str, schema: str) -> None:
    try:
        work.check_schema(database, schema) if schema else work.check_database(database)
    except UnknownObjectError:
        raise UnknownObjectError(
            "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
            errno=2043,
            sqlstate="02000",
        ) from None


def _schema(work: Work, statement: Show) -> str | None:
    """The one schema that is looked into, None for all: the current one unless the statement names a place."""
    if statement.schema:
        return statement.schema
    return None if statement.database or statement.in_account else work.state.schema


def _base(created_on: int, name: str, database: str, schema: str, owner: str, comment: str) -> Row:
    return {
        "created_on": moment(created_on),
        "name": name,
        "database_name": database,
        "schema_name": schema,
        "owner": owner,
        "comment": comment,
        "owner_role_type": "ROLE",
    }


# Tables, views, columns -----------------------------------------------------------------------------------------------


def _relations(work: Work, statement: Show, kind: str) -> list[TableInfo]:
    schema = _schema(work, statement)
    found: list[TableInfo] = []
    for database in _databases(work, statement):
        hidden = {name for name in work.state.temporary if name.database == database and schema in (None, name.schema)}
        found += [
            table
            for table in read_tables(work.cursor, database, schema)
            if table.kind == kind and table.name not in hidden
        ]
        found += [work.state.temporary[name] for name in hidden if work.state.temporary[name].kind == kind]
    return sorted(found, key=lambda table: (table.name.database, table.name.schema, table.name.name))


def _tables(work: Work, statement: Show) -> list[Row]:
    return [_table(work, table) for table in _relations(work, statement, "TABLE")]


def _table(work: Work, table: TableInfo) -> Row:
    row = _base(table.created_on, table.name.name, table.name.database, table.name.schema, table.owner, table.comment)
    count = work.run(f"SELECT count(*) FROM {source_of(table)}")[0][0]
    kind = "TEMPORARY" if table.is_temporary else "TABLE"
    return {
        **row,
        "kind": kind,
        "cluster_by": "",
        "rows": count,
        "bytes": None,
        "retention_time": "1",
        "is_external": "N",
        **dict.fromkeys(("is_hybrid", "is_dynamic", "is_iceberg"), "N"),
    }


def _views(work: Work, statement: Show) -> list[Row]:
    return [
        {
            **_base(view.created_on, view.name.name, view.name.database, view.name.schema, view.owner, view.comment),
            "kind": "VIEW",
            **dict.fromkeys(("is_hybrid", "is_dynamic", "is_iceberg"), "N"),
            "reserved": "",
            "text": table_ddl(view),
            "is_secure": "false",
            "is_materialized": "false",
        }
        for view in _relations(work, statement, "VIEW")
    ]


def _seen_table(work: Work, name: Name) -> TableInfo:
    found = work.the_table(name)
    if not may_see(work, work.rights, found.kind, name):
        raise unknown_object("Table", name)
    return found


def _columns(work: Work, statement: Show) -> list[Row]:
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
        "autoincrement": "" if shown_default(column.default) == column.default else shown_default(column.default),
    }


def _type_as_json(kind: SnowType, nullable: bool) -> Row:
    given = {"precision": kind.precision, "scale": kind.scale, "length": kind.length}
    return {
        "type": kind.name,
        **{name: value for name, value in given.items() if value is not None},
        "nullable": nullable,
    }


# Databases, schemas, account ------------------------------------------------------------------------------------------


def _shown_databases(work: Work, statement: Show) -> list[Row]:
    return [_database(work, read_database(work.cursor, name)) for name in work.parts.databases.names()]


def _database(work: Work, database: Container) -> Row:
    row = _base(database.created_on, database.database, "", "", database.owner, database.comment)
    is_current = "Y" if database.database == work.state.database else "N"
    return {
        **row,
        "is_default": "N",
        "is_current": is_current,
        "origin": "",
        "options": "",
        "retention_time": "1",
        "kind": "STANDARD",
    }


def _shown_schemas(work: Work, statement: Show) -> list[Row]:
    rows = [
        row
        for database in _databases(work, replace(statement, schema=""))
        for row in (
            _information_schema(work, database),
            *(_schema_row(work, each) for each in read_schemas(work.cursor, database)),
        )
    ]
    return sorted(rows, key=lambda row: (row["database_name"], row["name"]))


def _schema_row(work: Work, schema: Container) -> Row:
    return {
        **_base(schema.created_on, schema.schema, schema.database, "", schema.owner, schema.comment),
        "is_default": "N",
        "is_current": "Y" if (schema.database, schema.schema) == (work.state.database, work.state.schema) else "N",
        "options": "",
        "retention_time": "1",
    }


def _information_schema(work: Work, database: str) -> Row:
    """The schema of views over what the catalogue knows, which every database has."""
    held = read_database(work.cursor, database)
    about = "Views describing the contents of schemas in this database"
    return _schema_row(work, replace(held, schema="INFORMATION_SCHEMA", owner="", comment=about))


def _users(work: Work, statement: Show) -> list[Row]:
    """All users to those who manage them, to others themselves."""
    rights = work.rights
    sees_all = rights.is_all or bool(rights.on_account() & {"MANAGE GRANTS", "CREATE USER"})
    return [user_row(user) for user in work.parts.catalog.users() if sees_all or user.name == work.state.user]


def _objects(work: Work, statement: Show) -> list[Row]:
    return sorted(_tables(work, statement) + _views(work, statement), key=lambda row: (row["schema_name"], row["name"]))


def _functions(work: Work, statement: Show) -> list[Row]:
    """The functions that ask a model."""
    functions = sorted(work.parts.functions.values(), key=lambda function: function.signature.function)
    return [_function(function) for function in functions]


def _function(function: SqlFunction) -> Row:
    name, parameters = function.signature.function, function.signature.parameters
    return {
        **_base(0, name, "SNOWFLAKE", "CORTEX", "", ""),
        "min_num_arguments": sum(parameter.required for parameter in parameters),
        "max_num_arguments": len(parameters),
        "arguments": f"{name}({', '.join(parameter.name for parameter in parameters)})",
        "description": function.summary,
        "is_builtin": "Y",
        "is_aggregate": "N",
    }


def _account_objects(kind: str) -> Callable[[Work, Show], list[Row]]:
    def read(work: Work, statement: Show) -> list[Row]:
        made = [
            _base(thing.created_on, thing.name, "", "", thing.owner, thing.comment)
            for thing in work.parts.catalog.account_objects(kind)
        ]
        names = {row["name"] for row in made}
        system = [_base(0, name, "", "", "", "") for name in SYSTEM_OBJECTS[kind] if name not in names]
        current = work.state.warehouse if kind == "WAREHOUSE" else work.state.role
        extra = {"state": "STARTED", "type": "STANDARD", "size": "X-Small", "is_default": "N", "is_inherited": "N"}
        rows = [{**row, **extra, "is_current": "Y" if row["name"] == current else "N"} for row in system + made]
        return sorted(rows, key=lambda row: row["name"])

    return read


def _parameters(work: Work, statement: Show) -> list[Row]:
    return [
        {
            "key": name,
            "value": _shown(work.parameter(name)),
            "default": _shown(default_of(name, work.parts.config)),
            "level": "SESSION"
            if name in work.state.parameters
            else "ACCOUNT"
            if work.parts.account.get(name) is not None
            else "",
            "description": parameter.summary,
            "type": {"bool": "BOOLEAN", "int": "NUMBER"}.get(type(parameter.default).__name__, "STRING"),
        }
        for name, parameter in PARAMETERS.items()
    ]


def _variables(work: Work, statement: Show) -> list[Row]:
    return [
        {
            "session_id": work.state.id,
            "name": name,
            "value": _shown(value),
            "type": "text" if isinstance(value, str) else "fixed",
        }
        for name, value in sorted(work.state.variables.items())
    ]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# Sequences, functions, keys -------------------------------------------------------------------------------------------

_FOREIGN_KEY = (
    "created_on", "pk_database_name", "pk_schema_name", "pk_table_name", "pk_column_name", "fk_database_name", "fk_schema_name", "fk_table_name",
    "fk_column_name", "key_sequence", "update_rule", "delete_rule", "fk_name", "pk_name", "deferrability", "rely", "comment",
)  # fmt: skip


def _kept(work: Work, statement: Show, kind: str) -> list[SchemaObject]:
    schema = _schema(work, statement)
    return [
        kept for database in _databases(work, statement) for kept in read_objects(work.cursor, kind, database, schema)
    ]


def _sequences(work: Work, statement: Show) -> list[Row]:
    return [
        sequence_row(kept)
        for kept in _kept(work, statement, SEQUENCE)
        if not kept.name.name.startswith(PREFIX) and may_see(work, work.rights, SEQUENCE, kept.name)
    ]


def sequence_row(kept: SchemaObject) -> Row:
    """A sequence, as SHOW and DESCRIBE list it."""
    return {
        **_base(kept.created_on, kept.name.name, kept.name.database, kept.name.schema, kept.owner, kept.comment),
        "interval": str(kept.content["increment"]),
        "ordered": "N",
    }


def _user_functions(work: Work, statement: Show) -> list[Row]:
    return [
        _user_function(kept)
        for kept in _kept(work, statement, FUNCTION)
        if may_see(work, work.rights, FUNCTION, kept.name)
    ]


def _user_function(kept: SchemaObject) -> Row:
    function = function_of(kept)
    count = len(function.parameters)
    return {
        **_base(kept.created_on, function.name.name, "", kept.name.schema, kept.owner, ""),
        "catalog_name": kept.name.database,
        "min_num_arguments": count,
        "max_num_arguments": count,
        "arguments": f"{kept.name.name} RETURN {returned(function).partition('(')[0].strip()}",
        "description": function.comment or "user-defined function",
        "is_builtin": "N",
        "is_aggregate": "N",
        "language": "SQL",
    }


def _keys(kind: str) -> Callable[[Work, Show], list[Row]]:
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


def _exported_keys(work: Work, statement: Show) -> list[Row]:
    """The foreign keys, of any table of the database, that refer to a table or to one of a place."""
    rows = _keys("FOREIGN")(work, replace(statement, schema="", table=""))
    place = {"pk_schema_name": statement.schema, "pk_table_name": statement.table}
    return [row for row in rows if all(wanted in ("", row[name]) for name, wanted in place.items())]


def _no_rows(work: Work, statement: Show) -> list[Row]:
    """Nobody has procedures, and the one transaction there may be is the session's own."""
    return []


# Stages, formats, models ----------------------------------------------------------------------------------------------


def _with_temporary(
    permanent: Sequence[Kept], temporary: Mapping[Name, Kept], database: str, schema: str | None
) -> list[Kept]:
    """What a place holds by name; the session's temporary ones hide permanent ones."""
    here = {
        name: found for name, found in temporary.items() if name.database == database and schema in (None, name.schema)
    }
    found = {Name(each.database, each.schema, each.name): each for each in permanent} | here
    return [found[name] for name in sorted(found, key=str)]


def _stages(work: Work, statement: Show) -> list[Row]:
    schema = _schema(work, statement)
    return [
        {
            **_base(stage.created_on, stage.name, stage.database, stage.schema, stage.owner, stage.comment),
            "url": stage.url,
            "has_credentials": "N",
            "has_encryption_key": "N",
            "type": "EXTERNAL" if stage.url else "INTERNAL",
            "directory_enabled": "N",
        }
        for database in _databases(work, statement)
        for stage in _with_temporary(
            work.parts.catalog.stages(database, schema), work.state.temporary_stages, database, schema
        )
    ]


def _file_formats(work: Work, statement: Show) -> list[Row]:
    schema = _schema(work, statement)
    return [
        {
            **_base(form.created_on, form.name, form.database, form.schema, form.owner, form.comment),
            "type": str(form.options.get("TYPE", "CSV")).upper(),
            "format_options": json.dumps({"TYPE": "CSV", **form.options}, default=list),
        }
        for database in _databases(work, statement)
        for form in _with_temporary(
            work.parts.catalog.file_formats(database, schema), work.state.temporary_formats, database, schema
        )
    ]


def _models(work: Work, statement: Show) -> list[Row]:
    """Tuned models of the place; base models too where the place holds SNOWFLAKE.MODELS."""
    wants_base = (
        statement.in_account or statement.database == MODELS_DATABASE or not (statement.database or statement.schema)
    )
    base = _base_models(work) if wants_base else []
    if statement.database == MODELS_DATABASE:
        return base
    schema = statement.schema or None
    databases = (
        [None]
        if statement.in_account or not (statement.database or schema)
        else [statement.database or work.state.database]
    )
    tuned = [_tuned(model) for database in databases for model in work.parts.catalog.models(database, schema)]
    return sorted(tuned + base, key=lambda row: (row["database_name"], row["schema_name"], row["name"]))


def _tuned(model: Any) -> Row:
    return {
        **_base(model.created_on, model.name, model.database, model.schema, model.owner, model.comment),
        "model_type": "CORTEX_FINETUNED",
        "versions": json.dumps([model.version]),
        "default_version_name": model.version,
        "aliases": json.dumps(
            {"DEFAULT": model.version, "FIRST": model.version, "LAST": model.version, **model.aliases}
        ),
        "answered_by": model.base_model,
    }


def _base_models(work: Work) -> list[Row]:
    """One row a name that answers: a Cortex name says which model stands behind it."""
    rows: dict[str, Row] = {}
    for info in work.parts.registry.listing():
        for name in (info.name, *info.aliases):
            rows[name.upper()] = {
                **_base(0, name.upper(), MODELS_DATABASE, MODELS_SCHEMA, "SNOWFLAKE", _about(info, name)),
                "model_type": "CORTEX_BASE",
                "versions": None,
                "default_version_name": None,
                "aliases": None,
                "answered_by": info.name,
                "lifecycle_status": "GA",
                "in_region_availability": "AVAILABLE",
            }
    return [rows[name] for name in sorted(rows)]


def _about(info: Any, name: str) -> str:
    parts = [
        f"Answered by {info.name}." if name != info.name else "",
        f"Licence: {info.licence}." if info.licence else "",
    ]
    parts.append("" if info.present else "Its files are fetched at first use.")
    parts.append("Data leaves this machine." if info.data_leaves else "")
    return " ".join(part for part in parts if part)


def _base_models_only(work: Work, statement: Show) -> list[Row]:
    return _base_models(work)


# Columns of each kind -------------------------------------------------------------------------------------------------


def _named(*names: str) -> dict[str, SnowType]:
    kinds = {
        "created_on": _TIME,
        **dict.fromkeys(("rows", "bytes", "min_num_arguments", "max_num_arguments", "key_sequence"), _COUNT),
    }
    return {name: kinds.get(name, _TEXT) for name in names}


_KINDS: dict[str, tuple[dict[str, SnowType], Callable[[Work, Show], Sequence[Row]]]] = {
    "TABLES": (
        _named("created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows", "bytes", "owner",
               "retention_time", "is_external", "owner_role_type"),
        _tables,
    ),
    "VIEWS": (
        _named("created_on", "name", "kind", "reserved", "database_name", "schema_name", "owner", "comment", "text", "is_secure",
               "is_materialized", "owner_role_type"),
        _views,
    ),
    "COLUMNS": (
        _named("table_name", "schema_name", "column_name", "data_type", "null?", "default", "kind", "expression", "comment",
               "database_name", "autoincrement"),
        _columns,
    ),
    "DATABASES": (
        _named("created_on", "name", "is_default", "is_current", "origin", "owner", "comment", "options", "retention_time", "kind",
               "owner_role_type"),
        _shown_databases,
    ),
    "SCHEMAS": (
        _named("created_on", "name", "is_default", "is_current", "database_name", "owner", "comment", "options", "retention_time",
               "owner_role_type"),
        _shown_schemas,
    ),
    "STAGES": (
        _named("created_on", "name", "database_name", "schema_name", "url", "has_credentials", "has_encryption_key", "owner",
               "comment", "type", "directory_enabled", "owner_role_type"),
        _stages,
    ),
    "FILE FORMATS": (
        _named("created_on", "name", "database_name", "schema_name", "type", "owner", "comment", "format_options",
               "owner_role_type"),
        _file_formats,
    ),
    "MODELS": (
        _named("created_on", "name", "model_type", "database_name", "schema_name", "owner", "comment", "versions",
               "default_version_name", "aliases", "answered_by"),
        _models,
    ),
    "CORTEX BASE MODELS": (
        _named("created_on", "name", "model_type", "database_name", "schema_name", "owner", "lifecycle_status",
               "in_region_availability", "legacy_date", "eol_date", "cross_region_availability", "answered_by"),
        _base_models_only,
    ),
    "WAREHOUSES": (
        _named("name", "state", "type", "size", "is_default", "is_current", "created_on", "owner", "comment", "owner_role_type"),
        _account_objects("WAREHOUSE"),
    ),
    "ROLES": (
        _named("created_on", "name", "is_default", "is_current", "is_inherited", "owner", "comment"),
        _account_objects("ROLE"),
    ),
    "OBJECTS": (
        _named("created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows", "bytes", "owner",
               "retention_time", "owner_role_type", "is_hybrid", "is_dynamic", "is_iceberg"),
        _objects,
    ),
    "FUNCTIONS": (
        _named("created_on", "name", "schema_name", "is_builtin", "is_aggregate", "min_num_arguments", "max_num_arguments", "arguments",
               "description", "database_name"),
        _functions,
    ),
    "USERS": (
        _named("name", "created_on", "login_name", "display_name", "email", "must_change_password", "disabled", "comment",
               "default_warehouse", "default_namespace", "default_role", "default_secondary_roles", "owner", "has_password",
               "has_rsa_public_key"),
        _users,
    ),
    "PARAMETERS": (_named("key", "value", "default", "level", "description", "type"), _parameters),
    "SEQUENCES": (
        _named("name", "database_name", "schema_name", "next_value", "interval", "created_on", "owner", "comment", "owner_role_type", "ordered"),
        _sequences,
    ),
    "PRIMARY KEYS": (
        _named("created_on", "database_name", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name", "rely", "comment"),
        _keys("PRIMARY"),
    ),
    "UNIQUE KEYS": (
        _named("created_on", "database_name", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name", "rely", "comment"),
        _keys("UNIQUE"),
    ),
    "IMPORTED KEYS": (_named(*_FOREIGN_KEY), _keys("FOREIGN")),
    "EXPORTED KEYS": (_named(*_FOREIGN_KEY), _exported_keys),
    "PROCEDURES": (_named("created_on", "name", "schema_name", "arguments", "description", "catalog_name"), _no_rows),
    "USER FUNCTIONS": (
        _named("created_on", "name", "schema_name", "is_builtin", "is_aggregate", "min_num_arguments", "max_num_arguments", "arguments",
               "description", "catalog_name", "language"),
        _user_functions,
    ),
    "TRANSACTIONS": (_named("id", "user", "session", "name", "started_on", "state", "scope"), _no_rows),
    "VARIABLES": (_named("session_id", "name", "value", "type"), _variables),
}  # fmt: skip
