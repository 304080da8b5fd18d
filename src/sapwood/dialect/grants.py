"""GRANT, REVOKE and SHOW GRANTS.

Comes in: a reader behind the first words. Goes out: one statement, with every name resolved. Which privileges there are
on which kind of object is the table of `privileges.py` in the engine; here only words are read.
"""

from __future__ import annotations

from sapwood.dialect.account_statements import (
    GrantPrivileges,
    GrantRole,
    ShowGrants,
)
from sapwood.dialect.creation import Compiler, container_name, named
from sapwood.dialect.definitions import function_name
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import (
    Name,
    Statement,
)

_IN_SCHEMA = {
    "TABLE": "TABLES", "VIEW": "VIEWS", "STAGE": "STAGES", "FILE FORMAT": "FILE FORMATS", "MODEL": "MODELS", "FUNCTION": "FUNCTIONS",
    "SEQUENCE": "SEQUENCES", "TAG": "TAGS",
}  # fmt: skip
"""Kinds of objects in a schema with their plurals."""
_OF_ACCOUNT = ("DATABASE", "SCHEMA", "WAREHOUSE", "ROLE", "USER")
_ROLES = ("DATABASE ROLE", "APPLICATION ROLE", "ROLE")


def grant(reader: Reader, compiler: Compiler, *, is_revoke: bool) -> Statement:
    """GRANT ... TO ... or REVOKE ... FROM ..., behind that word."""
    for kind in _ROLES:
        if reader.take(*kind.split()):
            return _role(kind, reader, is_revoke=is_revoke)
    return _privileges(reader, compiler, is_revoke=is_revoke)


def _role(kind: str, reader: Reader, *, is_revoke: bool) -> Statement:
    role = _role_name(reader)
    reader.expect("FROM" if is_revoke else "TO")
    if reader.at("DATABASE", "ROLE") or reader.at("SHARE") or reader.at("APPLICATION"):
        raise unsupported(f"{kind} granted to a {reader.word().lower()}")
    grantee_kind = "USER" if reader.take("USER") else "ROLE"
    if grantee_kind == "ROLE":
        reader.take("ROLE")
    grantee = reader.identifier()
    reader.end()
    return GrantRole(kind, role, grantee_kind, grantee, is_revoke)


def _role_name(reader: Reader) -> str:
    return ".".join(reader.dotted())


def _privileges(reader: Reader, compiler: Compiler, *, is_revoke: bool) -> Statement:
    only_option = is_revoke and reader.take("GRANT", "OPTION", "FOR")
    privileges = _listed_privileges(reader)
    reader.expect("ON")
    kind, name, extent = _object(reader, compiler)
    reader.expect("FROM" if is_revoke else "TO")
    if reader.word() in ("USER", "DATABASE", "SHARE", "APPLICATION"):
        raise unsupported(f"a privilege granted to a {reader.word().lower()}", hint="Grant it to a role.")
    reader.take("ROLE")
    grantee = reader.identifier()
    grant_option = reader.take("WITH", "GRANT", "OPTION") or only_option
    if is_revoke:
        reader.take("CASCADE")
    elif privileges == ("OWNERSHIP",) and reader.word() in ("COPY", "REVOKE"):
        keeps = reader.any_word() == "COPY"
        reader.expect("CURRENT", "GRANTS")
        reader.end()
        return GrantPrivileges(privileges, kind, name, grantee, extent, keeps_grants=keeps)
    reader.end()
    return GrantPrivileges(privileges, kind, name, grantee, extent, grant_option=grant_option, is_revoke=is_revoke)


def _listed_privileges(reader: Reader) -> tuple[str, ...]:
    """SELECT, INSERT ...; ALL [PRIVILEGES] is ("ALL",)."""
    found = [_privilege(reader)]
    while reader.take(","):
        found.append(_privilege(reader))
    if "ALL PRIVILEGES" in found:
        return ("ALL",)
    return tuple(found)


def _privilege(reader: Reader) -> str:
    words = [reader.any_word()]
    while reader.word() not in (",", "ON", "", "TO", "FROM"):
        words.append(reader.any_word())
    return " ".join(words)


def _object(reader: Reader, compiler: Compiler) -> tuple[str, Name, str]:
    """Kind, name, and '', ALL or FUTURE; with those the name is that of the database or schema."""
    if reader.take("ACCOUNT"):
        return "ACCOUNT", Name("", "", ""), ""
    for extent in ("ALL", "FUTURE"):
        if reader.take(extent):
            return _all_of(extent, reader, compiler)
    kind = _kind(reader)
    name = function_name(reader, compiler) if kind == "FUNCTION" else object_name(kind, reader, compiler)
    return kind, name, ""


def _all_of(extent: str, reader: Reader, compiler: Compiler) -> tuple[str, Name, str]:
    kind = next((one for one, many in (*_IN_SCHEMA.items(), ("SCHEMA", "SCHEMAS")) if reader.take(*many.split())), None)
    if kind is None:
        raise unsupported(f"a grant on {extent} {reader.word()}")
    reader.expect("IN")
    if reader.take("DATABASE"):
        return kind, container_name("DATABASE", reader, compiler.scope), extent
    if kind == "SCHEMA":
        raise reader.error()
    reader.expect("SCHEMA")
    return kind, container_name("SCHEMA", reader, compiler.scope), extent


def _kind(reader: Reader) -> str:
    for kind in (*_IN_SCHEMA, *_OF_ACCOUNT):
        if reader.take(*kind.split()):
            return kind
    raise unsupported(f"a grant on {reader.word()}")


def object_name(kind: str, reader: Reader, compiler: Compiler) -> Name:
    """The name of an object of a kind in the fields of Name."""
    if kind in _IN_SCHEMA:
        return named(reader, compiler)
    if kind == "USER":
        return Name("", "", reader.identifier())
    return container_name(kind, reader, compiler.scope)


# SHOW GRANTS ---------------------------------------------------------------------------------------------------------


def show_grants(reader: Reader, compiler: Compiler, *, is_future: bool = False) -> Statement:
    """SHOW GRANTS [ON <kind> <name> | TO ROLE | USER <name> | OF ROLE <name>]; SHOW FUTURE GRANTS IN | TO ..."""
    found = _shown(reader, compiler, is_future=is_future)
    if reader.take("LIMIT"):
        reader.integer()
        raise unsupported("LIMIT of SHOW GRANTS")
    reader.end()
    return found


def _shown(reader: Reader, compiler: Compiler, *, is_future: bool) -> ShowGrants:
    if is_future and reader.take("IN"):
        kind = "DATABASE" if reader.take("DATABASE") else "SCHEMA"
        reader.take("SCHEMA")
        return ShowGrants("IN", kind, container_name(kind, reader, compiler.scope), is_future=True)
    if reader.take("TO"):
        kind = "USER" if reader.take("USER") else "ROLE"
        reader.take("ROLE")
        return ShowGrants("TO", kind, Name("", "", reader.identifier()), is_future=is_future)
    if is_future:
        raise reader.error()
    if reader.take("OF"):
        kind = next((each for each in _ROLES if reader.take(*each.split())), None)
        if kind is None:
            raise unsupported(f"SHOW GRANTS OF {reader.word()}")
        return ShowGrants("OF", kind, Name("", "", _role_name(reader)))
    if reader.take("ON"):
        kind, name, _ = ("ACCOUNT", Name("", "", ""), "") if reader.take("ACCOUNT") else _object(reader, compiler)
        return ShowGrants("ON", kind, name)
    return ShowGrants("", "", Name("", "", ""))
