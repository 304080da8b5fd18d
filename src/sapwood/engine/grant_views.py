"""Rows of INFORMATION_SCHEMA about roles and the privileges that they were given.

Columns: the vendor's pages of OBJECT_PRIVILEGES, TABLE_PRIVILEGES, USAGE_PRIVILEGES, APPLICABLE_ROLES and ENABLED_ROLES. What a
role owns is not among them: SHOW GRANTS tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sapwood.dialect.statements import Name
from sapwood.engine.privileges import may_see
from sapwood.engine.work import Work, moment
from sapwood.store.records import PrivilegeGrant

Row = dict[str, Any]

_ABOUT = "GRANTOR GRANTEE GRANTED_TO"
_GIVEN = "PRIVILEGE_TYPE IS_GRANTABLE"
OBJECT_COLUMNS = f"{_ABOUT} OBJECT_CATALOG OBJECT_SCHEMA OBJECT_NAME OBJECT_TYPE {_GIVEN} CREATED"
TABLE_COLUMNS = f"{_ABOUT} TABLE_CATALOG TABLE_SCHEMA TABLE_NAME {_GIVEN} WITH_HIERARCHY CREATED"
APPLICABLE_COLUMNS = "GRANTEE ROLE_NAME ROLE_OWNER IS_GRANTABLE"
ENABLED_COLUMNS = "ROLE_NAME ROLE_OWNER"


def object_privileges(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Each privilege on what lies in the databases, on these themselves, and on what lies in none."""
    for grant in work.parts.catalog.privilege_grants():
        name = Name(grant.database, grant.schema, grant.name)
        is_inside = grant.database in ("", *databases) and not grant.is_future
        if is_inside and (grant.grantee in work.rights.roles or may_see(work, work.rights, grant.kind, name)):
            *holder, last = [part for part in (grant.database, grant.schema, grant.name) if part] or [""]
            yield {
                **_given(grant),
                **dict(zip(("OBJECT_CATALOG", "OBJECT_SCHEMA"), holder, strict=False)),
                "OBJECT_NAME": last,
                "OBJECT_TYPE": grant.kind,
            }


def _given(grant: PrivilegeGrant) -> Row:
    return {
        "GRANTOR": grant.granted_by or None,
        "GRANTEE": grant.grantee,
        "GRANTED_TO": "ROLE",
        "PRIVILEGE_TYPE": grant.privilege,
        "IS_GRANTABLE": "YES" if grant.grant_option else "NO",
        "CREATED": moment(grant.granted_on),
    }


def table_privileges(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Those on tables and views."""
    for row in object_privileges(work, databases):
        if row["OBJECT_TYPE"] in ("TABLE", "VIEW"):
            place = {f"TABLE_{part}": row.get(f"OBJECT_{part}") for part in ("CATALOG", "SCHEMA", "NAME")}
            yield {**row, **place, "WITH_HIERARCHY": "NO"}


def usage_privileges(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """Those by which something may be used."""
    return (row for row in object_privileges(work, databases) if row["PRIVILEGE_TYPE"] == "USAGE")


def applicable_roles(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """The roles that the session's user could switch to, with those who have them."""
    owners = _owners(work)
    for grant in work.parts.catalog.role_grants():
        if grant.kind == "ROLE" and grant.role in work.rights.held:
            about = {"ROLE_NAME": grant.role, "ROLE_OWNER": owners.get(grant.role)}
            yield {"GRANTEE": grant.grantee, **about, "IS_GRANTABLE": "NO"}


def enabled_roles(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """The roles whose privileges count in the session."""
    owners = _owners(work)
    for role in sorted(work.rights.roles):
        yield {"ROLE_NAME": role, "ROLE_OWNER": owners.get(role)}


def _owners(work: Work) -> dict[str, str]:
    return {role.name: role.owner for role in work.parts.catalog.account_objects("ROLE")}
