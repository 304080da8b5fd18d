"""INFORMATION_SCHEMA and SNOWFLAKE.ACCOUNT_USAGE: views made of what the catalogue knows when a statement asks.

Names and columns: the vendor's pages "Snowflake Information Schema" and "Account Usage". Columns about storage and cost
that nothing here knows are NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sapwood.dialect.statements import Column, Name, Relation
from sapwood.dialect.types import REAL, TIMESTAMP_LTZ, SnowType, number, text
from sapwood.engine import finetune_history, grant_views
from sapwood.engine.definition import function_of, returned
from sapwood.engine.identity import PREFIX, shown_default, shown_identity
from sapwood.engine.keys import CONSTRAINT_COLUMNS, REFERENCE_COLUMNS, constraint_rows, reference_rows
from sapwood.engine.metadata import TableInfo, read_database, read_history, read_schemas, read_tables
from sapwood.engine.privileges import may_see
from sapwood.engine.result import listing
from sapwood.engine.schema_objects import FUNCTION, KEYS, SEQUENCE, SchemaObject, read_objects
from sapwood.engine.usage_history import (
    ANSWER_COUNTS,
    ai_usage,
    answer_rows,
    finetune_usage,
    function_usage,
    query_rows,
    query_usage,
)
from sapwood.engine.work import Work, moment, size_of

INFORMATION_SCHEMA, ACCOUNT_USAGE, SYSTEM_DATABASE = "INFORMATION_SCHEMA", "ACCOUNT_USAGE", "SNOWFLAKE"

Row = dict[str, Any]
Rows = Callable[[Work, Sequence[str]], Iterator[Row]]


@dataclass(frozen=True)
class View:
    """A view: its columns in order, and its rows for some databases."""

    columns: str
    rows: Rows

    def relation(self, work: Work, name: Name, databases: Sequence[str]) -> Relation:
        types = {column.name: column.type for column in self.listed}
        found = listing("", types, [tuple(row.get(column) for column in types) for row in self.seen(work, databases)])
        return work.snapshots.relation(name, self.listed, found.table)

    @property
    def listed(self) -> tuple[Column, ...]:
        """The columns with their types."""
        return tuple(Column(name, type_of_column(name)) for name in self.columns.split())

    def seen(self, work: Work, databases: Sequence[str]) -> Iterator[Row]:
        """Those of the rows that tell of what the session may know of."""
        return (row for row in self.rows(work, databases) if _may_see(work, row))


def made_view(work: Work, name: Name) -> Relation | None:
    """The view of a name; None if it is none of these."""
    view = view_of(work, name)
    if view is None:
        return None
    is_of_account = name.schema == ACCOUNT_USAGE
    return view.relation(work, name, list(work.parts.databases.names()) if is_of_account else [name.database])


def view_of(work: Work, name: Name) -> View | None:
    """Which of these views a name means; None for any other relation."""
    if name.schema == INFORMATION_SCHEMA and work.parts.databases.has(name.database):
        return VIEWS.get(name.name)
    if (name.database, name.schema) == (SYSTEM_DATABASE, ACCOUNT_USAGE):
        return USAGE_VIEWS.get(name.name) or VIEWS.get(name.name)
    return None


def _may_see(work: Work, row: Row) -> bool:
    """Whether the session may know of what a row tells, by the names that the row holds."""
    if work.rights.is_all or "QUERY_ID" in row:
        return True
    for kind, columns in _NAMES:
        if all(row.get(column) for column in columns):
            parts = [str(row[column]) for column in columns]
            return parts[1:2] == [INFORMATION_SCHEMA] or may_see(
                work, work.rights, kind, Name(*parts, *[""] * (3 - len(parts)))
            )
    return True


_NAMES = (
    ("TABLE", ("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME")),
    ("TABLE", ("TABLE_CATALOG_NAME", "TABLE_SCHEMA_NAME", "TABLE_NAME")),
    ("STAGE", ("STAGE_CATALOG", "STAGE_SCHEMA", "STAGE_NAME")),
    ("FILE FORMAT", ("FILE_FORMAT_CATALOG", "FILE_FORMAT_SCHEMA", "FILE_FORMAT_NAME")),
    ("MODEL", ("CATALOG_NAME", "SCHEMA_NAME", "MODEL_NAME")),
    ("SEQUENCE", ("SEQUENCE_CATALOG", "SEQUENCE_SCHEMA", "SEQUENCE_NAME")),
    ("SCHEMA", ("FUNCTION_CATALOG", "FUNCTION_SCHEMA")),
    ("SCHEMA", ("CATALOG_NAME", "SCHEMA_NAME")),
    ("DATABASE", ("DATABASE_NAME",)),
)
"""Kinds of objects with the columns that name one, the narrowest kind first."""


def type_of_column(name: str) -> SnowType:
    """A column's type by its name, which says it in these views."""
    if name in _NUMBERS:
        return number(38, 0)
    if name in _REALS:
        return REAL
    return TIMESTAMP_LTZ if name in _TIMES or name.endswith("_TIME") else text()


