"""Rows of SHOW for the account: databases, schemas, users, roles, warehouses, parameters, variables, functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sapwood.dialect.statements import Show
from sapwood.engine.container import SYSTEM_OBJECTS
from sapwood.engine.metadata import Container, read_database, read_schemas
from sapwood.engine.parameter import PARAMETERS, default_of
from sapwood.engine.show_places import Row, base_row, databases_of
from sapwood.engine.users import user_row
from sapwood.engine.work import Work
from sapwood.functions.function import SqlFunction


def databases(work: Work, statement: Show) -> list[Row]:
    return [_database(work, read_database(work.cursor, name)) for name in work.parts.databases.names()]


def _database(work: Work, database: Container) -> Row:
    row = base_row(database.created_on, database.database, "", "", database.owner, database.comment)
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


def schemas(work: Work, statement: Show) -> list[Row]:
    rows = [
        row
        for database in databases_of(work, replace(statement, schema=""))
        for row in (
            _information_schema(work, database),
            *(_schema_row(work, each) for each in read_schemas(work.cursor, database)),
        )
    ]
    return sorted(rows, key=lambda row: (row["database_name"], row["name"]))


def _schema_row(work: Work, schema: Container) -> Row:
    return {
        **base_row(schema.created_on, schema.schema, schema.database, "", schema.owner, schema.comment),
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


def users(work: Work, statement: Show) -> list[Row]:
    """All users to those who manage them, to others themselves."""
    rights = work.rights
    sees_all = rights.is_all or bool(rights.on_account() & {"MANAGE GRANTS", "CREATE USER"})
    return [user_row(user) for user in work.parts.catalog.users() if sees_all or user.name == work.state.user]


def functions(work: Work, statement: Show) -> list[Row]:
    """The functions that ask a model."""
    functions = sorted(work.parts.functions.values(), key=lambda function: function.signature.function)
    return [_function(function) for function in functions]


def _function(function: SqlFunction) -> Row:
    name, parameters = function.signature.function, function.signature.parameters
    return {
        **base_row(0, name, "SNOWFLAKE", "CORTEX", "", ""),
        "min_num_arguments": sum(parameter.required for parameter in parameters),
        "max_num_arguments": len(parameters),
        "arguments": f"{name}({', '.join(parameter.name for parameter in parameters)})",
        "description": function.summary,
        "is_builtin": "Y",
        "is_aggregate": "N",
    }


def account_objects(kind: str) -> Callable[[Work, Show], list[Row]]:
    def read(work: Work, statement: Show) -> list[Row]:
        made = [
            base_row(thing.created_on, thing.name, "", "", thing.owner, thing.comment)
            for thing in work.parts.catalog.account_objects(kind)
        ]
        names = {row["name"] for row in made}
        system = [base_row(0, name, "", "", "", "") for name in SYSTEM_OBJECTS[kind] if name not in names]
        current = work.state.warehouse if kind == "WAREHOUSE" else work.state.role
        extra = {"state": "STARTED", "type": "STANDARD", "size": "X-Small", "is_default": "N", "is_inherited": "N"}
        rows = [{**row, **extra, "is_current": "Y" if row["name"] == current else "N"} for row in system + made]
        return sorted(rows, key=lambda row: row["name"])

    return read


def parameters(work: Work, statement: Show) -> list[Row]:
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


def variables(work: Work, statement: Show) -> list[Row]:
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
