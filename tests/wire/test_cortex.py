"""The Cortex REST API by the `openai` client and by raw requests, with the users and grants of SQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from raw_client import RawClient
from wire_bench import PASSWORD, Server, pasted

ASK = {"model": "echo", "messages": [{"content": "hello there"}]}
COMPLETE = "/api/v2/cortex/inference:complete"
JSON = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """An access token of ADMIN."""
    admin = RawClient(server)
    admin.query("alter user remove pat rest")
    secret = str(admin.rows("alter user add programmatic access token rest")[0][1])
    admin.close()
    return secret


@pytest.fixture
def client(server: Server, token: str) -> Iterator[openai.OpenAI]:
    """The client that the server prints."""
    made: dict[str, Any] = {}
    exec(pasted(server, "openai").replace(PASSWORD, token), made)
    with made["client"].with_options(max_retries=0) as client:
        yield client


def post(server: Server, token: str, path: str = COMPLETE, **body: Any) -> httpx.Response:
    return httpx.post(
        f"{server.url}{path}", json={**ASK, **body}, headers={"Authorization": f"Bearer {token}"}, timeout=60
    )


def test_openais_client_is_answered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "hello there"}])
    assert answer.choices[0].message.content == "hello there"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_openais_client_streams(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="echo",
        messages=[{"role": "user", "content": "hello there"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert [word for word in said if word] == ["hello ", "there"]
    assert chunks[-1].usage is not None


def test_words_come_as_they_are_made(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "#pace: 100\none two three"}], stream=True
    )
    told = [(time.monotonic(), chunk.choices[0].delta.content) for chunk in stream]
    words = [(moment, word) for moment, word in told if word]
    assert "".join(word for _, word in words) == "#pace: 100\none two three"
    assert words[-1][0] - words[0][0] > 0.3, "the first of five words was there before the last one was made"


def test_who_goes_away_ends_what_was_asked(server: Server, token: str) -> None:
    asked = {"stream": True, "messages": [{"role": "user", "content": "#pace: 200\n" + "word " * 200}]}
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("POST", f"{server.url}{COMPLETE}", json={**ASK, **asked}, headers=headers) as answer:
        next(answer.iter_lines())
    assert state_of_last_answer(server) == "FAIL"


def state_of_last_answer(server: Server) -> str:
    """The state of the statement behind the last answer, once it has ended."""
    boss = RawClient(server)
    query = (
        "select execution_status from table(information_schema.query_history()) where query_text like '%COMPLETE(?%'"
    )
    text = f"{query} order by start_time desc limit 1"
    state, deadline = "RUNNING", time.monotonic() + 10
    while state == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.1)
        ((state,),) = boss.query(text, parameters=JSON)["data"]["rowset"]
    boss.close()
    return state


def test_a_cut_answer_says_so(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "one two three"}], max_tokens=2
    )
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two", "length")


def test_openais_client_lists_models(client: openai.OpenAI) -> None:
    assert {"echo", "mistral-7b"} <= {model.id for model in client.models.list()}


def test_openais_client_reads_our_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="unknown model"):
        client.chat.completions.create(model="nonesuch", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sapwood_pat_wrong").models.list()


@pytest.mark.parametrize("path", [COMPLETE, COMPLETE.replace(":", "%3A"), COMPLETE.replace("/cortex/", "//cortex/")])
def test_complete_answers_in_one_piece_and_in_events(server: Server, token: str, path: str) -> None:
    whole = post(server, token, path)
    assert whole.json()["choices"][0]["message"]["content"] == "hello there"
    stream = post(server, token, path, stream=True)
    assert stream.headers["content-type"] == "text/event-stream"
    events = [json.loads(line.removeprefix("data: ")) for line in stream.text.split("\n\n") if line]
    assert [event["choices"][0]["delta"]["content"] for event in events] == ["hello ", "there", ""]
    assert events[-1]["usage"]["total_tokens"] > 0


def test_a_session_of_the_wire_may_ask_too(server: Server) -> None:
    admin = RawClient(server)
    assert admin.post(COMPLETE, ASK)["choices"][0]["message"]["content"] == "hello there"
    assert admin.get("/api/v2/cortex/models")["models"]
    admin.close()


def test_a_quote_in_a_prompt_is_a_quote(server: Server, token: str) -> None:
    prompt = "it's \\' $$ '; drop table t; -- {token} ?"
    answer = post(server, token, messages=[{"role": "user", "content": prompt}]).json()
    assert answer["choices"][0]["message"]["content"] == prompt


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "nonesuch"}, 400),
        ({"model": ""}, 400),
        ({"messages": []}, 400),
        ({"messages": [{"role": "wizard", "content": "x"}]}, 400),
        ({"temperature": 9}, 400),
        ({"max_tokens": "many"}, 400),
    ],
)
def test_a_bad_request_is_told_why(server: Server, token: str, body: dict[str, Any], status: int) -> None:
    answer = post(server, token, **body)
    assert (answer.status_code, set(answer.json())) == (status, {"message", "error_code", "request_id"})


def test_who_has_no_grant_is_refused(server: Server) -> None:
    boss = RawClient(server)
    boss.query("create or replace user rita password = 'a long password' default_secondary_roles = ()")
    boss.query("revoke database role snowflake.cortex_user from role public")
    rita = RawClient(server, "RITA", "a long password")
    try:
        assert rita.post(COMPLETE, ASK)["error_code"] == "003001"
        assert rita.post("/api/v2/cortex/v1/chat/completions", ASK)["error"]["type"] == "permission_error"
    finally:
        boss.query("grant database role snowflake.cortex_user to role public")
    assert rita.post(COMPLETE, ASK)["choices"]
    rita.close()
    boss.close()
