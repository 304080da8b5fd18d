"""Snowflake objects to what DuckDB calls them: names in, quoted DuckDB identifiers and file stems out.

`dialect.names` has the rule for a single name. Prefixes keep databases and schemas away from DuckDB's own (memory,
temp, main ...).
"""

from __future__ import annotations

from urllib.parse import quote as percent
from urllib.parse import unquote as unpercent

from sapwood.dialect.names import duck, logical, physical, quoted
from sapwood.dialect.statements import Name
from sapwood.errors import UnsupportedError

METADATA = '"_sapwood"'
"""The schema in each database file that holds what belongs to the tables beside it."""
LONGEST_STEM = 200
"""Bytes of a file stem; file systems allow 255 with the suffix."""


def text_literal(text: str) -> str:
    """A DuckDB string literal in SQL of the engine's own, which has no placeholders."""
    return "'" + text.replace("'", "''") + "'"


def stem(database: str) -> str:
    """The file stem of a database; UnsupportedError if no file system would take it.

    >>> stem("CORTEX_FINETUNING_DB"), stem("My db")
    ('CORTEX_FINETUNING_DB', 'My%20db~1a')
    """
    encoded = percent(physical(database), safe="")
    if len(encoded) > LONGEST_STEM:
        raise UnsupportedError(f"The database name '{database}' is too long", hint="Use a name of at most 100 letters.")
    return encoded


def database_of(stem: str) -> str:
    """The way back from `stem`.

    >>> database_of("My%20db~1a")
    'My db'
    """
    return logical(unpercent(stem))


def database_alias(database: str) -> str:
    """What DuckDB calls an attached database, quoted."""
    return quoted("d_" + physical(database))


def schema_source(database: str, schema: str) -> str:
    """What DuckDB calls a schema, quoted."""
    return f"{database_alias(database)}.{quoted('s_' + physical(schema))}"


def table_source(name: Name) -> str:
    """What DuckDB calls a permanent table, quoted and ready for FROM.

    >>> table_source(Name("DB", "PUBLIC", "T"))
    '"d_DB"."s_PUBLIC"."T"'
    """
    return f"{schema_source(name.database, name.schema)}.{duck(name.name)}"


def temporary_source(name: Name) -> str:
    """What DuckDB calls a session's temporary table: all of them lie in one schema, so the whole name is in it."""
    whole = ".".join(physical(part) for part in (name.database, name.schema, name.name))
    return f'temp."main".{quoted(whole)}'


def metadata(database: str, table: str) -> str:
    """One of the tables about tables in a database file."""
    return f"{database_alias(database)}.{METADATA}.{table}"
