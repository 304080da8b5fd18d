"""What a session may do: its roles with all that they have, and the privileges of those roles.

Comes in: the catalogue's grants, a user and the role in use. Knows no statement and no owner of an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sapwood.dialect.statements import Name
from sapwood.store.catalog import Catalog
from sapwood.store.roles import reach

ALL_RIGHTS = "ACCOUNTADMIN"
"""The role that may do everything."""


@dataclass(frozen=True)
class Rights:
    """The roles in effect. `held` are those that the user could switch to, `shared` database and application roles by full name."""

    catalog: Catalog
    roles: frozenset[str]
    shared: frozenset[str]
    held: frozenset[str]

    @property
    def is_all(self) -> bool:
        """Whether nothing needs to be looked up."""
        return ALL_RIGHTS in self.roles

    def is_own(self, owner: str) -> bool:
        """Whether what a role owns is one's own."""
        return self.is_all or owner in self.roles

    def may_use(self, role: str) -> bool:
        """Whether the user can switch to a role; who may do everything could grant it to themselves first."""
        return role in self.held or ALL_RIGHTS in self.held

    def on(self, kind: str, name: Name) -> frozenset[str]:
        """The privileges that are granted on an object to roles in effect; an owner's are not among them."""
        grants = self.catalog.privilege_grants(kind, database=name.database, schema=name.schema, name=name.name)
        return frozenset(grant.privilege for grant in grants if not grant.is_future and grant.grantee in self.roles)

    def can_grant(self, kind: str, name: Name) -> frozenset[str]:
        """Those of them that come with the grant option."""
        grants = self.catalog.privilege_grants(kind, database=name.database, schema=name.schema, name=name.name)
        return frozenset(g.privilege for g in grants if not g.is_future and g.grant_option and g.grantee in self.roles)

    def on_account(self) -> frozenset[str]:
        """The privileges on the account as a whole."""
        return self.on("ACCOUNT", Name("", "", ""))


def rights_of_user(catalog: Catalog, user: str, role: str, *, has_all_roles: bool = False) -> Rights:
    """The rights of a user in a role; a role that was taken away meanwhile counts no more, and what is left is PUBLIC."""
    grants = catalog.role_grants()
    granted = [
        grant.role for grant in grants if (grant.kind, grant.grantee_kind, grant.grantee) == ("ROLE", "USER", user)
    ]
    held = frozenset(name for kind, name in reach(grants, granted) if kind == "ROLE")
    has_role = role in held or ALL_RIGHTS in held
    in_effect = reach(grants, [role] * has_role + granted * has_all_roles)
    return Rights(catalog, *_by_kind(in_effect), held)


def rights_of_role(catalog: Catalog, role: str) -> Rights:
    """The rights that a role has by itself, such as the owner of a view."""
    roles, shared = _by_kind(reach(catalog.role_grants(), [role]))
    return Rights(catalog, roles, shared, frozenset())


def _by_kind(roles: frozenset[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    plain = frozenset(name for kind, name in roles if kind == "ROLE")
    return plain, frozenset(name for kind, name in roles if kind != "ROLE")


PRIVILEGES: Mapping[str, tuple[str, ...]] = {
    "ACCOUNT": (
        "CREATE DATABASE", "CREATE WAREHOUSE", "CREATE ROLE", "CREATE USER", "MANAGE GRANTS", "USE AI FUNCTIONS", "MONITOR", "MONITOR USAGE",
        "EXECUTE TASK", "CREATE COMPUTE POOL", "CREATE INTEGRATION", "BIND SERVICE ENDPOINT", "IMPORT SHARE",
    ),
    "DATABASE": ("USAGE", "CREATE SCHEMA", "CREATE DATABASE ROLE", "MODIFY", "MONITOR", "IMPORTED PRIVILEGES"),
    "SCHEMA": (
        "USAGE", "CREATE TABLE", "CREATE VIEW", "CREATE STAGE", "CREATE FILE FORMAT", "CREATE MODEL", "CREATE FUNCTION", "CREATE PROCEDURE",
        "CREATE SEQUENCE", "CREATE STREAM", "CREATE TASK", "CREATE PIPE", "CREATE DYNAMIC TABLE", "CREATE STREAMLIT", "CREATE NOTEBOOK",
        "CREATE CORTEX SEARCH SERVICE", "CREATE TEMPORARY TABLE", "CREATE TAG", "MODIFY", "MONITOR", "ADD SEARCH OPTIMIZATION",
    ),
    "TABLE": ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "REBUILD", "EVOLVE SCHEMA"),
    "VIEW": ("SELECT", "REFERENCES"),
    "STAGE": ("USAGE", "READ", "WRITE"),
    "FILE FORMAT": ("USAGE",),
    "FUNCTION": ("USAGE",),
    "SEQUENCE": ("USAGE",),
    "TAG": ("APPLY", "READ"),
    "MODEL": ("USAGE", "READ"),
    "WAREHOUSE": ("USAGE", "OPERATE", "MODIFY", "MONITOR"),
    "ROLE": (),
    "USER": ("MONITOR",),
}  # fmt: skip
"""The privileges that each kind of object has, besides OWNERSHIP; those that have no meaning here are kept all the same."""
