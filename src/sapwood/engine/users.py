"""CREATE, ALTER, DROP, DESCRIBE and SHOW of users, and their access tokens. Secrets come in, only hashes are kept.

Column sets: the vendor's pages "SHOW USERS", "DESCRIBE USER" and "SHOW USER PROGRAMMATIC ACCESS TOKENS".
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sapwood.credentials import digest_of_token, hash_password, make_token, read_public_key
from sapwood.dialect.account_statements import (
    AccessTokens,
    AlterUser,
    CreateUser,
)
from sapwood.dialect.statements import (
    Name,
)
from sapwood.dialect.types import TIMESTAMP_LTZ, SnowType, text
from sapwood.engine.location import user_folder
from sapwood.engine.ownership import owner_of
from sapwood.engine.result import Rows, listing, status_rows
from sapwood.engine.work import Work, moment, now_ms, unknown_object
from sapwood.errors import AccessError, ProgrammingError
from sapwood.store.records import AccessToken, User

FIRST_USER = "ADMIN"
"""Stays: the sessions of whoever owns the files of the data are this user's."""
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_DEFAULT_DAYS, _MOST_DAYS = 15, 365
"""Days until a token expires: where none are given, and at most."""
_DEFAULT_HOURS, _MOST_HOURS = 24, 168
"""Hours for which a token that was rotated goes on."""


def create_user(work: Work, statement: CreateUser) -> Rows:
    """CREATE USER."""
    if statement.or_replace and statement.name == FIRST_USER:
        raise _stays()
    new = User(statement.name, statement.name.upper(), owner=work.state.role, created_on=now_ms())
    user = _changed(new, statement.properties)
    catalog = work.parts.catalog
    if catalog.put_user(user, or_replace=statement.or_replace, if_not_exists=statement.if_not_exists):
        return status_rows("CREATE_USER", f"User {statement.name} successfully created.")
    return status_rows("CREATE_USER", f"{statement.name} already exists, statement succeeded.")


def alter_user(work: Work, statement: AlterUser) -> Rows:
    """ALTER USER ... SET, UNSET, RENAME TO."""
    name = statement.name or work.state.user
    old = work.parts.catalog.user(name)
    if old is None and statement.if_exists:
        return status_rows("ALTER_USER", "Statement executed successfully.")
    if old is None:
        raise _unknown(name)
    new = _changed(old, statement.properties)
    if statement.new_name:
        if name == FIRST_USER:
            raise _stays()
        login = statement.new_name.upper() if old.login_name == old.name.upper() else old.login_name
        new = replace(new, name=statement.new_name, login_name=login)
    work.parts.catalog.replace_user(old, new)
    return status_rows("ALTER_USER", "Statement executed successfully.")


def drop_user(work: Work, name: Name) -> bool:
    """DROP USER with the files of their own stage; False if there is none."""
    if name.name == FIRST_USER:
        raise _stays()
    shutil.rmtree(user_folder(work.parts.config.data, name.name), ignore_errors=True)
    return work.parts.catalog.drop_user(name.name)


def _stays() -> ProgrammingError:
    return ProgrammingError(
        f"SQL compilation error:\nUser '{FIRST_USER}' can't be dropped, replaced or renamed.",
        hint="ALTER USER ADMIN SET DISABLED = TRUE closes its logins.",
    )


def _unknown(name: str) -> Exception:
    return unknown_object("User", Name("", "", name), sqlstate="02000")


# Properties ----------------------------------------------------------------------------------------------------------


def _changed(user: User, properties: Mapping[str, Any]) -> User:
    """A new password first: what is said of whether it must be changed counts after it."""
    for name in sorted(properties, key=lambda name: name != "PASSWORD"):
        user = _PROPERTIES[name](user, properties[name])
    return user


def _set_password(user: User, value: str | None) -> User:
    return replace(user, password_hash=hash_password(value) if value is not None else "", must_change_password=False)


def _set_login_name(user: User, value: str | None) -> User:
    return replace(user, login_name=str(value if value is not None else user.name).upper())


