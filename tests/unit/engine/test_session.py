from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from engine_bench import FakeBackend, open_engine

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import (
    CancelledError,
    DivisionByZeroError,
    InterfaceError,
    NoCurrentDatabaseError,
    NotNullError,
    ParseError,
    ProgrammingError,
    StringTooLongError,
    UnknownModelError,
    UnknownObjectError,
    UnsupportedError,
)


def one(session: Session, sql: str) -> object:
    """The single value of a query."""
    return session.execute(sql)[-1].table.column(0)[0].as_py()


def test_a_new_data_directory_has_the_quickstarts_database(session: Session) -> None:
    (result,) = session.execute("select current_database(), current_schema()")
    assert [list(row.values()) for row in result.table.to_pylist()] == [["CORTEX_FINETUNING_DB", "PUBLIC"]]


def test_a_dropped_first_database_stays_dropped(tmp_path: Path, backend: FakeBackend) -> None:
    engine, close = open_engine(tmp_path, backend)
    engine.open_session().execute("create database other; drop database cortex_finetuning_db")
    close()
    engine, close = open_engine(tmp_path, backend)
    session = engine.open_session()
    assert session.state.database is None
    with pytest.raises(NoCurrentDatabaseError):
        session.execute("create table t (a int)")
    close()


def test_every_statement_has_an_id_and_is_in_the_history(engine: Engine, session: Session) -> None:
    session.execute("alter session set query_tag = 'my tag'")
    (result,) = session.execute("select snowflake.cortex.complete('echo', 'a')")
    assert one(session, "select last_query_id()") == result.query_id
    record = next(record for record in engine.parts.catalog.queries() if record.id == result.query_id)
    assert (record.status, record.rows, record.user, record.role) == ("SUCCESS", 1, "ADMIN", "ACCOUNTADMIN")
    assert (record.usage["distinct"], record.usage["query_tag"]) == (1, "my tag")


def test_the_history_keeps_what_was_written_behind_a_statement(engine: Engine, session: Session) -> None:
    session.execute("select 1; -- for the report\n")
    session.execute("select 2; select 3;")
    texts = [record.text for record in sorted(engine.parts.catalog.queries(), key=lambda record: record.started_on)]
    assert texts == ["select 1; -- for the report", "select 2", "select 3"]


def test_a_failed_statement_is_in_the_history_under_its_errors_id(engine: Engine, session: Session) -> None:
    with pytest.raises(DivisionByZeroError) as caught:
        session.execute("select 1 / 0")
    record = next(record for record in engine.parts.catalog.queries() if record.id == caught.value.sfqid)
    assert (record.status, record.error) == ("FAILED", "100051 (22012): Division by zero")


def test_the_first_error_ends_a_script(session: Session) -> None:
    with pytest.raises(UnknownObjectError):
        session.execute("create table a (x int); select * from nothing; create table b (x int)")
    names = session.execute("show tables")[0].table.column("name").to_pylist()
    assert names == ["A"]