_TIMES = ("CREATED", "LAST_ALTERED", "LAST_DDL", "DELETED")
_REALS = ("TOKEN_CREDITS", *finetune_history.SCORES.split())
_NUMBERS = (
    "ROW_COUNT", "BYTES", "RETENTION_TIME", "ORDINAL_POSITION", "CHARACTER_MAXIMUM_LENGTH", "CHARACTER_OCTET_LENGTH", "NUMERIC_PRECISION",
    "NUMERIC_PRECISION_RADIX", "NUMERIC_SCALE", "DATETIME_PRECISION", "ROW_PARSED", "ERROR_COUNT", "ERROR_LIMIT", "FIRST_ERROR_LINE_NUMBER",
    "FIRST_ERROR_CHARACTER_POSITION", "TOKENS", "ROWS_PRODUCED", "TOTAL_ELAPSED_TIME", "EXECUTION_TIME", "WAREHOUSE_ID", "START_VALUE",
    "INCREMENT", "NEXT_VALUE", "MINIMUM_VALUE", "MAXIMUM_VALUE", "FILE_SIZE", "EPOCH", "EVALUATED_ROWS", "DROPPED_ROWS", "CUT_PROMPTS",
    *ANSWER_COUNTS, "CUT_COMPLETIONS", "DUPLICATES", "CONTRADICTIONS", "CONTRADICTORY_ROWS", "BLANK_COMPLETIONS",
)  # fmt: skip


# Databases and schemas ------------------------------------------------------------------------------------------------


