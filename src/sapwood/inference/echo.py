"""The model `echo`: answers with what it was asked, without weights. For tests of everything around a model, and for demos.

The answer is the text of the last user message, exactly as it stands; a token is a word between white space. With
`max_tokens` the answer ends after that many words, with finish 'length'. With a schema the answer is the message, if that
is JSON that follows the schema, else the smallest value that does. Lines of the message that begin with a directive
change what happens, and stay in the answer:

    #error: text          the row fails with this text
    #retry: text          the row fails with this text and is marked as worth another try
    #sleep: milliseconds  the answer comes after a while
    #answer: text         this text is the answer
    #tokens: number       the prompt counts as so many tokens (to try context limits: 8,192 by default)
    #pace: milliseconds   each word of an answer that is streamed comes after a while
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sapwood.inference.request import Completion, Embed, Message, Request, Vector
from sapwood.store.records import ModelVersion

_DIRECTIVE = re.compile(r"^#(error|retry|sleep|answer|tokens|pace): *(.*)$", re.MULTILINE)
DIMENSIONS = 768
"""Numbers of a vector for which none are declared."""

_SLICE_S = 0.02
"""Seconds between two looks at `is_cancelled` while a row sleeps."""


class EchoBackend:
    """A `Backend` for kind 'echo'. Deterministic; knows nothing of threads, files or time but `#sleep`."""

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        for request in requests:
            if is_cancelled():
                return
            done = self._answer(request, is_cancelled)
            if done is None:
                return
            if request.is_streamed:
                yield from _beginnings(done, request, is_cancelled)
            yield done

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        for request in requests:
            if is_cancelled():
                return
            started = time.perf_counter()
            orders = _directives(request.text)
            if not _sleep(float(orders.get("sleep") or 0) / 1000, is_cancelled):
                return
            error = orders.get("error", orders.get("retry"))
            if error is not None:
                yield Vector(request.key, b"", error=error, retryable="retry" in orders)
                continue
            values = _vector(request.text, request.dimensions or DIMENSIONS)
            yield Vector(request.key, values, _tokens(request.text), seconds=time.perf_counter() - started)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return _prompt_tokens(messages, _directives(_question(messages)))

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return _tokens(text)

    def version(self, model: ModelVersion) -> str:
        return "echo-1"

    def shrink(self, limit: int) -> None:
        """It has no weights."""

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, request: Request, is_cancelled: Callable[[], bool]) -> Completion | None:
        """None if it was cancelled while it slept."""
        started = time.perf_counter()
        question = _question(request.messages)
        orders = _directives(question)
        if "sleep" in orders and not _sleep(float(orders["sleep"] or 0) / 1000, is_cancelled):
            return None
        prompt = _prompt_tokens(request.messages, orders)
        error = _error(request, orders, prompt)
        if error is not None:
            return Completion(request.key, "", "error", error=error, retryable="retry" in orders)
        try:
            text, finish = _say(request, orders.get("answer", question))
        except (ValueError, TypeError, LookupError, RecursionError) as problem:
            return Completion(request.key, "", "error", error=f"input schema validation error: {problem}")
        tokens = _tokens(text)
        seconds = time.perf_counter() - started
        done = Completion(request.key, text, finish, prompt, tokens, prompt + tokens, seconds)
        if not request.wants_confidence:
            return done
        return replace(done, confidence=1.0, scores=tuple(float(label == text) for label in request.labels))


def _beginnings(done: Completion, request: Request, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
    """How the answer begins, a word longer each time."""
    pace = float(_directives(_question(request.messages)).get("pace") or 0) / 1000
    for word in re.finditer(r"\S+\s*", done.text):
        if not _sleep(pace, is_cancelled):
            return
        yield Completion(request.key, done.text[: word.end()], finish="")


def _vector(text: str, dimensions: int) -> bytes:
    """Numbers that only the text decides, with length 1 in all."""
    numbers = random.Random(text)
    values = [numbers.gauss() for _ in range(dimensions)]
    length = math.hypot(*values)
    return struct.pack(f"<{dimensions}f", *(value / length for value in values))


def _question(messages: tuple[Message, ...]) -> str:
    return next((message.content for message in reversed(messages) if message.role == "user"), "")


def _directives(text: str) -> dict[str, str]:
    return {found[1]: found[2].strip() for found in _DIRECTIVE.finditer(text)} if "#" in text else {}


def _tokens(text: str) -> int:
    return len(text.split())


def _prompt_tokens(messages: tuple[Message, ...], orders: Mapping[str, str]) -> int:
    wanted = orders.get("tokens")
    return int(wanted) if wanted else sum(_tokens(message.content) for message in messages)


def _sleep(seconds: float, is_cancelled: Callable[[], bool]) -> bool:
    """False if it was cancelled meanwhile."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        if is_cancelled():
            return False
        time.sleep(min(left, _SLICE_S))
    return True


