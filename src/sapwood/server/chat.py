"""The two shapes of the Cortex REST API: JSON of a request to a `Chat`, a `Reply` to JSON or events.

Sources: the vendor's pages "Cortex REST API" and "COMPLETE", and the chat completions of OpenAI. Knows no HTTP and no model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sapwood.errors import InvalidArgumentsError

Event = Mapping[str, Any] | str
"""The data of a server-sent event: JSON, or a word."""
_WORD = re.compile(r"\S+\s*|\s+")
_ROLES = {"developer": "system"}
"""Roles of newer clients under the names that models know."""


@dataclass(frozen=True)
class Chat:
    """What is asked: `messages` and `options` as COMPLETE takes them."""

    model: str
    messages: tuple[Mapping[str, str], ...]
    options: Mapping[str, Any]
    is_streamed: bool = False
    wants_usage: bool = False


@dataclass(frozen=True)
class Head:
    """What all parts of an answer say. `created` is in epoch seconds."""

    id: str
    created: int
    model: str


@dataclass(frozen=True)
class Reply:
    """What was answered. `asked` and `answered` are tokens; `finish` is 'length' for an answer that was cut at its limit."""

    head: Head
    text: str
    asked: int
    answered: int
    finish: str = "stop"

    @property
    def usage(self) -> dict[str, int]:
        """Tokens as both shapes count them."""
        return {
            "prompt_tokens": self.asked,
            "completion_tokens": self.answered,
            "total_tokens": self.asked + self.answered,
        }


# inference:complete --------------------------------------------------------------------------------------------------


def read_complete(body: Mapping[str, Any]) -> Chat:
    """A request of inference:complete; a message without a role is the user's. InvalidArgumentsError for what is none."""
    _refuse(body, "tools", "tool_choice")
    options = _options(body, {"max_output_tokens": "max_tokens", "max_tokens": "max_tokens"})
    if body.get("response_format") is not None:
        options["response_format"] = body["response_format"]
    return Chat(_model(body), _messages(body), options, is_streamed=body.get("stream") is True)


def complete_body(reply: Reply) -> dict[str, Any]:
    """The answer in one piece."""
    message = {"role": "assistant", "content": reply.text, "content_list": [{"type": "text", "text": reply.text}]}
    return {**asdict(reply.head), "choices": [{"message": message}], "usage": reply.usage}


def complete_event(head: Head, piece: str) -> list[Event]:
    """Some more of the answer."""
    content = [{"type": "text", "text": piece}]
    delta = {"type": "text", "content": piece, "content_list": content, "text": piece}
    return [{**asdict(head), "choices": [{"delta": delta}], "usage": {}}]


def complete_end(reply: Reply, chat: Chat) -> list[Event]:
    """What comes behind the last words: the usage."""
    return [{**asdict(reply.head), "choices": [{"delta": {"content": ""}}], "usage": reply.usage}]


def complete_models(names: Sequence[str]) -> dict[str, Any]:
    """The list of models."""
    return {"models": [{"name": name} for name in names]}


# chat/completions ----------------------------------------------------------------------------------------------------


def read_chat(body: Mapping[str, Any]) -> Chat:
    """A request of chat/completions. InvalidArgumentsError for what is none, or asks for what isn't served."""
    _refuse(body, "tools", "tool_choice", "functions", "logprobs")
    if body.get("n", 1) != 1:
        raise _invalid("'n' must be 1")
    options = _options(body, {"max_completion_tokens": "max_tokens", "max_tokens": "max_tokens", "seed": "seed"})
    schema = _schema(body.get("response_format"))
    if schema is not None:
        options["response_format"] = {"type": "json", "schema": schema}
    stream_options = body.get("stream_options")
    wants_usage = isinstance(stream_options, dict) and stream_options.get("include_usage") is True
    return Chat(_model(body), _messages(body), options, body.get("stream") is True, wants_usage)


def _schema(response_format: Any) -> Any:
    if response_format is None or response_format == {"type": "text"}:
        return None
    if not isinstance(response_format, dict) or response_format.get("type") != "json_schema":
        raise _invalid("'response_format' must be of type text or json_schema")
    named = response_format.get("json_schema")
    return named.get("schema") if isinstance(named, dict) else None


def chat_body(reply: Reply) -> dict[str, Any]:
    """The answer in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": reply.finish}
    return {**asdict(reply.head), "object": "chat.completion", "choices": [choice], "usage": reply.usage}


def chat_begin(head: Head) -> list[Event]:
    """What comes before the first words: who says them."""
    return [_chunk(head, {"role": "assistant", "content": ""})]


def chat_event(head: Head, piece: str) -> list[Event]:
    """Some more of the answer."""
    return [_chunk(head, {"content": piece})]


def chat_end(reply: Reply, chat: Chat) -> list[Event]:
    """What comes behind the last words: why there are no more, the usage if it was asked for, and `[DONE]`."""
    usage = {**_chunk(reply.head, {}), "choices": [], "usage": reply.usage}
    return [_chunk(reply.head, {}, finish=reply.finish), *([usage] if chat.wants_usage else []), "[DONE]"]


def _chunk(head: Head, delta: Mapping[str, str], *, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**asdict(head), "object": "chat.completion.chunk", "choices": [choice]}


def chat_models(names: Sequence[str]) -> dict[str, Any]:
    """The list of models."""
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "sapwood"} for name in names]
    return {"object": "list", "data": listed}


# Shared pieces -------------------------------------------------------------------------------------------------------


def pieces(answer: str) -> list[str]:
    """An answer cut into words, each with the blanks behind it: one that was there as a whole goes out in such pieces.

    >>> pieces("A lost\\n parcel.")
    ['A ', 'lost\\n ', 'parcel.']
    """
    return _WORD.findall(answer)


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise _invalid("'model' is missing")
    return model


def _messages(body: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    given = body.get("messages")
    if not isinstance(given, list) or not given:
        raise _invalid("'messages' must be a list of {'role', 'content'} objects")
    return tuple(_message(each) for each in given)


def _message(given: Any) -> Mapping[str, str]:
    if not isinstance(given, dict):
        raise _invalid("a message must be an object with 'role' and 'content'")
    role = str(given.get("role") or "user")
    content = given.get("content", given.get("content_list"))
    return {"role": _ROLES.get(role, role), "content": content if isinstance(content, str) else _joined(content)}


def _joined(content: Any) -> str:
    """The text of a content that is given in parts."""
    parts: list[Any] = content if isinstance(content, list) else [None]
    return "\n".join(_part(part) for part in parts)


def _part(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    if not isinstance(text, str):
        raise _invalid("the 'content' of a message must be text")
    return text


def _options(body: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    """The options of COMPLETE that a body names; NULL is not given."""
    names = {"temperature": "temperature", "top_p": "top_p", **more}
    return {option: body[name] for name, option in names.items() if body.get(name) is not None}


def _refuse(body: Mapping[str, Any], *names: str) -> None:
    """What would change the answer's meaning and isn't served is refused by name."""
    for name in names:
        if body.get(name):
            raise _invalid(f"'{name}' is not supported")
    guardrails = body.get("guardrails")
    if isinstance(guardrails, dict) and guardrails.get("enabled"):
        raise _invalid("guardrails are not supported: no guard model is set on this server")


def _invalid(what: str) -> InvalidArgumentsError:
    return InvalidArgumentsError(f"invalid request: {what}", errno=390142, sqlstate="22023", hint="")


def sent(event: Event) -> str:
    """A server-sent event as it is written."""
    words = event if isinstance(event, str) else json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return f"data: {words}\n\n"