def _set_key(field: str) -> Callable[[User, str | None], User]:
    def set_it(user: User, value: str | None) -> User:
        key = read_public_key(value) if value else None
        changes: dict[str, Any] = {
            field: key.text if key else "",
            f"{field}_fp": key.fingerprint if key else "",
        }
        return replace(user, **changes)

    return set_it


def _set(field: str, default: Any) -> Callable[[User, Any], User]:
    def set_it(user: User, value: Any) -> User:
        changes: dict[str, Any] = {field: default if value is None else value}
        return replace(user, **changes)

    return set_it


def _ignored(user: User, value: Any) -> User:
    """Read, so that scripts run; it has no meaning here."""
    return user


_PROPERTIES: Mapping[str, Callable[[User, Any], User]] = {
    "PASSWORD": _set_password,
    "LOGIN_NAME": _set_login_name,
    "RSA_PUBLIC_KEY": _set_key("rsa_public_key"),
    "RSA_PUBLIC_KEY_2": _set_key("rsa_public_key_2"),
    "DISPLAY_NAME": _set("display_name", ""),
    "EMAIL": _set("email", ""),
    "COMMENT": _set("comment", ""),
    "DISABLED": _set("disabled", False),
    "MUST_CHANGE_PASSWORD": _set("must_change_password", False),
    "DEFAULT_ROLE": _set("default_role", ""),
    "DEFAULT_WAREHOUSE": _set("default_warehouse", ""),
    "DEFAULT_NAMESPACE": _set("default_namespace", ""),
    "DEFAULT_SECONDARY_ROLES": _set("secondary_roles", "ALL"),
    **dict.fromkeys(("FIRST_NAME", "MIDDLE_NAME", "LAST_NAME", "TYPE"), _ignored),
}


def _texts(*names: str) -> Mapping[str, SnowType]:
    return dict.fromkeys(names, text())


# SHOW and DESCRIBE ---------------------------------------------------------------------------------------------------


def user_row(user: User) -> dict[str, Any]:
    """A user as SHOW USERS lists it."""
    flag = {True: "true", False: "false"}
    return {
        "name": user.name,
        "created_on": moment(user.created_on),
        "login_name": user.login_name,
        "display_name": user.display_name or user.name,
        "email": user.email,
        "must_change_password": flag[user.must_change_password],
        "disabled": flag[user.disabled],
        "comment": user.comment,
        "default_warehouse": user.default_warehouse,
        "default_namespace": user.default_namespace,
        "default_role": user.default_role,
        "default_secondary_roles": '["ALL"]' if user.secondary_roles == "ALL" else "[]",
        "owner": user.owner,
        "has_password": flag[bool(user.password_hash)],
        "has_rsa_public_key": flag[bool(user.rsa_public_key or user.rsa_public_key_2)],
    }


def describe_user(work: Work, name: Name) -> Rows:
    """DESCRIBE USER: property, value, default, description. A password is never shown."""
    user = work.parts.catalog.user(name.name)
    if user is None:
        raise _unknown(name.name)
    row = user_row(user)
    shown = {
        "NAME": user.name,
        **{each: row[each.lower()] for each in _DESCRIBED},
        "PASSWORD": "********" if user.password_hash else None,
        "RSA_PUBLIC_KEY_FP": user.rsa_public_key_fp or None,
        "RSA_PUBLIC_KEY_2_FP": user.rsa_public_key_2_fp or None,
    }
    columns = _texts("property", "value", "default", "description")
    return listing("DESCRIBE", columns, [(key, value, None, None) for key, value in shown.items()])


_DESCRIBED = (
    "COMMENT", "DISPLAY_NAME", "LOGIN_NAME", "EMAIL", "MUST_CHANGE_PASSWORD", "DISABLED", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE",
    "DEFAULT_ROLE", "DEFAULT_SECONDARY_ROLES",
)  # fmt: skip


# Access tokens -------------------------------------------------------------------------------------------------------


