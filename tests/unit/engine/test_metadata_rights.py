"""What a role may not see is in no view of the catalogue, and its files are read by no query."""

from __future__ import annotations

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import Error, UnknownFunctionError, UnknownObjectError


@pytest.fixture
def stranger(engine: Engine, session: Session) -> Session:
    """A session of a role that may use the database and the schema, and nothing in it."""
    session.execute(
        "create table secret (a int comment 'b'); create view seen as select a from secret; create stage st; create sequence s;"
        "create file format f type = csv; create function plus1(a number) returns number as 'a + 1';"
        "create role guest; grant usage on database cortex_finetuning_db to role guest;"
        "grant usage on schema public to role guest; create user eve password = 'Correct-Horse-1' default_role = guest;"
        "grant role guest to user eve"
    )
    return engine.open_session(user="EVE", role="GUEST")


@pytest.mark.parametrize(
    "view", ["tables", "views", "columns", "stages", "file_formats", "functions", "sequences", "load_history"]
)
def test_views_hide_what_may_not_be_seen(stranger: Session, view: str) -> None:
    (result,) = stranger.execute(f"select * from information_schema.{view}")
    assert result.table.num_rows == 0


@pytest.mark.parametrize(
    "query",
    [
        "select $1 from @st",
        "select * from table(infer_schema(location => '@st', file_format => 'f'))",
        "select s.nextval",
        "select get_ddl('table', 'secret')",
        "select get_ddl('sequence', 's')",
        "select * from snowflake.account_usage.query_history",
    ],
)
def test_queries_know_nothing_of_it(stranger: Session, query: str) -> None:
    with pytest.raises(UnknownObjectError):
        stranger.execute(query)


def test_functions_are_unknown_without_a_grant(session: Session, stranger: Session) -> None:
    with pytest.raises(UnknownFunctionError):
        stranger.execute("select plus1(1)")
    session.execute("grant usage on function plus1(number) to role guest")
    assert stranger.execute("select plus1(1) as n")[0].table.column(0).to_pylist() == [2]


def test_the_history_holds_ones_own_statements_only(session: Session, stranger: Session) -> None:
    session.execute("select 'mine'")
    stranger.execute("select 'hers'")
    (result,) = stranger.execute("select query_text from table(information_schema.query_history())")
    assert result.table.column(0).to_pylist() == ["select 'hers'"]


def test_results_of_others_are_not_scanned(session: Session, stranger: Session) -> None:
    (result,) = session.execute("select 'mine'")
    with pytest.raises(Error, match="not found"):
        stranger.execute(f"select * from table(result_scan('{result.query_id}'))")
