"""Statements that are no queries: each becomes one value with resolved names."""

from __future__ import annotations

from typing import Any

import pytest
from dialect_bench import NUMBERS, Database, compiled, named, query_of, scope_of

from sapwood.dialect.account_statements import (
    AccessTokens,
    AlterUser,
    CreateUser,
    GrantPrivileges,
    GrantRole,
    ShowGrants,
)
from sapwood.dialect.stage_statements import (
    CopyInto,
    CreateFileFormat,
    CreateStage,
    GetFiles,
    ListStage,
    PutFiles,
    RemoveFiles,
)
from sapwood.dialect.statements import (
    AlterModel,
    AlterSession,
    AlterTable,
    Column,
    CreateContainer,
    CreateTable,
    CreateView,
    Describe,
    Dml,
    Drop,
    Explain,
    Key,
    Name,
    SetComment,
    SetVariable,
    Show,
    StagePath,
    Statement,
    Transaction,
    UnsetVariable,
    Use,
)
from sapwood.dialect.types import REAL, number, text
from sapwood.errors import (
    InvalidArgumentsError,
    InvalidIdentifierError,
    ParseError,
    ProgrammingError,
    UnknownObjectError,
    UnsupportedError,
)

STAGE = StagePath(stage=named("S"))

STATEMENTS: list[tuple[str, Statement]] = [
    # file formats and stages
    (
        "create or replace file format f skip_header = 1, FIELD_OPTIONALLY_ENCLOSED_BY = '\"' type = 'CSV' null_if = ('', 'NULL') trim_space = true",
        CreateFileFormat(
            named("F"),
            {"SKIP_HEADER": 1, "FIELD_OPTIONALLY_ENCLOSED_BY": '"', "TYPE": "CSV", "NULL_IF": ("", "NULL"), "TRIM_SPACE": True},
            or_replace=True,
        ),
    ),
    (
        "create temp file format if not exists x.f type = csv comment = 'c'",
        CreateFileFormat(named("F", "X"), {"TYPE": "CSV"}, if_not_exists=True, temporary=True, comment="c"),
    ),
    ("create stage s", CreateStage(named("S"))),
    (
        "create or replace stage s file_format = (type = csv skip_header = 1 null_if = ('a')) url = 's3://b/c' comment='x'",
        CreateStage(
            named("S"), "s3://b/c", format_options={"TYPE": "CSV", "SKIP_HEADER": 1, "NULL_IF": ("a",)}, or_replace=True, comment="x"
        ),
    ),
    (
        "create stage s url = '/data' file_format = (format_name = 'other.f')",
        CreateStage(named("S"), "/data", format_name=named("F", "OTHER")),
    ),
    ("create stage s encryption = (type = 'SNOWFLAKE_SSE') directory = (enable = true)", CreateStage(named("S"))),
    # COPY and files
    ("copy into t from @s", CopyInto(named("T"), (), STAGE)),
    (
        "COPY INTO db.x.t (a, \"b\") FROM '@s/dir/f.csv' FILES = ('a.csv', 'b.csv') PATTERN = '.*[.]csv' "
        "FILE_FORMAT = (FORMAT_NAME = f, SKIP_HEADER = 2) ON_ERROR = CONTINUE FORCE = TRUE",
        CopyInto(
            named("T", "X", "DB"), ("A", "b"), StagePath(stage=named("S"), path="dir/f.csv"), ("a.csv", "b.csv"), ".*[.]csv", named("F"),
            {"SKIP_HEADER": 2}, {"ON_ERROR": "CONTINUE", "FORCE": True},
        ),
    ),
    ("copy into t from @~/in/x-1.csv.gz", CopyInto(named("T"), (), StagePath(user=True, path="in/x-1.csv.gz"))),
    ("copy into t from @%t/x", CopyInto(named("T"), (), StagePath(table=named("T"), path="x"))),
    ("copy into t from @db.sch.\"my stage\"/p/", CopyInto(named("T"), (), StagePath(stage=Name("DB", "SCH", "my stage"), path="p/"))),
    ("copy into t from 's3://b/c/' file_format = f", CopyInto(named("T"), (), StagePath(url="s3://b/c/"), format_name=named("F"))),
    ("list @s/a b".replace(" b", ""), ListStage(StagePath(stage=named("S"), path="a"))),
    ("ls @s pattern = '.*'", ListStage(STAGE, ".*")),
    ("remove @s/x", RemoveFiles(StagePath(stage=named("S"), path="x"))),
    ("rm @s", RemoveFiles(STAGE)),
    ("put file:///tmp/a.csv @s/in auto_compress = false parallel=4",
     PutFiles("/tmp/a.csv", StagePath(stage=named("S"), path="in"), {"AUTO_COMPRESS": False, "PARALLEL": 4})),
    ("PUT 'file:///tmp/a b.csv' '@s'", PutFiles("/tmp/a b.csv", STAGE)),
    ("get @s/x file:///tmp/ pattern = 'y'", GetFiles(StagePath(stage=named("S"), path="x"), "/tmp/", "y")),
    # SHOW and DESCRIBE
    ("show tables", Show("TABLES")),
    ("show terse tables like 'SUPPORT%' in schema db.x starts with 'S' limit 5",
     Show("TABLES", "SUPPORT%", "DB", "X", terse=True, starts_with="S", limit=5)),
    ("show tables in db.x", Show("TABLES", database="DB", schema="X")),
    ("show tables in account", Show("TABLES", in_account=True)),
    ("show schemas in database d", Show("SCHEMAS", database="D")),
    ("show schemas in d", Show("SCHEMAS", database="D")),
    ("show views in schema", Show("VIEWS", database="CORTEX_FINETUNING_DB", schema="PUBLIC")),
    ("show models in schema public", Show("MODELS", database="CORTEX_FINETUNING_DB", schema="PUBLIC")),
    ("show models in database", Show("MODELS", database="CORTEX_FINETUNING_DB")),
    ("show versions like 'v%' in model m", Show("VERSIONS", like="v%", database="CORTEX_FINETUNING_DB", schema="PUBLIC", table="M")),
    ("show columns in table t", Show("COLUMNS", database="CORTEX_FINETUNING_DB", schema="PUBLIC", table="T")),
    ("show columns in t", Show("COLUMNS", database="CORTEX_FINETUNING_DB", schema="PUBLIC", table="T")),
    ("show file formats", Show("FILE FORMATS")),
    ("show cortex base models like 'mistral%' in schema snowflake.models", Show("CORTEX BASE MODELS", "mistral%", "SNOWFLAKE", "MODELS")),
    ("show parameters like 'query_tag' in session", Show("PARAMETERS", "query_tag")),
    ("show parameters in account", Show("PARAMETERS", in_account=True)),
    ("show grants to role r", ShowGrants("TO", "ROLE", Name("", "", "R"))),
    *((f"show {kind.lower()}", Show(kind)) for kind in (
        "VIEWS", "SCHEMAS", "DATABASES", "COLUMNS", "STAGES", "MODELS", "WAREHOUSES", "ROLES", "USERS", "VARIABLES", "FUNCTIONS")),
    ("describe table t", Describe("TABLE", named("T"))),
    ("desc t", Describe("TABLE", named("T"))),
    ("desc view x.v", Describe("VIEW", named("V", "X"))),
    ("desc file format f", Describe("FILE FORMAT", named("F"))),
    ("describe stage s", Describe("STAGE", named("S"))),
    ("desc model m", Describe("MODEL", named("M"))),
    # the session
    ("use db.x", Use("SCHEMA", Name("DB", "X", ""))),
    ("use d", Use("DATABASE", Name("D", "", ""))),
    ('use database "d"', Use("DATABASE", Name("d", "", ""))),
    ("use schema x", Use("SCHEMA", Name("CORTEX_FINETUNING_DB", "X", ""))),
    ("use schema db.x", Use("SCHEMA", Name("DB", "X", ""))),
    ("use warehouse w", Use("WAREHOUSE", Name("", "", "W"))),
    ("use role accountadmin", Use("ROLE", Name("", "", "ACCOUNTADMIN"))),
    ("use secondary roles all", Use("SECONDARY ROLES", Name("", "", "ALL"))),
    ("alter session set query_tag = 'x', timezone = UTC", AlterSession("SESSION", {"QUERY_TAG": "x", "TIMEZONE": "UTC"})),
    ("alter session unset query_tag, timezone", AlterSession("SESSION", {"QUERY_TAG": None, "TIMEZONE": None})),
    ("alter account set cortex_enabled_cross_region = 'ANY_REGION'", AlterSession("ACCOUNT", {"CORTEX_ENABLED_CROSS_REGION": "ANY_REGION"})),
    ("unset a", UnsetVariable(("A",))),
    ("unset (a, b)", UnsetVariable(("A", "B"))),
    ("begin", Transaction("BEGIN")),
    ("begin transaction", Transaction("BEGIN")),
    ("start transaction", Transaction("BEGIN")),
    ("commit work", Transaction("COMMIT")),
    ("rollback", Transaction("ROLLBACK")),
    # users, roles, grants
    (
        "create user if not exists anna password = 'secret word' default_role = analyst default_namespace = db.s default_secondary_roles = () "
        "must_change_password = false",
        CreateUser(
            "ANNA",
            {
                "PASSWORD": "secret word",
                "DEFAULT_ROLE": "ANALYST",
                "DEFAULT_NAMESPACE": '"DB"."S"',
                "DEFAULT_SECONDARY_ROLES": "",
                "MUST_CHANGE_PASSWORD": False,
            },
            if_not_exists=True,
        ),
    ),
    ("alter user anna set disabled = true, rsa_public_key = 'MII'", AlterUser("ANNA", {"DISABLED": True, "RSA_PUBLIC_KEY": "MII"})),
    ("alter user if exists anna unset comment, email", AlterUser("ANNA", {"COMMENT": None, "EMAIL": None}, if_exists=True)),
    ('alter user anna rename to "Eva"', AlterUser("ANNA", new_name="Eva")),
    ("alter user set password = 'another word'", AlterUser("", {"PASSWORD": "another word"})),
    (
        "alter user anna add programmatic access token ci role_restriction = 'reader' days_to_expiry = 30",
        AccessTokens("ADD", "ANNA", "CI", {"ROLE_RESTRICTION": "READER", "DAYS_TO_EXPIRY": 30}),
    ),
    ("alter user remove pat ci", AccessTokens("REMOVE", "", "CI")),
    ("show user programmatic access tokens for user anna", AccessTokens("SHOW", "ANNA")),
    ("drop user if exists anna", Drop("USER", Name("", "", "ANNA"), if_exists=True)),
    ("describe user anna", Describe("USER", Name("", "", "ANNA"))),
    ("grant role analyst to user anna", GrantRole("ROLE", "ANALYST", "USER", "ANNA")),
    ("revoke role analyst from role sysadmin", GrantRole("ROLE", "ANALYST", "ROLE", "SYSADMIN", is_revoke=True)),
    (
        "grant database role snowflake.cortex_user to role analyst",
        GrantRole("DATABASE ROLE", "SNOWFLAKE.CORTEX_USER", "ROLE", "ANALYST"),
    ),
    (
        'grant application role snowflake."CORTEX-MODEL-ROLE-ALL" to role analyst',
        GrantRole("APPLICATION ROLE", "SNOWFLAKE.CORTEX-MODEL-ROLE-ALL", "ROLE", "ANALYST"),
    ),
    (
        "grant create model, usage on schema s to role r",
        GrantPrivileges(("CREATE MODEL", "USAGE"), "SCHEMA", Name("CORTEX_FINETUNING_DB", "S", ""), "R"),
    ),
    ("revoke usage on model m from role r;", GrantPrivileges(("USAGE",), "MODEL", named("M"), "R", is_revoke=True)),
    (
        "grant all privileges on table t to r with grant option",
        GrantPrivileges(("ALL",), "TABLE", named("T"), "R", grant_option=True),
    ),
    (
        "grant select on future tables in schema db.s to role r",
        GrantPrivileges(("SELECT",), "TABLE", Name("DB", "S", ""), "R", extent="FUTURE"),
    ),
    (
        "grant select on all views in database db to role r",
        GrantPrivileges(("SELECT",), "VIEW", Name("DB", "", ""), "R", extent="ALL"),
    ),
    (
        "grant ownership on database db to role r copy current grants",
        GrantPrivileges(("OWNERSHIP",), "DATABASE", Name("DB", "", ""), "R", keeps_grants=True),
    ),
    ("grant use ai functions on account to role r", GrantPrivileges(("USE AI FUNCTIONS",), "ACCOUNT", Name("", "", ""), "R")),
    ("show grants", ShowGrants("", "", Name("", "", ""))),
    ("show grants on table t", ShowGrants("ON", "TABLE", named("T"))),
    ("show grants to user anna", ShowGrants("TO", "USER", Name("", "", "ANNA"))),
    ("show grants of role r", ShowGrants("OF", "ROLE", Name("", "", "R"))),
    ("show future grants in schema db.s", ShowGrants("IN", "SCHEMA", Name("DB", "S", ""), is_future=True)),
    # containers, models, tables
    ("create or replace database d comment = 'x'", CreateContainer("DATABASE", Name("D", "", ""), or_replace=True, comment="x")),
    ("create schema if not exists x", CreateContainer("SCHEMA", Name("CORTEX_FINETUNING_DB", "X", ""), if_not_exists=True)),
    ("create warehouse w with warehouse_size = 'X-SMALL' auto_suspend = 60 initially_suspended = true", CreateContainer("WAREHOUSE", Name("", "", "W"))),  # noqa: E501
    ("create role r", CreateContainer("ROLE", Name("", "", "R"))),
    ("drop table if exists t", Drop("TABLE", named("T"), if_exists=True)),
    ("drop schema x cascade", Drop("SCHEMA", Name("CORTEX_FINETUNING_DB", "X", ""))),
    ("drop database d", Drop("DATABASE", Name("D", "", ""))),
    ("drop file format f", Drop("FILE FORMAT", named("F"))),
    ("drop model m", Drop("MODEL", named("M"))),
    ("alter model if exists m rename to x.n", AlterModel(named("M"), "RENAME", named("N", "X"), if_exists=True)),
    ("alter model m set comment = 'c'", AlterModel(named("M"), "SET COMMENT", value="c")),
    ("alter model m set default_version = v2", AlterModel(named("M"), "SET DEFAULT_VERSION", value="V2")),
    ("alter model m version v1 set alias = best", AlterModel(named("M"), "SET ALIAS", value="BEST", version="V1")),
    ("alter model m add version v2 from model x.n", AlterModel(named("M"), "ADD VERSION", version="V2", source=named("N", "X"), value="DEFAULT")),
    ("alter model m add version v2 from model n version last", AlterModel(named("M"), "ADD VERSION", version="V2", source=named("N"), value="LAST")),
    ("alter model if exists m drop version v2", AlterModel(named("M"), "DROP VERSION", version="V2", if_exists=True)),
    ("comment on table t is 'c'", SetComment("TABLE", named("T"), "c")),
    ("comment if exists on column x.t.a is ''", SetComment("COLUMN", named("T", "X"), "", "A", if_exists=True)),
    ("alter table t rename to x.u", AlterTable(named("T"), "RENAME", named("U", "X"))),
    ("alter table t add column a varchar(3) not null", AlterTable(named("T"), "ADD COLUMN", column=Column("A", text(3), nullable=False), column_name="A")),  # noqa: E501
    ("alter table t drop column a", AlterTable(named("T"), "DROP COLUMN", column_name="A")),
    ("alter table t rename column a to b", AlterTable(named("T"), "RENAME COLUMN", column_name="A", new_column_name="B")),
    ("alter table t set comment = 'c'", AlterTable(named("T"), "SET COMMENT", comment="c")),
    # CREATE TABLE
    (
        "create or replace transient table t (a varchar(60) not null comment 'x', b number(10, 2) default 1 + 1, c int, d double precision, "
        "e float default 0.5 not null, primary key (c)) comment = 'all' data_retention_time_in_days = 1",
        CreateTable(
            named("T"),
            (
                Column("A", text(60), nullable=False, comment="x"), Column("B", number(10, 2), default="1 + 1"), Column("C", number(38, 0), nullable=False),  # noqa: E501
                Column("D", REAL), Column("E", REAL, nullable=False, default="0.5"),
            ),
            or_replace=True, comment="all", keys=(Key("PRIMARY", ("C",)),),
        ),
    ),
    ("create temporary table if not exists t (a string)", CreateTable(named("T"), (Column("A", text()),), if_not_exists=True, temporary=True)),
    ("create table t like numbers", CreateTable(named("T"), NUMBERS.columns, like=named("NUMBERS"))),
    ("create table t clone numbers", CreateTable(named("T"), NUMBERS.columns, like=named("NUMBERS"), with_rows=True)),
    ("truncate table numbers", Dml("TRUNCATE", named("NUMBERS"), 'DELETE FROM "NUMBERS"')),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), STATEMENTS, ids=[sql[:60] for sql, _ in STATEMENTS])