def _error(request: Request, orders: Mapping[str, str], prompt: int) -> str | None:
    context = request.model.context
    if prompt >= context:
        return f"max tokens of count exceeded: the prompt has {prompt} tokens, the context of {request.model.name} is {context}"
    return orders.get("error", orders.get("retry"))


def _say(request: Request, text: str) -> tuple[str, str]:
    """What becomes of `text` under the request's labels, schema or limit, and the finish. Raises ValueError for a bad schema."""
    if request.labels:
        return (text if text in request.labels else request.labels[0]), "stop"
    cut, finish = _cut(text, request.sampling.max_tokens)
    if request.schema is None:
        return cut, finish
    return _follow(json.loads(request.schema), cut), "stop"


def _cut(text: str, max_tokens: int | None) -> tuple[str, str]:
    """The text up to its max_tokens-th word, and the finish."""
    if max_tokens is None or _tokens(text) <= max_tokens:
        return text, "stop"
    *_, last = itertools.islice(re.finditer(r"\S+", text), max_tokens)
    return text[: last.end()], "length"


def _follow(schema: Any, text: str) -> str:
    """`text` if it is JSON that follows the schema, else the smallest JSON that does. Raises ValueError for a bad schema."""
    if not isinstance(schema, dict):
        raise ValueError("a schema must be an object")
    try:
        value = json.loads(text)
    except ValueError:
        return json.dumps(_smallest(schema, schema))
    return text if _fits(value, schema, schema) else json.dumps(_smallest(schema, schema))


_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

_SMALLEST: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "null": None}


def _smallest(schema: Any, root: Mapping[str, Any]) -> Any:
    """The smallest value that follows the part of JSON schema that is used here: types, enum, const, lengths, bounds, $ref, any/oneOf."""
    schema = _resolve(schema, root)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _smallest(schema[several][0], root)
    kind = _kind(schema)
    if kind == "object":
        properties: Mapping[str, Any] = schema.get("properties", {})
        return {name: _smallest(properties.get(name, {}), root) for name in schema.get("required", properties)}
    if kind == "array":
        return [_smallest(schema.get("items", {}), root) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return "x" * schema.get("minLength", 0)
    if kind in ("integer", "number"):
        return min(max(0, schema.get("minimum", 0)), schema.get("maximum", float("inf")))
    return _SMALLEST[kind]


def _fits(value: Any, schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether a value follows the same part of JSON schema."""
    schema = _resolve(schema, root)
    if ("const" in schema and value != schema["const"]) or ("enum" in schema and value not in schema["enum"]):
        return False
    if "anyOf" in schema or "oneOf" in schema:
        return any(_fits(value, option, root) for option in schema.get("anyOf", schema.get("oneOf")))
    if "const" in schema or "enum" in schema:
        return True
    kind = _kind(schema)
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES[kind]) and _fits_inside(value, schema, root)


def _fits_inside(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether a value of the right type also has the right parts."""
    if isinstance(value, dict):
        parts: dict[str, Any] = value
        properties: Mapping[str, Any] = schema.get("properties", {})
        if schema.get("additionalProperties") is False and not parts.keys() <= properties.keys():
            return False
        if not all(name in parts for name in schema.get("required", ())):
            return False
        return all(_fits(parts[name], part, root) for name, part in properties.items() if name in parts)
    if isinstance(value, list):
        items: list[Any] = value
        return schema.get("minItems", 0) <= len(items) and all(
            _fits(item, schema.get("items", {}), root) for item in items
        )
    return True


def _resolve(schema: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    """Follow $ref into the schema itself; `true` is the schema of everything."""
    for _ in range(32):
        if schema is True:
            return {}
        if not isinstance(schema, dict):
            raise ValueError(f"{schema!r} is no schema")
        if "$ref" not in schema:
            return schema
        target: Any = root
        for name in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
            target = target[name] if name else target
        schema = target
    raise ValueError("$ref leads in a circle")


def _kind(schema: Mapping[str, Any]) -> str:
    kind: Any = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind not in _TYPES:
        raise ValueError(f"type {kind!r} is unknown")
    return kind
