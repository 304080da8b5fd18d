"""SHOW, DESCRIBE, USE, SET, ALTER, DROP, COMMENT ON and transactions.

Comes in: a reader behind the first word. Goes out: one statement. Words that aren't known are refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sapwood.dialect.altering import alter_table, alter_warehouse
from sapwood.dialect.creation import Compiler, container_name, named, resolved
from sapwood.dialect.definition_statements import AlterSequence
from sapwood.dialect.definitions import alter_sequence, function_name
from sapwood.dialect.grants import show_grants
from sapwood.dialect.names import qualify
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import (
    AlterModel,
    AlterSession,
    AlterTable,
    Describe,
    Drop,
    Name,
    SetComment,
    Show,
    Statement,
    Transaction,
    UnsetVariable,
    Use,
)
from sapwood.dialect.users import alter_user, show_tokens

_CONTAINERS = ("DATABASE", "SCHEMA", "WAREHOUSE", "ROLE")
_OBJECTS = ("TABLE", "VIEW", "STAGE", "FILE FORMAT", "MODEL")


def kind_of(reader: Reader, kinds: tuple[str, ...], verb: str) -> str:
    """The kind of object that is named next, such as FILE FORMAT."""
    for kind in kinds:
        if reader.take(*kind.split()):
            return kind
    if reader.is_done:
        raise reader.error()
    raise unsupported(f"{verb} {reader.word()}".strip())


def _object_name(kind: str, reader: Reader, compiler: Compiler) -> Name:
    is_held = kind in (*_CONTAINERS, "USER")
    return container_name(kind, reader, compiler.scope) if is_held else named(reader, compiler)


# --- SHOW and DESCRIBE

_SHOWN = (
    "TABLES", "VIEWS", "SCHEMAS", "DATABASES", "COLUMNS", "STAGES", "FILE FORMATS", "MODELS", "WAREHOUSES", "ROLES", "USERS", "PARAMETERS",
    "VARIABLES", "FUNCTIONS", "USER FUNCTIONS", "CORTEX BASE MODELS", "OBJECTS", "TRANSACTIONS", "SEQUENCES", "TAGS", "VERSIONS",
    "PRIMARY KEYS", "UNIQUE KEYS", "IMPORTED KEYS", "EXPORTED KEYS", "PROCEDURES",
)  # fmt: skip
_DESCRIBED = (*_OBJECTS, "SEQUENCE", "DATABASE", "SCHEMA", "WAREHOUSE", "USER")
_IN_ACCOUNT = ("WAREHOUSES", "ROLES", "USERS", "DATABASES", "VARIABLES", "PARAMETERS")


def show(reader: Reader, compiler: Compiler) -> Statement:
    """SHOW [TERSE] <kind> [LIKE '...'] [IN ...] [STARTS WITH '...'] [LIMIT n]"""
    if reader.take("GRANTS"):
        return show_grants(reader, compiler)
    if reader.take("FUTURE", "GRANTS"):
        return show_grants(reader, compiler, is_future=True)
    if reader.take("USER", "PROGRAMMATIC", "ACCESS", "TOKENS") or reader.take("USER", "PATS"):
        return show_tokens(reader)
    terse = reader.take("TERSE")
    found = Show(kind_of(reader, _SHOWN, "SHOW"), terse=terse)
    while not reader.is_done:
        found = _show_clause(found, reader, compiler)
    if found.kind == "VERSIONS" and not found.table:
        raise reader.error()
    return found


def _show_clause(found: Show, reader: Reader, compiler: Compiler) -> Show:
    if reader.take("LIKE"):
        return replace(found, like=reader.string())
    if reader.take("STARTS", "WITH"):
        return replace(found, starts_with=reader.string())
    if reader.take("LIMIT"):
        found = replace(found, limit=reader.integer())
        return replace(found, after=reader.string()) if reader.take("FROM") else found
    if reader.take("IN") or (found.kind == "PARAMETERS" and reader.take("FOR")):
        return _show_place(found, reader, compiler)
    raise reader.error()


def _show_place(found: Show, reader: Reader, compiler: Compiler) -> Show:
    scope = compiler.scope
    if found.kind == "VERSIONS":
        reader.expect("MODEL")
        return _show_table(found, resolved(reader.dotted(), scope))
    if reader.take("ACCOUNT"):
        return replace(found, in_account=True)
    if found.kind == "PARAMETERS" and (reader.take("SESSION") or reader.take("USER")):
        return found
    if found.kind == "PARAMETERS" and reader.take("WAREHOUSE"):
        reader.identifier()  # a warehouse has none of its own
        return found
    if reader.take("DATABASE"):
        name = reader.identifier() if _is_name(reader) else qualify(("",), database=scope.database, schema="")[0]
        return replace(found, database=name)
    if reader.take("SCHEMA"):
        given = (
            reader.dotted()
            if _is_name(reader)
            else ("", *qualify(("",), database=scope.database, schema=scope.schema)[1:2])
        )
        return _show_schema(found, tuple(part for part in given if part), compiler)
    if reader.take("TABLE") or reader.take("VIEW") or found.kind == "COLUMNS":
        return _show_table(found, resolved(reader.dotted(), scope))
    given = reader.dotted()
    if found.kind == "SCHEMAS":
        return replace(found, database=given[0])
    return _show_schema(found, given, compiler)


def _is_name(reader: Reader) -> bool:
    return not reader.is_done and reader.word() not in ("LIKE", "STARTS", "LIMIT")


def _show_schema(found: Show, given: tuple[str, ...], compiler: Compiler) -> Show:
    database, schema, _ = qualify((*given, ""), database=compiler.scope.database, schema=None)
    return replace(found, database=database, schema=schema)


def _show_table(found: Show, name: Name) -> Show:
    return replace(found, database=name.database, schema=name.schema, table=name.name)


def describe(reader: Reader, compiler: Compiler) -> Statement:
    """DESC[RIBE] TABLE | VIEW | STAGE | FILE FORMAT | MODEL | SEQUENCE | DATABASE | SCHEMA | WAREHOUSE | USER <name>, FUNCTION name(types),
    RESULT 'query id' | LAST_QUERY_ID(); a bare name is a table.
    """
    if reader.word() == "PROCEDURE":
        raise unsupported("DESCRIBE PROCEDURE")
    if reader.take("FUNCTION"):
        return _described("FUNCTION", function_name(reader, compiler), reader)
    if reader.take("RESULT"):
        is_last = reader.take("LAST_QUERY_ID", "(", ")")
        return _described("RESULT", Name("", "", "" if is_last else reader.string()), reader)
    kind = next((kind for kind in _DESCRIBED if reader.take(*kind.split())), "TABLE")
    name = _object_name(kind, reader, compiler)
    if reader.take("TYPE"):
        reader.expect("=")
        if reader.any_word() != "COLUMNS":
            raise unsupported("DESCRIBE TABLE ... TYPE = STAGE")
    return _described(kind, name, reader)


def _described(kind: str, name: Name, reader: Reader) -> Describe:
    reader.end()
    return Describe(kind, name)


# --- USE, SET, ALTER SESSION


def use(reader: Reader, compiler: Compiler) -> Statement:
    """USE [DATABASE | SCHEMA | WAREHOUSE | ROLE | SECONDARY ROLES] <name>; a bare name is a database, db.schema a schema."""
    if reader.take("SECONDARY", "ROLES") or reader.take("SECONDARY", "ROLE"):
        name = Name("", "", reader.any_word())
        reader.end()
        return Use("SECONDARY ROLES", name)
    kind = next((kind for kind in _CONTAINERS if reader.take(kind)), "")
    *holder, name = reader.dotted()
    reader.end()
    if len(holder) > (kind in ("", "SCHEMA")):
        raise unsupported("USE with a name of that many parts")
    if kind in ("WAREHOUSE", "ROLE"):
        return Use(kind, Name("", "", name))
    if holder:
        return Use("SCHEMA", Name(holder[0], name, ""))
    if kind == "SCHEMA":
        return Use("SCHEMA", Name(qualify(("",), database=compiler.scope.database, schema="")[0], name, ""))
    return Use("DATABASE", Name(name, "", ""))


def unset(reader: Reader, compiler: Compiler) -> Statement:
    """UNSET a; UNSET (a, b)"""
    listed = reader.inside().split(",") if reader.at("(") else None
    names = tuple(Reader(each).identifier() for each in listed) if listed is not None else (reader.identifier(),)
    reader.end()
    return UnsetVariable(names)


def alter(reader: Reader, compiler: Compiler) -> Statement:
    """ALTER SESSION | ACCOUNT | TABLE | VIEW | SEQUENCE | MODEL | WAREHOUSE | USER ..."""
    if reader.take("USER"):
        return alter_user(reader)
    kind = kind_of(reader, ("SESSION", "ACCOUNT", "TABLE", "VIEW", "SEQUENCE", "MODEL", "WAREHOUSE"), "ALTER")
    if kind in ("SESSION", "ACCOUNT"):
        return _alter_parameters(kind, reader)
    is_lenient = reader.take("IF", "EXISTS")
    if kind == "WAREHOUSE":
        return alter_warehouse(container_name(kind, reader, compiler.scope), reader)
    name = named(reader, compiler)
    if kind in ("TABLE", "VIEW"):
        return alter_table(AlterTable(name, "", if_exists=is_lenient), reader, compiler, kind=kind)
    if kind == "SEQUENCE":
        return alter_sequence(AlterSequence(name, if_exists=is_lenient), reader, compiler)
    return _alter_model(AlterModel(name, "", if_exists=is_lenient), reader, compiler)


def _alter_parameters(kind: str, reader: Reader) -> Statement:
    is_set = reader.take("SET")
    if not is_set:
        reader.expect("UNSET")
    parameters: dict[str, Any] = {}
    while not reader.is_done:
        if reader.take(","):
            continue
        word = reader.any_word()
        if is_set:
            reader.expect("=")
        parameters[word] = reader.value() if is_set else None
    if not parameters:
        raise reader.error()
    return AlterSession(kind, parameters)


def _alter_model(statement: AlterModel, reader: Reader, compiler: Compiler) -> Statement:
    if reader.take("RENAME", "TO"):
        found = replace(statement, action="RENAME", new_name=named(reader, compiler))
    elif reader.take("SET", "COMMENT"):
        reader.expect("=")
        found = replace(statement, action="SET COMMENT", value=reader.string())
    elif reader.take("UNSET", "COMMENT"):
        found = replace(statement, action="SET COMMENT")
    elif reader.take("SET", "DEFAULT_VERSION"):
        reader.expect("=")
        found = replace(statement, action="SET DEFAULT_VERSION", value=str(reader.value()))
    elif reader.take("VERSION"):
        version = reader.identifier()
        if reader.take("UNSET", "ALIAS"):
            found = replace(statement, action="SET ALIAS", version=version)
        else:
            reader.expect("SET", "ALIAS", "=")
            found = replace(statement, action="SET ALIAS", version=version, value=str(reader.value()))
    elif reader.take("ADD", "VERSION"):
        version = reader.identifier()
        reader.expect("FROM", "MODEL")
        source = named(reader, compiler)
        of = reader.identifier() if reader.take("VERSION") else "DEFAULT"
        found = replace(statement, action="ADD VERSION", version=version, source=source, value=of)
    elif reader.take("DROP", "VERSION"):
        found = replace(statement, action="DROP VERSION", version=reader.identifier())
    else:
        raise unsupported(f"ALTER MODEL ... {reader.word()} {reader.word(1)}".strip())
    reader.end()
    return found


# --- DROP, COMMENT ON, transactions


def drop(reader: Reader, compiler: Compiler) -> Statement:
    """DROP <kind> [IF EXISTS] <name> [CASCADE | RESTRICT]"""
    kind = kind_of(reader, (*_OBJECTS, *_CONTAINERS, "USER"), "DROP")
    is_lenient = reader.take("IF", "EXISTS")
    name = _object_name(kind, reader, compiler)
    if reader.take("RESTRICT"):
        raise unsupported("DROP ... RESTRICT")
    reader.take("CASCADE")
    reader.end()
    return Drop(kind, name, is_lenient)


def comment_on(reader: Reader, compiler: Compiler) -> Statement:
    """COMMENT [IF EXISTS] ON <kind> <name> IS '...'"""
    is_lenient = reader.take("IF", "EXISTS")
    reader.expect("ON")
    kind = kind_of(reader, ("COLUMN", *_OBJECTS, *_CONTAINERS), "COMMENT ON")
    column = ""
    if kind == "COLUMN":
        *table, column = _column_name(reader)
        name = resolved(tuple(table), compiler.scope)
    else:
        name = _object_name(kind, reader, compiler)
    reader.expect("IS")
    comment = reader.string()
    reader.end()
    return SetComment(kind, name, comment, column, is_lenient)


def _column_name(reader: Reader) -> list[str]:
    """table.column with up to four parts."""
    found = [reader.identifier()]
    while reader.take("."):
        found.append(reader.identifier())
    if len(found) < 2:
        raise reader.error()
    return found


def undrop(reader: Reader) -> Exception:
    """The error for UNDROP of anything."""
    kind = " ".join(word for word in (reader.word(), reader.word(1)) if word in _UNDROPPED)
    return unsupported(f"UNDROP {kind}".strip(), hint="What was dropped is gone; there is no time travel here.")


_UNDROPPED = ("TABLE", "SCHEMA", "DATABASE", "VIEW", "TAG", "ACCOUNT", "DYNAMIC", "NOTEBOOK")


def transaction(action: str, reader: Reader) -> Statement:
    """BEGIN [WORK | TRANSACTION] [NAME x], START TRANSACTION, COMMIT [WORK], ROLLBACK [WORK]"""
    if reader.take("TRANSACTION") or reader.take("WORK"):
        pass
    if action == "BEGIN" and reader.take("NAME"):
        reader.identifier()
    reader.end()
    return Transaction(action)