def test_statement(sql: str, expected: Statement) -> None:
    assert compiled(sql) == expected


REFUSED: list[tuple[str, type[ProgrammingError], str]] = [
    ("create function f() returns int language python as '1'", UnsupportedError, "LANGUAGE PYTHON"),
    ("create table t (a int collate 'en')", UnsupportedError, "COLLATE"),
    ("create table t (a int) stage_file_format = (type = csv)", UnsupportedError, "STAGE_FILE_FORMAT"),
    ("create stage s storage_integration = i", UnsupportedError, "STORAGE_INTEGRATION"),
    ("create stage s colour = 'red'", UnsupportedError, "COLOUR"),
    ("create database d clone e at (offset => -60)", UnsupportedError, "AT of a database"),
    ("create warehouse w colour = red", UnsupportedError, "COLOUR"),
    ("show pipes", UnsupportedError, "SHOW PIPES"),
    ("copy files into @a from @b", UnsupportedError, "COPY FILES"),
    ("describe procedure u()", UnsupportedError, "DESCRIBE PROCEDURE"),
    ("drop pipe p", UnsupportedError, "DROP PIPE"),
    ("alter warehouse w explode", UnsupportedError, "ALTER WAREHOUSE"),
    ("insert all into t values (1) select 1", UnsupportedError, "INSERT ALL"),
    ("copy into numbers from ''", ParseError, "A stage is expected here"),
    ("begin select 1; end", UnsupportedError, "scripting: BEGIN ... END"),
    ("explain delete from numbers", UnsupportedError, "EXPLAIN DELETE"),
    ("create or replace table if not exists t (a int)", ProgrammingError, "incompatible"),
    ("create table t (a int, a int)", ProgrammingError, "duplicate column name 'A'"),
    ("create table t as select 1 as a, 2 as a", ProgrammingError, "duplicate column name 'A'"),
    ("create table t as select id, id from numbers", ProgrammingError, "duplicate column name 'ID'"),
    ("create table t as\nselect nope from numbers", InvalidIdentifierError, "error line 2 at position 7"),
    ("insert into defaults select nope from numbers", InvalidIdentifierError, "error line 1 at position 28"),
    ("create table t as select 1 from", ParseError, "syntax error line 1 at position 31 unexpected '<EOF>'"),
    ("create table t (a, b) as select 1", ProgrammingError, "Invalid column definition list"),
    ("create table t", ParseError, "<EOF>"),
    ("create table t (a int default id)", InvalidArgumentsError, "A default can't read the column ID"),
    ("create table t like nowhere", UnknownObjectError, "NOWHERE"),
    ("insert into nowhere values (1)", UnknownObjectError, "NOWHERE"),
    ("insert into defaults values (1)", ProgrammingError, "expecting 3 but got 1"),
    ("insert into defaults (a, z) values (1, 2)", InvalidIdentifierError, "'Z'"),
    ("insert into defaults (a, a) values (1, 2)", ProgrammingError, "duplicate column name"),
    ("insert into cheap values (1, 2)", ProgrammingError, "is a view"),
    ("update cheap set id = 1", ProgrammingError, "is a view"),
    ("update numbers set nope = 1", InvalidIdentifierError, "'NOPE'"),
    ("update numbers set id = count(*)", ProgrammingError, "Invalid aggregate"),
    ("create view v as select snowflake.cortex.finetune('SHOW') as a", ProgrammingError, "can't run FINETUNE"),
    ("create view v as select $x as a", UnsupportedError, "session variable in a view"),
    ("set (a, b) = (1)", ProgrammingError, "2 names and 1 values"),
    ("use a.b.c", UnsupportedError, "USE"),
    ("grant usage on model m", ParseError, "<EOF>"),
    ("grant role r", ParseError, "<EOF>"),
    ("grant select on pipe p to role r", UnsupportedError, "PIPE"),
    ("grant select on table t to user anna", UnsupportedError, "user"),
    ("create user anna password 'secret'", ParseError, "unexpected"),
    ("create user anna network_policy = p", UnsupportedError, "NETWORK_POLICY"),
    ("alter user anna reset password", UnsupportedError, "RESET"),
    ("list here", ParseError, "A stage is expected"),
    ("list @/here", ParseError, "A stage is expected"),
    ("show tables where x", ParseError, "unexpected 'where'"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "kind", "words"), REFUSED, ids=[sql[:60] for sql, _, _ in REFUSED])
