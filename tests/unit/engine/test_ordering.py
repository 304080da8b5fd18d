"""Parts of a condition that all ask a model: asked in the order that asks least, found on a sample."""

from __future__ import annotations

import pytest
from engine_bench import FakeBackend

from sapwood.engine.session import Session

ROWS = 1500
"""Rows that the cheap predicate lets through."""


def part(number: int) -> str:
    """A predicate that lets through the rows whose column `p<number>` begins with 'y'."""
    return f"left(snowflake.cortex.complete('echo', p{number} || '{number}' || id), 1) = 'Y'"


def table(session: Session, first: float, second: float) -> None:
    """Two columns of yes and no with these shares of yes, independent of each other."""
    yes = "iff(abs(hash(seq4(), {})) % 1000 < {}, 'y', 'n')"
    session.execute(
        f"create table t as select seq4() as id, {yes.format(1, first * 1000)} as p1, {yes.format(2, second * 1000)} as p2"
        f" from table(generator(rowcount => {2 * ROWS}))"
    )


def fewest(session: Session) -> int:
    """Calls of the better order: all rows ask the first part, those that it lets through the second one."""
    (counted,) = session.execute(f"select count_if(p1 = 'y'), count_if(p2 = 'y') from t where id < {ROWS}")
    return ROWS + min(int(value) for value in counted.table.to_pylist()[0].values())


@pytest.mark.parametrize("selectivity", [0.1, 0.3, 0.7, 0.9, 1.0])
def test_two_predicates_ask_at_most_a_twentieth_more_than_the_better_order(
    session: Session, backend: FakeBackend, selectivity: float
) -> None:
    table(session, selectivity, 0.5)
    least = fewest(session)
    (result,) = session.execute(f"select count(*) as n from t where id < {ROWS} and {part(1)} and {part(2)}")
    (wanted,) = session.execute(f"select count(*) as n from t where id < {ROWS} and p1 = 'y' and p2 = 'y'")
    assert result.table.to_pylist() == wanted.table.to_pylist()
    assert len(backend.asked) == len(set(backend.asked)), "a question was asked twice"
    assert len(backend.asked) <= 1.05 * least


def test_the_dearer_part_waits_even_if_it_is_the_stricter_one(session: Session, backend: FakeBackend) -> None:
    table(session, 0.5, 0.4)
    dear = part(2).replace("p2 ||", "p2 || repeat('x', 500) ||")
    session.execute(f"select count(*) from t where id < {ROWS} and {dear} and {part(1)}")
    dearest = sum(len(prompt) > 500 for prompt in backend.asked)
    assert dearest < 0.65 * ROWS, "asked of those that the other part let through, and of the sample"


def test_few_rows_are_asked_as_the_statement_is_written(session: Session, backend: FakeBackend) -> None:
    session.execute("create table t as select 1 as id, 'n' as p1, 'n' as p2")
    session.execute(f"select count(*) from t where {part(2)} and {part(1)}")
    assert backend.asked == ["n21"]


def test_an_update_learns_on_a_sample_that_changes_nothing(session: Session, backend: FakeBackend) -> None:
    table(session, 0.9, 0.1)
    (result,) = session.execute(f"update t set p1 = 'z' where id < {ROWS} and {part(1)} and {part(2)}")
    (wanted,) = session.execute("select count(*) from t where p1 = 'z'")
    assert result.rowcount == next(iter(wanted.table.to_pylist()[0].values())) > 0
    assert len(backend.asked) <= 1.25 * ROWS


@pytest.mark.parametrize(("share", "most"), [(0.5, 200), (0.05, 1200), (0.0, ROWS)])
def test_a_limit_stops_early(session: Session, backend: FakeBackend, share: float, most: int) -> None:
    table(session, share, 0.5)
    (result,) = session.execute(f"select id from t where id < {ROWS} and {part(1)} limit 10")
    (wanted,) = session.execute(f"select id from t where id < {ROWS} and p1 = 'y'")
    found, good = (each.table.column("ID").to_pylist() for each in (result, wanted))
    assert len(set(found)) == len(found) == min(10, len(good))
    assert set(found) <= set(good)
    assert len(backend.asked) == len(set(backend.asked)) <= most


def test_a_limit_further_in_is_full(session: Session, backend: FakeBackend) -> None:
    table(session, 0.5, 0.5)
    (result,) = session.execute(f"select count(*) as n from (select id from t where {part(1)} limit 10)")
    assert result.table.to_pylist() == [{"N": 10}]


def test_a_limit_with_a_call_behind_its_filter_asks_that_for_few_rows(session: Session, backend: FakeBackend) -> None:
    table(session, 1.0, 0.5)
    said = "snowflake.cortex.complete('echo', 'name ' || id)"
    (result,) = session.execute(f"select {said} as said from t where {part(1)} and {part(2)} limit 5")
    names = {prompt.upper() for prompt in backend.asked if prompt.startswith("name")}
    assert result.table.num_rows == 5
    assert set(result.table.column("SAID").to_pylist()) <= names
    assert len(names) < 5 + 5, "those of the first part of the rows, which were too few, and of the second"
