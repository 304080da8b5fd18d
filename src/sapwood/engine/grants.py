"""GRANT, REVOKE, SHOW GRANTS, and how grants follow the objects that they are on.

Who may grant: the owner of the object, whoever has the privilege with the grant option, and roles with MANAGE GRANTS.
Column sets: the vendor's page "SHOW GRANTS".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sapwood.dialect.account_statements import (
    GrantPrivileges,
    GrantRole,
    ShowGrants,
)
from sapwood.dialect.definition_statements import (
    AlterSequence,
    CreateFunction,
    CreateSequence,
    CreateTag,
)
from sapwood.dialect.names import spelled
from sapwood.dialect.stage_statements import CreateFileFormat, CreateStage
from sapwood.dialect.statements import (
    AlterModel,
    AlterTable,
    CreateContainer,
    CreateTable,
    CreateView,
    Drop,
    Name,
    Query,
    Statement,
)
from sapwood.dialect.types import TIMESTAMP_LTZ, text
from sapwood.engine.definition import signed
from sapwood.engine.metadata import read_schemas, read_tables
from sapwood.engine.ownership import SYSTEM_DATABASE, SYSTEM_ROLES, give, owner_of
from sapwood.engine.privileges import ACCOUNT, denied, may_see, shown
from sapwood.engine.result import Rows, listing, status_rows
from sapwood.engine.rights import ALL_RIGHTS, PRIVILEGES
from sapwood.engine.schema_objects import FUNCTION, SEQUENCE, TAG, read_objects
from sapwood.engine.work import Work, moment, now_ms, unknown_object
from sapwood.errors import ProgrammingError, UnsupportedError
from sapwood.store.records import PrivilegeGrant, RoleGrant

DATABASE_ROLES = (
    "CORTEX_USER",
    "CORTEX_EMBED_USER",
    "AI_FUNCTIONS_USER",
    "CORTEX_REST_API_USER",
    "CORTEX_ANALYST_USER",
    "USAGE_VIEWER",
)
"""The database roles of SNOWFLAKE that can be granted."""
MODEL_ROLE = "CORTEX-MODEL-ROLE-"
"""What the vendor's application roles for models begin with."""


# Roles ---------------------------------------------------------------------------------------------------------------


def grant_role(work: Work, statement: GrantRole) -> Rows:
    """GRANT ROLE r TO USER | ROLE x, GRANT DATABASE ROLE SNOWFLAKE.CORTEX_USER TO ROLE x, and their REVOKE."""
    _check_role(work, statement)
    _check_grantee(work, statement.grantee_kind, statement.grantee)
    catalog = work.parts.catalog
    place = {"grantee_kind": statement.grantee_kind, "grantee": statement.grantee}
    if statement.is_revoke:
        _keep_admin(statement)
        catalog.revoke_role(statement.kind, statement.role, **place)
    else:
        _check_circle(work, statement)
        catalog.grant_role(
            RoleGrant(statement.kind, statement.role, **place, granted_by=work.state.role, granted_on=now_ms())
        )
    return status_rows("GRANT", "Statement executed successfully.")


def _check_role(work: Work, statement: GrantRole) -> None:
    """Raise unless the role is there and may be granted by this session."""
    rights = work.rights
    if statement.kind != "ROLE":
        database, _, role = statement.role.partition(".")
        is_known = role in DATABASE_ROLES if statement.kind == "DATABASE ROLE" else role.startswith(MODEL_ROLE)
        if database != SYSTEM_DATABASE or not is_known:
            raise unknown_object(statement.kind.capitalize(), Name("", "", statement.role), sqlstate="02000")
        if statement.grantee_kind == "USER":
            raise ProgrammingError(f"SQL compilation error:\nA {statement.kind.lower()} can't be granted to a user.")
        if not rights.is_all:
            raise denied(statement.kind.lower(), role)
        return
    owner = owner_of(work, "ROLE", Name("", "", statement.role))
    if owner is None:
        raise unknown_object("Role", Name("", "", statement.role), sqlstate="02000")
    if statement.role == "PUBLIC":
        raise ProgrammingError("SQL compilation error:\nEverybody has the role PUBLIC; it can't be granted or revoked.")
    manages = "MANAGE GRANTS" in rights.on_account() and statement.role != ALL_RIGHTS
    if not (rights.is_all or manages or owner in rights.roles):
        raise denied("role", statement.role)


