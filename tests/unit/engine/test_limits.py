"""Limits of what a statement may spend on models: it stops before them, and keeps what is finished."""

from __future__ import annotations

import pytest
from engine_bench import FakeBackend

from sapwood.engine.session import Session
from sapwood.errors import ProgrammingError, SpendingLimitError

ASK = "select snowflake.cortex.complete('{}', [{{'role': 'user', 'content': x}}], {{'max_tokens': 10}}) from t"
PROMPT = 5
"""Tokens of each prompt; the fake model answers in one."""


@pytest.fixture
def rows(session: Session) -> Session:
    session.execute("create table t as select 'say ' || seq4() as x from table(generator(rowcount => 10))")
    return session


def test_a_statement_stops_before_its_limit_of_tokens_and_goes_on_with_a_higher_one(
    rows: Session, backend: FakeBackend
) -> None:
    rows.execute("alter session set statement_token_limit = 40")
    with pytest.raises(SpendingLimitError, match="STATEMENT_TOKEN_LIMIT = 40"):
        rows.execute(ASK.format("echo"))
    asked = len(backend.asked)
    assert (asked - 1) * (PROMPT + 1) + PROMPT + 10 <= 40 < asked * (PROMPT + 1) + PROMPT + 10, "as many as surely fit"
    rows.execute("alter session set statement_token_limit = 1000")
    rows.execute(ASK.format("echo"))
    assert len(backend.asked) == len(set(backend.asked)) == 10, "finished rows are not asked again"


def test_what_is_found_costs_nothing(rows: Session, backend: FakeBackend) -> None:
    rows.execute(ASK.format("echo"))
    rows.execute("alter session set statement_token_limit = 1")
    (result,) = rows.execute(ASK.format("echo"))
    assert (result.rowcount, len(backend.asked)) == (10, 10)


def test_a_statement_stops_before_its_limit_of_money(rows: Session, backend: FakeBackend) -> None:
    rows.execute("alter session set statement_cost_limit = 0.1")
    with pytest.raises(SpendingLimitError, match=r"STATEMENT_COST_LIMIT = 0\.1"):
        rows.execute(ASK.format("remote"))
    each, most = (PROMPT * 1000 + 5000) / 1e6, (PROMPT * 1000 + 50_000) / 1e6
    asked = len(backend.asked)
    assert (asked - 1) * each + most <= 0.1 < asked * each + most


def test_local_models_cost_no_money(rows: Session) -> None:
    rows.execute("alter session set statement_cost_limit = 0.0001")
    (result,) = rows.execute(ASK.format("echo"))
    assert result.rowcount == 10


def test_a_fraction_is_no_number_of_tokens(session: Session) -> None:
    with pytest.raises(ProgrammingError, match=r"invalid value \[0\.5\] for parameter 'STATEMENT_TOKEN_LIMIT'"):
        session.execute("alter session set statement_token_limit = 0.5")
