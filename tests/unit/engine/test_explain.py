"""EXPLAIN foresees what a query would ask, and asks nothing."""

from __future__ import annotations

from typing import Any

import pytest
from engine_bench import FakeBackend

from sapwood.engine.session import Session

ASK = "snowflake.cortex.complete('echo', 'Is this the same beginning of each prompt? ' || x)"
SHARED = len("Is this the same beginning of each prompt? ")


@pytest.fixture
def rows(session: Session) -> Session:
    session.execute(
        "create table t as select seq4() as id, char(97 + mod(seq4(), 10)) as x from table(generator(rowcount => 50))"
    )
    return session


def steps(session: Session, query: str) -> list[dict[str, Any]]:
    (result,) = session.execute(f"explain {query}")
    return [row for row in result.table.to_pylist() if row["operation"] == "ModelCall"]


def test_calls_distinct_requests_and_tokens_are_foreseen(rows: Session, backend: FakeBackend) -> None:
    (step,) = steps(rows, f"select {ASK} from t where id < 40")
    assert (step["calls"], step["distinctRequests"], step["cachedRequests"]) == (40, 10, 0)
    assert step["tokensAsked"] == 10 * (SHARED + 1), "the fake model has a token a character"
    assert step["tokensComputed"] == SHARED + 10, "all but the first have their last character alone"
    assert (step["objects"], step["seconds"], step["cost"]) == ("echo", None, 0.0)
    assert backend.asked == []


def test_what_is_known_costs_nothing_and_the_rest_takes_as_long_as_before(rows: Session) -> None:
    rows.execute(f"select {ASK} from t where x < 'd'")
    (step,) = steps(rows, f"select {ASK} from t")
    assert (step["distinctRequests"], step["cachedRequests"]) == (10, 3)
    assert step["tokensAsked"] == 7 * (SHARED + 1)
    assert step["seconds"] == pytest.approx(7 * 0.5), "the fake model takes half a second"


def test_calls_behind_a_condition_are_counted_as_if_it_were_true(rows: Session) -> None:
    query = f"select {ASK} from t where {ASK} <> 'A' and snowflake.cortex.complete('echo', x || id) <> 'B' and id < 20"
    assert [step["calls"] for step in steps(rows, query)] == [20, 20, 20]


def test_an_endpoint_has_its_price(rows: Session) -> None:
    query = "select snowflake.cortex.complete('remote', [{'role': 'user', 'content': x}], {'max_tokens': 10}) from t"
    (step,) = steps(rows, query)
    assert step["cost"] == pytest.approx(10 * (1 * 1000 + 10 * 5000) / 1e6)


def test_the_vendors_columns_come_first(rows: Session) -> None:
    (result,) = rows.execute("explain select id from t")
    assert result.table.column_names[:10] == (
        [
            "step",
            "id",
            "parentOperators",
            "operation",
            "objects",
            "alias",
            "expressions",
            "partitionsTotal",
            "partitionsAssigned",
            "bytesAssigned",
        ]
    )
    assert result.table.column("operation").to_pylist() == ["GlobalStats", "Result", "TableScan"]