def test_refused_by_name(sql: str, kind: type[ProgrammingError], words: str) -> None:
    with pytest.raises(kind) as caught:
        compiled(sql, scope_of(variables={"X": 1}))
    assert words in caught.value.msg


CTAS = [
    "create table t as select id, price as p from numbers",
    "create table t as (select id, price as p from numbers)",
    "create or replace temp table t as select id, price as p, from numbers;",
    "create scoped temporary table t as select * from (select id, price as p from numbers)",
    "create table t as with c as (select * from numbers) select id, price p from c",
    "create table t (id, p) as select id, price from numbers",
]


@pytest.mark.parametrize("sql", CTAS)
def test_create_table_as(database: Database, sql: str) -> None:
    statement = compiled(sql)
    assert isinstance(statement, CreateTable)
    assert statement.query is not None
    assert [(column.name, column.type) for column in statement.columns] == [("ID", number(38, 0)), ("P", number(10, 2))]
    assert len(database.connection.execute(statement.query.sql).fetchall()) == 3


def test_a_view_keeps_its_text_with_names_in_full(database: Database) -> None:
    sql = "create view v (a comment 'x', n) comment = 'y' as with c as (select id from numbers) select c.id, count(*) from c, public.support_tickets group by 1"  # noqa: E501
    view = compiled(sql)
    assert isinstance(view, CreateView)
    assert [(column.name, column.comment) for column in view.columns] == [("A", "x"), ("N", "")]
    assert view.definition == (
        'with c as (select id from "CORTEX_FINETUNING_DB"."PUBLIC"."NUMBERS") select c.id, count(*) '
        'from c, "CORTEX_FINETUNING_DB"."PUBLIC"."SUPPORT_TICKETS" group by 1'
    )
    assert len(database.run(view.definition, scope_of(database=None, schema=None))) == 3


