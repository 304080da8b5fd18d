"""The protocol's edges, by plain HTTP: bodies, tokens, repeated requests, polling, abort, other users' results."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from raw_client import RawClient, headers
from wire_bench import PASSWORD, Server, start_server

SLOW = "select snowflake.cortex.complete('mistral-7b', '#sleep: {}\\n{}')"


@pytest.fixture
def raw(server: Server) -> Generator[RawClient]:
    client = RawClient(server)
    yield client
    client.close()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server whose requests wait a moment only, and that stops soon."""
    data = tmp_path_factory.mktemp("impatient") / "data"
    server = start_server(data, "--set", "server.wait_s=0.2", "--set", "server.grace_s=1")
    yield server
    server.stop()
    assert server.process.stdout is not None
    server.process.stdout.close()


def test_bodies_may_be_packed_and_paths_may_have_double_slashes(raw: RawClient) -> None:
    body = gzip.compress(json.dumps({"sqlText": "select 1 as a", "describeOnly": True}).encode())
    packed = {**headers(raw.token), "content-encoding": "gzip"}
    address = f"{raw.http.base_url}/queries//v1/query-request?requestId={uuid.uuid4()}"
    answer = raw.http.post(address, content=body, headers=packed).json()
    assert answer["success"] and [each["name"] for each in answer["data"]["rowtype"]] == ["A"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"sqlText": 5}', b'{"sqlText": null}', b"\xff\xfe", b'{"a":' * 20_000, b"[" * 100_000],
    ids=range(9),
)  # fmt: skip
def test_a_body_that_is_none_is_an_answer_not_a_failure(raw: RawClient, body: bytes) -> None:
    for path in ("/queries/v1/query-request?requestId=x", "/session/v1/login-request", "/queries/v1/abort-request"):
        response = raw.http.post(path, content=body, headers=headers(raw.token))
        assert response.status_code == 200
        assert response.json()["success"] is False


def test_a_packed_body_that_grows_without_end_is_refused(raw: RawClient) -> None:
    bomb = gzip.compress(b" " * 300_000_000, compresslevel=1)
    packed = {**headers(raw.token), "content-encoding": "gzip"}
    response = raw.http.post("/queries/v1/query-request?requestId=x", content=bomb, headers=packed)
    assert (response.status_code, response.json()["code"]) == (200, "390400")


def test_nothing_is_served_without_a_session(server: Server) -> None:
    query = uuid.uuid4()
    for method, path in (
        ("POST", f"/queries/v1/query-request?requestId={query}"),
        ("GET", f"/queries/{query}/result"),
        ("GET", f"/monitoring/queries/{query}"),
        ("POST", f"/queries/{query}/abort-request"),
        ("POST", "/queries/v1/abort-request"),
        ("POST", "/session/heartbeat"),
        ("POST", "/session?delete=true"),
        ("POST", "/session/token-request"),
    ):
        for shown in ({}, headers("guess")):
            answer = httpx.request(method, server.url + path, headers=shown, trust_env=False).json()
            assert (answer["success"], answer["code"][:4]) == (False, "3901"), path


def test_a_renewed_session_has_new_tokens_and_the_old_ones_are_worth_nothing(raw: RawClient) -> None:
    old, master = raw.token, raw.master
    answer = raw.post("/session/token-request", {"oldSessionToken": old, "requestType": "RENEW"}, token=master)
    raw.token, raw.master = answer["data"]["sessionToken"], answer["data"]["masterToken"]
    assert raw.query("select 1")["success"]
    assert raw.post("/session/heartbeat", token=old)["code"] == "390111"
    assert raw.post("/session/token-request", {}, token=master)["code"] == "390114"


def test_a_request_that_is_repeated_runs_once(raw: RawClient) -> None:
    raw.query("create or replace temporary table repeated (a int)")
    request = str(uuid.uuid4())
    first, second = (raw.query("insert into repeated values (1)", request_id=request) for _ in range(2))
    assert first["data"]["queryId"] == second["data"]["queryId"]
    assert raw.query("delete from repeated")["data"]["rowset"] == [["1"]]


def test_a_long_statement_is_asked_for_again_until_it_is_done(impatient: Server) -> None:
    raw = RawClient(impatient)
    answer = raw.query(SLOW.format(900, "a"))
    assert answer["code"] == "333333"
    codes: list[str | None] = []
    while answer["code"] is not None:
        answer = raw.get(answer["data"]["getResultUrl"])
        codes.append(answer["code"])
    assert "333333" in codes
    assert answer["success"] and answer["data"]["total"] == 1
    raw.close()


