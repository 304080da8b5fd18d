"""What a role may do: who has no grant is refused, with the vendor's number, before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_bench import FakeBackend

from sapwood.dialect import account_statements, definition_statements, stage_statements, statements
from sapwood.engine import privileges
from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import AccessError, Error, UnknownModelError, UnknownObjectError
from sapwood.store.records import ModelVersion, RoleGrant, TunedModel, User

DATABASE = "CORTEX_FINETUNING_DB"


@pytest.fixture
def admin(engine: Engine) -> Session:
    """Makes a table with two rows, and a user ANNA with the role ANALYST, who sees the place but nothing in it."""
    session = engine.open_session()
    session.execute(
        f"""create table t (a int); insert into t values (1), (2);
        create role analyst; create user anna default_secondary_roles = ();
        grant role analyst to user anna;
        grant usage on database {DATABASE} to role analyst;
        grant usage on schema {DATABASE}.public to role analyst"""
    )
    return session


@pytest.fixture
def anna(engine: Engine, admin: Session) -> Session:
    return engine.open_session(user="ANNA", role="ANALYST")


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    table = session.execute(sql)[-1].table
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def refused(session: Session, sql: str, kind: type[Error] = AccessError) -> Error:
    with pytest.raises(kind) as caught:
        session.execute(sql)
    assert caught.value.errno == kind.errno
    return caught.value


def test_the_roles_of_a_user_are_told(admin: Session, anna: Session) -> None:
    assert json.loads(rows(anna, "select current_available_roles()")[0][0]) == ["ANALYST", "PUBLIC"]
    assert "ACCOUNTADMIN" in json.loads(rows(admin, "select current_available_roles()")[0][0])


# Tables --------------------------------------------------------------------------------------------------------------


def test_a_table_without_any_grant_is_told_of_like_one_that_is_not_there(anna: Session) -> None:
    hidden = refused(anna, "select * from t", UnknownObjectError).msg
    missing = refused(anna, "select * from nonesuch", UnknownObjectError).msg
    assert hidden.replace(".T'", ".NONESUCH'") == missing


def test_a_column_of_a_hidden_table_is_not_told_either(anna: Session) -> None:
    refused(anna, "select nonesuch from t", UnknownObjectError)


@pytest.mark.parametrize(
    ("granted", "sql"),
    [
        ("insert", "select * from t"),
        ("insert", "create temporary table mine as select * from t"),
        ("insert", "set x = (select max(a) from t)"),
        ("insert", "select 1 where exists (select 1 from t)"),
        ("insert", "with c as (select a from t) select * from c"),
        ("insert", "explain select * from t"),
        ("insert", "create temporary table mine clone t"),
        ("select", "insert into t values (3)"),
        ("select", "insert overwrite into t values (3)"),
        ("insert", "insert overwrite into t values (3)"),
        ("select", "update t set a = 3"),
        ("select", "delete from t"),
        ("delete", "truncate table t"),
        ("select", "drop table t"),
        ("select", "alter table t rename to u"),
        ("select", "comment on table t is 'x'"),
        ("select", "grant select on table t to role public"),
    ],
)
def test_another_privilege_is_not_enough(admin: Session, anna: Session, granted: str, sql: str) -> None:
    admin.execute(f"grant {granted} on table t to role analyst")
    error = refused(anna, sql)
    assert error.msg == "SQL access control error:\nInsufficient privileges to operate on table 'T'."
    assert rows(admin, "select * from t order by a") == [(1,), (2,)]


def test_with_the_grant_it_works_and_without_it_no_more(admin: Session, anna: Session) -> None:
    admin.execute("grant select, insert on table t to role analyst")
    anna.execute("insert into t values (3)")
    assert rows(anna, "select sum(a) from t") == [(6,)]
    admin.execute("revoke select on table t from role analyst")
    refused(anna, "select * from t")
    anna.execute("insert into t values (4)")


def test_without_the_place_a_grant_on_the_table_is_nothing(admin: Session, anna: Session) -> None:
    admin.execute("grant select on table t to role analyst; revoke usage on schema public from role analyst")
    refused(anna, f"select * from {DATABASE}.public.t", UnknownObjectError)


def test_a_query_inside_a_statement_is_asked_for_too(admin: Session, anna: Session) -> None:
    admin.execute("create table u (a int); grant insert, update, delete on table u to role analyst")
    for sql in (
        "insert into u select a from t",
        "update u set a = t.a from t where u.a = t.a",
        "delete from u using t where u.a = t.a",
        "delete from u where a in (select a from t)",
    ):
        refused(anna, sql, UnknownObjectError)


def test_who_makes_an_object_owns_it(admin: Session, anna: Session) -> None:
    refused(anna, "create table mine (a int)")
    admin.execute("grant create table on schema public to role analyst")
    anna.execute("create table mine (a int); insert into mine values (7)")
    assert rows(anna, "select * from mine") == [(7,)]
    assert rows(admin, "select * from mine") == [(7,)]
    anna.execute("drop table mine")


def test_one_can_not_replace_what_is_anothers(admin: Session, anna: Session) -> None:
    admin.execute("grant create table on schema public to role analyst")
    refused(anna, "create or replace table t (a int)", UnknownObjectError)
    assert rows(admin, "select count(*) from t") == [(2,)]


def test_temporary_tables_are_ones_own(anna: Session) -> None:
    anna.execute("create temporary table mine (a int); insert into mine values (1); drop table mine")


def test_merge_reads_its_source_and_changes_its_target(admin: Session, anna: Session) -> None:
    admin.execute("create table u (a int); grant select, insert, update, delete on table u to role analyst")
    into_t = "merge into t using u on t.a = u.a when matched then delete"
    into_u = "merge into u using t on t.a = u.a when not matched then insert (a) values (t.a)"
    for sql in (into_t, into_u):
        refused(anna, sql, UnknownObjectError)
    admin.execute("grant select on table t to role analyst")
    anna.execute(into_u)
    assert rows(anna, "select count(*) from u") == [(2,)]
    refused(anna, into_t)


def test_a_hidden_place_is_told_of_like_none(admin: Session, anna: Session) -> None:
    admin.execute("create database dark; create schema dark.cellar; create table dark.cellar.t (a int)")
    for hidden, missing in (
        ("use database dark", "use database nonesuch"),
        ("use schema dark.cellar", "use schema dark.nonesuch"),
        (f"show columns in table {DATABASE}.public.t", f"show columns in table {DATABASE}.public.nonesuch"),
        (f"describe table {DATABASE}.public.t", f"describe table {DATABASE}.public.nonesuch"),
    ):
        told = [str(refused_somehow(anna, sql)).replace("NONESUCH", "T") for sql in (hidden, missing)]
        assert told[0] == told[1]


def refused_somehow(session: Session, sql: str) -> Error:
    with pytest.raises(Error) as caught:
        session.execute(sql)
    return caught.value


# Views ---------------------------------------------------------------------------------------------------------------


def test_a_view_is_read_with_its_owners_rights(admin: Session, anna: Session) -> None:
    admin.execute("create view v as select a * 10 as b from t; grant select on view v to role analyst")
    assert rows(anna, "select * from v order by b") == [(10,), (20,)]
    refused(anna, "select * from t", UnknownObjectError)


def test_a_view_shows_no_more_than_its_owner_may_read(admin: Session, anna: Session, engine: Engine) -> None:
    admin.execute(
        f"""grant create view on schema public to role analyst; grant select on table t to role analyst;
        create role reader; create user eva default_secondary_roles = (); grant role reader to user eva;
        grant usage on database {DATABASE} to role reader; grant usage on schema public to role reader"""
    )
    anna.execute("create view v as select a from t; grant select on view v to role reader")
    eva = engine.open_session(user="EVA", role="READER")
    assert len(rows(eva, "select * from v")) == 2
    admin.execute("revoke select on table t from role analyst")
    refused(eva, "select * from v", UnknownObjectError)


def test_a_view_can_not_be_made_over_what_one_may_not_read(admin: Session, anna: Session) -> None:
    admin.execute("grant create view on schema public to role analyst")
    refused(anna, "create view v as select * from t", UnknownObjectError)


# Stages and formats --------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(admin: Session, tmp_path: Path) -> str:
    file = tmp_path / "rows.csv"
    file.write_text("1\n2\n")
    admin.execute(f"create stage s; put 'file://{file}' @s; create table u (a int)")
    admin.execute("grant insert, select on table u to role analyst")
    return str(file)


def test_a_stage_without_any_grant_is_not_there(anna: Session, stage: str) -> None:
    for sql in ("list @s", "copy into u from @s", f"put 'file://{stage}' @s", "remove @s", "describe stage s"):
        refused(anna, sql, UnknownObjectError)


def test_reading_a_stage_is_not_writing_it(admin: Session, anna: Session, stage: str) -> None:
    admin.execute("grant read on stage s to role analyst")
    anna.execute("list @s; copy into u from @s")
    assert rows(anna, "select sum(a) from u") == [(3,)]
    refused(anna, f"put 'file://{stage}' @s")
    refused(anna, "remove @s")
    admin.execute("grant write on stage s to role analyst")
    anna.execute("remove @s")


def test_a_tables_stage_is_its_owners(anna: Session, stage: str) -> None:
    refused(anna, "list @%u")


def test_a_file_format_needs_usage(admin: Session, anna: Session, stage: str) -> None:
    admin.execute("grant read on stage s to role analyst; create file format f type = csv")
    sql = "copy into u from @s file_format = (format_name = f)"
    refused(anna, sql, UnknownObjectError)
    admin.execute("grant usage on file format f to role analyst")
    anna.execute(sql)


# Functions and models ------------------------------------------------------------------------------------------------

COMPLETE = "select snowflake.cortex.complete('echo', 'hello')"
FINETUNE = "select snowflake.cortex.finetune('{action}')"


def test_complete_needs_the_database_role(admin: Session, anna: Session, backend: FakeBackend) -> None:
    assert rows(anna, COMPLETE) == [("HELLO",)]
    admin.execute("revoke database role snowflake.cortex_user from role public")
    asked = len(backend.asked)
    error = refused(anna, COMPLETE)
    assert "COMPLETE" in error.msg
    assert len(backend.asked) == asked
    admin.execute("grant database role snowflake.cortex_user to role analyst")
    assert rows(anna, COMPLETE) == [("HELLO",)]


def test_complete_needs_the_privilege_on_the_account(admin: Session, anna: Session) -> None:
    admin.execute("revoke use ai functions on account from role public")
    refused(anna, COMPLETE)
    admin.execute("grant use ai function complete on account to role analyst")
    assert rows(anna, COMPLETE) == [("HELLO",)]


def test_a_base_model_that_is_not_on_the_list_is_refused(admin: Session, anna: Session, backend: FakeBackend) -> None:
    admin.execute("alter account set cortex_models_allowlist = 'mistral-7b'")
    assert rows(anna, "select snowflake.cortex.complete('mistral-7b', 'a')") == [("A",)]
    asked = len(backend.asked)
    error = refused(anna, "select snowflake.cortex.complete('mistral-large', 'secret')")
    assert "mistral-large" in error.msg
    refused(anna, "select snowflake.cortex.complete(m, 'secret') from (values ('mistral-large')) as v(m)")
    assert len(backend.asked) == asked
    admin.execute('grant application role snowflake."CORTEX-MODEL-ROLE-MISTRAL-LARGE" to role analyst')
    assert rows(anna, "select snowflake.cortex.complete('mistral-large', 'b')") == [("B",)]


def test_a_list_of_none_binds_everybody(admin: Session) -> None:
    admin.execute("alter account set cortex_models_allowlist = 'None'")
    refused(admin, COMPLETE)


def test_the_list_is_not_for_everybody_to_set(anna: Session) -> None:
    refused(anna, "alter account set cortex_models_allowlist = 'All'")


def test_a_tuned_model_needs_usage(engine: Engine, admin: Session, anna: Session) -> None:
    name = f"{DATABASE}.PUBLIC.MINE"
    engine.parts.catalog.add_model(TunedModel(DATABASE, "PUBLIC", "MINE", "echo", "d", "models/m", "a", 0))
    registry: Any = engine.parts.registry
    registry.models["mine"] = registry.models[name.lower()] = ModelVersion(name, "tuned", "d")
    for model in ("mine", name):
        refused(anna, f"select snowflake.cortex.complete('{model}', 'x')", UnknownModelError)
    refused(anna, "drop model mine", UnknownObjectError)
    admin.execute("grant usage on model mine to role analyst")
    assert rows(anna, "select snowflake.cortex.complete('mine', 'x')") == [("X",)]
    refused(anna, "drop model mine")


TUNING = "select snowflake.cortex.finetune('CREATE', 'm', 'mistral-7b', 'select a from t')"


def test_finetune_needs_the_schema_and_the_database_role(full_finetune: None, admin: Session, anna: Session) -> None:
    assert "'PUBLIC'" in refused(anna, TUNING).msg
    admin.execute("grant create model on schema public to role analyst")
    assert rows(anna, TUNING) == [(f"CREATE in {DATABASE}.PUBLIC",)]
    admin.execute("revoke database role snowflake.cortex_user from role public")
    admin.execute("grant database role snowflake.ai_functions_user to role analyst")
    assert "FINETUNE" in refused(anna, TUNING).msg
    assert rows(anna, COMPLETE) == [("HELLO",)]


def test_finetune_can_not_hide_what_it_does_in_an_expression(
    full_finetune: None, admin: Session, anna: Session
) -> None:
    with pytest.raises(Error):
        anna.execute(TUNING.replace("'CREATE'", "concat('CRE', uniform(1, 1, random()), 'ATE')"))


@pytest.fixture
def full_finetune(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench's command with the parameters of the real one."""
    import engine_bench

    from sapwood.functions.finetune import SIGNATURE

    monkeypatch.setattr(engine_bench, "FINETUNE", SIGNATURE)
    monkeypatch.setattr(engine_bench, "finetune", lambda a, c: f"{a['action']} in {c.database}.{c.schema}")