INSERTS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("insert into defaults values (1, 'a', 2)", [("1", "a", "2.0")]),
    ("insert into defaults (a) values (1)", [("1", "xy", "1.5")]),
    ("insert into defaults (c, a) values ('2.5', 1)", [("1", "xy", "2.5")]),
    ("insert into defaults (a, b) values (1, default), (2, null)", [("1", "xy", "1.5"), ("2", None, "1.5")]),
    (
        "insert into defaults (a, b, c) select id, 'long text', price from numbers where id = 1",
        [("1", "long text", "1.5")],
    ),
    ("insert overwrite into defaults (a) (select 7)", [("7", "xy", "1.5")]),
    ("insert into defaults (a) with c as (select 3 as x) select x from c", [("3", "xy", "1.5")]),
]


@pytest.mark.parametrize(("sql", "rows"), INSERTS)
def test_insert_gives_every_column_in_order(database: Database, sql: str, rows: list[tuple[Any, ...]]) -> None:
    statement = compiled(sql)
    assert isinstance(statement, Dml)
    assert statement.source is not None
    assert statement.columns == ("A", "B", "C")
    assert statement.overwrite == ("overwrite" in sql)
    cursor = database.connection.execute(statement.source.sql)
    assert [str(each[1]) for each in cursor.description or ()] == ["DECIMAL(5,0)", "VARCHAR", "DECIMAL(4,1)"]
    assert [tuple(None if each is None else str(each) for each in row) for row in cursor.fetchall()] == rows


