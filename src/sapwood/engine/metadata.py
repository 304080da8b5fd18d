"""What Snowflake knows of a table and DuckDB does not, kept in the table's own database file.

Every function works on the cursor that it is given, inside that cursor's transaction: so one commit holds a table and
what is known of it. DuckDB must not fold names here, so all names stand as values in rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import duckdb

from sapwood.dialect.statements import Column, Name
from sapwood.dialect.types import SnowType
from sapwood.engine.physical import METADATA, database_alias, metadata
from sapwood.engine.schema_objects import COLUMNS, OF_TABLES, TABLE, delete_object, rename_object

FORMAT = 2
"""Version of a database file; raised when one of these tables, or what holds a type, changes. `upgrade` has the steps."""


@dataclass(frozen=True)
class Container:
    """A database (`schema` is '') or a schema."""

    database: str
    schema: str
    comment: str
    created_on: int
    owner: str


@dataclass(frozen=True)
class TableInfo:
    """A table or view with all that is known of it; `kind` is TABLE or VIEW, `created_on` epoch milliseconds."""

    name: Name
    kind: str
    columns: tuple[Column, ...] = ()
    comment: str = ""
    created_on: int = 0
    owner: str = "ACCOUNTADMIN"
    definition: str = ""
    is_temporary: bool = False


@dataclass(frozen=True)
class LoadedFile:
    """One file in a table's load history. `loaded_on` is epoch milliseconds, `md5` that of the file's bytes."""

    file: str
    size: int
    md5: str
    loaded_on: int
    status: str
    rows_parsed: int
    rows_loaded: int
    errors: int
    first_error: str = ""


def create_metadata(cursor: duckdb.DuckDBPyConnection, about: Container) -> None:
    """Make the tables of a new database file, with the database's own row."""
    place = f"{database_alias(about.database)}.{METADATA}"
    cursor.execute(f"CREATE SCHEMA {place}")
    for name, columns in _TABLES.items():
        cursor.execute(f"CREATE TABLE {place}.{name} ({columns})")
    cursor.execute(
        f"INSERT INTO {place}.about VALUES (?, ?, ?, ?, ?)",
        [FORMAT, about.database, about.comment, about.created_on, about.owner],
    )


_TABLES = {
    "about": "format INTEGER, name VARCHAR, comment VARCHAR, created_on BIGINT, owner VARCHAR",
    "schemas": "name VARCHAR, comment VARCHAR, created_on BIGINT, owner VARCHAR",
    "objects": "schema VARCHAR, name VARCHAR, kind VARCHAR, comment VARCHAR, created_on BIGINT, owner VARCHAR, definition VARCHAR",
    "columns": "schema VARCHAR, object VARCHAR, ordinal INTEGER, name VARCHAR, type VARCHAR, type_precision INTEGER, type_scale INTEGER, "
    "type_length BIGINT, nullable BOOLEAN, default_text VARCHAR, comment VARCHAR",
    "load_history": "schema VARCHAR, object VARCHAR, file VARCHAR, size BIGINT, md5 VARCHAR, loaded_on BIGINT, status VARCHAR, "
    "rows_parsed BIGINT, rows_loaded BIGINT, errors BIGINT, first_error VARCHAR",
    TABLE: COLUMNS,
}


# Databases and schemas -----------------------------------------------------------------------------------------------


def read_database(cursor: duckdb.DuckDBPyConnection, name: str) -> Container:
    """A database by name; it must be attached."""
    row = cursor.execute(f"SELECT comment, created_on, owner FROM {metadata(name, 'about')}").fetchall()[0]
    return Container(name, "", *row)


def write_schema(cursor: duckdb.DuckDBPyConnection, schema: Container) -> None:
    """Note a new schema."""
    cursor.execute(
        f"INSERT INTO {metadata(schema.database, 'schemas')} VALUES (?, ?, ?, ?)",
        [schema.schema, schema.comment, schema.created_on, schema.owner],
    )