def _databases(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for name in work.parts.databases.names():
        if not may_see(work, work.rights, "DATABASE", Name(name, "", "")):
            continue
        found = read_database(work.cursor, name)
        yield {
            "DATABASE_NAME": name,
            "DATABASE_OWNER": found.owner,
            "IS_TRANSIENT": "NO",
            "COMMENT": found.comment or None,
            "CREATED": moment(found.created_on),
            "LAST_ALTERED": moment(found.created_on),
            "RETENTION_TIME": 1,
            "TYPE": "STANDARD",
            "OWNER_ROLE_TYPE": "ROLE",
        }


def _schemata(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        about = read_database(work.cursor, database)
        yield _schema(database, INFORMATION_SCHEMA, "", about.created_on, "Views describing the contents of schemas")
        for found in read_schemas(work.cursor, database):
            if not may_see(work, work.rights, "SCHEMA", Name(database, found.schema, "")):
                continue
            yield _schema(database, found.schema, found.owner, found.created_on, found.comment)


def _schema(database: str, schema: str, owner: str, created_on: int, comment: str) -> Row:
    return {
        "CATALOG_NAME": database,
        "SCHEMA_NAME": schema,
        "SCHEMA_OWNER": owner or None,
        "IS_TRANSIENT": "NO",
        "IS_MANAGED_ACCESS": "NO",
        "RETENTION_TIME": 1,
        "CREATED": moment(created_on),
        "LAST_ALTERED": moment(created_on),
        "COMMENT": comment or None,
        "OWNER_ROLE_TYPE": "ROLE" if owner else None,
    }


# Tables, views, columns -----------------------------------------------------------------------------------------------


def _relations(work: Work, databases: Sequence[str]) -> Iterator[TableInfo]:
    """Tables and views; the session's temporary ones hide permanent ones."""
    for database in databases:
        known = {table.name: table for table in read_tables(work.cursor, database)}
        known.update({name: table for name, table in work.state.temporary.items() if name.database == database})
        for name in sorted(known, key=lambda name: (name.schema, name.name)):
            if may_see(work, work.rights, known[name].kind, name):
                yield known[name]


def _named(table: TableInfo) -> Row:
    return {"TABLE_CATALOG": table.name.database, "TABLE_SCHEMA": table.name.schema, "TABLE_NAME": table.name.name}


def _tables(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for table in _relations(work, databases):
        is_view = table.kind == "VIEW"
        rows, size = (None, None) if is_view else size_of(work, table)
        yield {
            **_named(table),
            "TABLE_OWNER": table.owner,
            "TABLE_TYPE": "VIEW" if is_view else "LOCAL TEMPORARY" if table.is_temporary else "BASE TABLE",
            "IS_TRANSIENT": None if is_view else "NO",
            "ROW_COUNT": rows,
            "BYTES": size,
            "RETENTION_TIME": None if is_view else 1,
            "IS_INSERTABLE_INTO": "YES",
            "IS_TYPED": "YES",
            "CREATED": moment(table.created_on),
            "LAST_ALTERED": moment(table.created_on),
            "LAST_DDL": moment(table.created_on),
            "LAST_DDL_BY": work.state.user,
            "AUTO_CLUSTERING_ON": "NO",
            "COMMENT": table.comment or None,
            "IS_TEMPORARY": "YES" if table.is_temporary else "NO",
            "IS_ICEBERG": "NO",
            "IS_DYNAMIC": "NO",
            "IS_IMMUTABLE": "NO",
            "IS_HYBRID": "NO",
        }


def _views(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for view in _relations(work, databases):
        if view.kind == "VIEW":
            yield {
                **_named(view),
                "TABLE_OWNER": view.owner,
                "VIEW_DEFINITION": view.definition,
                "CHECK_OPTION": "NONE",
                "IS_UPDATABLE": "NO",
                "INSERTABLE_INTO": "NO",
                "IS_SECURE": "NO",
                "CREATED": moment(view.created_on),
                "LAST_ALTERED": moment(view.created_on),
                "COMMENT": view.comment or None,
            }


def _columns(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for table in _relations(work, databases):
        for place, column in enumerate(table.columns, start=1):
            yield {**_named(table), "COLUMN_NAME": column.name, "ORDINAL_POSITION": place, **_column(column)}


def _column(column: Column) -> Row:
    kind = column.type
    is_identity = shown_identity(column.default) is not None
    is_text, is_number, is_time = kind.name in ("TEXT", "BINARY"), kind.name == "FIXED", kind.name.startswith("TIME")
    return {
        "COLUMN_DEFAULT": None if is_identity else shown_default(column.default),
        "IS_NULLABLE": "YES" if column.nullable else "NO",
        "DATA_TYPE": {"FIXED": "NUMBER", "REAL": "FLOAT"}.get(kind.name, kind.name),
        "DATA_TYPE_ALIAS": str(kind),
        "CHARACTER_MAXIMUM_LENGTH": kind.length if is_text else None,
        "CHARACTER_OCTET_LENGTH": min((kind.length or 0) * 4, 16_777_216) if kind.name == "TEXT" else kind.length,
        "NUMERIC_PRECISION": kind.precision if is_number else None,
        "NUMERIC_PRECISION_RADIX": 10 if is_number else None,
        "NUMERIC_SCALE": kind.scale if is_number else None,
        "DATETIME_PRECISION": kind.scale if is_time else None,
        "IS_IDENTITY": "YES" if is_identity else "NO",
        "IS_SELF_REFERENCING": "NO",
        "SCHEMA_EVOLUTION_RECORD": None,
        "COMMENT": column.comment or None,
        "DTD_IDENTIFIER": None,
    }


# Stages, formats, functions, loads ------------------------------------------------------------------------------------


def _stages(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        for stage in work.parts.catalog.stages(database, None):
            if not may_see(work, work.rights, "STAGE", Name(database, stage.schema, stage.name)):
                continue
            yield {
                "STAGE_CATALOG": database,
                "STAGE_SCHEMA": stage.schema,
                "STAGE_NAME": stage.name,
                "STAGE_URL": stage.url or None,
                "STAGE_TYPE": "External Named" if stage.url else "Internal Named",
                "STAGE_OWNER": stage.owner,
                "COMMENT": stage.comment or None,
                "CREATED": moment(stage.created_on),
                "LAST_ALTERED": moment(stage.created_on),
            }


def _file_formats(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        for form in work.parts.catalog.file_formats(database, None):
            if not may_see(work, work.rights, "FILE FORMAT", Name(database, form.schema, form.name)):
                continue
            options = {name.upper(): str(value) for name, value in form.options.items()}
            yield {
                "FILE_FORMAT_CATALOG": database,
                "FILE_FORMAT_SCHEMA": form.schema,
                "FILE_FORMAT_NAME": form.name,
                "FILE_FORMAT_OWNER": form.owner,
                "FILE_FORMAT_TYPE": options.get("TYPE", "CSV").upper(),
                **{name: options.get(name) for name in _FORMAT_OPTIONS.split()},
                "CREATED": moment(form.created_on),
                "LAST_ALTERED": moment(form.created_on),
                "COMMENT": form.comment or None,
            }


_FORMAT_OPTIONS = (
    "RECORD_DELIMITER FIELD_DELIMITER SKIP_HEADER DATE_FORMAT TIME_FORMAT TIMESTAMP_FORMAT ESCAPE NULL_IF COMPRESSION"
)


def _functions(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Functions that users have made; those that ask a model belong to SNOWFLAKE.CORTEX."""
    for database in databases:
        for kept in read_objects(work.cursor, FUNCTION, database):
            if may_see(work, work.rights, FUNCTION, kept.name):
                yield _function(kept)


def _function(kept: SchemaObject) -> Row:
    function = function_of(kept)
    return {
        "FUNCTION_CATALOG": function.name.database,
        "FUNCTION_SCHEMA": function.name.schema,
        "FUNCTION_NAME": function.name.name,
        "FUNCTION_OWNER": kept.owner,
        "ARGUMENT_SIGNATURE": f"({', '.join(f'{each.name} {each.type}' for each in function.parameters)})",
        "DATA_TYPE": returned(function),
        "FUNCTION_LANGUAGE": "SQL",
        "FUNCTION_DEFINITION": function.body,
        "CREATED": moment(kept.created_on),
        "LAST_ALTERED": moment(kept.created_on),
        "COMMENT": function.comment or None,
    }


def _sequences(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        for kept in read_objects(work.cursor, SEQUENCE, database):
            if not kept.name.name.startswith(PREFIX) and may_see(work, work.rights, SEQUENCE, kept.name):
                yield {
                    "SEQUENCE_CATALOG": database,
                    "SEQUENCE_SCHEMA": kept.name.schema,
                    "SEQUENCE_NAME": kept.name.name,
                    "SEQUENCE_OWNER": kept.owner,
                    "DATA_TYPE": "NUMBER",
                    "START_VALUE": kept.content["start"],
                    "INCREMENT": kept.content["increment"],
                    "CYCLE_OPTION": "NO",
                    "ORDERED": "NO",
                    "CREATED": moment(kept.created_on),
                    "LAST_ALTERED": moment(kept.created_on),
                    "COMMENT": kept.comment or None,
                }


def _constraints(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        for table in read_objects(work.cursor, KEYS, database):
            yield from constraint_rows(table)


def _references(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for database in databases:
        for table in read_objects(work.cursor, KEYS, database):
            yield from reference_rows(work, table)


def _loads(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    for table in _relations(work, databases):
        for load in () if table.kind == "VIEW" else read_history(work.cursor, table.name).values():
            yield {
                "SCHEMA_NAME": table.name.schema,
                "TABLE_CATALOG_NAME": table.name.database,
                "TABLE_SCHEMA_NAME": table.name.schema,
                "FILE_NAME": load.file,
                "TABLE_NAME": table.name.name,
                "LAST_LOAD_TIME": moment(load.loaded_on),
                "STATUS": {"LOADED": "Loaded", "LOAD_FAILED": "Load failed"}.get(load.status, "Partially loaded"),
                "ROW_COUNT": load.rows_loaded,
                "ROW_PARSED": load.rows_parsed,
                "FILE_SIZE": load.size,
                "FIRST_ERROR_MESSAGE": load.first_error or None,
                "ERROR_COUNT": load.errors,
            }


def _nothing(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """The rows of what nobody has here: procedures, and packages for their languages."""
    yield from ()


def _catalog_name(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    yield from ({"CATALOG_NAME": database} for database in databases)


VIEWS = {
    "INFORMATION_SCHEMA_CATALOG_NAME": View("CATALOG_NAME", _catalog_name),
    "DATABASES": View(
        "DATABASE_NAME DATABASE_OWNER IS_TRANSIENT COMMENT CREATED LAST_ALTERED RETENTION_TIME TYPE REPLICABLE_WITH_FAILOVER_GROUPS OWNER_ROLE_TYPE",
        _databases,
    ),
    "SCHEMATA": View(
        "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT IS_MANAGED_ACCESS RETENTION_TIME DEFAULT_CHARACTER_SET_CATALOG "
        "DEFAULT_CHARACTER_SET_SCHEMA DEFAULT_CHARACTER_SET_NAME SQL_PATH CREATED LAST_ALTERED COMMENT OWNER_ROLE_TYPE",
        _schemata,
    ),
    "TABLES": View(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT CLUSTERING_KEY ROW_COUNT BYTES RETENTION_TIME "
        "SELF_REFERENCING_COLUMN_NAME REFERENCE_GENERATION USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA USER_DEFINED_TYPE_NAME "
        "IS_INSERTABLE_INTO IS_TYPED COMMIT_ACTION CREATED LAST_ALTERED LAST_DDL LAST_DDL_BY AUTO_CLUSTERING_ON COMMENT IS_TEMPORARY "
        "IS_ICEBERG IS_DYNAMIC IS_IMMUTABLE IS_HYBRID",
        _tables,
    ),
    "VIEWS": View(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE INSERTABLE_INTO IS_SECURE CREATED "
        "LAST_ALTERED COMMENT",
        _views,
    ),
    "COLUMNS": View(
        "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION COLUMN_DEFAULT IS_NULLABLE DATA_TYPE DATA_TYPE_ALIAS "
        "CHARACTER_MAXIMUM_LENGTH "
        "CHARACTER_OCTET_LENGTH NUMERIC_PRECISION NUMERIC_PRECISION_RADIX NUMERIC_SCALE DATETIME_PRECISION INTERVAL_TYPE INTERVAL_PRECISION "
        "CHARACTER_SET_CATALOG CHARACTER_SET_SCHEMA CHARACTER_SET_NAME COLLATION_CATALOG COLLATION_SCHEMA COLLATION_NAME DOMAIN_CATALOG "
        "DOMAIN_SCHEMA DOMAIN_NAME UDT_CATALOG UDT_SCHEMA UDT_NAME SCOPE_CATALOG SCOPE_SCHEMA SCOPE_NAME DTD_IDENTIFIER "
        "IS_SELF_REFERENCING IS_IDENTITY IDENTITY_GENERATION IDENTITY_START IDENTITY_INCREMENT IDENTITY_MAXIMUM IDENTITY_MINIMUM "
        "IDENTITY_CYCLE IDENTITY_ORDERED SCHEMA_EVOLUTION_RECORD COMMENT",
        _columns,
    ),
    "STAGES": View(
        "STAGE_CATALOG STAGE_SCHEMA STAGE_NAME STAGE_URL STAGE_REGION STAGE_TYPE STAGE_OWNER COMMENT CREATED LAST_ALTERED", _stages
    ),
    "FILE_FORMATS": View(
        "FILE_FORMAT_CATALOG FILE_FORMAT_SCHEMA FILE_FORMAT_NAME FILE_FORMAT_OWNER FILE_FORMAT_TYPE "
        f"{_FORMAT_OPTIONS} CREATED LAST_ALTERED COMMENT",
        _file_formats,
    ),
    "FUNCTIONS": View(
        "FUNCTION_CATALOG FUNCTION_SCHEMA FUNCTION_NAME FUNCTION_OWNER ARGUMENT_SIGNATURE DATA_TYPE FUNCTION_LANGUAGE "
        "FUNCTION_DEFINITION CREATED LAST_ALTERED COMMENT",
        _functions,
    ),
    "SEQUENCES": View(
        "SEQUENCE_CATALOG SEQUENCE_SCHEMA SEQUENCE_NAME SEQUENCE_OWNER DATA_TYPE START_VALUE INCREMENT NEXT_VALUE CYCLE_OPTION ORDERED CREATED "
        "LAST_ALTERED COMMENT",
        _sequences,
    ),
    "PROCEDURES": View(
        "PROCEDURE_CATALOG PROCEDURE_SCHEMA PROCEDURE_NAME PROCEDURE_OWNER ARGUMENT_SIGNATURE DATA_TYPE PROCEDURE_LANGUAGE "
        "PROCEDURE_DEFINITION CREATED LAST_ALTERED COMMENT",
        _nothing,
    ),
    "TABLE_CONSTRAINTS": View(CONSTRAINT_COLUMNS, _constraints),
    "REFERENTIAL_CONSTRAINTS": View(REFERENCE_COLUMNS, _references),
    "OBJECT_PRIVILEGES": View(grant_views.OBJECT_COLUMNS, grant_views.object_privileges),
    "TABLE_PRIVILEGES": View(grant_views.TABLE_COLUMNS, grant_views.table_privileges),
    "USAGE_PRIVILEGES": View(grant_views.OBJECT_COLUMNS, grant_views.usage_privileges),
    "APPLICABLE_ROLES": View(grant_views.APPLICABLE_COLUMNS, grant_views.applicable_roles),
    "ENABLED_ROLES": View(grant_views.ENABLED_COLUMNS, grant_views.enabled_roles),
    "PACKAGES": View("LANGUAGE PACKAGE_NAME VERSION RUNTIME_VERSION", _nothing),
    "LOAD_HISTORY": View(
        "SCHEMA_NAME FILE_NAME TABLE_NAME LAST_LOAD_TIME STATUS ROW_COUNT ROW_PARSED FIRST_ERROR_MESSAGE FIRST_ERROR_LINE_NUMBER "
        "FIRST_ERROR_CHARACTER_POSITION FIRST_ERROR_COL_NAME ERROR_COUNT ERROR_LIMIT",
        _loads,
    ),
}  # fmt: skip

QUERY_COLUMNS = (
    "QUERY_ID QUERY_TEXT DATABASE_NAME SCHEMA_NAME QUERY_TYPE SESSION_ID USER_NAME ROLE_NAME WAREHOUSE_NAME WAREHOUSE_SIZE WAREHOUSE_TYPE "
    "QUERY_TAG EXECUTION_STATUS ERROR_CODE ERROR_MESSAGE START_TIME END_TIME TOTAL_ELAPSED_TIME EXECUTION_TIME ROWS_PRODUCED"
)


def _queries(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    yield from query_rows(work)


USAGE_VIEWS = {
    "QUERY_HISTORY": View(QUERY_COLUMNS, _queries),
    "CORTEX_FUNCTIONS_USAGE_HISTORY": View(
        "START_TIME END_TIME FUNCTION_NAME MODEL_NAME WAREHOUSE_ID TOKEN_CREDITS TOKENS", function_usage
    ),
    "CORTEX_FUNCTIONS_QUERY_USAGE_HISTORY": View(
        "QUERY_ID WAREHOUSE_ID MODEL_NAME FUNCTION_NAME TOKENS TOKEN_CREDITS", query_usage
    ),
    "CORTEX_AISQL_USAGE_HISTORY": View(
        "USAGE_TIME MODEL_NAME FUNCTION_NAME TOKEN_CREDITS TOKENS QUERY_ID WAREHOUSE_ID USER_ID QUERY_TAG", ai_usage
    ),
    "CORTEX_FINE_TUNING_USAGE_HISTORY": View(
        "START_TIME END_TIME WAREHOUSE_ID MODEL_NAME TOKEN_CREDITS TOKENS", finetune_usage
    ),
    "QUERY_ANSWERS": View(f"QUERY_ID START_TIME USER_NAME {' '.join(ANSWER_COUNTS)}", answer_rows),
    "FINETUNE_EVENTS": View(finetune_history.EVENT_COLUMNS, finetune_history.event_rows),
    "FINETUNE_DATA": View(finetune_history.DATA_COLUMNS, finetune_history.data_rows),
    "FINETUNE_EVALUATIONS": View(finetune_history.EVALUATION_COLUMNS, finetune_history.evaluation_rows),
    "FINETUNE_CONFUSION": View(finetune_history.CONFUSION_COLUMNS, finetune_history.confusion_rows),
}