# Account, places, roles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "create database d",
        "create schema s",
        "create warehouse w",
        "create role r",
        "create user u",
        "create stage s",
        "create file format f type = csv",
        "alter account set query_tag = 'x'",
        "alter user admin set password = 'a long password'",
        "alter user anna set disabled = false",
        "alter user anna set rsa_public_key = 'x'",
        "alter user admin add programmatic access token p",
        "drop user admin",
        "drop role accountadmin",
        "grant role accountadmin to user anna",
        "grant role analyst to role public",
        "grant database role snowflake.cortex_user to role analyst",
        "grant create database on account to role analyst",
        "grant ownership on schema public to role analyst",
    ],
)
def test_what_is_the_accounts_is_not_a_users(anna: Session, sql: str) -> None:
    refused(anna, sql)


def test_useradmin_makes_users_but_does_not_become_admin(admin: Session, engine: Engine) -> None:
    admin.execute("create user otto default_secondary_roles = (); grant role useradmin to user otto")
    otto = engine.open_session(user="OTTO", role="USERADMIN")
    otto.execute("create user pia password = 'a long password'; create role r; grant role r to user pia")
    for sql in (
        "alter user admin set password = 'a long password'",
        "grant role accountadmin to user otto",
        "grant role sysadmin to user otto",
        "alter user admin add pat p",
        "create or replace user anna",
    ):
        refused(otto, sql)