def read_schemas(cursor: duckdb.DuckDBPyConnection, database: str) -> list[Container]:
    """All schemas of a database by name."""
    rows = cursor.execute(
        f"SELECT name, comment, created_on, owner FROM {metadata(database, 'schemas')} ORDER BY name"
    ).fetchall()
    return [Container(database, *row) for row in rows]


def delete_schema(cursor: duckdb.DuckDBPyConnection, database: str, schema: str) -> None:
    """Forget a schema and everything in it."""
    cursor.execute(f"DELETE FROM {metadata(database, 'schemas')} WHERE name = ?", [schema])
    for table in ("objects", "columns", "load_history", TABLE):
        cursor.execute(f"DELETE FROM {metadata(database, table)} WHERE schema = ?", [schema])


def comment_container(cursor: duckdb.DuckDBPyConnection, database: str, schema: str, *, comment: str) -> None:
    """Change the comment of a schema, or of the database if `schema` is ''."""
    if schema:
        cursor.execute(f"UPDATE {metadata(database, 'schemas')} SET comment = ? WHERE name = ?", [comment, schema])
    else:
        cursor.execute(f"UPDATE {metadata(database, 'about')} SET comment = ?", [comment])


def own_container(cursor: duckdb.DuckDBPyConnection, database: str, schema: str, *, owner: str) -> None:
    """Change the owner of a schema, or of the database if `schema` is ''."""
    if schema:
        cursor.execute(f"UPDATE {metadata(database, 'schemas')} SET owner = ? WHERE name = ?", [owner, schema])
    else:
        cursor.execute(f"UPDATE {metadata(database, 'about')} SET owner = ?", [owner])


def pass_on(cursor: duckdb.DuckDBPyConnection, database: str, owner: str, *, heir: str) -> None:
    """Whatever a role owns in a database is another's from now on."""
    for table in ("about", "schemas", "objects", TABLE):
        cursor.execute(f"UPDATE {metadata(database, table)} SET owner = ? WHERE owner = ?", [heir, owner])


# Tables and views ----------------------------------------------------------------------------------------------------


def read_table(cursor: duckdb.DuckDBPyConnection, name: Name) -> TableInfo | None:
    """A permanent table or view; None if there is none."""
    rows = cursor.execute(
        f"SELECT o.kind, o.comment, o.created_on, o.owner, o.definition, {_COLUMN} FROM {metadata(name.database, 'objects')} o "
        f"LEFT JOIN {metadata(name.database, 'columns')} c ON c.schema = o.schema AND c.object = o.name "
        "WHERE o.schema = ? AND o.name = ? ORDER BY c.ordinal",
        [name.schema, name.name],
    ).fetchall()
    if not rows:
        return None
    kind, comment, created_on, owner, definition = rows[0][:5]
    columns = tuple(_column(row[5:]) for row in rows if row[5] is not None)
    return TableInfo(name, kind, columns, comment, created_on, owner, definition)


_COLUMN = "c.name, c.type, c.type_precision, c.type_scale, c.type_length, c.nullable, c.default_text, c.comment"


def read_tables(cursor: duckdb.DuckDBPyConnection, database: str, schema: str | None = None) -> list[TableInfo]:
    """All permanent tables and views of a database or a schema, ordered by schema and name."""
    rows = cursor.execute(
        f"SELECT schema, name FROM {metadata(database, 'objects')} WHERE ? IS NULL OR schema = ? ORDER BY schema, name",
        [schema, schema],
    ).fetchall()
    found = (read_table(cursor, Name(database, *row)) for row in rows)
    return [table for table in found if table is not None]


def write_table(cursor: duckdb.DuckDBPyConnection, table: TableInfo) -> None:
    """Note a table or view in place of what was known of that name."""
    name = table.name
    delete_table(cursor, name)
    cursor.execute(
        f"INSERT INTO {metadata(name.database, 'objects')} VALUES (?, ?, ?, ?, ?, ?, ?)",
        [name.schema, name.name, table.kind, table.comment, table.created_on, table.owner, table.definition],
    )
    write_columns(cursor, name, table.columns)


