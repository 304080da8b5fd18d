"""GRANT, REVOKE and SHOW GRANTS, and grants that follow their objects."""

from __future__ import annotations

from typing import Any

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import AccessError, ProgrammingError, UnknownObjectError, UnsupportedError

DATABASE = "CORTEX_FINETUNING_DB"


@pytest.fixture
def admin(engine: Engine) -> Session:
    session = engine.open_session()
    session.execute("create table t (a int); create role r; create role s")
    return session


def rows(session: Session, sql: str) -> list[dict[str, Any]]:
    return session.execute(sql)[-1].table.to_pylist()


def listed(session: Session, sql: str) -> set[tuple[str, str, str]]:
    return {(row["privilege"], row["granted_on"], row["grantee_name"]) for row in rows(session, sql)}


def test_grants_on_a_table_begin_with_its_owner(admin: Session) -> None:
    admin.execute("grant select, insert on table t to role r; grant all on table t to role s")
    found = rows(admin, "show grants on table t")
    assert (found[0]["privilege"], found[0]["grantee_name"]) == ("OWNERSHIP", "ACCOUNTADMIN")
    assert listed(admin, "show grants on table t") >= {
        ("SELECT", "TABLE", "R"),
        ("INSERT", "TABLE", "R"),
        ("DELETE", "TABLE", "S"),
    }
    assert {row["name"] for row in found} == {f"{DATABASE}.PUBLIC.T"}


def test_a_revoke_takes_no_more_than_it_names(admin: Session) -> None:
    admin.execute("grant select, insert on table t to role r; revoke insert on table t from role r")
    assert listed(admin, "show grants to role r") == {("SELECT", "TABLE", "R")}
    admin.execute("revoke all on table t from role r")
    assert listed(admin, "show grants to role r") == set()


def test_roles_of_users_and_users_of_roles(admin: Session) -> None:
    admin.execute("create user anna; grant role r to user anna; grant role s to role r")
    assert [(row["role"], row["grantee_name"]) for row in rows(admin, "show grants to user anna")] == [("R", "ANNA")]
    assert [row["grantee_name"] for row in rows(admin, "show grants of role s")] == ["R"]
    assert listed(admin, "show grants to role r") == {("USAGE", "ROLE", "R")}
    assert [row["role"] for row in rows(admin, "show grants")] == ["ACCOUNTADMIN"]
    assert [row["grantee_name"] for row in rows(admin, "show grants of database role snowflake.cortex_user")] == [
        "PUBLIC"
    ]


def test_roles_can_not_be_granted_in_a_circle(admin: Session) -> None:
    admin.execute("grant role r to role s")
    with pytest.raises(ProgrammingError, match="has that role itself"):
        admin.execute("grant role s to role r")
    with pytest.raises(ProgrammingError, match="has that role itself"):
        admin.execute("grant role r to role r")


def test_all_and_future(admin: Session) -> None:
    admin.execute(
        """create view v as select 1 as a; create table u (a int);
        grant select on all tables in schema public to role r;
        grant select on future tables in schema public to role s; create table w (a int)"""
    )
    names = {row["name"].rpartition(".")[2] for row in rows(admin, "show grants to role r")}
    assert names == {"T", "U"}
    assert {row["name"].rpartition(".")[2] for row in rows(admin, "show grants to role s")} == {"W"}
    (future,) = rows(admin, "show future grants in schema public")
    assert (future["privilege"], future["grant_on"], future["grantee_name"]) == ("SELECT", "TABLE", "S")
    admin.execute("revoke select on future tables in schema public from role s; create table x (a int)")
    assert {row["name"].rpartition(".")[2] for row in rows(admin, "show grants to role s")} == {"W"}


def test_future_grants_of_a_database_reach_new_schemas(admin: Session) -> None:
    admin.execute(
        f"""grant usage on future schemas in database {DATABASE} to role r;
        grant select on future views in database {DATABASE} to role r;
        create schema fresh; create view v as select 1 as a"""
    )
    assert listed(admin, "show grants to role r") == {("USAGE", "SCHEMA", "R"), ("SELECT", "VIEW", "R")}


def test_the_grant_option_lets_others_grant(engine: Engine, admin: Session) -> None:
    admin.execute(
        f"""create user anna default_secondary_roles = (); grant role r to user anna;
        grant usage on database {DATABASE} to role r; grant usage on schema public to role r;
        grant select on table t to role r with grant option; grant insert on table t to role r"""
    )
    anna = engine.open_session(user="ANNA", role="R")
    anna.execute("grant select on table t to role s")
    with pytest.raises(AccessError):
        anna.execute("grant insert on table t to role s")
    admin.execute("grant select on table t to role r")
    anna.execute("grant select on table t to role s")
    admin.execute("revoke grant option for select on table t from role r")
    anna.execute("select * from t")
    with pytest.raises(AccessError):
        anna.execute("grant select on table t to role s")


def test_ownership_passes_on(engine: Engine, admin: Session) -> None:
    admin.execute(
        f"""create user anna default_secondary_roles = (); grant role r to user anna; create schema sc;
        grant usage on database {DATABASE} to role r; grant usage on schema {DATABASE}.public to role r;
        grant select on table {DATABASE}.public.t to role s;
        grant ownership on table {DATABASE}.public.t to role r;
        grant ownership on schema sc to role r; grant ownership on role s to role r;
        grant ownership on user anna to role r copy current grants"""
    )
    assert listed(admin, "show grants to role s") == set()
    anna = engine.open_session(user="ANNA", role="R", schema="PUBLIC")
    anna.execute(f"drop schema {DATABASE}.sc; drop role s; alter user anna set comment = 'x'")
    anna.execute("drop table t")


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("grant select on table nonesuch to role r", UnknownObjectError),
        ("grant select on table t to role nonesuch", UnknownObjectError),
        ("grant role nonesuch to role r", UnknownObjectError),
        ("grant role r to user nonesuch", UnknownObjectError),
        ("grant database role snowflake.nonesuch to role r", UnknownObjectError),
        ("grant database role snowflake.cortex_user to user admin", ProgrammingError),
        ("grant usage on table t to role r", UnsupportedError),
        ("grant role public to user admin", ProgrammingError),
        ("revoke role accountadmin from user admin", ProgrammingError),
        ("show grants on table nonesuch", UnknownObjectError),
        ("show grants to role nonesuch", UnknownObjectError),
    ],
)
def test_what_can_not_be_granted_is_refused(admin: Session, sql: str, error: type[ProgrammingError]) -> None:
    with pytest.raises(error):
        admin.execute(sql)


def test_a_quickstarts_setup_runs_as_it_is_written(admin: Session) -> None:
    """The statements of the vendor's guides, whose privileges have no meaning here in part."""
    admin.execute(
        f"""create role if not exists cortex_user_role;
        grant database role snowflake.cortex_user to role cortex_user_role;
        grant role cortex_user_role to user admin;
        create warehouse if not exists wh; grant usage, operate on warehouse wh to role cortex_user_role;
        grant all on database {DATABASE} to role cortex_user_role;
        grant all privileges on schema {DATABASE}.public to role cortex_user_role;
        grant usage on future schemas in database {DATABASE} to role cortex_user_role;
        grant imported privileges on database snowflake to role cortex_user_role;
        grant create streamlit, create cortex search service on schema {DATABASE}.public to role cortex_user_role;
        grant execute task on account to role cortex_user_role;
        use role cortex_user_role; use warehouse wh; create or replace table mine (a int); use role accountadmin"""
    )
    assert ("USAGE", "DATABASE_ROLE", "CORTEX_USER_ROLE") in listed(admin, "show grants to role cortex_user_role")
