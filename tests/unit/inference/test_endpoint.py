from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sapwood.errors import ModelError
from sapwood.inference.endpoint import TEXTS_A_CALL, EndpointBackend, Limits
from sapwood.inference.request import Completion, Embed, Message, Request, Sampling
from sapwood.store.records import ModelVersion

KEY = "sk-very-secret"
QUICK = Limits(first_wait_s=0.01, timeout_s=5.0, retries=3)

Reply = tuple[int, dict[str, str], Any]


class Server:
    """An OpenAI-compatible endpoint on loopback. `reply` decides on status, headers and body of each call."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.keys: list[str | None] = []
        self.at_once, self.most_at_once = 0, 0
        self.reply: Callable[[int, Any], Reply] = lambda _, body: (200, {}, good(body))
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.model = ModelVersion(
            "far",
            "endpoint",
            "d",
            endpoint_url=f"http://127.0.0.1:{self._http.server_address[1]}/v1",
            endpoint_model="far-7b",
        )

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        body = json.loads(call.rfile.read(int(call.headers["Content-Length"])))
        with self._lock:
            number = len(self.bodies)
            self.bodies.append({"path": call.path, **body})
            self.keys.append(call.headers["Authorization"])
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        status, headers, reply = self.reply(number, body)
        with self._lock:
            self.at_once -= 1
        data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        try:
            call.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(data)),
                **headers,
            }.items():
                call.send_header(name, value)
            call.end_headers()
            call.wfile.write(data)
        except ConnectionError:
            call.close_connection = True

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def good(body: Any, text: str | None = None) -> Any:
    words = text if text is not None else body["messages"][-1]["content"].upper()
    message = {"role": "assistant", "content": words}
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
        "usage": usage,
    }


def in_pieces(body: Any, *pieces: str) -> Reply:
    """An answer as server-sent events."""
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    deltas = [{"index": 0, "delta": {"role": "assistant", "content": piece}} for piece in pieces]
    choices = [*([delta] for delta in deltas), [{"index": 0, "delta": {}, "finish_reason": "stop"}], []]
    chunks = [{**head, "choices": some} for some in choices]
    chunks[-1]["usage"] = good(body)["usage"]
    lines = [*map(json.dumps, chunks), "[DONE]"]
    data = "".join(f"data: {line}\n\n" for line in lines).encode()
    return 200, {"Content-Type": "text/event-stream"}, data


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = Server()
    yield running
    running.close()


def ask(
    server: Server,
    *texts: str,
    limits: Limits = QUICK,
    key: str | None = KEY,
    schema: str | None = None,
    **sampling: Any,
) -> list[Completion]:
    backend = EndpointBackend(key_of=lambda _: key, limits_of=lambda _: asdict(limits))
    requests = [
        Request(text, server.model, (Message("system", "s"), Message("user", text)), Sampling(**sampling), schema)
        for text in texts
    ]
    found = {done.key: done for done in backend.generate(requests, is_cancelled=lambda: False)}
    return [found[text] for text in texts]


def test_each_row_is_one_call_with_its_own_answer(server: Server) -> None:
    one, two = ask(server, "one", "two", temperature=0.5, top_p=0.9, max_tokens=7, seed=3)
    assert (one.text, two.text) == ("ONE", "TWO")
    assert (one.finish, one.prompt_tokens, one.completion_tokens, one.computed_tokens, one.error) == (
        "stop",
        10,
        2,
        8,
        None,
    )
    sent = next(body for body in server.bodies if body["messages"][1]["content"] == "one")
    assert sent == {
        "path": "/v1/chat/completions",
        "model": "far-7b",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "one"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 7,
        "seed": 3,
    }
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_what_is_not_set_is_left_to_the_endpoint(server: Server) -> None:
    ask(server, "one", key=None)
    assert server.bodies[0].keys() == {"path", "model", "messages", "temperature"}


def test_a_schema_becomes_a_response_format(server: Server) -> None:
    ask(server, "one", schema='{"type": "object"}')
    assert server.bodies[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
    }


def test_labels_become_a_choice_and_come_back_bare(server: Server) -> None:
    backend = EndpointBackend(key_of=lambda _: KEY)
    answers = {"one": '{"label": "Lost phone"}', "two": '{"label": "else"}', "three": "Lost phone"}
    server.reply = lambda _, body: (200, {}, good(body, answers[body["messages"][0]["content"]]))
    labels = ("Roaming", "Lost phone")
    requests = [Request(text, server.model, (Message("user", text),), labels=labels) for text in answers]
    found = {done.key: done for done in backend.generate(requests, is_cancelled=lambda: False)}
    assert (found["one"].text, found["one"].scores, found["one"].confidence) == ("Lost phone", (), None)
    assert found["two"].error == "the answer can't be read: 'else' is none of the labels"
    assert str(found["three"].error).startswith("the answer can't be read: ")
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["label"]["enum"] == ["Roaming", "Lost phone"]


def vectors(body: Any) -> Any:
    """Each text's vector is its length and 0.5; in the wrong order, as the protocol allows."""
    data = [
        {"object": "embedding", "index": at, "embedding": [float(len(text)), 0.5]}
        for at, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 2 * len(data), "total_tokens": 2 * len(data)}
    return {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}