def write_columns(cursor: duckdb.DuckDBPyConnection, name: Name, columns: Sequence[Column]) -> None:
    """Note a table's columns in place of those known."""
    place = metadata(name.database, "columns")
    cursor.execute(f"DELETE FROM {place} WHERE schema = ? AND object = ?", [name.schema, name.name])
    for ordinal, column in enumerate(columns, start=1):
        cursor.execute(
            f"INSERT INTO {place} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [name.schema, name.name, ordinal, column.name, *astuple(column.type), *astuple(column)[2:]],
        )


def delete_table(cursor: duckdb.DuckDBPyConnection, name: Name) -> None:
    """Forget a table, its columns and its load history."""
    cursor.execute(
        f"DELETE FROM {metadata(name.database, 'objects')} WHERE schema = ? AND name = ?", [name.schema, name.name]
    )
    for kind in OF_TABLES:
        delete_object(cursor, kind, name)
    for table in ("columns", "load_history"):
        cursor.execute(
            f"DELETE FROM {metadata(name.database, table)} WHERE schema = ? AND object = ?", [name.schema, name.name]
        )


def rename_table(cursor: duckdb.DuckDBPyConnection, old: Name, new: Name) -> None:
    """Note a table's new name; the database stays."""
    cursor.execute(
        f"UPDATE {metadata(old.database, 'objects')} SET schema = ?, name = ? WHERE schema = ? AND name = ?",
        [new.schema, new.name, old.schema, old.name],
    )
    for kind in OF_TABLES:
        rename_object(cursor, kind, old, new)
    for table in ("columns", "load_history"):
        cursor.execute(
            f"UPDATE {metadata(old.database, table)} SET schema = ?, object = ? WHERE schema = ? AND object = ?",
            [new.schema, new.name, old.schema, old.name],
        )


def comment_table(cursor: duckdb.DuckDBPyConnection, name: Name, *, comment: str) -> None:
    """Change the comment of a table or view."""
    cursor.execute(
        f"UPDATE {metadata(name.database, 'objects')} SET comment = ? WHERE schema = ? AND name = ?",
        [comment, name.schema, name.name],
    )


def own_table(cursor: duckdb.DuckDBPyConnection, name: Name, *, owner: str) -> None:
    """Change the owner of a table or view."""
    cursor.execute(
        f"UPDATE {metadata(name.database, 'objects')} SET owner = ? WHERE schema = ? AND name = ?",
        [owner, name.schema, name.name],
    )


def _column(row: tuple[str, str, int | None, int | None, int | None, bool, str | None, str]) -> Column:
    name, kind, precision, scale, length, nullable, default, comment = row
    return Column(name, SnowType(kind, precision=precision, scale=scale, length=length), nullable, default, comment)


# Load history --------------------------------------------------------------------------------------------------------


def read_history(cursor: duckdb.DuckDBPyConnection, name: Name) -> dict[str, LoadedFile]:
    """The last load of each file into a table, by file."""
    rows = cursor.execute(
        "SELECT file, size, md5, loaded_on, status, rows_parsed, rows_loaded, errors, first_error "
        f"FROM {metadata(name.database, 'load_history')} WHERE schema = ? AND object = ? ORDER BY loaded_on",
        [name.schema, name.name],
    ).fetchall()
    return {row[0]: LoadedFile(*row) for row in rows}


def write_history(cursor: duckdb.DuckDBPyConnection, name: Name, files: Sequence[LoadedFile]) -> None:
    """Note loads in place of earlier ones of the same files."""
    place = metadata(name.database, "load_history")
    for file in files:
        cursor.execute(
            f"DELETE FROM {place} WHERE schema = ? AND object = ? AND file = ?", [name.schema, name.name, file.file]
        )
        cursor.execute(
            f"INSERT INTO {place} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [name.schema, name.name, *astuple(file)],
        )


def clear_history(cursor: duckdb.DuckDBPyConnection, name: Name) -> None:
    """Forget all loads of a table."""
    cursor.execute(
        f"DELETE FROM {metadata(name.database, 'load_history')} WHERE schema = ? AND object = ?",
        [name.schema, name.name],
    )
