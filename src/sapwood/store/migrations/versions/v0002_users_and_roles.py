"""Users with their credentials, grants of roles and of privileges; ADMIN and what everybody has from the start.

Grants used to be kept as text that nothing read; they are dropped, since what they said was never checked.
"""

from __future__ import annotations

import time

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """New tables, owners of account objects, the first rows."""
    op.drop_table("grants")
    op.add_column("account_objects", Column("owner", Text, nullable=False, server_default="ACCOUNTADMIN"))
    users = op.create_table(
        "users",
        Column("name", Text, primary_key=True),
        Column("login_name", Text, nullable=False),
        Column("password_hash", Text, nullable=False),
        Column("disabled", Boolean, nullable=False),
        Column("must_change_password", Boolean, nullable=False),
        Column("display_name", Text, nullable=False),
        Column("email", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("default_role", Text, nullable=False),
        Column("default_warehouse", Text, nullable=False),
        Column("default_namespace", Text, nullable=False),
        Column("secondary_roles", Text, nullable=False),
        Column("rsa_public_key", Text, nullable=False),
        Column("rsa_public_key_fp", Text, nullable=False),
        Column("rsa_public_key_2", Text, nullable=False),
        Column("rsa_public_key_2_fp", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("created_on", BigInteger, nullable=False),
    )
    op.create_index("users_by_login", "users", ["login_name"], unique=True)
    op.create_table(
        "access_tokens",
        Column("user", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("digest", Text, nullable=False),
        Column("created_on", BigInteger, nullable=False),
        Column("expires_on", BigInteger, nullable=False),
        Column("role", Text, nullable=False),
        Column("comment", Text, nullable=False),
        Column("created_by", Text, nullable=False),
    )
    op.create_index("access_tokens_by_digest", "access_tokens", ["digest"], unique=True)
    role_grants = op.create_table(
        "role_grants",
        Column("kind", Text, primary_key=True),
        Column("role", Text, primary_key=True),
        Column("grantee_kind", Text, primary_key=True),
        Column("grantee", Text, primary_key=True),
        Column("granted_by", Text, nullable=False),
        Column("granted_on", BigInteger, nullable=False),
    )
    privilege_grants = op.create_table(
        "privilege_grants",
        Column("kind", Text, primary_key=True),
        Column("database", Text, primary_key=True),
        Column("schema", Text, primary_key=True),
        Column("name", Text, primary_key=True),
        Column("is_future", Boolean, primary_key=True),
        Column("grantee", Text, primary_key=True),
        Column("privilege", Text, primary_key=True),
        Column("grant_option", Boolean, nullable=False),
        Column("granted_by", Text, nullable=False),
        Column("granted_on", BigInteger, nullable=False),
    )
    now = time.time_ns() // 1_000_000
    op.bulk_insert(users, [_admin(now)])
    op.bulk_insert(role_grants, [_role_grant(grant, now) for grant in _ROLE_GRANTS])
    op.bulk_insert(privilege_grants, [_privilege_grant(grant, now) for grant in _PRIVILEGES])


def _admin(now: int) -> dict[str, object]:
    texts = (
        "password_hash", "display_name", "email", "comment", "secondary_roles", "rsa_public_key", "rsa_public_key_fp", "rsa_public_key_2",
        "rsa_public_key_2_fp",
    )  # fmt: skip
    return {
        **dict.fromkeys(texts, ""),
        "name": "ADMIN",
        "login_name": "ADMIN",
        "disabled": False,
        "must_change_password": False,
        "default_role": "ACCOUNTADMIN",
        "default_warehouse": "COMPUTE_WH",
        "default_namespace": "CORTEX_FINETUNING_DB.PUBLIC",
        "owner": "ACCOUNTADMIN",
        "created_on": now,
    }


_ROLE_GRANTS = (
    ("ROLE", "ACCOUNTADMIN", "USER", "ADMIN"),
    ("ROLE", "SYSADMIN", "ROLE", "ACCOUNTADMIN"),
    ("ROLE", "SECURITYADMIN", "ROLE", "ACCOUNTADMIN"),
    ("ROLE", "USERADMIN", "ROLE", "SECURITYADMIN"),
    ("DATABASE ROLE", "SNOWFLAKE.CORTEX_USER", "ROLE", "PUBLIC"),
)
"""Kind, role, and whom it is granted to, as a new account of the vendor's has them."""

_PRIVILEGES = (
    ("CREATE DATABASE", "ACCOUNT", "", "SYSADMIN"),
    ("CREATE WAREHOUSE", "ACCOUNT", "", "SYSADMIN"),
    ("CREATE USER", "ACCOUNT", "", "USERADMIN"),
    ("CREATE ROLE", "ACCOUNT", "", "USERADMIN"),
    ("MANAGE GRANTS", "ACCOUNT", "", "SECURITYADMIN"),
    ("USE AI FUNCTIONS", "ACCOUNT", "", "PUBLIC"),
    ("USAGE", "WAREHOUSE", "COMPUTE_WH", "PUBLIC"),
)
"""Privilege, kind of object, its name, and the role that has it."""


def _role_grant(grant: tuple[str, str, str, str], now: int) -> dict[str, object]:
    kind, role, grantee_kind, grantee = grant
    return {"kind": kind, "role": role, "grantee_kind": grantee_kind, "grantee": grantee, "granted_by": "", "granted_on": now}  # fmt: skip


def _privilege_grant(grant: tuple[str, str, str, str], now: int) -> dict[str, object]:
    privilege, kind, name, grantee = grant
    return {
        "privilege": privilege,
        "kind": kind,
        "database": "",
        "schema": "",
        "name": name,
        "is_future": False,
        "grantee": grantee,
        "grant_option": False,
        "granted_by": "",
        "granted_on": now,
    }
