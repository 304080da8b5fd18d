"""SHOW: lists of objects with Snowflake's column names. Column sets: the vendor's page of each SHOW command.

Comes in: a `Show`. Goes out: the rows that the session may see and that the statement wants. The rows of each kind are
made in `show_relations`, `show_account` and `show_models`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sapwood.dialect.statements import Name, Show
from sapwood.dialect.types import BOOLEAN, TIMESTAMP_LTZ, SnowType, number, text
from sapwood.engine import show_account, show_models, show_relations
from sapwood.engine.information_schema import INFORMATION_SCHEMA
from sapwood.engine.privileges import may_see
from sapwood.engine.result import Rows, listing
from sapwood.engine.show_places import Row
from sapwood.engine.work import Work
from sapwood.errors import UnsupportedError

_TIME, _COUNT, _TEXT = TIMESTAMP_LTZ, number(19, 0), text()


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
    if schema == INFORMATION_SCHEMA:
        return True
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


# Columns of each kind -------------------------------------------------------------------------------------------------


def _named(*names: str) -> dict[str, SnowType]:
    kinds = {
        "created_on": _TIME,
        "is_default_version": BOOLEAN,
        **dict.fromkeys(
            ("rows", "bytes", "tuning_bytes", "min_num_arguments", "max_num_arguments", "key_sequence"), _COUNT
        ),
    }
    return {name: kinds.get(name, _TEXT) for name in names}


_FOREIGN_KEY = (
    "created_on", "pk_database_name", "pk_schema_name", "pk_table_name", "pk_column_name", "fk_database_name", "fk_schema_name", "fk_table_name",
    "fk_column_name", "key_sequence", "update_rule", "delete_rule", "fk_name", "pk_name", "deferrability", "rely", "comment",
)  # fmt: skip

_KINDS: dict[str, tuple[dict[str, SnowType], Callable[[Work, Show], Sequence[Row]]]] = {
    "TABLES": (
        _named("created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows", "bytes", "owner",
               "retention_time", "is_external", "owner_role_type"),
        show_relations.tables,
    ),
    "VIEWS": (
        _named("created_on", "name", "kind", "reserved", "database_name", "schema_name", "owner", "comment", "text", "is_secure",
               "is_materialized", "owner_role_type"),
        show_relations.views,
    ),
    "COLUMNS": (
        _named("table_name", "schema_name", "column_name", "data_type", "null?", "default", "kind", "expression", "comment",
               "database_name", "autoincrement"),
        show_relations.columns,
    ),
    "DATABASES": (
        _named("created_on", "name", "is_default", "is_current", "origin", "owner", "comment", "options", "retention_time", "kind",
               "owner_role_type"),
        show_account.databases,
    ),
    "SCHEMAS": (
        _named("created_on", "name", "is_default", "is_current", "database_name", "owner", "comment", "options", "retention_time",
               "owner_role_type"),
        show_account.schemas,
    ),
    "STAGES": (
        _named("created_on", "name", "database_name", "schema_name", "url", "has_credentials", "has_encryption_key", "owner",
               "comment", "type", "directory_enabled", "owner_role_type"),
        show_relations.stages,
    ),
    "FILE FORMATS": (
        _named("created_on", "name", "database_name", "schema_name", "type", "owner", "comment", "format_options",
               "owner_role_type"),
        show_relations.file_formats,
    ),
    "MODELS": (
        _named("created_on", "name", "model_type", "database_name", "schema_name", "owner", "comment", "versions",
               "default_version_name", "aliases", "answered_by", "tuning_bytes"),
        show_models.models,
    ),
    "VERSIONS": (
        _named("created_on", "name", "aliases", "comment", "database_name", "schema_name", "model_name", "is_default_version",
               "functions", "metadata", "user_data"),
        show_models.versions,
    ),
    "CORTEX BASE MODELS": (
        _named("created_on", "name", "model_type", "database_name", "schema_name", "owner", "lifecycle_status",
               "in_region_availability", "legacy_date", "eol_date", "cross_region_availability", "answered_by"),
        show_models.base_models,
    ),
    "WAREHOUSES": (
        _named("name", "state", "type", "size", "is_default", "is_current", "created_on", "owner", "comment", "owner_role_type"),
        show_account.account_objects("WAREHOUSE"),
    ),
    "ROLES": (
        _named("created_on", "name", "is_default", "is_current", "is_inherited", "owner", "comment"),
        show_account.account_objects("ROLE"),
    ),
    "OBJECTS": (
        _named("created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows", "bytes", "owner",
               "retention_time", "owner_role_type", "is_hybrid", "is_dynamic", "is_iceberg"),
        show_relations.objects,
    ),
    "FUNCTIONS": (
        _named("created_on", "name", "schema_name", "is_builtin", "is_aggregate", "min_num_arguments", "max_num_arguments", "arguments",
               "description", "database_name"),
        show_account.functions,
    ),
    "USERS": (
        _named("name", "created_on", "login_name", "display_name", "email", "must_change_password", "disabled", "comment",
               "default_warehouse", "default_namespace", "default_role", "default_secondary_roles", "owner", "has_password",
               "has_rsa_public_key"),
        show_account.users,
    ),
    "PARAMETERS": (_named("key", "value", "default", "level", "description", "type"), show_account.parameters),
    "SEQUENCES": (
        _named("name", "database_name", "schema_name", "next_value", "interval", "created_on", "owner", "comment", "owner_role_type", "ordered"),
        show_relations.sequences,
    ),
    "TAGS": (
        _named("created_on", "name", "database_name", "schema_name", "owner", "comment", "allowed_values", "owner_role_type", "propagate",
               "on_conflict"),
        show_relations.tags,
    ),
    "PRIMARY KEYS": (
        _named("created_on", "database_name", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name", "rely", "comment"),
        show_relations.keys("PRIMARY"),
    ),
    "UNIQUE KEYS": (
        _named("created_on", "database_name", "schema_name", "table_name", "column_name", "key_sequence", "constraint_name", "rely", "comment"),
        show_relations.keys("UNIQUE"),
    ),
    "IMPORTED KEYS": (_named(*_FOREIGN_KEY), show_relations.keys("FOREIGN")),
    "EXPORTED KEYS": (_named(*_FOREIGN_KEY), show_relations.exported_keys),
    "PROCEDURES": (_named("created_on", "name", "schema_name", "arguments", "description", "catalog_name"), show_relations.no_rows),
    "USER FUNCTIONS": (
        _named("created_on", "name", "schema_name", "is_builtin", "is_aggregate", "min_num_arguments", "max_num_arguments", "arguments",
               "description", "catalog_name", "language"),
        show_relations.user_functions,
    ),
    "TRANSACTIONS": (_named("id", "user", "session", "name", "started_on", "state", "scope"), show_relations.no_rows),
    "VARIABLES": (_named("session_id", "name", "value", "type"), show_account.variables),
}  # fmt: skip
