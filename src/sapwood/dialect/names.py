"""Names: how Snowflake folds them, how DuckDB stores them, how both are quoted.

Comes in: an identifier as written. Goes out: Snowflake's spelling, or the physical name. Knows no catalogue.
DuckDB compares names without regard to ASCII case even when quoted, Snowflake doesn't. So a name that has lower-case
letters is stored with a mask of their places behind a `~`; names of upper-case letters only stay as they are.
"""

from __future__ import annotations

import re

from sapwood.errors import NoCurrentDatabaseError, NoCurrentSchemaError

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z")
_MARK = "~"

EACH = '"~x"'
"""The element in a lambda of generated SQL. A physical name with a `~` ends in hexadecimal digits, so no column is called that."""


def fold(text: str, *, quoted: bool = False) -> str:
    """Snowflake's spelling of an identifier.

    >>> fold("ticket_id"), fold("ticket_id", quoted=True)
    ('TICKET_ID', 'ticket_id')
    """
    return text if quoted else text.upper()


def unquote(text: str) -> str:
    """An identifier as it stands in SQL, folded.

    >>> unquote('"a ""b"'), unquote("ab")
    ('a "b', 'AB')
    """
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text.upper()


def parts(text: str) -> tuple[str, ...]:
    """The folded parts of a dotted name.

    >>> parts('db."my schema".t')
    ('DB', 'my schema', 'T')
    """
    return tuple(unquote(part) for part in re.findall(r'"(?:[^"]|"")*"|[^."]+', text.strip()))


def spelled(name: str) -> str:
    """A name as SQL must write it: quoted only where it needs to be.

    >>> spelled("TICKETS"), spelled("my col")
    ('TICKETS', '"my col"')
    """
    return name if _PLAIN.match(name) and name == name.upper() else quoted(name)


def quoted(name: str) -> str:
    """The name in double quotes, for Snowflake and for DuckDB.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def physical(name: str) -> str:
    """What DuckDB calls a column, table or schema. No two names of Snowflake share one, in any case.

    >>> physical("REQUEST"), physical("request"), physical("Request"), physical("A~B")
    ('REQUEST', 'request~7f', 'Request~7e', 'A~B~0')
    """
    mask = sum(1 << place for place, letter in enumerate(name) if "a" <= letter <= "z")
    return f"{name}{_MARK}{mask:x}" if mask or _MARK in name else name


def logical(name: str) -> str:
    """The way back from `physical`.

    >>> logical("request~7f"), logical("REQUEST")
    ('request', 'REQUEST')
    """
    return name.rpartition(_MARK)[0] if _MARK in name else name


def duck(name: str) -> str:
    """The physical name in quotes, ready for DuckDB.

    >>> duck("request")
    '"request~7f"'
    """
    return quoted(physical(name))


def literal(text: str) -> str:
    """A DuckDB string literal. The engine's mark `{token}` never stands in it, and neither does a zero byte.

    >>> literal("it's"), literal("{token}")
    ("'it''s'", "'{' || 'token}'")
    """
    body = text.replace("'", "''").replace("{token}", "{' || 'token}").replace("\0", "' || chr(0) || '")
    return f"'{body}'"


def qualify(given: tuple[str, ...], *, database: str | None, schema: str | None) -> tuple[str, str, str]:
    """Database, schema and name of an object's name with one to three parts, filled up from the current ones.

    >>> qualify(("T",), database="DB", schema="PUBLIC"), qualify(("DB", "", "T"), database=None, schema=None)
    (('DB', 'PUBLIC', 'T'), ('DB', 'PUBLIC', 'T'))
    """
    name = given[-1]
    holder = database if len(given) < 3 else given[-3]
    if holder is None:
        raise NoCurrentDatabaseError(
            "Cannot perform SELECT. This session does not have a current database. Call 'USE DATABASE', or use a qualified name."
        )
    inner = schema if len(given) < 2 else given[-2] or "PUBLIC"
    if inner is None:
        raise NoCurrentSchemaError(
            "Cannot perform SELECT. This session does not have a current schema. Call 'USE SCHEMA', or use a qualified name."
        )
    return holder, inner, name
