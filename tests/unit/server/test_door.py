"""The owner's door and its client: results, progress, errors and cancel, by real HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

import httpx
import pyarrow as pa
import pytest

from sapwood.dialect.statements import Column
from sapwood.dialect.types import number
from sapwood.engine.result import Progress, Result, Usage
from sapwood.errors import CancelledError, DataDirectoryBusyError, UnknownObjectError
from sapwood.server.client import RemoteSession
from sapwood.server.door import Door

RESULT = Result(
    "qid", "select", (Column("N", number(5, 0)),), pa.table({"N": [1, 2]}), rowcount=2, usage=Usage(rows=2), notices=("note",), statement="s"
)  # fmt: skip
STEP = Progress("qid", "inference", "echo", 1, 2, 0, 3.5)


class FakeSession:
    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._tell = on_progress
        self._cancelled = threading.Event()

    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]:
        if text == "fail":
            error = UnknownObjectError("no such table")
            error.sfqid = "qid"
            raise error
        if text == "bug":
            raise ZeroDivisionError("oops")
        if text == "wait":
            assert self._cancelled.wait(10)
            raise CancelledError("SQL execution canceled")
        self._tell(STEP)
        return [RESULT]

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None: ...


@pytest.fixture
def door() -> Generator[Door]:
    door = Door(FakeSession, "secret")
    yield door
    door.close()


def test_a_result_and_its_progress_come_through(door: Door) -> None:
    steps: list[Progress] = []
    session = RemoteSession(door.address, "secret", steps.append)
    (result,) = session.execute("select 1")
    assert result.table.equals(RESULT.table)
    assert (result.columns, result.usage, result.notices) == (RESULT.columns, RESULT.usage, RESULT.notices)
    assert steps == [STEP]
    session.close()


def test_an_error_keeps_its_class_number_and_query_id(door: Door) -> None:
    session = RemoteSession(door.address, "secret")
    with pytest.raises(UnknownObjectError, match="no such table") as error:
        session.execute("fail")
    assert (error.value.errno, error.value.sqlstate, error.value.sfqid) == (2003, "42S02", "qid")
    session.close()


def test_a_defect_is_an_answer_too(door: Door) -> None:
    session = RemoteSession(door.address, "secret")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        session.execute("bug")
    session.close()


def test_another_thread_can_cancel(door: Door) -> None:
    session = RemoteSession(door.address, "secret")
    threading.Timer(0.2, session.cancel).start()
    with pytest.raises(CancelledError):
        session.execute("wait")
    session.close()


def test_nobody_gets_in_without_the_token(door: Door) -> None:
    with pytest.raises(DataDirectoryBusyError):
        RemoteSession(door.address, "guess")
    for path in ("/sessions", "/sessions/x/statements", "/sessions/x/cancel"):
        assert httpx.post(f"http://{door.address}{path}", json={"text": "select 1"}, trust_env=False).status_code == 403