def test_texts_become_vectors_many_a_call(server: Server) -> None:
    server.reply = lambda _, body: (200, {}, vectors(body))
    backend = EndpointBackend(key_of=lambda _: KEY)
    requests = [Embed(str(at), server.model, "x" * at, 2) for at in range(TEXTS_A_CALL + 6)]
    found = {done.key: done for done in backend.embed(requests, is_cancelled=lambda: False)}
    assert {key: struct.unpack("<2f", done.values) for key, done in found.items()} == {
        str(at): (at, 0.5) for at in range(TEXTS_A_CALL + 6)
    }
    assert sorted(len(body["input"]) for body in server.bodies) == [6, TEXTS_A_CALL]
    assert {(body["path"], body["model"]) for body in server.bodies} == {("/v1/embeddings", "far-7b")}
    assert {done.tokens for done in found.values()} == {2}


def test_vectors_of_other_dimensions_and_failed_calls_are_errors_of_their_rows(server: Server) -> None:
    server.reply = lambda number, body: (
        (200, {}, vectors(body)) if number == 0 else (400, {}, {"error": {"message": "no"}})
    )
    backend = EndpointBackend(key_of=lambda _: KEY)
    for expected in ("model far makes vectors of 2 numbers, not 768", "400 "):
        (done,) = backend.embed([Embed("k", server.model, "a", 768)], is_cancelled=lambda: False)
        assert done.values == b""
        assert str(done.error).startswith(expected)
        assert not done.retryable


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_call_that_may_succeed_later_is_tried_again(server: Server, status: int) -> None:
    server.reply = lambda number, body: (
        (status, {}, {"error": {"message": "busy"}}) if number < 2 else (200, {}, good(body))
    )
    (done,) = ask(server, "one")
    assert (done.text, len(server.bodies)) == ("ONE", 3)


def test_the_servers_own_waiting_time_is_kept(server: Server) -> None:
    server.reply = lambda number, body: (429, {"Retry-After": "0.4"}, {}) if number == 0 else (200, {}, good(body))
    started = time.perf_counter()
    assert ask(server, "one")[0].text == "ONE"
    assert time.perf_counter() - started >= 0.4


def test_after_the_last_try_the_row_fails_and_is_worth_another(server: Server) -> None:
    server.reply = lambda number, body: (503, {}, {"error": {"message": "overloaded"}})
    (done,) = ask(server, "one")
    assert len(server.bodies) == 1 + QUICK.retries
    assert done.retryable
    assert done.error is not None
    assert "503" in done.error


