"""What must never get through: files, settings, other databases, DuckDB's own functions."""

from __future__ import annotations

import pytest
from dialect_bench import Database, compiled, scope_of

from sapwood.errors import Error

ATTACKS = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_csv_auto('/etc/passwd')",
    "select * from read_text('/etc/hostname')",
    "select * from read_blob('/etc/hostname')",
    "select * from read_parquet('x.parquet')",
    "select * from parquet_scan('x.parquet')",
    "select * from read_json('x.json')",
    "select * from table(read_text('/etc/hostname'))",
    "select * from table(glob('/*'))",
    "select * from lateral read_text('/etc/hostname')",
    "select * from glob('/etc/*')",
    "select * from '/etc/passwd'",
    "select * from 'x.csv' as t",
    'select * from "x.csv"',
    'select * from "/etc/passwd"',
    "select * from identifier('''/etc/passwd''')",
    "select * from table('x.csv')",
    "select * from identifier($p)",
    "select read_text('/etc/hostname')",
    "select getenv('HOME')",
    "select current_setting('home_directory')",
    "select getvariable('x', 'y')",
    "select query('select 1')",
    "select * from query('select 1')",
    "select * from query_table('numbers')",
    "select * from duckdb_secrets()",
    "select * from duckdb_settings()",
    "select * from pragma_database_list()",
    "select * from information_schema.tables",
    "select * from main.sqlite_master",
    "select * from duckdb_tables",
    "select sapwood_call('x', ['y'])",
    "select sapwood_sample('x', ['y'])",
    "select error('sapwood:1:00000:x')",
    "select nextval('s')",
    "select txid_current()",
    "select uuid()",
    "select json_execute_serialized_sql('x')",
    "select enable_profiling()",
    "pragma database_list",
    "attach 'x.db' as x",
    "detach x",
    "install httpfs",
    "load httpfs",
    "copy numbers to 'x.csv'",
    "copy (select 1) to 'x.csv'",
    "copy numbers from 'x.csv' (format csv)",
    "export database 'x'",
    "import database 'x'",
    "create secret s (type s3)",
    "create macro f() as 1",
    "create function f() returns int language python as '1'",
    "set global memory_limit = '1GB'; select 1",
    "call pragma_version()",
    "checkpoint",
    "vacuum",
    "execute x",
    "prepare x as select 1",
    "from numbers",
    "from numbers select id",
    "summarize numbers",
    "select * from numbers; drop table numbers",
    "select 1; select 2",
    "select columns('i.*') from numbers",
    "select columns(*) from numbers",
    "select id[1:2] from numbers",
    "select [x for x in [1, 2]]",
    "select x -> x + 1",
    "select list_transform([1], x -> read_text('/etc/hostname'))",
    "select @id from numbers",
    "select id from numbers using sample 1",
    "select * from numbers, unnest([1])",
    "select unnest([1, 2])",
    "select * from (describe numbers)",
    "select * from (show tables)",
    "select * from range(3)",
    "with x as (insert into numbers values (1)) select 1",
    "select * from @stage",
    "select $1 from @stage/file.csv",
    "select 'a'::json",
    "select 'a'::union(x int)",
    "select 1::hugeint",
    "select cast('x' as enum('x'))",
    "select /*+ hint */ system$cancel_all_queries()",
    "select $command_0",
    "insert into numbers select * from read_csv('x')",
    "create table x as from read_csv('x')",
    "create table x as select * from 'x.csv'",
    "create view x as select * from read_text('x')",
    "update numbers set id = (select count(*) from read_text('x'))",
    "delete from numbers where id in (select 1 from read_text('x'))",
    "delete from 'x.csv'",
    "update 'x.csv' set id = 1",
    "create table x (a int default read_text('x'))",
]


@pytest.mark.parametrize("sql", ATTACKS)
def test_it_never_gets_through(sql: str) -> None:
    with pytest.raises(Error) as caught:
        compiled(sql, scope_of(variables={"P": "'/etc/passwd'"}))
    for word in ("sqlglot", "duckdb error", "binder error", "catalog error"):
        assert word not in str(caught.value).lower()


QUOTES = [
    "'",
    '"',
    "''",
    "';--",
    "\\",
    "\\'",
    "$$",
    "*/",
    "{token}",
    "x' || (select 1) || '",
    'a" from read_text("x',
    "\0",
    "~",
    "a~1",
    "%",
    "\n",
]


@pytest.mark.parametrize("text", QUOTES)
def test_texts_and_names_stay_what_they_are(database: Database, text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    assert database.one(f"select '{escaped}'") == text
    assert database.one("select $x", scope_of(variables={"X": text})) == text
    if "\0" not in text:
        name = text.replace('"', '""')
        assert database.run(f'select "{name}" from (select 1 as "{name}") as "{name}" group by "{name}"') == [(1,)]
        assert database.one(f"select {{'{escaped}': 7}}['{escaped}']::int") == 7


@pytest.mark.parametrize(
    "sql",
    [
        "select f.value from table(flatten(input => {'a': 1}, path => '[\"x'' || (select 1) || ''\"]')) f",
        "select count(*) from numbers sample (10) seed (1)",
        "select to_varchar('2024-01-01'::date, 'YYYY\"o''clock\"')",
    ],
)
def test_parts_that_become_literals_are_quoted(database: Database, sql: str) -> None:
    assert len(database.run(sql)) <= 1