def _check_grantee(work: Work, kind: str, grantee: str) -> None:
    if owner_of(work, kind, Name("", "", grantee)) is None:
        raise unknown_object(kind.capitalize(), Name("", "", grantee), sqlstate="02000")


def _keep_admin(statement: GrantRole) -> None:
    if (statement.role, statement.grantee_kind, statement.grantee) == (ALL_RIGHTS, "USER", "ADMIN"):
        raise ProgrammingError(f"SQL compilation error:\n{ALL_RIGHTS} can't be revoked from ADMIN.")


def _check_circle(work: Work, statement: GrantRole) -> None:
    if statement.grantee_kind != "ROLE" or statement.kind != "ROLE":
        return
    had = {grant.role for grant in _below(work, statement.role)} | {statement.role}
    if statement.grantee in had:
        raise ProgrammingError(
            f"SQL execution error:\nRole {statement.role} can't be granted to {statement.grantee}: it has that role itself."
        )


def _below(work: Work, role: str) -> Iterable[RoleGrant]:
    """All grants by which a role has others, near and far."""
    grants = [each for each in work.parts.catalog.role_grants() if each.kind == "ROLE" and each.grantee_kind == "ROLE"]
    waiting, seen = [role], {role}
    while waiting:
        holder = waiting.pop()
        for grant in grants:
            if grant.grantee == holder and grant.role not in seen:
                seen.add(grant.role)
                waiting.append(grant.role)
                yield grant


# Privileges ----------------------------------------------------------------------------------------------------------


def grant_privileges(work: Work, statement: GrantPrivileges) -> Rows:
    """GRANT and REVOKE of privileges, on one object or on ALL or FUTURE ones."""
    _check_grantee(work, "ROLE", statement.grantee)
    objects = _objects(work, statement)
    for kind, name in objects:
        _check_grantor(work, statement, kind, name)
    if statement.privileges == ("OWNERSHIP",):
        return _give(work, statement, objects)
    is_future = statement.extent == "FUTURE"
    grants = [
        PrivilegeGrant(
            privilege, kind, name.database, name.schema, name.name, is_future, statement.grantee, statement.grant_option, work.state.role, now_ms()
        )
        for kind, name in objects
        for privilege in _privileges(statement, kind)
    ]  # fmt: skip
    if not statement.is_revoke:
        work.parts.catalog.grant_privileges(_with_option_kept(work, grants))
    elif statement.grant_option:
        work.parts.catalog.grant_privileges([replace(old, grant_option=False) for old in _standing(work, grants)])
    else:
        work.parts.catalog.revoke_privileges(grants)
    return status_rows("GRANT", "Statement executed successfully.")


def _privileges(statement: GrantPrivileges, kind: str) -> Sequence[str]:
    known = PRIVILEGES[kind]
    if statement.privileges == ("ALL",):
        return tuple(each for each in known if each != "IMPORTED PRIVILEGES")
    for privilege in statement.privileges:
        is_function = kind == "ACCOUNT" and privilege.startswith("USE AI FUNCTION ")
        if privilege not in known and not is_function:
            raise UnsupportedError(
                f"SQL compilation error:\nThe privilege {privilege} is not known on a {kind.lower()}.",
                hint=f"Known: {', '.join(known)}.",
            )
    return statement.privileges


def _objects(work: Work, statement: GrantPrivileges) -> list[tuple[str, Name]]:
    """The objects that a statement names; future ones stand as the place that they will be in."""
    kind, name = statement.kind, statement.name
    if statement.extent:
        place = "SCHEMA" if name.schema else "DATABASE"
        if owner_of(work, place, name) is None:
            raise unknown_object(place.capitalize(), name, sqlstate="02000")
    if statement.extent == "FUTURE":
        return [(kind, Name(name.database, name.schema, ""))]
    if statement.extent == "ALL":
        return [(kind, each) for each in _all_of(work, kind, name)]
    if name.database == SYSTEM_DATABASE:
        return [(kind, name)]
    if owner_of(work, kind, name) is None:
        raise unknown_object(kind.capitalize(), name, sqlstate="02000")
    return [(_kind_of_relation(work, name) if kind in ("TABLE", "VIEW") else kind, name)]


