from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from engine_bench import NUMBER, TEXT, Bench, FakeBackend, call

from sapwood.dialect.statements import Call, Column, CreateTable, Dml, Query
from sapwood.dialect.types import number, text
from sapwood.engine import exchange, ledger
from sapwood.engine.generation import GROUP_ROWS
from sapwood.engine.session import Session
from sapwood.errors import CancelledError, ModelError


def make(bench: Bench, rows: list[tuple[int, str | None]]) -> None:
    bench.make("T", (Column("ID", number()), Column("X", text())), rows)


def test_each_different_prompt_is_asked_once(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a"), (2, "b"), (3, "a")])
    sql, made = call(0, "X")
    rows = bench.select(f"SELECT {sql} FROM {bench.table('T')} ORDER BY ID", calls=(made,))
    assert rows == [("A",), ("B",), ("A",)]
    assert sorted(backend.asked) == ["a", "b"]
    usage = bench.last.batcher.account.usage
    assert (usage.rows, usage.distinct, usage.cached, usage.failed) == (3, 2, 0, 0)
    assert (usage.tokens_asked, usage.tokens_answered, usage.tokens_computed, usage.seconds) == (2, 2, 4, 1.0)


def test_many_rows_with_few_prompts_ask_each_prompt_once(
    session: Session, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WINDOW", 7)
    session.execute("create table t as select 'p' || mod(seq4(), 30) as x from table(generator(rowcount => 6000))")
    (result,) = session.execute("select count(distinct snowflake.cortex.complete('echo', x)) as n from t")
    assert result.table.to_pylist() == [{"N": 30}]
    assert sorted(backend.asked) == sorted(f"p{number}" for number in range(30))
    assert (result.usage.distinct, result.usage.cached) == (30, 0)


@pytest.mark.parametrize("ahead", [1, 100])
def test_different_arguments_of_one_question_ask_it_once(
    session: Session, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    """Under way together, and one after the other before the first answer is durable."""
    monkeypatch.setattr(ledger, "WINDOW", 1)
    monkeypatch.setattr(exchange, "AHEAD", ahead)
    (result,) = session.execute(
        "select snowflake.cortex.complete(name, 'a') as said from (values ('echo'), ('mistral-7b'), ('mistral-large')) t (name)"
    )
    assert result.table.to_pylist() == [{"SAID": "A"}] * 3
    assert backend.asked == ["a"]
    assert result.usage.distinct == 1


def test_a_null_prompt_is_null_and_asks_nothing(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, None)])
    sql, made = call(0, "X")
    assert bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,)) == [(None,)]
    assert backend.asked == []


