"""What somebody would try who means harm, by plain HTTP; all of it must fail, and leave no trace of a secret."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from raw_client import RawClient
from wire_bench import PASSWORD, Server

from sapwood.credentials import read_public_key

WORD = "mallory's-own-password"
KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = read_public_key(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
QUOTED = WORD.replace("'", "''")


@pytest.fixture(scope="module")
def admin(server: Server) -> Iterator[RawClient]:
    made = RawClient(server)
    made.query("create or replace table loot (secret varchar)")
    made.query("insert into loot values ('the treasure')")
    made.query(
        f"create or replace user mallory password = '{QUOTED}' rsa_public_key = '{PUBLIC.text}' default_secondary_roles = ()"
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def mallory(server: Server, admin: RawClient) -> Iterator[RawClient]:
    """A user with no grant at all."""
    made = RawClient(server, "MALLORY", WORD)
    yield made
    made.close()


def log_in(server: Server, user: str, **more: str) -> dict[str, Any]:
    body = {"data": {"LOGIN_NAME": user, **more}}
    return httpx.post(f"{server.url}/session/v1/login-request", json=body, timeout=60).json()


def failed(answer: dict[str, Any]) -> str:
    """The code of an answer that must be a failure and must not tell of the server's inside."""
    assert answer["success"] is False
    assert "Traceback" not in answer["message"]
    assert "the treasure" not in str(answer)
    return str(answer["code"])


# Logins --------------------------------------------------------------------------------------------------------------


def signed(key: Any = KEY, algorithm: str = "RS256", **claims: Any) -> str:
    now = int(time.time())
    standard = {"iss": f"SAPWOOD.MALLORY.{PUBLIC.fingerprint}", "sub": "SAPWOOD.MALLORY", "iat": now, "exp": now + 60}
    return jwt.encode({**standard, **claims}, key, algorithm=algorithm)


def test_the_real_key_opens(server: Server, mallory: RawClient) -> None:
    assert log_in(server, "MALLORY", AUTHENTICATOR="SNOWFLAKE_JWT", TOKEN=signed())["success"]


FORGED = {
    "expired": lambda: signed(iat=1, exp=2),
    "another key": lambda: signed(rsa.generate_private_key(65537, 2048)),
    "no signature": lambda: signed("", "none"),
    "somebody else": lambda: signed(iss=f"SAPWOOD.ADMIN.{PUBLIC.fingerprint}", sub="SAPWOOD.ADMIN"),
    "cut off": lambda: signed().rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_token_opens_nothing(server: Server, mallory: RawClient, kind: str) -> None:
    assert failed(log_in(server, "", AUTHENTICATOR="SNOWFLAKE_JWT", TOKEN=FORGED[kind]())) == "390144"
    refused = httpx.get(f"{server.url}/api/v2/cortex/models", headers={"Authorization": f"Bearer {FORGED[kind]()}"})
    assert refused.status_code == 401


@pytest.mark.parametrize("user", ["NOBODY", "MALLORY", "x' OR '1'='1", "ADMIN\0", "A" * 100_000, ""])
def test_a_wrong_password_tells_nothing_of_the_user(server: Server, mallory: RawClient, user: str) -> None:
    answer = log_in(server, user, PASSWORD="wrong password")
    assert (failed(answer), answer["message"]) == ("390100", "Incorrect username or password was specified.")


def test_who_keeps_guessing_has_to_wait(server: Server, admin: RawClient) -> None:
    admin.query("create or replace user victim password = 'the right password'")
    for guess in range(9):
        failed(log_in(server, "VICTIM", PASSWORD=f"guess {guess}"))
    assert failed(log_in(server, "VICTIM", PASSWORD="the right password")) == "390100"


# Sessions and results ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ['Snowflake Token="{}"', "Bearer {}", "Basic {}", "{}", 'Snowflake Token="{}" x'])
@pytest.mark.parametrize("token", ["", "x", "None", "../../x", "a" * 500])
def test_no_token_no_answer(server: Server, scheme: str, token: str) -> None:
    headers = {"Authorization": scheme.format(token).strip()}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as http:
        failed(http.post("/queries/v1/query-request", json={"sqlText": "select * from loot"}).json())
        failed(http.post("/session/token-request", json={"requestType": "RENEW"}).json())
        assert http.post("/api/v2/cortex/inference:complete", json={"model": "echo"}).status_code == 401


def test_a_stolen_query_id_is_worth_nothing(admin: RawClient, mallory: RawClient) -> None:
    query_id = admin.query("select * from loot")["data"]["queryId"]
    assert admin.get(f"/queries/{query_id}/result")["success"]
    failed(mallory.get(f"/queries/{query_id}/result"))
    assert "the treasure" not in str(mallory.get(f"/monitoring/queries/{query_id}"))
    failed(mallory.query(f"select * from table(result_scan('{query_id}'))"))
    mallory.post(f"/queries/{query_id}/abort-request")
    chunk = mallory.http.get(f"/results/{query_id}/0", headers={"x-sapwood-key": "guess"})
    assert chunk.status_code in (403, 404)


def test_who_is_disabled_is_out_at_once(server: Server, admin: RawClient) -> None:
    admin.query("create or replace user guest password = 'a long password'")
    guest = RawClient(server, "GUEST", "a long password")
    assert guest.query("select 1")["success"]
    admin.query("alter user guest set disabled = true")
    assert failed(guest.query("select 1")) == "390111"
    assert guest.post("/api/v2/cortex/inference:complete", {"model": "echo"})["error_code"] == "390111"
    assert failed(log_in(server, "GUEST", PASSWORD="a long password")) == "390100"
    guest.http.close()


def test_one_users_temporary_tables_and_files_are_not_anothers(admin: RawClient, mallory: RawClient) -> None:
    admin.query("create or replace temporary table hidden as select 'the treasure' as a")
    failed(mallory.query("select * from cortex_finetuning_db.public.hidden"))
    assert mallory.rows("list @~") == []


# The machine behind --------------------------------------------------------------------------------------------------

FILES = [
    "select * from read_text('/etc/passwd')", "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "select * from glob('/*')",
    "select getenv('HOME')", "select * from duckdb_settings()", "attach '/tmp/x.db'", "copy loot to '/tmp/loot.csv'", "install httpfs",
    "load httpfs", "pragma database_list", "set enable_external_access = true; select 1", "export database '/tmp/x'",
    "create stage st url = 'file:///etc/'", "copy into loot from 'file:///etc/'", "list 'file:///etc/'", "list '/etc/'",
    "select $1 from 'file:///etc/passwd'", "list @~/../../..", "list @~/%2e%2e/%2e%2e", "remove @~/../..",
    "create function f() returns varchar language python as 'import os'", "call system('id')", "select sapwood_call('x', ['y'])",
    "select * from sqlite_master", "select * from information_schema.sqlite_master", "select system$cortex_finetune('CREATE')",
]  # fmt: skip
"""Statements that would reach files, other programs or the engine below."""


@pytest.mark.parametrize("sql", FILES)
def test_sql_reaches_no_file(admin: RawClient, sql: str) -> None:
    """Not even for ADMIN, over the wire."""
    answer = admin.query(sql, parameters={"MULTI_STATEMENT_COUNT": 0})
    assert "root:" not in str(answer)
    if (
        sql.startswith("list @~") and answer["success"]
    ):  # %2e is two letters and a digit here, and no such file is there
        assert answer["data"]["rowset"] == []
    elif sql.startswith("set "):  # a variable of that name opens nothing
        failed(admin.query("select * from read_text('/etc/passwd')"))
    elif sql.startswith("create stage"):  # a stage may be named, but not read
        failed(admin.query("list @st"))
    else:
        failed(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/results/../catalog.sqlite/0", "/results/%2e%2e%2fcatalog.sqlite/0", "/transfer/x/%2e%2e/%2e%2e/catalog.sqlite", "/transfer/../etc/passwd",
        "/..%2f..%2fetc/passwd", "/queries/%2e%2e/result", "/static/../../etc/passwd",
    ],
)  # fmt: skip
def test_no_address_climbs(mallory: RawClient, path: str) -> None:
    for method in ("GET", "PUT", "HEAD"):
        answer = mallory.http.request(method, path, headers={"authorization": f'Snowflake Token="{mallory.token}"'})
        assert answer.status_code in (400, 403, 404, 405) or method == "HEAD" or answer.json()["success"] is False
        assert b"root:" not in answer.content