def access_tokens(work: Work, statement: AccessTokens) -> Rows:
    """ADD, REMOVE, ROTATE and SHOW of programmatic access tokens. A secret is shown once, by the statement that makes it."""
    user = statement.user or work.state.user
    if owner_of(work, "USER", Name("", "", user)) is None:
        raise _unknown(user)
    if work.state.is_by_token and statement.action in ("ADD", "ROTATE"):
        raise AccessError(
            "SQL access control error:\nA session that was opened with a programmatic access token can't make one.",
            hint="Log in with a password or a key pair.",
        )
    return _TOKEN_ACTIONS[statement.action](work, user, statement)


def _add(work: Work, user: str, statement: AccessTokens) -> Rows:
    role = str(statement.options.get("ROLE_RESTRICTION", ""))
    if role and role not in work.parts.catalog.roles_of_user(user):
        raise unknown_object("Role", Name("", "", role), sqlstate="02000")
    days = _within(statement, "DAYS_TO_EXPIRY", _DEFAULT_DAYS, most=_MOST_DAYS, least=1)
    secret, now = make_token(), now_ms()
    comment = str(statement.options.get("COMMENT", ""))
    token = AccessToken(
        user, statement.name, digest_of_token(secret), now, now + days * _DAY_MS, role, comment, work.state.user
    )
    work.parts.catalog.add_token(token)
    return listing("ALTER_USER", _texts("token_name", "token_secret"), [(statement.name, secret)])


def _rotate(work: Work, user: str, statement: AccessTokens) -> Rows:
    """A new secret under the old name; the old one goes on for some hours under another."""
    old = _token(work, user, statement.name)
    hours = _within(statement, "EXPIRE_ROTATED_TOKEN_AFTER_HOURS", _DEFAULT_HOURS, most=_MOST_HOURS, least=0)
    secret, now = make_token(), now_ms()
    rotated = f"{old.name}_ROTATED_{now}"
    lifetime = old.expires_on - old.created_on
    until = min(old.expires_on, now + hours * _HOUR_MS)
    work.parts.catalog.rotate_token(
        replace(old, digest=digest_of_token(secret), created_on=now, expires_on=now + lifetime),
        replace(old, name=rotated, expires_on=until),
    )
    columns = _texts("token_name", "token_secret", "rotated_token_name")
    return listing("ALTER_USER", columns, [(old.name, secret, rotated)])


def _remove(work: Work, user: str, statement: AccessTokens) -> Rows:
    _token(work, user, statement.name)
    work.parts.catalog.drop_token(user, statement.name)
    return status_rows("ALTER_USER", f"Programmatic access token {statement.name} successfully removed.")


def _show(work: Work, user: str, statement: AccessTokens) -> Rows:
    now = now_ms()
    rows = [
        (
            token.name, token.user, token.role or None, moment(token.expires_on), "ACTIVE" if token.expires_on > now else "EXPIRED", token.comment,
            moment(token.created_on), token.created_by,
        )
        for token in work.parts.catalog.tokens(user)
    ]  # fmt: skip
    return listing("SHOW", _TOKEN_COLUMNS, rows)


_TOKEN_COLUMNS = {
    "name": text(), "user_name": text(), "role_restriction": text(), "expires_at": TIMESTAMP_LTZ, "status": text(), "comment": text(),
    "created_on": TIMESTAMP_LTZ, "created_by": text(),
}  # fmt: skip
_TOKEN_ACTIONS: Mapping[str, Callable[[Work, str, AccessTokens], Rows]] = {
    "ADD": _add, "REMOVE": _remove, "ROTATE": _rotate, "SHOW": _show,
}  # fmt: skip


def _token(work: Work, user: str, name: str) -> AccessToken:
    found = next((token for token in work.parts.catalog.tokens(user) if token.name == name), None)
    if found is None:
        raise unknown_object("Programmatic access token", Name("", "", name), sqlstate="02000")
    return found


def _within(statement: AccessTokens, option: str, default: int, *, most: int, least: int) -> int:
    value = int(statement.options.get(option, default))
    if not least <= value <= most:
        raise ProgrammingError(
            f"SQL compilation error:\ninvalid value [{value}] for {option}: {least} to {most}",
            errno=1008,
            sqlstate="22023",
        )
    return value