@pytest.mark.parametrize("sql", ["create role accountadmin", "create or replace role sysadmin"])
def test_a_role_of_the_system_is_not_made_anew(admin: Session, engine: Engine, sql: str) -> None:
    admin.execute("create user otto default_secondary_roles = (); grant role useradmin to user otto")
    otto = engine.open_session(user="OTTO", role="USERADMIN")
    refused_somehow(otto, sql)
    otto.execute("create role if not exists accountadmin")
    refused(otto, "grant role accountadmin to user otto")


def test_a_role_made_anew_does_not_own_what_the_one_before_did(admin: Session, anna: Session, engine: Engine) -> None:
    admin.execute("grant create table on schema public to role analyst")
    anna.execute("create table mine (a int)")
    admin.execute(
        f"""drop role analyst; create role analyst; grant role analyst to user anna;
        grant usage on database {DATABASE} to role analyst; grant usage on schema public to role analyst"""
    )
    refused(anna, "select * from mine", UnknownObjectError)
    assert rows(admin, "select * from mine") == []


def test_manage_grants_is_not_the_highest_role(admin: Session, engine: Engine) -> None:
    admin.execute("create user otto default_secondary_roles = (); grant role securityadmin to user otto")
    otto = engine.open_session(user="OTTO", role="SECURITYADMIN")
    otto.execute("grant select on table t to role analyst; grant role sysadmin to user anna")
    refused(otto, "grant role accountadmin to user otto")


