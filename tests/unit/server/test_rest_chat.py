"""The shapes of the REST API, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sapwood.errors import InvalidArgumentsError
from sapwood.server.chat import (
    Event,
    Head,
    Reply,
    chat_begin,
    chat_body,
    chat_end,
    chat_event,
    complete_end,
    complete_event,
    read_chat,
    read_complete,
    sent,
)

HEAD = Head("id", 7, "m")
REPLY = Reply(HEAD, "Hi there", asked=3, answered=2)
ASK = {"model": "m", "messages": [{"content": "hello"}]}


def events(*written: Event) -> list[Any]:
    """Events as a client reads them."""
    texts = [sent(event).removeprefix("data: ").removesuffix("\n\n") for event in written]
    return [text if text == "[DONE]" else json.loads(text) for text in texts]


def test_a_message_without_a_role_is_the_users() -> None:
    chat = read_complete({**ASK, "max_output_tokens": 5, "temperature": 0, "stream": True})
    assert chat.messages == ({"role": "user", "content": "hello"},)
    assert chat.options == {"max_tokens": 5, "temperature": 0}
    assert chat.is_streamed


def test_contents_in_parts_are_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert read_chat({**ASK, "messages": [{"role": "developer", "content": parts}]}).messages == (
        {"role": "system", "content": "a\nb"},
    )


def test_openais_schema_becomes_ours() -> None:
    schema = {"type": "object"}
    body = {**ASK, "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}}
    assert read_chat(body).options == {"response_format": {"type": "json", "schema": schema}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "m"},
        {"messages": [{"content": "x"}]},
        {**ASK, "messages": "hello"},
        {**ASK, "messages": []},
        {**ASK, "messages": [3]},
        {**ASK, "messages": [{"role": "user"}]},
        {**ASK, "messages": [{"content": [{"type": "image"}]}]},
        {**ASK, "model": 3},
        {**ASK, "tools": [{"type": "function"}]},
        {**ASK, "guardrails": {"enabled": True}},
    ],
)
def test_what_is_no_request_is_refused(body: Any) -> None:
    for read in (read_complete, read_chat):
        with pytest.raises(InvalidArgumentsError, match="invalid request"):
            read(body)


def test_complete_streams_what_clients_read() -> None:
    said, last = events(*complete_event(HEAD, "Hi "), *complete_end(REPLY, read_complete(ASK)))
    assert said["choices"][0]["delta"]["content"] == said["choices"][0]["delta"]["text"] == "Hi "
    assert last["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_chat_streams_to_a_done() -> None:
    asked = read_chat({**ASK, "stream": True, "stream_options": {"include_usage": True}})
    role, said, end, usage, done = events(*chat_begin(HEAD), *chat_event(HEAD, "Hi "), *chat_end(REPLY, asked))
    assert role["choices"][0]["delta"]["role"] == "assistant"
    assert said["choices"][0]["delta"] == {"content": "Hi "}
    assert end["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 5)
    assert done == "[DONE]"
    assert not any("usage" in event for event in events(*chat_end(REPLY, read_chat(ASK)))[:-1])


def test_an_answer_that_was_cut_says_so() -> None:
    cut = Reply(HEAD, "Hi", asked=3, answered=1, finish="length")
    assert chat_body(cut)["choices"][0]["finish_reason"] == "length"
    end, _ = events(*chat_end(cut, read_chat(ASK)))
    assert end["choices"][0]["finish_reason"] == "length"
