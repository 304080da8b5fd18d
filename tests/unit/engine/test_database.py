from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from engine_bench import Bench, FakeBackend, close_bench, open_bench

from sapwood.dialect.statements import (
    AlterTable,
    Column,
    CreateContainer,
    CreateTable,
    CreateView,
    Dml,
    Drop,
    Name,
    Query,
    SetComment,
    Transaction,
    Use,
)
from sapwood.dialect.types import TIMESTAMP_TZ, number, text
from sapwood.engine.failure import translated
from sapwood.engine.scope import SessionScope
from sapwood.errors import (
    ConversionError,
    Error,
    InternalError,
    NotNullError,
    ObjectExistsError,
    StringTooLongError,
    UnknownObjectError,
    UnsupportedError,
)

A = Column("A", text(3))
B = Column("B", number(10, 0), nullable=False)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/sapwood-escape.csv'",
        "ATTACH '/tmp/sapwood-escape.duckdb' AS escape",
        "EXPORT DATABASE '/tmp/sapwood-escape'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET lock_configuration = false",
        "SELECT * FROM read_text('{databases}/../catalog.sqlite')",
    ],
)
def test_sql_that_reaches_duckdb_does_not_reach_the_file_system(bench: Bench, tmp_path: Path, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        bench.cursor.execute(sql.replace("{databases}", str(tmp_path / "databases"))).fetchall()
    assert not Path("/tmp/sapwood-escape.duckdb").exists()
    assert not Path("/tmp/sapwood-escape.csv").exists()


def test_a_python_variable_is_no_table(bench: Bench) -> None:
    import pyarrow as pa

    secret = pa.table({"a": [1]})
    with pytest.raises(duckdb.CatalogException):
        bench.cursor.execute("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_files_are_written_in_the_oldest_storage_version(bench: Bench) -> None:
    (row,) = bench.cursor.execute(
        "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'd_DB'"
    ).fetchall()
    assert row[0].startswith("v1.0.0")


def test_databases_tables_and_comments_are_there_after_a_restart(tmp_path: Path, backend: FakeBackend) -> None:
    first = open_bench(tmp_path, backend)
    first.run(CreateTable(first.name("T"), (A, B), comment="about T"))
    first.run(Dml("INSERT", first.name("T"), source=Query("SELECT 'x', 1", (A, B))))
    first.run(CreateContainer("DATABASE", Name("My db", "", ""), comment="mine"))
    first.run(SetComment("COLUMN", first.name("T"), "about A", column="A"))
    close_bench(first)
    second = open_bench(tmp_path, backend)
    found = second.work().table(second.name("T"))
    assert found is not None
    assert (found.comment, found.columns[0].comment, found.columns[1].nullable) == ("about T", "about A", False)
    assert second.select(f"SELECT A FROM {second.table('T')}") == [("x",)]
    assert second.parts.databases.names() == ("DB", "My db")
    close_bench(second)


def test_a_database_file_that_was_never_finished_is_taken_away(tmp_path: Path, backend: FakeBackend) -> None:
    (tmp_path / "databases").mkdir()
    duckdb.connect(str(tmp_path / "databases" / "HALF.duckdb")).close()
    made = open_bench(tmp_path, backend)
    assert made.parts.databases.names() == ("DB",)
    close_bench(made)


def test_a_file_of_the_first_format_gets_offsets_for_its_moments(tmp_path: Path, backend: FakeBackend) -> None:
    first = open_bench(tmp_path, backend)
    columns = (A, Column("z at", TIMESTAMP_TZ, nullable=False), Column("Y", TIMESTAMP_TZ))
    first.run(CreateTable(first.name("T"), columns))
    close_bench(first)
    with duckdb.connect(str(tmp_path / "databases" / "DB.duckdb")) as file:
        table = '"s_PUBLIC"."T"'
        names = [f'"{row[0]}"' for row in file.execute(f"DESCRIBE {table}").fetchall()]
        file.execute(
            f"CREATE OR REPLACE TABLE {table} ({names[0]} VARCHAR, {names[1]} TIMESTAMPTZ NOT NULL, {names[2]} TIMESTAMPTZ)"
        )
        file.execute(f"INSERT INTO {table} VALUES ('a', '2024-01-01 12:00:00+05', NULL)")
        file.execute("UPDATE _sapwood.about SET format = 1")
    for _ in range(2):
        bench = open_bench(tmp_path, backend)
        ((_, at, nothing),) = bench.select(f"SELECT * FROM {bench.table('T')}", columns=columns)
        assert (at, nothing) == ({"moment": datetime(2024, 1, 1, 7, tzinfo=UTC), "minutes": 0}, None)
        with pytest.raises(NotNullError):
            bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'b', NULL, NULL", (A, A, A))))
        close_bench(bench)


def test_a_damaged_file_is_named(tmp_path: Path, backend: FakeBackend) -> None:
    (tmp_path / "databases").mkdir()
    (tmp_path / "databases" / "BROKEN.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(InternalError, match=r"BROKEN\.duckdb can't be read"):
        open_bench(tmp_path, backend)


def test_names_that_differ_in_case_only_are_different(bench: Bench) -> None:
    for name, value in (("T", "upper"), ("t", "lower")):
        bench.run(CreateTable(bench.name(name), (Column("A", text()),)))
        bench.run(Dml("INSERT", bench.name(name), source=Query(f"SELECT '{value}'", (Column("A", text()),))))
    relations = [SessionScope(bench.work()).relation(bench.name(name)) for name in ("T", "t")]
    assert [bench.select(f"SELECT * FROM {relation.source}") for relation in relations if relation] == [
        [("upper",)],
        [("lower",)],
    ]


def test_create_drop_and_their_words(bench: Bench) -> None:
    name = bench.name("T")
    assert bench.rows(CreateTable(name, (A,))) == [{"status": "Table T successfully created."}]
    assert bench.rows(CreateTable(name, (A,), if_not_exists=True)) == [
        {"status": "T already exists, statement succeeded."}
    ]
    with pytest.raises(ObjectExistsError) as taken:
        bench.run(CreateTable(name, (A,)))
    assert str(taken.value).startswith("002002 (42710): SQL compilation error:\nObject 'DB.PUBLIC.T' already exists.")
    assert bench.rows(Drop("TABLE", name)) == [{"status": "T successfully dropped."}]
    with pytest.raises(UnknownObjectError) as missing:
        bench.run(Drop("TABLE", name))
    assert (
        str(missing.value)
        == "002003 (42S02): SQL compilation error:\nTable 'DB.PUBLIC.T' does not exist or not authorized."
    )
    assert bench.rows(Drop("TABLE", name, if_exists=True)) == [
        {"status": "Drop statement executed successfully (T already dropped)."}
    ]


def test_a_temporary_table_hides_a_permanent_one_and_ends_with_it(bench: Bench) -> None:
    column = Column("A", text())
    bench.make("T", (column,), [("permanent",)])
    bench.run(CreateTable(bench.name("T"), (column,), query=Query("SELECT 'temporary'", (column,)), temporary=True))
    relation = SessionScope(bench.work()).relation(bench.name("T"))
    assert relation is not None
    assert bench.select(f"SELECT * FROM {relation.source}") == [("temporary",)]
    bench.run(Drop("TABLE", bench.name("T")))
    relation = SessionScope(bench.work()).relation(bench.name("T"))
    assert relation is not None
    assert bench.select(f"SELECT * FROM {relation.source}") == [("permanent",)]


def test_create_or_replace_from_itself_keeps_the_rows(bench: Bench) -> None:
    column = Column("A", text())
    bench.make("T", (column,), [("x",)])
    query = Query(f"SELECT A || A FROM {bench.table('T')}", (column,))
    bench.run(CreateTable(bench.name("T"), (column,), query=query, or_replace=True))
    assert bench.select(f"SELECT A FROM {bench.table('T')}") == [("xx",)]


def test_lengths_and_not_null_hold_on_insert_and_update(bench: Bench) -> None:
    bench.run(CreateTable(bench.name("T"), (A, B)))
    with pytest.raises(StringTooLongError) as long:
        bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'abcd', 1", (A, B))))
    assert str(long.value) == "100078 (22000): String 'abcd' is too long and would be truncated"
    with pytest.raises(NotNullError) as null:
        bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'a', NULL", (A, B))))
    assert str(null.value) == "100072 (22000): NULL result in a non-nullable column"
    with pytest.raises(NotNullError):
        bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'a'", (A,)), columns=("A",)))
    bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'abc', 1", (A, B))))
    with pytest.raises(StringTooLongError):
        bench.run(Dml("UPDATE", bench.name("T"), sql=f"UPDATE {bench.table('T')} SET A = 'abcde'"))
    assert bench.select(f"SELECT A FROM {bench.table('T')}") == [("abc",)]


def test_a_failed_create_table_as_leaves_the_old_table(bench: Bench) -> None:
    bench.make("T", (Column("A", text()),), [("x",)])
    query = Query("SELECT 'abcd'", (Column("A", text()),))
    with pytest.raises(StringTooLongError):
        bench.run(CreateTable(bench.name("T"), (A,), query=query, or_replace=True))
    assert bench.select(f"SELECT A FROM {bench.table('T')}") == [("x",)]


def test_ddl_commits_an_open_transaction(bench: Bench) -> None:
    bench.make("T", (Column("A", text()),))
    bench.run(Transaction("BEGIN"))
    bench.run(Dml("INSERT", bench.name("T"), source=Query("SELECT 'x'", (Column("A", text()),))))
    bench.run(CreateTable(bench.name("U"), (A,)))
    bench.run(Transaction("ROLLBACK"))
    assert bench.select(f"SELECT A FROM {bench.table('T')}") == [("x",)]


def test_a_transaction_over_two_databases_is_refused_by_name(bench: Bench) -> None:
    bench.run(CreateContainer("DATABASE", Name("OTHER", "", "")))
    column = Column("A", text())
    for database in ("DB", "OTHER"):
        bench.run(CreateTable(Name(database, "PUBLIC", "T"), (column,)))
    bench.run(Transaction("BEGIN"))
    bench.run(Dml("INSERT", Name("DB", "PUBLIC", "T"), source=Query("SELECT 'x'", (column,))))
    with pytest.raises(UnsupportedError, match="more than one database"):
        bench.run(Dml("INSERT", Name("OTHER", "PUBLIC", "T"), source=Query("SELECT 'x'", (column,))))


def test_a_new_database_is_current_and_a_dropped_one_is_gone(bench: Bench, tmp_path: Path) -> None:
    name = Name("NEW", "", "")
    assert bench.rows(CreateContainer("DATABASE", name)) == [{"status": "Database NEW successfully created."}]
    assert (bench.state.database, bench.state.schema) == ("NEW", "PUBLIC")
    bench.run(CreateTable(Name("NEW", "PUBLIC", "T"), (A,)))
    assert bench.rows(Drop("DATABASE", name)) == [{"status": "NEW successfully dropped."}]
    assert (bench.state.database, bench.state.schema) == (None, None)
    assert not (tmp_path / "databases" / "NEW.duckdb").exists()
    with pytest.raises(UnknownObjectError) as gone:
        bench.run(CreateTable(Name("NEW", "PUBLIC", "T"), (A,)))
    assert str(gone.value) == "002003 (02000): SQL compilation error:\nDatabase 'NEW' does not exist or not authorized."


def test_the_name_snowflake_is_reserved(bench: Bench) -> None:
    with pytest.raises(ObjectExistsError):
        bench.run(CreateContainer("DATABASE", Name("SNOWFLAKE", "", "")))


def test_use_of_what_is_not_there(bench: Bench) -> None:
    for kind, name in (("DATABASE", Name("X", "", "")), ("SCHEMA", Name("DB", "X", "")), ("ROLE", Name("", "", "X"))):
        with pytest.raises(UnknownObjectError) as caught:
            bench.run(Use(kind, name))
        assert (caught.value.errno, caught.value.sqlstate) == (2043, "02000")


def test_create_or_replace_schema_takes_its_tables_away(bench: Bench) -> None:
    bench.run(CreateContainer("SCHEMA", Name("DB", "S", "")))
    bench.run(CreateTable(Name("DB", "S", "T"), (A,)))
    bench.run(CreateContainer("SCHEMA", Name("DB", "S", ""), or_replace=True))
    assert bench.work().table(Name("DB", "S", "T")) is None


def test_alter_table_keeps_rows(bench: Bench) -> None:
    bench.make("T", (Column("A", text()), Column("B", number(10, 0))), [("x", 1)])
    name = bench.name("T")
    bench.run(AlterTable(name, "ADD COLUMN", column=Column("C", text(5))))
    bench.run(AlterTable(name, "RENAME COLUMN", column_name="A", new_column_name="AA"))
    bench.run(AlterTable(name, "DROP COLUMN", column_name="B"))
    bench.run(AlterTable(name, "RENAME", new_name=bench.name("U")))
    found = bench.work().table(bench.name("U"))
    assert found is not None
    assert [(column.name, str(column.type)) for column in found.columns] == [
        ("AA", "VARCHAR(16777216)"),
        ("C", "VARCHAR(5)"),
    ]
    assert bench.cursor.execute(f"SELECT * FROM {bench.table('U')}").fetchall() == [("x", None)]
    assert bench.work().table(name) is None


def test_a_view_is_kept_as_text(bench: Bench) -> None:
    bench.run(CreateView(bench.name("V"), (A,), "SELECT 1"))
    relation = SessionScope(bench.work()).relation(bench.name("V"))
    assert relation is not None
    assert (relation.source, relation.definition) == ("", "SELECT 1")


@pytest.mark.parametrize(
    ("sql", "kind", "text"),
    [
        ("SELECT CAST('x' AS INTEGER)", ConversionError, "100038 (22018): Numeric value 'x' is not recognized"),
        ("SELECT CAST('x' AS DECIMAL(10,2))", ConversionError, "100038 (22018): Numeric value 'x' is not recognized"),
        ("SELECT CAST('x' AS DOUBLE)", ConversionError, "100038 (22018): Numeric value 'x' is not recognized"),
        ("SELECT CAST('x' AS DATE)", ConversionError, "100040 (22007): Date 'x' is not recognized"),
        ("SELECT CAST('x' AS TIMESTAMP)", ConversionError, "100035 (22007): Timestamp 'x' is not recognized"),
        ("SELECT CAST('x' AS TIME)", ConversionError, "100108 (22007): Time 'x' is not recognized"),
        ("SELECT CAST('x' AS BOOLEAN)", ConversionError, "100037 (22018): Boolean value 'x' is not recognized"),
        ("SELECT error('sapwood:100051:22012:Division by zero')", Error, "100051 (22012): Division by zero"),
        ("SELECT CAST(1000 AS DECIMAL(2,0))", Error, "100039 (22003)"),
        ("SELECT 9223372036854775807 + 9223372036854775807 + 1::BIGINT", Error, "100046 (22003)"),
        ("SELECT abs('x', 1)", Error, "001015 (22023)"),
    ],
)
def test_duckdbs_errors_become_ours(bench: Bench, sql: str, kind: type[Error], text: str) -> None:
    with pytest.raises(kind) as caught, translated():
        bench.cursor.execute(sql).fetchall()
    assert str(caught.value).startswith(text)
    assert "LINE 1" not in str(caught.value)
