"""GET_DDL: the statement that makes an object, written from what is known of it. Forms: the vendor's page "GET_DDL"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sapwood.dialect.names import parts, qualify, spelled
from sapwood.dialect.statements import Column, Name
from sapwood.engine.definition import functions_named, returned, signed
from sapwood.engine.identity import shown_default
from sapwood.engine.keys import key_clauses
from sapwood.engine.metadata import TableInfo, read_tables
from sapwood.engine.physical import text_literal
from sapwood.engine.privileges import may_see
from sapwood.engine.schema_objects import SEQUENCE, read_object
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import UnsupportedError


def ddl(work: Work, kind: str, name: str) -> str:
    """The statement for an object; UnsupportedError for a kind that has none here."""
    writer = _WRITERS.get(kind)
    if writer is None:
        raise UnsupportedError(f"GET_DDL of a {kind.lower()} is not supported", hint=f"Served: {', '.join(_WRITERS)}.")
    return writer(work, parts(name))


def _named(work: Work, given: tuple[str, ...]) -> Name:
    return Name(*qualify(given, database=work.state.database, schema=work.state.schema))


def _relation(work: Work, given: tuple[str, ...]) -> str:
    found = work.the_table(_named(work, given))
    if not may_see(work, work.rights, found.kind, found.name):
        raise unknown_object("Table", found.name)
    return table_ddl(found, key_clauses(work, found.name))


def table_ddl(table: TableInfo, keys: Sequence[str] = ()) -> str:
    """The statement that makes a table with its keys, or a view."""
    name = spelled(table.name.name)
    if table.kind == "VIEW":
        listed = ",\n".join(f"\t{spelled(column.name)}{_comment(column.comment)}" for column in table.columns)
        return f"create or replace view {name}(\n{listed}\n){_comment(table.comment, sign='=')} as {table.definition};"
    kind = "TEMPORARY TABLE" if table.is_temporary else "TABLE"
    listed = ",\n".join(f"\t{each}" for each in (*map(_column, table.columns), *keys))
    return f"create or replace {kind} {name} (\n{listed}\n){_comment(table.comment, sign='=')};"


def _column(column: Column) -> str:
    nullable = "" if column.nullable else " NOT NULL"
    written = shown_default(column.default)
    default = "" if written is None else f" {written}" if written != column.default else f" DEFAULT {written}"
    return f"{spelled(column.name)} {column.type}{nullable}{default}{_comment(column.comment)}"


def _comment(comment: str, *, sign: str = " ") -> str:
    return f" COMMENT{sign}{_literal(comment)}" if comment else ""


def _schema(work: Work, given: tuple[str, ...]) -> str:
    *holder, schema = given
    database = holder[0] if holder else _named(work, ("",)).database
    work.check_schema(database, schema)
    lines = [f"create or replace schema {spelled(schema)};", *_tables(work, database, schema)]
    return "\n\n".join(lines)


def _database(work: Work, given: tuple[str, ...]) -> str:
    (database,) = given
    work.check_database(database)
    return "\n\n".join([f"create or replace database {spelled(database)};", *_tables(work, database, None)])


def _tables(work: Work, database: str, schema: str | None) -> Iterator[str]:
    for table in read_tables(work.cursor, database, schema):
        if may_see(work, work.rights, table.kind, table.name):
            yield table_ddl(table, key_clauses(work, table.name))


def _sequence(work: Work, given: tuple[str, ...]) -> str:
    name = _named(work, given)
    found = read_object(work.cursor, SEQUENCE, name)
    if found is None or not may_see(work, work.rights, SEQUENCE, name):
        raise unknown_object("Sequence", name)
    start, increment = found.content["start"], found.content["increment"]
    comment = _comment(found.comment, sign="=")
    return (
        f"create or replace sequence {spelled(name.name)} start with {start} increment by {increment} noorder{comment};"
    )


def _function(work: Work, given: tuple[str, ...]) -> str:
    """The function of a name with or without its arguments in parentheses."""
    name = _named(work, (*given[:-1], given[-1].partition("(")[0].upper()))
    found = [each for each in functions_named(work, name) if may_see(work, work.rights, "FUNCTION", signed(each))]
    if not found:
        raise unknown_object("Function", name)
    function = found[0]
    parameters = ", ".join(f"{spelled(each.name)} {each.type}" for each in function.parameters)
    return (
        f"CREATE OR REPLACE FUNCTION {spelled(name.name)}({parameters})\nRETURNS {returned(function)}\nLANGUAGE SQL"
        f"{_comment(function.comment, sign='=')}\nAS {_literal(function.body)};"
    )


def _file_format(work: Work, given: tuple[str, ...]) -> str:
    name = _named(work, given)
    found = work.file_format(name)
    if found is None or not may_see(work, work.rights, "FILE FORMAT", name):
        raise unknown_object("File format", name, sqlstate="02000")
    options = {"TYPE": "CSV", **found.options}
    lines = "".join(f"\n\t{option} = {_option(value)}" for option, value in options.items())
    return f"CREATE OR REPLACE FILE FORMAT {spelled(name.name)}{lines}{_comment(found.comment, sign=' = ')}\n;"


def _option(value: Any) -> str:
    """A format's option as its statement writes it."""
    if isinstance(value, (tuple, list)):
        return f"({', '.join(_option(each) for each in value)})"
    return str(value).lower() if isinstance(value, (bool, int)) else _literal(str(value))


def _literal(text: str) -> str:
    """A text as the vendor's SQL writes it, where a backslash begins an escape."""
    return text_literal(text.replace("\\", "\\\\"))


_WRITERS: dict[str, Callable[[Work, tuple[str, ...]], str]] = {
    "TABLE": _relation,
    "VIEW": _relation,
    "SCHEMA": _schema,
    "DATABASE": _database,
    "SEQUENCE": _sequence,
    "FUNCTION": _function,
    "FILE_FORMAT": _file_format,
}
