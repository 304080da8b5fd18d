"""Statements under way, seen from another session; and how they share the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from engine_bench import FakeBackend

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import CancelledError

ASK = "select snowflake.cortex.complete('echo', x) from t"


@contextmanager
def in_background(session: Session, backend: FakeBackend, rows: int) -> Generator[None]:
    """A statement of so many rows that runs for longer than the block, and is cancelled at its end."""
    session.execute(f"create or replace table t as select 'p' || seq4() as x from table(generator(rowcount => {rows}))")
    backend.seconds = 0.02

    def run() -> None:
        try:
            session.execute(ASK)
        except CancelledError:
            ended.set()

    ended = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    while len(backend.asked) < 5:
        time.sleep(0.01)
    yield
    started = time.monotonic()
    session.cancel()
    thread.join()
    assert ended.is_set(), "the statement was over before the block"
    assert time.monotonic() - started < 1, "cancel takes too long"


def test_progress_is_seen_from_another_session(session: Session, engine: Engine, backend: FakeBackend) -> None:
    other = engine.open_session()
    with in_background(session, backend, 2000):
        (progress,) = other.execute("select * from table(information_schema.query_progress())")
        (history,) = other.execute(
            "select query_text from table(information_schema.query_history()) where execution_status = 'RUNNING'"
        )
    (row,) = progress.table.to_pylist()
    assert 0 < row["DONE"] < row["TOTAL"] == 2000
    assert (row["MODEL_NAME"], row["USER_NAME"]) == ("echo", "ADMIN")
    assert 0 < row["SECONDS_LEFT"] < 600
    assert history.table.column("QUERY_TEXT").to_pylist() == [ASK]
    (left,) = other.execute("select count(*) as n from table(information_schema.query_progress())")
    assert left.table.to_pylist() == [{"N": 0}]


def test_a_small_statement_ends_while_a_large_one_runs(session: Session, engine: Engine, backend: FakeBackend) -> None:
    other = engine.open_session()
    with in_background(session, backend, 2000):
        started = time.monotonic()
        other.execute("select snowflake.cortex.complete('echo', 'small')")
        assert time.monotonic() - started < 2