def test_a_role_is_used_by_who_has_it(admin: Session, anna: Session) -> None:
    with pytest.raises(AccessError, match="Requested role 'SYSADMIN' is not assigned"):
        anna.execute("use role sysadmin")
    anna.execute("use role public; use role analyst")
    admin.execute("use role public")
    refused(admin, "select * from t", UnknownObjectError)
    admin.execute("use role accountadmin; select * from t")


def test_a_role_that_is_revoked_is_over_at_once(admin: Session, anna: Session) -> None:
    admin.execute("grant select on table t to role analyst")
    assert len(rows(anna, "select * from t")) == 2
    admin.execute("revoke role analyst from user anna")
    refused(anna, "select * from t", UnknownObjectError)


def test_secondary_roles_add_up_unless_the_login_is_restricted(admin: Session, engine: Engine) -> None:
    admin.execute("grant select on table t to role analyst")
    anna = engine.open_session(user="ANNA", role="PUBLIC")
    refused(anna, "select * from t", UnknownObjectError)
    anna.execute("use secondary roles all; select * from t; use secondary roles none")
    refused(anna, "select * from t", UnknownObjectError)
    restricted = engine.open_session(user="ANNA", role="PUBLIC", is_role_fixed=True)
    for sql in ("use secondary roles all", "use role analyst"):
        with pytest.raises(AccessError):
            restricted.execute(sql)


