"""Sessions and their tokens: found, renewed, expired, ended; statements one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sapwood.engine.binds import Binds
from sapwood.engine.result import OnText, Result
from sapwood.server.authentication import Principal
from sapwood.server.client_program import read_client
from sapwood.server.sessions import (
    MASTER_S,
    SESSION_S,
    Line,
    MasterExpiredError,
    SessionExpiredError,
    SessionGoneError,
    Sessions,
)  # fmt: skip
from sapwood.store.catalog import Catalog


class FakeState:
    id, database, schema, warehouse, role = "7", None, None, None, "PUBLIC"


class FakeEngine:
    """A session of the engine that remembers whether it was closed."""

    def __init__(self) -> None:
        self.state = FakeState()
        self.is_closed = False
        self.remembered: dict[str, Any] | None = {"role": "PUBLIC"}

    def execute(
        self,
        text: str,
        *,
        describe_only: bool = False,
        query_id: str | None = None,
        binds: Binds | None = None,
        on_text: OnText | None = None,
    ) -> list[Result]:
        return []

    def read(self, text: str) -> pa.Table:
        return pa.table({})

    def with_parameters(self, values: Mapping[str, Any]) -> AbstractContextManager[None]:
        return nullcontext()

    def parameter(self, name: str) -> Any:
        return "ARROW"

    def set_parameters(self, values: Mapping[str, Any]) -> None: ...

    def fork(self) -> None:
        return None

    def memory(self) -> dict[str, Any] | None:
        return self.remembered

    def cancel(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pool() -> Generator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path, clock: Clock) -> Generator[Catalog]:
    catalog = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite", clock=lambda: int(clock() * 1000))
    yield catalog
    catalog.close()


@pytest.fixture
def restart(pool: ThreadPoolExecutor, clock: Clock, catalog: Catalog) -> Callable[[], Sessions]:
    """The sessions of one more process."""
    return lambda: Sessions(pool, catalog, lambda principal, identity, memory: FakeEngine(), clock)


@pytest.fixture
def sessions(restart: Callable[[], Sessions]) -> Sessions:
    return restart()


def test_a_token_finds_its_session_until_it_ends(sessions: Sessions) -> None:
    engine = FakeEngine()
    session, tokens = sessions.open(engine, Principal("ADMIN", "PUBLIC"), read_client("x"))
    assert sessions.find(tokens.session) is session
    for wrong in (tokens.master, "", "guess"):
        with pytest.raises(SessionGoneError):
            sessions.find(wrong)
    sessions.end(session)
    assert engine.is_closed
    with pytest.raises(SessionGoneError):
        sessions.find(tokens.session)


def test_a_token_expires_and_the_master_token_gives_new_ones_once(sessions: Sessions, clock: Clock) -> None:
    session, first = sessions.open(FakeEngine(), Principal("ADMIN", "PUBLIC"), read_client("x"))
    clock.now += SESSION_S + 1
    with pytest.raises(SessionExpiredError):
        sessions.find(first.session)
    again, second = sessions.renew(first.master)
    assert again is session
    assert sessions.find(second.session) is session
    with pytest.raises(MasterExpiredError):
        sessions.renew(first.master)
    with pytest.raises(MasterExpiredError):
        sessions.renew(second.session)


def test_a_session_nobody_asks_for_ends(sessions: Sessions, clock: Clock) -> None:
    engine = FakeEngine()
    session, tokens = sessions.open(engine, Principal("ADMIN", "PUBLIC"), read_client("x"))
    clock.now += MASTER_S - 1
    sessions.touch(session)
    clock.now += MASTER_S + 1
    with pytest.raises(MasterExpiredError):
        sessions.renew(tokens.master)
    sessions.open(FakeEngine(), Principal("ADMIN", "PUBLIC"), read_client("x"))
    assert engine.is_closed


def test_tokens_are_not_kept_as_they_are(sessions: Sessions) -> None:
    session, tokens = sessions.open(FakeEngine(), Principal("ADMIN", "PUBLIC"), read_client("x"))
    assert tokens.session not in repr(session) and tokens.session not in repr(tokens)
    assert tokens.session.encode() not in (session.token_digest, session.master_digest)


def test_a_session_goes_on_after_a_restart(restart: Callable[[], Sessions], clock: Clock) -> None:
    before, principal = restart(), Principal("ANNA", "PUBLIC", is_by_token=True)
    session, tokens = before.open(FakeEngine(), principal, read_client("PythonConnector/4.8.1"))
    after = restart()
    resumed = after.find(tokens.session)
    assert (resumed.id, resumed.principal, resumed.client) == (session.id, principal, session.client)
    assert after.find(tokens.session) is resumed
    clock.now += SESSION_S + 1
    with pytest.raises(SessionExpiredError):
        restart().find(tokens.session)
    again, renewed = restart().renew(tokens.master)
    assert again.id == session.id
    with pytest.raises(SessionGoneError):
        restart().find(tokens.session)
    last = restart()
    last.end(last.find(renewed.session))
    with pytest.raises(SessionGoneError):
        restart().find(renewed.session)


def test_a_session_with_what_ends_with_the_process_does_not_go_on(restart: Callable[[], Sessions]) -> None:
    before, engine = restart(), FakeEngine()
    session, tokens = before.open(engine, Principal("ANNA", "PUBLIC"), read_client("x"))
    engine.remembered = None
    before.remember(session)
    with pytest.raises(SessionGoneError) as caught:
        restart().find(tokens.session)
    assert "temporary" in caught.value.hint
    engine.remembered = {"role": "PUBLIC"}
    before.remember(session)
    assert restart().find(tokens.session).id == session.id


def test_a_session_that_expired_is_not_kept(restart: Callable[[], Sessions], catalog: Catalog, clock: Clock) -> None:
    _, tokens = restart().open(FakeEngine(), Principal("ANNA", "PUBLIC"), read_client("x"))
    clock.now += MASTER_S + 1
    sessions = restart()
    with pytest.raises(MasterExpiredError):
        sessions.renew(tokens.master)
    sessions.open(FakeEngine(), Principal("BEN", "PUBLIC"), read_client("x"))
    with pytest.raises(SessionGoneError):
        restart().find(tokens.session)


def test_a_line_keeps_the_order(pool: ThreadPoolExecutor) -> None:
    line, seen, done = Line(pool), list[int](), threading.Event()
    for number in range(200):
        line.add(lambda number=number: seen.append(number))
    line.add(done.set)
    assert done.wait(10)
    assert seen == list(range(200))
