"""Random tables and queries with calls: passes, answers at once and plain SQL give the same table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import Bench, FakeBackend, call, close_bench, open_bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sapwood.dialect.statements import Call, Column, Query
from sapwood.dialect.types import number, text
from sapwood.engine import generation

ROWS = st.lists(st.one_of(st.none(), st.text("abc", max_size=2)), max_size=12)

SHAPES = (
    "SELECT ID, {0} AS r FROM {t} ORDER BY ID",
    "SELECT ID, {0} AS r, {1} AS s FROM {t} ORDER BY ID",
    "SELECT ID, X FROM {t} WHERE {0} = 'A' ORDER BY ID",
    "SELECT ID, {1} FROM {t} WHERE {0} <> 'AB' AND ID > 2 ORDER BY ID",
    "SELECT ID, CASE WHEN {0} = 'A' THEN {1} WHEN {0} IS NULL THEN 'none' ELSE {2} END FROM {t} ORDER BY ID",
    "SELECT ID, coalesce({0}, {1}) FROM {t} ORDER BY ID",
    "SELECT ID, {0} AS r FROM {t} ORDER BY r DESC NULLS LAST, ID LIMIT 3",
    "SELECT {0} AS r, count(*) FROM {t} GROUP BY r ORDER BY r NULLS FIRST",
    "SELECT r, max(ID) FROM (SELECT ID, {0} AS r FROM {t} WHERE {1} IS NOT NULL) GROUP BY r HAVING count(*) > 1 ORDER BY r NULLS FIRST",
    "SELECT ID, {nested} FROM {t} ORDER BY ID",
    "WITH c AS (SELECT ID, {0} AS r FROM {t}) SELECT a.ID, b.r FROM c a JOIN c b ON a.r = b.r ORDER BY a.ID, b.r, b.ID",
    "SELECT ID, (SELECT count(*) FROM {t} i WHERE i.X = {0}) FROM {t} ORDER BY ID",
    "SELECT DISTINCT {0} AS r FROM {t} UNION ALL SELECT {1} FROM {t} WHERE ID < 3 ORDER BY r NULLS FIRST",
    "SELECT ID, sum(length({0})) OVER (ORDER BY ID) FROM {t} ORDER BY ID",
    "SELECT count(*) FROM {t} WHERE {0} = {1}",
)
PROMPTS = ("X", "X || 'b'", "'c' || X")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("passes")
    bench = open_bench(folder, FakeBackend())
    bench.settings["reads_cache"] = False
    yield bench
    close_bench(bench)


def plain(prompt: str) -> str:
    """What a call comes to in plain SQL: the fake model says the prompt in upper case."""
    return f"upper(CAST({prompt} AS VARCHAR))"


def written(shape: str, table: str) -> tuple[str, tuple[Call, ...], str]:
    """The query with calls, its calls, and the same query in plain SQL."""
    made = [call(site, prompt) for site, prompt in enumerate(PROMPTS)]
    outer, outer_call = call(9, f"{made[0][0]} || 'c'")
    sql = shape.format(*(one[0] for one in made), nested=outer, t=table)
    reference = shape.format(*(plain(prompt) for prompt in PROMPTS), nested=plain(f"{plain('X')} || 'c'"), t=table)
    return sql, (*(one[1] for one in made), outer_call), reference


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=ROWS, shape=st.sampled_from(SHAPES), group=st.sampled_from([1, 3, 64]))
def test_passes_give_what_plain_sql_gives(shared: Bench, values: list[str | None], shape: str, group: int) -> None:
    shared.make("T", (Column("ID", number()), Column("X", text())), list(enumerate(values)))
    sql, calls, reference = written(shape, shared.table("T"))
    wanted = shared.cursor.execute(reference).fetchall()
    before, generation.GROUP_ROWS = generation.GROUP_ROWS, group
    shared.backend.asked.clear()
    try:
        work = shared.work()
        got = work.passes.table(Query(sql, (), calls)).to_pylist()
        asked = list(shared.backend.asked)
        single = shared.work()
        at_once = single.passes.at_once(
            Query(sql, (), calls), lambda text: single.cursor.execute(text).to_arrow_table()
        ).to_pylist()
    finally:
        generation.GROUP_ROWS = before
    assert [tuple(row.values()) for row in got] == wanted
    assert [tuple(row.values()) for row in at_once] == wanted
    assert len(asked) == len(set(asked)), "an equal question was asked twice"
    assert work.batcher.account.usage.distinct == len(set(asked))
    assert None not in asked


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=ROWS)
def test_only_needed_branches_are_asked(shared: Bench, values: list[str | None]) -> None:
    shared.make("T", (Column("ID", number()), Column("X", text())), list(enumerate(values)))
    shape = "SELECT CASE WHEN {0} = 'A' THEN {1} ELSE {2} END FROM {t} ORDER BY ID"
    sql, calls, _ = written(shape, shared.table("T"))
    shared.backend.asked.clear()
    shared.work().passes.table(Query(sql, (), calls))
    given_values = [value for value in values if value is not None]
    needed = set(given_values)
    needed |= {value + "b" for value in given_values if value == "a"}
    needed |= {"c" + value for value in given_values if value != "a"}
    assert set(shared.backend.asked) == needed
