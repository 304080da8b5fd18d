"""CREATE USER, ALTER USER with its access tokens, SHOW and DESCRIBE of them; and what of their text may be written down.

Comes in: a reader behind the kind. Goes out: one statement. A property that isn't served is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sapwood.dialect.account_statements import (
    AccessTokens,
    AlterUser,
    CreateUser,
)
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import (
    Statement,
)


def create_user(reader: Reader, *, or_replace: bool, if_not_exists: bool) -> Statement:
    """CREATE USER [IF NOT EXISTS] <name> [PROPERTY = value ...]"""
    name = reader.identifier()
    return CreateUser(name, _properties(reader), or_replace=or_replace, if_not_exists=if_not_exists)


def alter_user(reader: Reader) -> Statement:
    """ALTER USER [IF EXISTS] [<name>] SET ... | UNSET ... | RENAME TO ... | ADD | REMOVE | ROTATE PROGRAMMATIC ACCESS TOKEN ..."""
    if_exists = reader.take("IF", "EXISTS")
    name = "" if reader.word() in _ACTIONS else reader.identifier()
    if reader.take("RENAME", "TO"):
        new_name = reader.identifier()
        reader.end()
        return AlterUser(name, new_name=new_name, if_exists=if_exists)
    if reader.take("SET"):
        return AlterUser(name, _properties(reader), if_exists=if_exists)
    if reader.take("UNSET"):
        return AlterUser(name, _unset(reader), if_exists=if_exists)
    action = reader.any_word()
    if action not in _TOKEN_ACTIONS:
        raise unsupported(f"ALTER USER ... {action}")
    _expect_token(reader)
    return _token(action, name, reader)


_TOKEN_ACTIONS = ("ADD", "REMOVE", "ROTATE")
_ACTIONS = ("SET", "UNSET", *_TOKEN_ACTIONS)


# Properties ----------------------------------------------------------------------------------------------------------


def _properties(reader: Reader) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    while not reader.is_done:
        if reader.take(","):
            continue
        word = _property(reader)
        reader.expect("=")
        found[word] = _PROPERTIES[word](reader)
    return found


def _unset(reader: Reader) -> Mapping[str, Any]:
    found: dict[str, Any] = {_property(reader): None}
    while reader.take(","):
        found[_property(reader)] = None
    reader.end()
    return found


def _property(reader: Reader) -> str:
    word = reader.any_word()
    if word not in _PROPERTIES:
        raise unsupported(f"{word} of a user")
    return word


def _flag(reader: Reader) -> bool:
    value = reader.value()
    if not isinstance(value, bool):
        raise reader.error()
    return value


def _name(reader: Reader) -> str:
    """A name, bare or in quotes of either kind; in single quotes it is folded as a bare one."""
    return reader.string().upper() if reader.is_text() else reader.identifier()


def _namespace(reader: Reader) -> str:
    """database or database.schema, as it was written."""
    if reader.is_text():
        return reader.string()
    given = reader.dotted()
    if len(given) > 2:
        raise reader.error()
    return ".".join('"' + part.replace('"', '""') + '"' for part in given)


def _secondary(reader: Reader) -> str:
    """('ALL') or ()."""
    value = reader.value()
    words = tuple(str(each).upper() for each in (value if isinstance(value, tuple) else (value,)))  # pyright: ignore[reportUnknownVariableType]
    if words not in ((), ("ALL",), ("NONE",)):
        raise unsupported("DEFAULT_SECONDARY_ROLES other than ('ALL') and ()")
    return "ALL" if words == ("ALL",) else ""


def _word(reader: Reader) -> str:
    return str(reader.value())


_PROPERTIES: Mapping[str, Callable[[Reader], Any]] = {
    "PASSWORD": Reader.string,
    "LOGIN_NAME": _word,
    "DISPLAY_NAME": _word,
    "EMAIL": Reader.string,
    "COMMENT": Reader.string,
    "DISABLED": _flag,
    "MUST_CHANGE_PASSWORD": _flag,
    "DEFAULT_ROLE": _name,
    "DEFAULT_WAREHOUSE": _name,
    "DEFAULT_NAMESPACE": _namespace,
    "DEFAULT_SECONDARY_ROLES": _secondary,
    "RSA_PUBLIC_KEY": Reader.string,
    "RSA_PUBLIC_KEY_2": Reader.string,
    "FIRST_NAME": _word,
    "MIDDLE_NAME": _word,
    "LAST_NAME": _word,
    "TYPE": _word,
}


# Access tokens -------------------------------------------------------------------------------------------------------


def _expect_token(reader: Reader) -> None:
    if not reader.take("PAT"):
        reader.expect("PROGRAMMATIC", "ACCESS", "TOKEN")


def _token(action: str, user: str, reader: Reader) -> Statement:
    name = reader.identifier()
    options: dict[str, Any] = {}
    while not reader.is_done:
        word = reader.any_word()
        if word not in _TOKEN_OPTIONS[action]:
            raise unsupported(f"{word} of a programmatic access token")
        reader.expect("=")
        options[word] = _TOKEN_OPTIONS[action][word](reader)
    return AccessTokens(action, user, name, options)


_TOKEN_OPTIONS: Mapping[str, Mapping[str, Callable[[Reader], Any]]] = {
    "ADD": {"ROLE_RESTRICTION": _name, "DAYS_TO_EXPIRY": Reader.integer, "COMMENT": Reader.string},
    "REMOVE": {},
    "ROTATE": {"EXPIRE_ROTATED_TOKEN_AFTER_HOURS": Reader.integer},
}


def show_tokens(reader: Reader) -> Statement:
    """SHOW USER PROGRAMMATIC ACCESS TOKENS [FOR USER <name>], behind TOKENS."""
    user = reader.identifier() if reader.take("FOR", "USER") else ""
    reader.end()
    return AccessTokens("SHOW", user)


# What may be written down --------------------------------------------------------------------------------------------

_OF_A_USER = re.compile(r"\b(CREATE|ALTER)\b.*?\bUSER\b", re.IGNORECASE | re.DOTALL)
_HAS_SECRETS = re.compile(rf"{_OF_A_USER.pattern}|\b(CREDENTIALS|ENCRYPTION)\s*=\s*\(", re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile(r"'((?:[^'\\]|''|\\.)*)(?:'|\Z)|\$\$(.*?)(?:\$\$|\Z)", re.DOTALL)
_MAKES_TOKEN = re.compile(r"\bUSER\b.*?\b(ADD|ROTATE)\b.*?\b(PAT|TOKEN)\b", re.IGNORECASE | re.DOTALL)
MASK = "'***'"


def without_secrets(text: str) -> str:
    """A statement's text as it may be kept: in those about users and credentials, nothing of what is in quotes.

    >>> without_secrets("create user anna password = 'it''s' default_role = r")
    "create user anna password = '***' default_role = r"
    >>> without_secrets("create stage s credentials = (aws_secret_key = 'x')")
    "create stage s credentials = (aws_secret_key = '***')"
    >>> without_secrets("select 'a password of a user'")
    "select 'a password of a user'"
    """
    return _LITERAL.sub(MASK, text) if _HAS_SECRETS.search(text) else text


def gives_secret(text: str) -> bool:
    """Whether a statement's result is a secret, which is shown once and kept nowhere.

    >>> gives_secret("alter user anna add pat ci"), gives_secret("alter user anna remove pat ci")
    (True, False)
    """
    return _OF_A_USER.search(text) is not None and _MAKES_TOKEN.search(text) is not None


def without_secrets_of(text: str, message: str) -> str:
    """An error's message without what `without_secrets` takes out of the statement."""
    if _HAS_SECRETS.search(text):
        for found in _LITERAL.finditer(text):
            secret = found[1] or found[2]
            if secret:
                message = message.replace(secret, "***")
    return message