def _kind_of_relation(work: Work, name: Name) -> str:
    return work.the_table(name).kind


def _all_of(work: Work, kind: str, place: Name) -> list[Name]:
    database, schema, catalog = place.database, place.schema or None, work.parts.catalog
    if kind in ("TABLE", "VIEW"):
        return [each.name for each in read_tables(work.cursor, database, schema) if each.kind == kind]
    if kind == "SCHEMA":
        return [Name(database, each.schema, "") for each in read_schemas(work.cursor, database)]
    if kind in (FUNCTION, SEQUENCE, TAG):
        return [each.name for each in read_objects(work.cursor, kind, database, schema)]
    listed = {"STAGE": catalog.stages, "FILE FORMAT": catalog.file_formats, "MODEL": catalog.models}[kind]
    return [Name(each.database, each.schema, each.name) for each in listed(database, schema)]


def _check_grantor(work: Work, statement: GrantPrivileges, kind: str, name: Name) -> None:
    """Raise unless this session may grant the privileges on the object, or even know of it."""
    rights = work.rights
    if rights.is_all or "MANAGE GRANTS" in rights.on_account():
        return
    if statement.extent == "FUTURE":
        kind, name = ("SCHEMA", name) if name.schema else ("DATABASE", Name(name.database, "", ""))
    if owner_of(work, kind, name) in rights.roles:
        return
    if kind != "ACCOUNT" and not may_see(work, rights, kind, name):
        raise unknown_object("Object" if kind in ("TABLE", "VIEW") else kind.capitalize(), name)
    if not {*statement.privileges} <= rights.can_grant(kind, name):
        raise denied(kind.lower(), shown(kind, name))


def _with_option_kept(work: Work, grants: Sequence[PrivilegeGrant]) -> Sequence[PrivilegeGrant]:
    """A grant that is repeated without the option does not lose it."""
    standing = {_same(old): old for old in _standing(work, grants)}
    return [standing.get(_same(new), new) if not new.grant_option else new for new in grants]


def _standing(work: Work, grants: Sequence[PrivilegeGrant]) -> list[PrivilegeGrant]:
    """Those of them that are there already, as they are."""
    wanted = {_same(grant) for grant in grants}
    places = {(grant.kind, grant.database, grant.schema, grant.name) for grant in grants}
    found = [
        old
        for kind, database, schema, name in places
        for old in work.parts.catalog.privilege_grants(kind, database=database, schema=schema, name=name)
    ]
    return [old for old in found if _same(old) in wanted]


def _same(grant: PrivilegeGrant) -> tuple[object, ...]:
    return (grant.kind, grant.database, grant.schema, grant.name, grant.is_future, grant.grantee, grant.privilege)


def _give(work: Work, statement: GrantPrivileges, objects: Sequence[tuple[str, Name]]) -> Rows:
    """GRANT OWNERSHIP: the object has one owner; other roles keep what they have if the statement says so."""
    if statement.is_revoke or statement.extent == "FUTURE":
        raise UnsupportedError(
            "SQL compilation error:\nOwnership can be granted on an object that is there, and not be revoked."
        )
    for kind, name in objects:
        if kind == "ACCOUNT" or name.database == SYSTEM_DATABASE or (kind == "ROLE" and name.name in SYSTEM_ROLES):
            raise denied(kind.lower(), shown(kind, name))
        standing = work.parts.catalog.privilege_grants(kind, database=name.database, schema=name.schema, name=name.name)
        if standing and not statement.keeps_grants:
            work.parts.catalog.revoke_privileges([grant for grant in standing if not grant.is_future])
        give(work, kind, name, role=statement.grantee)
    return status_rows("GRANT", "Statement executed successfully.")


# Following the objects -----------------------------------------------------------------------------------------------


