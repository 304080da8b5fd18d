"""Clients whose server is killed and comes back at the same address: they go on, and nothing that they sent runs twice."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kill_bench import kill
from raw_client import RawClient
from wire_bench import ClientPython, Server, environment, start_server

SLOW = "insert into half select snowflake.cortex.complete('mistral-7b', '#sleep: 60000\\n')"


class Phoenix:
    """A server that can be killed and started again at its address."""

    def __init__(self, data: Path) -> None:
        self.server = start_server(data)

    def restart(self) -> None:
        kill(self.server)
        self.rise()

    def rise(self) -> None:
        self.server = start_server(self.server.data, "--port", str(self.server.port))


@pytest.fixture(scope="module")
def phoenix(tmp_path_factory: pytest.TempPathFactory) -> Generator[Phoenix]:
    phoenix = Phoenix(tmp_path_factory.mktemp("phoenix") / "data")
    yield phoenix
    kill(phoenix.server)


WORK = """
import pathlib, time
from decimal import Decimal
place = pathlib.Path({place!r})
connection = connect(session_parameters={{"QUERY_TAG": "before the kill"}})
cursor = connection.cursor()
cursor.execute("create or replace schema {schema}")
cursor.execute("create or replace table kept (a int)")
cursor.execute("set (price, word) = (1.50, 'oak')")
cursor.execute("insert into kept values (1)")
(place / "ready").touch()
while not (place / "killed").exists():
    time.sleep(0.05)
cursor.execute("insert into kept values (2)")
out["kept"] = cursor.execute("select a from kept order by a").fetchall()
out["told"] = cursor.execute("select $price, $word, current_schema()").fetchone()
out["tag"] = cursor.execute("show parameters like 'query_tag'").fetchone()[1]
connection.close()
"""


@pytest.mark.parametrize("is_expired", [False, True], ids=["token alive", "token expired"])
def test_clients_do_not_notice(phoenix: Phoenix, is_expired: bool, tmp_path: Path) -> None:
    """Their statements are sent while nobody listens; an expired token is renewed with the master token."""
    places = {name: tmp_path / name for name in ("connector4", "connector5")}
    found: dict[str, Any] = {}
    works = [threading.Thread(target=run, args=(phoenix.server, name, place, found)) for name, place in places.items()]
    for work, place in zip(works, places.values(), strict=True):
        environment(place.name)
        place.mkdir()
        work.start()
    wait_for(*(place / "ready" for place in places.values()))
    kill(phoenix.server)
    if is_expired:
        with closing(sqlite3.connect(phoenix.server.data / "catalog.sqlite")) as catalog, catalog:
            catalog.execute("UPDATE client_sessions SET token_until = 0 WHERE agent LIKE 'PythonConnector%'")
    for place in places.values():
        (place / "killed").touch()
    phoenix.rise()
    for work in works:
        work.join(timeout=100)
    expected = {"kept": [[1], [2]], "tag": "before the kill"}
    assert found == {name: {**expected, "told": ["1.50", "oak", name.upper()]} for name in places}


def run(server: Server, name: str, place: Path, found: dict[str, Any]) -> None:
    found[name] = ClientPython(name, server).run(WORK.format(place=str(place), schema=name))


def wait_for(*files: Path) -> None:
    deadline = time.monotonic() + 60
    while not all(file.exists() for file in files):
        assert time.monotonic() < deadline, f"not there: {files}"
        time.sleep(0.05)


# By hand -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Before:
    """Sessions that were open when the server was killed, and what they had got."""

    free: RawClient
    temporary: RawClient
    open: RawClient
    inserted: Any
    selected: Any


@pytest.fixture(scope="module")
def before(phoenix: Phoenix) -> Generator[Before]:
    """One kill for all of the tests below."""
    free, temporary, opened = (RawClient(phoenix.server) for _ in range(3))
    free.query("create or replace table once (a int)")
    free.query("create or replace table half (a varchar)")
    temporary.query("create temporary table mine (a int)")
    opened.query("begin")
    inserted = free.query("insert into once values (1)", request_id="an insert")
    selected = free.query("select seq4() as n from table(generator(rowcount => 20000))", request_id="a query")
    free.query(SLOW, request_id="a change", asyncExec=True)
    time.sleep(0.5)
    phoenix.restart()
    before = Before(free, temporary, opened, inserted, selected)
    yield before
    for each in (free, temporary, opened):
        each.http.close()


def test_a_statement_that_was_acknowledged_does_not_run_twice(before: Before) -> None:
    again = before.free.query("insert into once values (1)", request_id="an insert")
    assert (again["success"], again["data"]["queryId"]) == (True, before.inserted["data"]["queryId"])
    assert before.free.rows("delete from once") == [["1"]]


def test_a_change_that_was_interrupted_is_told(before: Before) -> None:
    change = before.free.query(SLOW, request_id="a change")
    assert (change["success"], change["code"]) == (False, "000604")
    assert "not known whether it took effect" in change["message"]
    assert before.free.rows("delete from half") == [["0"]]


def test_a_query_just_runs_again(before: Before) -> None:
    again = before.free.query("select 1 as a", request_id="a query")
    assert (again["data"]["total"], again["data"]["queryId"] == before.selected["data"]["queryId"]) == (1, False)


@pytest.mark.parametrize("bound", ["temporary", "open"])
def test_a_session_with_what_a_restart_ends_is_over(before: Before, bound: str) -> None:
    """It must not go on as if its temporary table or its transaction had never been."""
    answer = getattr(before, bound).query("commit")
    assert (answer["success"], answer["code"]) == (False, "390111")
    assert "temporary objects or an open transaction" in answer["message"]


def test_a_result_is_fetched_to_its_end(before: Before) -> None:
    (chunk,) = before.selected["data"]["chunks"]
    got = before.free.http.get(chunk["url"], headers=before.selected["data"]["chunkHeaders"])
    assert len(got.content) == chunk["uncompressedSize"]


def test_a_server_that_is_stopped_and_started_knows_its_sessions(phoenix: Phoenix) -> None:
    raw, left = RawClient(phoenix.server), RawClient(phoenix.server)
    left.close()
    assert phoenix.server.stop() == 0
    assert phoenix.server.process.stdout is not None
    phoenix.server.process.stdout.close()
    phoenix.rise()
    assert raw.query("select 1")["success"]
    assert raw.post("/queries/v1/query-request", {"sqlText": "select 1"}, token=left.token)["code"] == "390111"
    raw.close()