def test_a_statement_is_aborted_by_its_request_id(impatient: Server) -> None:
    raw = RawClient(impatient)
    request = str(uuid.uuid4())
    answer = raw.query(SLOW.format(60_000, "b"), request_id=request)
    assert raw.post("/queries/v1/abort-request", {"requestId": request})["success"]
    answer = raw.get(answer["data"]["getResultUrl"])
    assert (answer["code"], answer["data"]["sqlState"]) == ("000604", "57014")
    assert raw.post("/queries/v1/abort-request", {"requestId": "unknown"})["code"] == "000605"
    raw.close()


def test_a_statement_that_waits_for_its_turn_can_be_aborted_too(impatient: Server) -> None:
    raw = RawClient(impatient)
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    raw.query(SLOW.format(60_000, "c"), request_id=first)
    waiting = raw.query("create table never_made (a int)", request_id=second)
    raw.http.post("/queries/v1/abort-request", json={"requestId": first}, headers=headers(raw.token))
    assert waiting["code"] == "333333"
    raw.close()


def test_the_end_of_a_session_ends_what_it_runs(impatient: Server) -> None:
    raw = RawClient(impatient)
    query = raw.query(SLOW.format(60_000, "d"), asyncExec=True)["data"]["queryId"]
    raw.close()
    other = RawClient(impatient)
    assert other.get(f"/monitoring/queries/{query}")["data"]["queries"][0]["status"] == "FAILED_WITH_ERROR"
    other.close()


def test_another_users_result_does_not_exist(server: Server, raw: RawClient) -> None:
    password = "Moss-On-Stone-3"
    assert raw.query(f"create or replace user eve password = '{password}'")["success"]
    large = raw.query("select seq4() as n from table(generator(rowcount => 20000))")["data"]
    eve = RawClient(server, "EVE", password)
    query = large["queryId"]
    assert eve.get(f"/queries/{query}/result")["code"] == "000612"
    assert eve.get(f"/monitoring/queries/{query}")["data"]["queries"] == []
    assert eve.post(f"/queries/{query}/abort-request")["code"] == "000605"
    assert not eve.query(f"select * from table(result_scan('{query}'))")["success"]
    (chunk,) = large["chunks"]
    assert eve.http.get(chunk["url"]).status_code == 403
    assert eve.http.get(chunk["url"], headers=headers(eve.token)).status_code == 403
    assert eve.http.get(chunk["url"], headers=large["chunkHeaders"]).status_code == 200
    eve.close()


def test_a_result_outlives_a_client_that_stops_reading(raw: RawClient) -> None:
    """20 MB, of which somebody reads the beginning, and the rest when others have read it all and gone on."""
    text = "select seq4() as n, repeat('x', 200) || seq4() as t from table(generator(rowcount => 100000))"
    data = raw.query(text)["data"]
    (chunk,) = data["chunks"]
    with raw.http.stream("GET", chunk["url"], headers=data["chunkHeaders"]) as slow:
        pieces = slow.iter_raw()
        begun = next(pieces)
        whole = httpx.get(chunk["url"], headers=data["chunkHeaders"]).content
        assert raw.rows("show variables") == []
        assert len(whole) == chunk["uncompressedSize"] > 20_000_000
        assert begun + b"".join(pieces) == whole


def test_health_and_measures_are_there_for_everybody(server: Server, raw: RawClient) -> None:
    raw.query("select 1")
    assert httpx.get(server.url + "/healthz", trust_env=False).json()["status"] == "ok"
    text = httpx.get(server.url + "/metrics", trust_env=False).text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values['sapwood_statements_total{outcome="ok"}']) >= 1
    assert float(values["sapwood_sessions"]) >= 1


def test_the_log_names_each_statement_and_no_text(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    raw = RawClient(server)
    query = raw.query("select 'a secret' as a")["data"]["queryId"]
    raw.close()
    assert server.stop() == 0
    assert server.process.stdout is not None
    server.process.stdout.close()
    log = (tmp_path / "data" / "server.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    (line,) = [line for line in lines if line.get("query_id") == query]
    assert (line["user"], line["outcome"], line["rows"]) == ("ADMIN", "ok", 1)
    assert "secret" not in log and PASSWORD not in log


def test_a_stopping_server_gives_statements_their_time_and_then_an_error(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data", "--set", "server.grace_s=1")
    raw = RawClient(server)
    query = raw.query(SLOW.format(60_000, "e"), asyncExec=True)["data"]["queryId"]
    raw.http.close()
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 15
    assert server.process.stdout is not None
    server.process.stdout.close()
    again = start_server(tmp_path / "data")
    other = RawClient(again)
    assert other.get(f"/queries/{query}/result")["code"] == "000604"
    other.close()
    assert again.stop() == 0
    assert again.process.stdout is not None
    again.process.stdout.close()