def target_of(statement: Query | Statement) -> tuple[str, Name] | None:
    """The object that a statement makes, takes away or renames, by kind and name."""
    match statement:
        case CreateTable() if not statement.temporary:
            return "TABLE", statement.name
        case CreateFunction():
            return "FUNCTION", signed(statement.function)
        case CreateSequence():
            return "SEQUENCE", statement.name
        case CreateTag():
            return "TAG", statement.name
        case CreateView() if not statement.temporary:
            return "VIEW", statement.name
        case CreateStage() if not statement.temporary:
            return "STAGE", statement.name
        case CreateFileFormat() if not statement.temporary:
            return "FILE FORMAT", statement.name
        case CreateContainer() | Drop():
            return statement.kind, statement.name
        case AlterTable() if statement.new_name is not None:
            return "TABLE", statement.name
        case AlterModel() if statement.new_name is not None:
            return "MODEL", statement.name
        case AlterSequence() if statement.new_name is not None:
            return "SEQUENCE", statement.name
        case _:
            return None


def is_there(work: Work, target: tuple[str, Name] | None) -> bool:
    """Whether that object exists, temporary ones left aside."""
    return target is not None and owner_of(work, *target) is not None


def follow(work: Work, statement: Query | Statement, target: tuple[str, Name], *, was_there: bool) -> None:
    """Let grants follow what a statement has done: gone with what is gone, none on what is new but future ones."""
    kind, name = target
    if isinstance(statement, (AlterTable, AlterModel, AlterSequence)):
        assert statement.new_name is not None, "only renames have a target"
        new = statement.new_name
        old_place = (kind, name.database, name.schema, name.name)
        work.parts.catalog.rename_object(old_place, (kind, new.database, new.schema, new.name))
        return
    is_replaced = not isinstance(statement, Drop) and getattr(statement, "or_replace", False)
    if was_there and not is_replaced and not isinstance(statement, Drop):
        return
    _forget(work, kind, name)
    if not isinstance(statement, Drop):
        _grant_future(work, kind, name)


def _forget(work: Work, kind: str, name: Name) -> None:
    catalog = work.parts.catalog
    if kind == "ROLE":
        return
    if kind in ("DATABASE", "SCHEMA"):
        if catalog.privilege_grants(database=name.database, schema=name.schema or None):
            catalog.forget_place(name.database, name.schema or None)
        return
    if catalog.privilege_grants(kind, database=name.database, schema=name.schema, name=name.name):
        catalog.forget_object(kind, name.database, name.schema, name.name)


def _grant_future(work: Work, kind: str, name: Name) -> None:
    """A schema's future grants hide those of its database for the same kind, as the vendor's do."""
    catalog, place = work.parts.catalog, {"database": name.database, "name": ""}
    if not name.database or kind == "DATABASE":
        return
    of_database = [each for each in catalog.privilege_grants(kind, schema="", **place) if each.is_future]
    of_schema = [each for each in catalog.privilege_grants(kind, schema=name.schema, **place) if each.is_future]
    wanted = (of_schema if kind != "SCHEMA" else []) or of_database
    if wanted:
        catalog.grant_privileges(
            [replace(each, schema=name.schema, name=name.name, is_future=False) for each in wanted]
        )


# SHOW GRANTS ---------------------------------------------------------------------------------------------------------

_TIME, _TEXT = TIMESTAMP_LTZ, text()
_ON_OBJECT = {
    "created_on": _TIME, "privilege": _TEXT, "granted_on": _TEXT, "name": _TEXT, "granted_to": _TEXT, "grantee_name": _TEXT,
    "grant_option": _TEXT, "granted_by": _TEXT,
}  # fmt: skip
_OF_ROLE = {"created_on": _TIME, "role": _TEXT, "granted_to": _TEXT, "grantee_name": _TEXT, "granted_by": _TEXT}
_FUTURE = {
    "created_on": _TIME, "privilege": _TEXT, "grant_on": _TEXT, "name": _TEXT, "grant_to": _TEXT, "grantee_name": _TEXT, "grant_option": _TEXT,
}  # fmt: skip


def show_grants(work: Work, statement: ShowGrants) -> Rows:
    """SHOW GRANTS in each of its forms."""
    if statement.is_future:
        return _show_future(work, statement)
    if statement.relation == "ON":
        return _show_on(work, statement)
    if statement.relation == "OF":
        return _roles([each for each in work.parts.catalog.role_grants() if _is_role(each, statement)])
    is_user = statement.kind == "USER" or not statement.relation
    name = statement.name.name or work.state.user
    return _show_to_user(work, name) if is_user else _show_to_role(work, name)


