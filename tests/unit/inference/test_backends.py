from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sapwood.config import InferenceConfig
from sapwood.errors import InternalError, ModelUnavailableError
from sapwood.inference.backends import Backends, open_backends
from sapwood.inference.request import Completion, Embed, Message, Request, Vector
from sapwood.store.records import ModelVersion

ECHO = ModelVersion("echo", "echo", "echo")


class Named:
    """A backend that answers with its own name."""

    def __init__(self, name: str) -> None:
        self.name, self.is_closed, self.limit = name, False, -1

    def generate(self, requests: Any, *, is_cancelled: Any) -> Iterator[Completion]:
        yield from (Completion(request.key, self.name) for request in requests)

    def embed(self, requests: Any, *, is_cancelled: Any) -> Iterator[Vector]:
        yield from (Vector(request.key, self.name.encode()) for request in requests)

    def count_tokens(self, model: ModelVersion, messages: Any) -> int:
        return len(self.name)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return len(self.name)

    def version(self, model: ModelVersion) -> str:
        return self.name

    def shrink(self, limit: int) -> None:
        self.limit = limit

    def close(self) -> None:
        self.is_closed = True


def ask(kind: str) -> Request:
    return Request(kind, replace(ECHO, kind=kind), (Message("user", kind),))


def test_each_kind_goes_to_its_backend() -> None:
    parts = {name: Named(name) for name in ("echo", "torch", "endpoint")}
    backends = Backends({name: lambda part=part: part for name, part in parts.items()})
    kinds = ["tuned", "echo", "local", "endpoint", "tuned2"]
    requests = [replace(ask(kind.rstrip("2")), key=kind) for kind in kinds]
    found = {done.key: done.text for done in backends.generate(requests, is_cancelled=lambda: False)}
    assert found == {"tuned": "torch", "echo": "echo", "local": "torch", "endpoint": "endpoint", "tuned2": "torch"}
    texts = [Embed(kind, ask(kind).model, "text") for kind in ("echo", "local")]
    vectors = {done.key: done.values for done in backends.embed(texts, is_cancelled=lambda: False)}
    assert vectors == {"echo": b"echo", "local": b"torch"}
    assert backends.version(ask("local").model) == "torch"
    backends.shrink(5)
    assert {part.limit for part in parts.values()} == {5}
    backends.close()
    assert all(part.is_closed for part in parts.values())


def test_an_unknown_kind_is_a_defect() -> None:
    with pytest.raises(InternalError, match="unknown kind 'dream'"):
        Backends({}).version(ask("dream").model)


def test_without_torch_local_models_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [
        name
        for name in sys.modules
        if name.startswith("sapwood.inference.") and name.rsplit(".", 1)[1] in ("local", "attention", "batch")
    ]:
        monkeypatch.delitem(sys.modules, name)
    backends = open_backends(InferenceConfig(), prepare=lambda version: version, key_of=lambda version: None)
    with pytest.raises(ModelUnavailableError, match="need torch") as caught:
        list(backends.generate([ask("local")], is_cancelled=lambda: False))
    assert "pip install 'sapwood[local]'" in caught.value.hint
    assert [done.text for done in backends.generate([ask("echo")], is_cancelled=lambda: False)] == ["echo"]


def test_echo_needs_neither_torch_nor_openai() -> None:
    code = """
import sys
from sapwood.config import InferenceConfig
from sapwood.inference.backends import open_backends
from sapwood.inference.request import Message, Request
from sapwood.store.records import ModelVersion
b = open_backends(InferenceConfig(), prepare=lambda v: v, key_of=lambda v: None)
r = Request("k", ModelVersion("echo", "echo", "e"), (Message("user", "hi"),))
assert [c.text for c in b.generate([r], is_cancelled=lambda: False)] == ["hi"]
assert not {"torch", "transformers", "openai", "numpy"} & set(sys.modules), "loaded too much"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