@pytest.mark.parametrize(
    "sql", ["put 'file:///tmp/x' @~/../../admin", "get @~/../.. 'file:///tmp/'", "put 'file:///x' @loot"]
)
def test_no_stage_path_climbs(mallory: RawClient, sql: str) -> None:
    failed(mallory.query(sql))


# Too much and too slow -----------------------------------------------------------------------------------------------


def test_a_body_without_end_is_cut_off(server: Server, mallory: RawClient) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"data": {"LOGIN_NAME": "'
        for _ in range(4096):
            yield b"A" * 65_536

    try:
        answer = httpx.post(f"{server.url}/session/v1/login-request", content=endless(), timeout=60)
        failed(answer.json())
    except httpx.TransportError:
        pass  # cut off while it was still being sent
    assert mallory.query("select 1")["success"]


@pytest.mark.parametrize(
    "sql", ["select " + "(" * 5000 + "1" + ")" * 5000, "select 1" + " + 1" * 20_000, "select '" + "x" * 300_000]
)
def test_a_monstrous_statement_is_an_answer(mallory: RawClient, sql: str) -> None:
    answer = mallory.query(sql)
    assert answer["success"] or failed(answer)
    assert mallory.query("select 1")["success"]


def test_a_crowd_that_never_finishes_its_request_stops_nobody(server: Server, mallory: RawClient) -> None:
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for index, each in enumerate(crowd):
            each.sendall(b"POST /session/v1/login-request HTTP/1.1\r\nHost: x\r\n" if index % 2 else b"G")
        started = time.monotonic()
        assert mallory.query("select 1")["success"]
        assert time.monotonic() - started < 5
    finally:
        for each in crowd:
            each.close()


# Secrets -------------------------------------------------------------------------------------------------------------


def test_no_secret_is_written_down(server: Server, admin: RawClient, mallory: RawClient) -> None:
    admin.query("alter user mallory remove pat spare")
    token = admin.rows("alter user mallory add pat spare")[0][1]
    failed(admin.query(f"alter user nobody set password = '{QUOTED}'"))
    failed(admin.query(f"create user broken password '{QUOTED}'"))
    secrets = [PASSWORD, WORD, QUOTED, str(token), mallory.token, mallory.master]
    kept = b"".join(file.read_bytes() for file in sorted(server.data.rglob("*")) if file.is_file())
    assert [secret for secret in secrets if secret.encode() in kept] == []