def test_a_second_run_finds_its_answers_with_the_figures_of_the_first(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a"), (2, "b")])
    sql, made = call(0, "X")
    for _ in range(2):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    usage = bench.last.batcher.account.usage
    assert len(backend.asked) == 2
    assert (usage.distinct, usage.cached, usage.tokens_asked, usage.seconds) == (2, 2, 2, 1.0)


def test_use_cached_result_false_asks_again(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a")])
    sql, made = call(0, "X")
    bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    bench.settings["reads_cache"] = False
    bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert backend.asked == ["a", "a"]


def test_answers_of_endpoints_are_not_kept(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a")])
    sql, made = call(0, "X", model="'remote'")
    for _ in range(2):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert backend.asked == ["a", "a"]
    bench.settings["keeps_endpoints"] = True
    for _ in range(2):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert backend.asked == ["a", "a", "a"]


def test_cheap_filters_go_before_calls(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a"), (2, "b"), (3, "c")])
    sql, made = call(0, "X")
    assert bench.select(
        f"SELECT ID FROM {bench.table('T')} WHERE {sql} = 'C' AND ID > 1", calls=(made,), columns=(NUMBER,)
    ) == [(3,)]
    assert sorted(backend.asked) == ["b", "c"]


def test_only_rows_above_a_limit_are_asked(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(number, f"p{number}") for number in range(50)])
    sql, made = call(0, "X")
    assert len(bench.select(f"SELECT {sql} FROM {bench.table('T')} LIMIT 3", calls=(made,))) == 3
    assert len(backend.asked) == 3


def test_a_call_in_a_case_is_asked_only_where_its_branch_is_taken(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "spam"), (2, "ham"), (3, "ham2")])
    first, one = call(0, "X")
    second, two = call(1, "X || '!'")
    third, three = call(2, "X || '?'")
    rows = bench.select(
        f"SELECT CASE WHEN {first} = 'SPAM' THEN {second} ELSE {third} END FROM {bench.table('T')} ORDER BY ID",
        calls=(one, two, three),
    )
    assert rows == [("SPAM!",), ("HAM?",), ("HAM2?",)]
    assert sorted(backend.asked) == ["ham", "ham2", "ham2?", "ham?", "spam", "spam!"]


def test_a_call_in_a_call_is_asked_with_the_answer_of_the_inner_one(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a")])
    inner, one = call(0, "X")
    outer, two = call(1, f"{inner} || 'b'")
    assert bench.select(f"SELECT {outer} FROM {bench.table('T')}", calls=(one, two)) == [("AB",)]
    assert backend.asked == ["a", "Ab"]


def test_a_placeholder_that_trips_the_query_is_no_error(bench: Bench) -> None:
    make(bench, [(1, "7")])
    sql, made = call(0, "X")
    query = f"SELECT CAST(coalesce({sql}, 'no number') AS INTEGER) FROM {bench.table('T')}"
    assert bench.select(query, calls=(made,), columns=(NUMBER,)) == [(7,)]


def test_group_by_and_order_by_a_call(bench: Bench) -> None:
    make(bench, [(1, "b"), (2, "a"), (3, "b")])
    sql, made = call(0, "X")
    query = f"SELECT r, count(*) FROM (SELECT {sql} AS r FROM {bench.table('T')}) GROUP BY r ORDER BY r DESC"
    assert bench.select(query, calls=(made,), columns=(TEXT, NUMBER)) == [("B", 2), ("A", 1)]


def test_a_limit_above_an_llm_filter_does_not_ask_the_whole_table(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(number, f"p{number}") for number in range(6000)])
    sql, made = call(0, "X")
    rows = bench.select(f"SELECT X FROM {bench.table('T')} WHERE {sql} LIKE 'P%' LIMIT 5", calls=(made,))
    assert len(rows) == 5
    assert len(backend.asked) <= 2048


def test_a_bad_row_fails_the_statement_after_all_others_are_kept(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a"), (2, "bad 1"), (3, "b"), (4, "bad 2")])
    sql, made = call(0, "X")
    with pytest.raises(ModelError) as caught:
        bench.select(f"SELECT {sql} FROM {bench.table('T')} ORDER BY ID", calls=(made,))
    assert (
        caught.value.msg
        == "Request failed for external function COMPLETE$V2 with remote service error: 400 '\"no answer to bad 1\"'"
    )
    assert "2 rows failed" in caught.value.hint
    assert (caught.value.errno, caught.value.sqlstate) == (100351, "P0000")
    backend.asked.clear()
    with pytest.raises(ModelError):
        bench.select(f"SELECT {sql} FROM {bench.table('T')} ORDER BY ID", calls=(made,))
    assert sorted(backend.asked) == ["bad 1", "bad 2"]
    assert bench.last.batcher.account.usage.failed == 2


def test_try_complete_gives_null_for_a_bad_row(bench: Bench) -> None:
    make(bench, [(1, "a"), (2, "bad")])
    sql, made = call(0, "X", function="TRY_COMPLETE")
    assert bench.select(f"SELECT {sql} FROM {bench.table('T')} ORDER BY ID", calls=(made,)) == [("A",), (None,)]


def details(prompt: str) -> tuple[str, Call]:
    sql = f"CAST(sapwood_call('{{token}}:0', ['echo', {prompt}, 'true']) AS VARCHAR)"
    arguments = ("model", "prompt", "return_error_details")
    return sql, Call(0, "AI_COMPLETE", arguments, constants={"return_error_details": True}, returns=text())


def test_ai_complete_tells_value_and_error_on_request(bench: Bench) -> None:
    make(bench, [(1, "a"), (2, "bad")])
    sql, made = details("X")
    rows = bench.select(f"SELECT {sql} FROM {bench.table('T')} ORDER BY ID", calls=(made,))
    assert rows[0] == ('{"value":"A","error":null}',)
    assert rows[1][0].startswith('{"value":null,"error":"Request failed for external function AI_COMPLETE$V2')


def sample(prompt: str) -> tuple[str, Call]:
    sql = f"CAST(sapwood_sample('{{token}}:0', ['echo', {prompt}, '{{\"temperature\": 1}}']) AS VARCHAR)"
    return sql, Call(0, "AI_COMPLETE", ("model", "prompt", "model_parameters"), returns=text(), is_sampled=True)


def test_sampled_calls_with_equal_arguments_are_asked_each_time(bench: Bench, backend: FakeBackend) -> None:
    sql, made = sample("'a'")
    rows = bench.select(f"SELECT {sql} FROM range(3)", calls=(made,))
    assert sorted(rows) == [("A-1",), ("A-2",), ("A-3",)]
    bench.select(f"SELECT {sql} FROM range(3)", calls=(made,))
    assert len(backend.asked) == 6


def test_two_sampled_calls_with_equal_arguments_do_not_share_an_answer(bench: Bench) -> None:
    first, one = sample("'a'")
    two = replace(one, site=1)
    second = first.replace(":0'", ":1'")
    ((left, right),) = bench.select(f"SELECT {first}, {second}", calls=(one, two), columns=(TEXT, TEXT))
    assert left != right


def test_update_with_a_call_changes_rows_once(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(1, "a"), (2, "b")])
    sql, made = call(0, "X")
    rows = bench.rows(
        Dml("UPDATE", bench.name("T"), sql=f"UPDATE {bench.table('T')} SET X = {sql} || X WHERE ID = 2", calls=(made,))
    )
    assert rows == [{"number of rows updated": 1, "number of multi-joined rows updated": 0}]
    assert bench.select(f"SELECT X FROM {bench.table('T')} ORDER BY ID") == [("a",), ("Bb",)]
    assert backend.asked == ["b"]


def test_an_update_with_a_bad_row_changes_nothing(bench: Bench) -> None:
    make(bench, [(1, "a"), (2, "bad")])
    sql, made = call(0, "X")
    with pytest.raises(ModelError):
        bench.run(Dml("UPDATE", bench.name("T"), sql=f"UPDATE {bench.table('T')} SET X = {sql}", calls=(made,)))
    assert bench.select(f"SELECT X FROM {bench.table('T')} ORDER BY ID") == [("a",), ("bad",)]


def test_create_table_as_with_a_call(bench: Bench) -> None:
    make(bench, [(1, "a")])
    sql, made = call(0, "X")
    columns = (Column("X", text()), Column("Y", text()))
    query = Query(f"SELECT X, {sql} FROM {bench.table('T')}", columns, calls=(made,))
    rows = bench.rows(CreateTable(bench.name("U"), columns, query=query))
    assert rows == [{"status": "Table U successfully created."}]
    assert bench.select(f"SELECT X || Y FROM {bench.table('U')}") == [("aA",)]


def test_create_table_as_with_a_bad_row_makes_no_table(bench: Bench) -> None:
    make(bench, [(1, "bad")])
    sql, made = call(0, "X")
    query = Query(f"SELECT {sql} FROM {bench.table('T')}", (TEXT,), calls=(made,))
    with pytest.raises(ModelError):
        bench.run(CreateTable(bench.name("U"), (TEXT,), query=query))
    assert bench.work().table(bench.name("U")) is None


def test_cancel_ends_a_batch_within_a_second_and_keeps_what_was_finished(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(number, f"p{number}") for number in range(200)])
    backend.seconds = 0.02
    sql, made = call(0, "X")
    threading.Timer(0.5, bench.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert time.monotonic() - started < 1.5
    finished = set(backend.asked)
    bench.cancelled.clear()
    backend.asked.clear()
    backend.seconds = 0
    bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert len(finished & set(backend.asked)) <= 1, "a finished answer was asked again"


def test_a_kill_costs_at_most_one_group_of_answers(
    bench: Bench, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    put = bench.parts.answers.put_many
    monkeypatch.setattr(bench.parts.answers, "put_many", lambda answers: (groups.append(len(answers)), put(answers))[1])
    make(bench, [(number, f"p{number}") for number in range(200)])
    backend.seconds = 0.002
    sql, made = call(0, "X")
    bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert sum(groups) == 200
    assert max(groups) <= GROUP_ROWS


def test_a_slow_answer_is_durable_within_a_second(bench: Bench, backend: FakeBackend) -> None:
    make(bench, [(number, f"p{number}") for number in range(8)])
    backend.seconds = 0.4
    sql, made = call(0, "X")
    timer = threading.Timer(2.2, bench.cancelled.set)
    timer.start()
    with pytest.raises(CancelledError):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    assert 2 <= len(set(backend.asked)) < 8


def test_progress_counts_questions(bench: Bench) -> None:
    make(bench, [(1, "a"), (2, "b"), (3, "a")])
    sql, made = call(0, "X")
    bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
    last = bench.progress[-1]
    assert (last.done, last.total, last.cached, last.model) == (2, 2, 0, "echo")


def test_an_unknown_model_is_the_row_error_of_its_function(bench: Bench) -> None:
    make(bench, [(1, "a")])
    sql, made = call(0, "X", model="'nope'")
    with pytest.raises(ModelError, match="unknown model"):
        bench.select(f"SELECT {sql} FROM {bench.table('T')}", calls=(made,))