def test_a_session_of_a_token_makes_no_tokens(engine: Engine, admin: Session) -> None:
    session = engine.open_session(user="ANNA", role="ANALYST", is_by_token=True)
    refused(session, "alter user add programmatic access token p")
    refused(session, "alter user set password = 'a long password'")
    engine.open_session(user="ANNA", role="ANALYST").execute("alter user set password = 'a long password'")


def test_show_lists_what_one_may_see(admin: Session, anna: Session) -> None:
    admin.execute(
        "create table u (a int); grant select on table u to role analyst; create schema hidden; create database dark"
    )
    assert [row[1] for row in rows(anna, "show tables")] == ["U"]
    assert [row[1] for row in rows(anna, "show databases")] == [DATABASE]
    assert [row[1] for row in rows(anna, f"show schemas in database {DATABASE}")] == ["PUBLIC"]
    assert [row[0] for row in rows(anna, "show users")] == ["ANNA"]


def test_information_schema_lists_what_one_may_see(admin: Session, anna: Session) -> None:
    admin.execute(
        "create table u (a int); grant select on table u to role analyst; create schema hidden; create database dark"
    )
    assert rows(anna, f"select table_name from {DATABASE}.information_schema.tables") == [("U",)]
    assert rows(anna, f"select distinct table_name from {DATABASE}.information_schema.columns") == [("U",)]
    assert ("HIDDEN",) not in rows(anna, f"select schema_name from {DATABASE}.information_schema.schemata")
    assert rows(anna, f"select database_name from {DATABASE}.information_schema.databases") == [(DATABASE,)]