CHANGES: list[tuple[str, str, list[tuple[Any, ...]]]] = [
    (
        "update numbers set price = price + 1, \"lower\" = 'z' where id = 1",
        'select price, "lower" from numbers where id = 1',
        [("2.50", "z")],
    ),
    (
        "update numbers n set price = s.p from (select 1 as k, 9 as p) s where n.id = s.k",
        "select price from numbers where id = 1",
        [("9.00",)],
    ),
    ("update defaults set b = default", "select count(*) from defaults", [("0",)]),
    ("delete from numbers where id is null", "select count(*) from numbers", [("2",)]),
    (
        "delete from numbers n using support_tickets t where t.ticket_id = 'TR' || n.id",
        "select count(*) from numbers",
        [("1",)],
    ),
    ("delete from numbers", "select count(*) from numbers", [("0",)]),
    ("truncate numbers", "select count(*) from numbers", [("0",)]),
]


@pytest.mark.parametrize(("sql", "check", "rows"), CHANGES)
def test_changes_run_on_the_source(database: Database, sql: str, check: str, rows: list[tuple[Any, ...]]) -> None:
    statement = compiled(sql)
    assert isinstance(statement, Dml)
    database.connection.execute(statement.sql)
    assert [tuple(str(each) for each in row) for row in database.run(check)] == rows


def test_set_computes_its_values(database: Database) -> None:
    statement = compiled("set (a, b) = (1 + 1, concat('x', $p))", scope_of(variables={"P": "y"}))
    assert isinstance(statement, SetVariable)
    assert statement.names == ("A", "B")
    assert database.connection.execute(statement.sql).fetchall() == [(2, "xy")]


def test_explain_holds_the_query() -> None:
    statement = compiled("explain using text select id from numbers")
    assert isinstance(statement, Explain)
    assert statement.query == query_of("select id from numbers")