def _is_role(grant: RoleGrant, statement: ShowGrants) -> bool:
    return (grant.kind, grant.role) == (statement.kind, statement.name.name)


def _show_on(work: Work, statement: ShowGrants) -> Rows:
    kind, name = statement.kind, statement.name
    owner = owner_of(work, kind, name)
    if owner is None or (kind in PRIVILEGES and name != ACCOUNT and not _may_look(work, kind, name)):
        raise unknown_object("Object" if kind in ("TABLE", "VIEW") else kind.capitalize(), name)
    if kind in ("TABLE", "VIEW"):
        kind = _kind_of_relation(work, name)
    owned = PrivilegeGrant("OWNERSHIP", kind, name.database, name.schema, name.name, False, owner, True, owner)
    found = work.parts.catalog.privilege_grants(kind, database=name.database, schema=name.schema, name=name.name)
    return _listed(([] if kind == "ACCOUNT" else [owned]) + [grant for grant in found if not grant.is_future])


def _may_look(work: Work, kind: str, name: Name) -> bool:
    if "MANAGE GRANTS" in work.rights.on_account() or kind in ("ROLE", "USER", "WAREHOUSE"):
        return True
    return may_see(work, work.rights, kind, name)


def _show_to_role(work: Work, role: str) -> Rows:
    _check_grantee(work, "ROLE", role)
    catalog = work.parts.catalog
    roles = [
        PrivilegeGrant(
            "USAGE",
            each.kind.replace(" ", "_"),
            "",
            "",
            each.role,
            False,
            role,
            False,
            each.granted_by,
            each.granted_on,
        )
        for each in catalog.role_grants()
        if (each.grantee_kind, each.grantee) == ("ROLE", role)
    ]
    return _listed([each for each in catalog.privilege_grants(grantee=role) if not each.is_future] + roles)


def _show_to_user(work: Work, user: str) -> Rows:
    if user != work.state.user and not work.rights.is_all and "MANAGE GRANTS" not in work.rights.on_account():
        raise unknown_object("User", Name("", "", user), sqlstate="02000")
    _check_grantee(work, "USER", user)
    mine = [each for each in work.parts.catalog.role_grants() if (each.grantee_kind, each.grantee) == ("USER", user)]
    return _roles(mine)


def _show_future(work: Work, statement: ShowGrants) -> Rows:
    name = statement.name
    if statement.relation == "TO":
        found = work.parts.catalog.privilege_grants(grantee=name.name)
    else:
        found = work.parts.catalog.privilege_grants(database=name.database, schema=name.schema, name="")
    rows = [
        (moment(each.granted_on), each.privilege, each.kind.replace(" ", "_"), _place(each), "ROLE", each.grantee, _flag(each.grant_option))
        for each in found
        if each.is_future
    ]  # fmt: skip
    return listing("SHOW", _FUTURE, rows)


def _place(grant: PrivilegeGrant) -> str:
    around = [spelled(part) for part in (grant.database, grant.schema) if part]
    return ".".join([*around, f"<{grant.kind}>"])


def _listed(grants: Iterable[PrivilegeGrant]) -> Rows:
    rows = [
        (
            moment(each.granted_on), each.privilege, each.kind.replace(" ", "_"), _full_name(each), "ROLE", each.grantee,
            _flag(each.grant_option), each.granted_by,
        )
        for each in grants
    ]  # fmt: skip
    return listing("SHOW", _ON_OBJECT, rows)


def _full_name(grant: PrivilegeGrant) -> str:
    return ".".join(spelled(part) for part in (grant.database, grant.schema, grant.name) if part)


def _roles(grants: Iterable[RoleGrant]) -> Rows:
    rows = [(moment(each.granted_on), each.role, each.grantee_kind, each.grantee, each.granted_by) for each in grants]
    return listing("SHOW", _OF_ROLE, rows)


def _flag(value: bool) -> str:
    return str(value).lower()
