"""Where a SHOW looks, and what all of its rows hold.

Comes in: a `Show` and the session's place. Goes out: databases and schemas, and the columns of every row. Knows no kind.
"""

from __future__ import annotations

from typing import Any

from sapwood.dialect.statements import Show
from sapwood.engine.information_schema import INFORMATION_SCHEMA
from sapwood.engine.work import Work, moment
from sapwood.errors import UnknownObjectError

Row = dict[str, Any]
MODELS_DATABASE, MODELS_SCHEMA = "SNOWFLAKE", "MODELS"
"""Where base models are listed."""


def databases_of(work: Work, statement: Show) -> list[str]:
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
        if schema in ("", INFORMATION_SCHEMA):
            work.check_database(database)
        else:
            work.check_schema(database, schema)
    except UnknownObjectError:
        raise UnknownObjectError(
            "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
            errno=2043,
            sqlstate="02000",
        ) from None


def schema_of(work: Work, statement: Show) -> str | None:
    """The one schema that is looked into, None for all: the current one unless the statement names a place."""
    if statement.schema:
        return statement.schema
    return None if statement.database or statement.in_account else work.state.schema


def base_row(created_on: int, name: str, database: str, schema: str, owner: str, comment: str) -> Row:
    return {
        "created_on": moment(created_on),
        "name": name,
        "database_name": database,
        "schema_name": schema,
        "owner": owner,
        "comment": comment,
        "owner_role_type": "ROLE",
    }