def test_the_loads_of_a_hidden_table_are_hidden(admin: Session, anna: Session, stage: str) -> None:
    admin.execute("copy into t from @s")
    sql = f"select file_name from table({DATABASE}.information_schema.copy_history(table_name => 't'))"
    assert len(rows(admin, sql)) == 1
    assert rows(anna, sql) == []
    assert rows(anna, f"select file_name from {DATABASE}.information_schema.load_history") == []


def test_what_the_account_did_is_told_by_grant(admin: Session, anna: Session) -> None:
    sql = "select query_text from snowflake.account_usage.query_history"
    refused(anna, sql, UnknownObjectError)
    admin.execute("grant imported privileges on database snowflake to role analyst")
    rows(anna, sql)


def test_every_kind_of_statement_says_what_it_needs() -> None:
    kinds = {
        kind
        for module in (statements, account_statements, definition_statements, stage_statements)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, statements.Statement) and kind is not statements.Statement
    }
    assert kinds | {statements.Query} == privileges.STATEMENTS


def test_a_stale_grant_is_not_inherited_by_a_new_object(admin: Session, anna: Session) -> None:
    admin.execute("grant select on table t to role analyst; drop table t; create table t (a int)")
    refused(anna, "select * from t", UnknownObjectError)
    admin.execute("grant select on table t to role analyst; create or replace table t (a int)")
    refused(anna, "select * from t", UnknownObjectError)
    admin.execute("grant select on table t to role analyst; alter table t rename to u; create table t (a int)")
    refused(anna, "select * from t", UnknownObjectError)
    anna.execute("select * from u")
    admin.execute("create or replace schema public; create table u (a int)")
    refused(anna, "select * from u", UnknownObjectError)


def test_a_user_made_anew_has_nothing_of_the_one_before(admin: Session, engine: Engine) -> None:
    admin.execute("drop user anna; create user anna default_secondary_roles = ()")
    with pytest.raises(AccessError):
        engine.open_session(user="ANNA", role="PUBLIC").execute("use role analyst")


def test_a_user_unknown_to_the_catalogue_has_public_alone(engine: Engine, admin: Session) -> None:
    ghost = engine.open_session(user="GHOST", role="ACCOUNTADMIN")
    refused(ghost, "select * from t", UnknownObjectError)


def test_roles_of_roles_count(admin: Session, anna: Session, engine: Engine) -> None:
    catalog = engine.parts.catalog
    catalog.put_user(User("EVA", "EVA", secondary_roles=""))
    catalog.grant_role(RoleGrant("ROLE", "BOSS", "USER", "EVA"))
    admin.execute("create role boss; grant role analyst to role boss; grant select on table t to role analyst")
    eva = engine.open_session(user="EVA", role="BOSS")
    assert len(rows(eva, "select * from t")) == 2


# Tags ----------------------------------------------------------------------------------------------------------------


def test_who_tags_needs_the_right_to_apply_the_tag(anna: Session, admin: Session) -> None:
    admin.execute(f"create tag payer; grant create table on schema {DATABASE}.public to role analyst")
    anna.execute("create table mine (a int)")
    refused(anna, "create tag another")
    refused(anna, "alter table mine set tag payer = 'x'", UnknownObjectError)
    admin.execute("grant apply on tag payer to role analyst")
    anna.execute("alter table mine set tag payer = 'x'")
    assert rows(anna, "select system$get_tag('payer', 'mine', 'table')") == [("x",)]
    refused(anna, "drop tag payer")