def test_a_bad_call_fails_its_row_at_once_and_hides_the_key(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    def reply(number: int, body: Any) -> Reply:
        is_bad = body["messages"][1]["content"] == "bad"
        return (401, {}, {"error": {"message": f"wrong key {KEY}"}}) if is_bad else (200, {}, good(body))

    server.reply = reply
    caplog.set_level("DEBUG")
    bad, fine = ask(server, "bad", "fine")
    assert (fine.text, bad.text, bad.retryable) == ("FINE", "", False)
    assert bad.error is not None
    assert "wrong key ***" in bad.error
    assert KEY not in bad.error + caplog.text
    assert len(server.bodies) == 2


def test_no_connection_is_an_error_of_the_row(server: Server) -> None:
    server.model = replace(server.model, endpoint_url="http://127.0.0.1:9/v1")
    (done,) = ask(server, "one", limits=replace(QUICK, retries=1))
    assert done.retryable
    assert done.error is not None
    assert "127.0.0.1:9" in done.error


def test_a_server_that_does_not_answer_is_left(server: Server) -> None:
    release = threading.Event()

    def reply(number: int, body: Any) -> Reply:
        release.wait(10)
        return 200, {}, good(body)

    server.reply = reply
    (done,) = ask(server, "one", limits=replace(QUICK, timeout_s=0.1, retries=0))
    release.set()
    assert done.retryable
    assert done.error is not None
    assert "timed out" in done.error.lower()


def test_an_answer_of_another_shape_is_an_error(server: Server) -> None:
    server.reply = lambda number, body: (200, {}, {"hello": "world"})
    (done,) = ask(server, "one")
    assert done.error is not None
    assert not done.retryable


def test_no_more_calls_at_once_than_allowed(server: Server) -> None:
    def reply(number: int, body: Any) -> Reply:
        time.sleep(0.05)
        return 200, {}, good(body)

    server.reply = reply
    ask(server, *map(str, range(9)), limits=replace(QUICK, concurrency=3))
    assert server.most_at_once == 3


def test_no_more_calls_a_minute_than_allowed(server: Server) -> None:
    backend = EndpointBackend(key_of=lambda _: None, limits_of=lambda _: {**asdict(QUICK), "requests_per_minute": 2})
    requests = [Request(str(at), server.model, (Message("user", "x"),)) for at in range(5)]
    ended: list[float] = []

    def is_cancelled() -> bool:
        return len(ended) == 2 and time.perf_counter() - ended[-1] > 0.4

    found = 0
    for _ in backend.generate(requests, is_cancelled=is_cancelled):
        found += 1
        ended.append(time.perf_counter())
    assert found == len(server.bodies) == 2


def test_the_token_budget_ends_further_calls(server: Server) -> None:
    found = ask(server, "a", "b", "c", "d", limits=replace(QUICK, concurrency=1, token_budget=20))
    assert [done.error for done in found[:2]] == [None, None]
    assert [done.error for done in found[2:]] == ["budget exceeded: far may use 20 tokens"] * 2
    assert len(server.bodies) == 2


def test_a_cancelled_statement_asks_no_further(server: Server) -> None:
    backend = EndpointBackend(key_of=lambda _: None, limits_of=lambda _: {**asdict(QUICK), "concurrency": 1})
    requests = [Request(str(at), server.model, (Message("user", "x"),)) for at in range(100)]
    found = list(backend.generate(requests, is_cancelled=lambda: len(server.bodies) >= 3))
    assert len(found) in (2, 3)
    assert len(server.bodies) <= 4


def test_a_cancelled_statement_does_not_wait_for_a_slow_server(server: Server) -> None:
    answer = threading.Event()

    def reply(number: int, body: Any) -> Any:
        answer.wait(10)
        return 200, {}, good(body)

    server.reply = reply
    backend = EndpointBackend(key_of=lambda _: None, limits_of=lambda _: asdict(QUICK))
    requests = [Request("a", server.model, (Message("user", "x"),))]
    started = time.perf_counter()
    assert list(backend.generate(requests, is_cancelled=lambda: bool(server.bodies))) == []
    assert time.perf_counter() - started < 5
    answer.set()


def test_tokens_of_an_endpoint_are_not_counted_here(server: Server) -> None:
    with pytest.raises(ModelError, match="can't be counted"):
        EndpointBackend(key_of=lambda _: None).count_text_tokens(server.model, "x")


def test_limits_come_by_name_beside_other_settings() -> None:
    assert Limits.of({"context": 4096, "requests_per_minute": "30", "timeout_s": 5}) == Limits(
        requests_per_minute=30, timeout_s=5.0
    )


def test_an_answer_that_is_streamed_is_told_as_it_grows(server: Server) -> None:
    server.reply = lambda _, body: in_pieces(body, "A lost", " parcel")
    request = Request("k", server.model, (Message("user", "what?"),), is_streamed=True)
    *begun, whole = EndpointBackend(key_of=lambda _: KEY).generate([request], is_cancelled=lambda: False)
    assert [(done.text, done.is_whole) for done in begun] == [("A lost", False), ("A lost parcel", False)]
    assert (whole.text, whole.finish, whole.prompt_tokens, whole.completion_tokens) == ("A lost parcel", "stop", 10, 2)
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