def test_an_unknown_model_fails_before_a_row_is_read(session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 'a' as x")
    with pytest.raises(UnknownModelError) as caught:
        session.execute("select snowflake.cortex.complete('nope', x), snowflake.cortex.complete('echo', x) from t")
    assert str(caught.value).startswith(
        '100351 (P0000): Request failed for external function COMPLETE$V2 with remote service error: 400 \'"unknown model \\"nope\\""\''
    )
    assert backend.asked == []


def test_describe_only_and_explain_ask_nothing_and_run_no_command(session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 'a' as x")
    sql = "select snowflake.cortex.complete('echo', x) as said, snowflake.cortex.complete('echo', 'constant') as other from t"
    (result,) = session.execute(sql, describe_only=True)
    assert [(column.name, str(column.type)) for column in result.columns] == [
        ("SAID", "VARCHAR(16777216)"),
        ("OTHER", "VARCHAR(16777216)"),
    ]
    assert result.table.num_rows == 0
    session.execute(f"explain {sql}")
    session.execute("explain select snowflake.cortex.finetune('SHOW')")
    session.execute("create table made (a int)", describe_only=True)
    assert backend.asked == []
    with pytest.raises(UnknownObjectError):
        session.execute("select * from made")


def test_a_command_runs_once_and_its_answer_stands_in_the_row(session: Session) -> None:
    assert one(session, "select snowflake.cortex.finetune('SHOW')") == "SHOW in CORTEX_FINETUNING_DB.PUBLIC"
    session.execute("set cmd = 'DESCRIBE'")
    assert (
        one(session, "select upper(snowflake.cortex.finetune($cmd, 'x'))") == "DESCRIBE IN CORTEX_FINETUNING_DB.PUBLIC"
    )


def test_cancel_from_another_thread_within_a_second(session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 'p' || seq4() as x from table(generator(rowcount => 500))")
    backend.seconds = 0.02
    threading.Timer(0.4, session.cancel).start()
    started = time.monotonic()
    with pytest.raises(CancelledError) as caught:
        session.execute("select snowflake.cortex.complete('echo', x) from t")
    assert time.monotonic() - started < 1.5
    assert (caught.value.errno, caught.value.sqlstate, caught.value.msg) == (604, "57014", "SQL execution canceled")
    assert one(session, "select 1") == 1


def test_cancel_of_a_long_query_without_calls(session: Session) -> None:
    session.execute("create table t as select seq4() as x from table(generator(rowcount => 20000))")
    threading.Timer(0.4, session.cancel).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        session.execute("select count(*) from t a join t b on a.x + b.x > 1 join t c on b.x + c.x > 1")
    assert time.monotonic() - started < 2


def test_cancel_of_nothing_does_not_hurt_the_next_statement(session: Session) -> None:
    session.cancel()
    assert one(session, "select 1") == 1


def test_a_statement_ends_at_its_time_limit(session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 'p' || seq4() as x from table(generator(rowcount => 500))")
    session.execute("alter session set statement_timeout_in_seconds = 1")
    backend.seconds = 0.02
    with pytest.raises(CancelledError) as caught:
        session.execute("select snowflake.cortex.complete('echo', x) from t")
    assert (caught.value.errno, caught.value.sqlstate) == (630, "57014")


def test_other_sessions_go_on_while_one_asks(engine: Engine, session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 'p' || seq4() as x from table(generator(rowcount => 100))")
    backend.seconds = 0.02
    asking = threading.Thread(target=lambda: session.execute("select snowflake.cortex.complete('echo', x) from t"))
    asking.start()
    time.sleep(0.2)
    started = time.monotonic()
    assert one(engine.open_session(), "select 1") == 1
    assert time.monotonic() - started < 1
    assert asking.is_alive()
    asking.join()


def test_use_cached_result_is_a_session_parameter(session: Session, backend: FakeBackend) -> None:
    for _ in range(2):
        session.execute("select snowflake.cortex.complete('echo', 'a')")
    assert backend.asked == ["a"]
    session.execute("alter session set use_cached_result = false; select snowflake.cortex.complete('echo', 'a')")
    assert backend.asked == ["a", "a"]
    session.execute("alter session unset use_cached_result; select snowflake.cortex.complete('echo', 'a')")
    assert backend.asked == ["a", "a"]


def test_the_cap_on_answers_is_part_of_the_question(session: Session, backend: FakeBackend) -> None:
    session.execute("select snowflake.cortex.complete('echo', 'a'); alter session set max_answer_tokens = 8")
    session.execute("select snowflake.cortex.complete('echo', 'a')")
    assert backend.asked == ["a", "a"]


def test_an_unknown_parameter_is_refused_with_the_nearest_one(session: Session) -> None:
    with pytest.raises(ProgrammingError) as caught:
        session.execute("alter session set use_cached_results = false")
    assert caught.value.msg == "SQL compilation error:\ninvalid parameter 'USE_CACHED_RESULTS'"
    assert caught.value.hint == "Did you mean USE_CACHED_RESULT?"
    with pytest.raises(UnsupportedError, match="WEEK_START = 8 is not supported"):
        session.execute("alter session set week_start = 8")
    with pytest.raises(ProgrammingError, match=r"invalid value \[Nowhere/X\] for parameter 'TIMEZONE'"):
        session.execute("alter session set timezone = 'Nowhere/X'")


def test_account_parameters_hold_for_new_sessions(engine: Engine, session: Session) -> None:
    session.execute("alter account set max_answer_tokens = 7")
    rows = engine.open_session().execute("show parameters like 'MAX_ANSWER_TOKENS'")[0].table.to_pylist()
    assert [(row["value"], row["default"], row["level"]) for row in rows] == [("7", "256", "ACCOUNT")]


def test_temporary_tables_belong_to_their_session(engine: Engine, session: Session) -> None:
    session.execute("create temporary table t as select 1 as a")
    assert one(session, "select a from t") == 1
    with pytest.raises(UnknownObjectError):
        engine.open_session().execute("select a from t")


def test_a_failed_statement_in_a_transaction_says_what_became_of_it(session: Session) -> None:
    session.execute("create table t (a int); begin; insert into t values (1)")
    with pytest.raises(DivisionByZeroError) as caught:
        session.execute("select 1 / a - 1 / (a - 1) from t")
    assert "rolled back" in caught.value.hint
    assert one(session, "select count(*) from t") == 0
    session.execute("begin; insert into t values (1)")
    with pytest.raises(ParseError):
        session.execute("selec 1")
    session.execute("commit")
    assert one(session, "select count(*) from t") == 1


def test_an_update_with_a_call_in_a_transaction(session: Session) -> None:
    session.execute("create table t as select 'a' as x")
    session.execute("begin; update t set x = snowflake.cortex.complete('echo', x); rollback")
    assert one(session, "select x from t") == "a"
    session.execute("begin; update t set x = snowflake.cortex.complete('echo', x); commit")
    assert one(session, "select x from t") == "A"


def test_lengths_and_nulls_of_insert(session: Session) -> None:
    session.execute("create table t (a varchar(3) not null, b int default 7)")
    with pytest.raises(StringTooLongError):
        session.execute("insert into t values ('abcd', 1)")
    with pytest.raises(NotNullError):
        session.execute("insert into t (b) values (1)")
    session.execute("insert into t (a) values ('abc')")
    assert one(session, "select b from t") == 7


def test_a_closed_session_says_so(session: Session) -> None:
    session.close()
    with pytest.raises(InterfaceError):
        session.execute("select 1")


def test_numbers_arrive_as_numbers(session: Session) -> None:
    (result,) = session.execute(
        "select 1 as a, 1.50 as b, 1e0 as c, 12345678901234567890123 as d, true as e, '2024-01-02'::date as f, sum(1) as g, count(*) as h"
    )
    assert [str(kind) for kind in result.table.schema.types] == [
        "int64",
        "decimal128(3, 2)",
        "double",
        "decimal128(38, 0)",
        "bool",
        "date32[day]",
        "int64",
        "int64",
    ]


def test_two_databases_join(session: Session) -> None:
    session.execute(
        "create database a; create table t as select 1 as x; create database b; create table t as select 1 as x"
    )
    assert one(session, "select count(*) from a.public.t as one join b.public.t as two on one.x = two.x") == 1


def test_defaults_fill_what_a_file_and_an_older_table_do_not_give(session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    session.execute("create table t (a int, b varchar default 'x' || 'y', c number(5,2) default 1.5)")
    session.execute(f"copy into t (a) from 'file://{tmp_path}/a.csv'")
    session.execute("alter table t add column d int default 7")
    assert [list(map(str, row.values())) for row in session.execute("select * from t")[0].table.to_pylist()] == [
        ["1", "xy", "1.50", "7"]
    ]


def test_a_file_named_by_its_url_is_loaded(session: Session, tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("1\n")
    session.execute("create table t (a int)")
    (result,) = session.execute(f"copy into t from '{tmp_path}/' pattern = 'a.*'")
    assert result.table.column("rows_loaded").to_pylist() == [1]
