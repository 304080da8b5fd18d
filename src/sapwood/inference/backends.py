"""All kinds of models behind one `Backend`: a table from ModelVersion.kind to what answers it. Loads no torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sapwood.config import InferenceConfig
from sapwood.errors import InternalError
from sapwood.inference.echo import EchoBackend
from sapwood.inference.endpoint import EndpointBackend
from sapwood.inference.intake import Intake
from sapwood.inference.request import Backend, Completion, Embed, Message, Request, Vector
from sapwood.inference.supervisor import Supervisor
from sapwood.inference.threads import wait_without_spinning
from sapwood.store.records import ModelVersion

KINDS: Mapping[str, str] = {"echo": "echo", "local": "torch", "tuned": "torch", "endpoint": "endpoint"}
"""Kind of a model -> backend that answers it."""


class Backends:
    """A `Backend` that hands each request to the backend of its model's kind. Opens those on first use."""

    def __init__(self, makers: Mapping[str, Callable[[], Backend]]) -> None:
        """`makers` has one entry for each value of KINDS."""
        self._makers = makers
        self._open: dict[str, Backend] = {}
        self._lock = threading.Lock()

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """See `Backend`. Raises ModelUnavailableError if a backend's libraries are missing, ModelError if a model can't be loaded."""
        for first, some in Intake.of(requests).runs(_backend_of_request):
            if is_cancelled():
                return
            yield from self._get(_backend_of(first.model)).generate(some, is_cancelled=is_cancelled)

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """See `Backend`. Raises as `generate` does."""
        for first, some in Intake.of(requests).runs(_backend_of_request):
            if is_cancelled():
                return
            yield from self._get(_backend_of(first.model)).embed(some, is_cancelled=is_cancelled)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return self._get(_backend_of(model)).count_tokens(model, messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return self._get(_backend_of(model)).count_text_tokens(model, text)

    def version(self, model: ModelVersion) -> str:
        return self._get(_backend_of(model)).version(model)

    def shrink(self, limit: int) -> None:
        with self._lock:
            for backend in self._open.values():
                backend.shrink(limit)

    def close(self) -> None:
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _get(self, name: str) -> Backend:
        with self._lock:
            if name not in self._open:
                self._open[name] = self._makers[name]()
            return self._open[name]


def open_backends(
    config: InferenceConfig,
    *,
    prepare: Callable[[ModelVersion], ModelVersion],
    key_of: Callable[[ModelVersion], str | None],
    limits_of: Callable[[ModelVersion], Mapping[str, Any]] | None = None,
    waiting: Callable[[], Mapping[str, str]] = wait_without_spinning,
) -> Backends:
    """Backends for all kinds. `prepare` makes a model's files be there; `key_of` and `limits_of` give an endpoint's secret key
    and limits; `waiting` says how torch's threads wait (see threads.py)."""

    def open_torch() -> Backend:
        return Supervisor(config, prepare=prepare, waiting=waiting)

    def open_endpoint() -> Backend:
        return EndpointBackend(key_of=key_of, limits_of=limits_of)

    return Backends({"echo": EchoBackend, "torch": open_torch, "endpoint": open_endpoint})


def _backend_of_request(request: Request | Embed) -> str:
    return _backend_of(request.model)


def _backend_of(model: ModelVersion) -> str:
    if model.kind not in KINDS:
        raise InternalError(f"model {model.name} has the unknown kind {model.kind!r}")
    return KINDS[model.kind]
