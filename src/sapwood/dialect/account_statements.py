"""Statements about who may do what: users, their tokens, roles and grants.

The values are frozen, as all of `statements`; the engine has one handler for each class here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sapwood.dialect.statements import Name, Statement


@dataclass(frozen=True)
class CreateUser(Statement):
    """CREATE USER: properties by upper-case name, of the types that ALTER USER gives them."""

    name: str
    properties: Mapping[str, Any] = field(repr=False)
    or_replace: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True)
class AlterUser(Statement):
    """ALTER USER: properties to set, None means UNSET; or RENAME TO `new_name`. No `name` means the user of the session."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    new_name: str = ""
    if_exists: bool = False


@dataclass(frozen=True)
class AccessTokens(Statement):
    """ADD, REMOVE, ROTATE or SHOW of a user's programmatic access tokens. No `user` means that of the session."""

    action: str
    user: str
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class GrantRole(Statement):
    """GRANT or REVOKE of a ROLE, DATABASE ROLE or APPLICATION ROLE (those two named in full) to a USER or a ROLE."""

    kind: str
    role: str
    grantee_kind: str
    grantee: str
    is_revoke: bool = False


@dataclass(frozen=True)
class GrantPrivileges(Statement):
    """GRANT or REVOKE of privileges on an object to a role; ("ALL",) are all that the kind of object has.

    With `extent` ALL or FUTURE it is on all objects of the kind in the database or schema that `name` means.
    """

    privileges: tuple[str, ...]
    kind: str
    name: Name
    grantee: str
    extent: str = ""
    grant_option: bool = False
    is_revoke: bool = False
    keeps_grants: bool = False


@dataclass(frozen=True)
class ShowGrants(Statement):
    """SHOW [FUTURE] GRANTS: `relation` is ON an object, TO a role or user, OF a role, IN a place (future), or '' for one's own."""

    relation: str
    kind: str
    name: Name
    is_future: bool = False
