"""Who has which role, and which role has which privilege. Knows nothing of what a privilege allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from sapwood.store.database import Database
from sapwood.store.part import Part
from sapwood.store.recall import Recall
from sapwood.store.records import PrivilegeGrant, RoleGrant
from sapwood.store.rows import drop, find_all, put, to_row
from sapwood.store.schema import (
    ACCOUNT_OBJECTS,
    FILE_FORMATS,
    MODELS,
    PRIVILEGE_GRANTS,
    ROLE_GRANTS,
    STAGES,
    USERS,
)  # fmt: skip


class Roles(Part):
    """The catalogue's grants. A grant that is there already is left as it is."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        super().__init__(database, clock)
        self._granted = Recall(database, self._read_grants)

    def grant_role(self, grant: RoleGrant) -> None:
        with self._database.write() as connection:
            put(connection, ROLE_GRANTS, grant, if_not_exists=True)

    def revoke_role(self, kind: str, role: str, *, grantee_kind: str, grantee: str) -> bool:
        """False if it was not granted."""
        with self._database.write() as connection:
            return drop(connection, ROLE_GRANTS, kind=kind, role=role, grantee_kind=grantee_kind, grantee=grantee)

    def role_grants(self) -> list[RoleGrant]:
        """All, ordered by kind, role, grantee."""
        return list(self._granted(None))

    def _read_grants(self, _: None) -> list[RoleGrant]:
        with self._database.read() as connection:
            return find_all(connection, ROLE_GRANTS, RoleGrant)

    def roles_of_user(self, user: str) -> frozenset[str]:
        """The names of all roles of a user: granted, had by a role that is granted, and PUBLIC."""
        grants = self.role_grants()
        granted = [g.role for g in grants if (g.kind, g.grantee_kind, g.grantee) == ("ROLE", "USER", user)]
        return frozenset(name for kind, name in reach(grants, granted) if kind == "ROLE")

    def drop_role(self, name: str, *, heir: str) -> bool:
        """Take a role away with all its grants; False if there was none. What it owned in the catalogue is its heir's."""
        with self._database.write() as connection:
            if not drop(connection, ACCOUNT_OBJECTS, kind="ROLE", name=name):
                return False
            for table in (ACCOUNT_OBJECTS, USERS, STAGES, FILE_FORMATS, MODELS):
                connection.execute(table.update().where(table.c.owner == name).values(owner=heir))
            drop(connection, ROLE_GRANTS, kind="ROLE", role=name)
            drop(connection, ROLE_GRANTS, grantee_kind="ROLE", grantee=name)
            drop(connection, PRIVILEGE_GRANTS, grantee=name)
            drop(connection, PRIVILEGE_GRANTS, kind="ROLE", name=name)
            return True

    # Privileges ------------------------------------------------------------------------------------------------------

    def grant_privileges(self, grants: Sequence[PrivilegeGrant]) -> None:
        """Store grants, all or none; one that is there is replaced, so that it can gain the grant option."""
        with self._database.write() as connection:
            for grant in grants:
                put(connection, PRIVILEGE_GRANTS, grant, or_replace=True)

    def revoke_privileges(self, grants: Sequence[PrivilegeGrant]) -> None:
        """Take away what these name; what is not there is passed over."""
        with self._database.write() as connection:
            for grant in grants:
                _drop_same(connection, grant)

    def privilege_grants(
        self,
        kind: str | None = None,
        *,
        database: str | None = None,
        schema: str | None = None,
        name: str | None = None,
        grantee: str | None = None,
    ) -> list[PrivilegeGrant]:
        """Those with these values, future ones too, ordered by object and grantee."""
        asked = {"kind": kind, "database": database, "schema": schema, "name": name, "grantee": grantee}
        with self._database.read() as connection:
            return find_all(connection, PRIVILEGE_GRANTS, PrivilegeGrant, **asked)

    def forget_object(self, kind: str, database: str, schema: str, name: str) -> None:
        """Drop all grants on an object that is no more."""
        with self._database.write() as connection:
            drop(connection, PRIVILEGE_GRANTS, kind=kind, database=database, schema=schema, name=name)

    def forget_place(self, database: str, schema: str | None = None) -> None:
        """Drop all grants on a database or schema that is no more, and on all in it."""
        place = {"database": database} if schema is None else {"database": database, "schema": schema}
        with self._database.write() as connection:
            drop(connection, PRIVILEGE_GRANTS, **place)

    def rename_object(self, old: tuple[str, str, str, str], new: tuple[str, str, str, str]) -> None:
        """Let the grants on an object follow it; each is kind, database, schema, name."""
        table = PRIVILEGE_GRANTS
        columns = ("kind", "database", "schema", "name")
        is_old = [table.c[column] == value for column, value in zip(columns, old, strict=True)]
        with self._database.write() as connection:
            drop(connection, table, **dict(zip(columns, new, strict=True)))
            connection.execute(table.update().where(*is_old).values(**dict(zip(columns, new, strict=True))))


def _drop_same(connection: Connection, grant: PrivilegeGrant) -> None:
    row = to_row(grant)
    drop(
        connection,
        PRIVILEGE_GRANTS,
        **{column.name: row[column.name] for column in PRIVILEGE_GRANTS.primary_key.columns},
    )


def reach(grants: Iterable[RoleGrant], roles: Iterable[str]) -> frozenset[tuple[str, str]]:
    """All roles, by kind and name, that somebody has who has these: everybody has PUBLIC, and a role has what is granted to it."""
    had: dict[str, list[tuple[str, str]]] = {}
    for grant in grants:
        if grant.grantee_kind == "ROLE":
            had.setdefault(grant.grantee, []).append((grant.kind, grant.role))
    found: set[tuple[str, str]] = set()
    waiting = [("ROLE", name) for name in (*roles, "PUBLIC")]
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting += had.get(role[1], []) if role[0] == "ROLE" else []
    return frozenset(found)
