"""The process that computes: asked by lines on stdin, answers by lines on stdout (see frames.py), ends when stdin does.

It opens no catalogue and no network connection: the models' files are there before it is asked. So a model that takes all
memory or brings a library down takes this process with it, and neither a statement nor the data.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from sapwood.config import InferenceConfig
from sapwood.errors import Error, InternalError
from sapwood.inference.frames import error_values, read_embed, read_messages, read_request, to_line, vector_values
from sapwood.inference.intake import Intake
from sapwood.inference.priority import INFERENCE, give_way
from sapwood.inference.request import Backend
from sapwood.store.records import ModelVersion

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Call:
    """A task under way, and the rows that came for it."""

    frame: Mapping[str, Any]
    cancelled: threading.Event = field(default_factory=threading.Event)
    rows: Intake[Any] = field(default_factory=Intake[Any].open)

    @property
    def model(self) -> ModelVersion:
        return ModelVersion(**self.frame["model"])

    def add(self, frame: Mapping[str, Any]) -> None:
        read, model = _READERS[self.frame["do"]], self.model
        self.rows.put([read(values, model) for values in frame["requests"]])
        if frame["last"]:
            self.rows.close()

    def cancel(self) -> None:
        self.cancelled.set()
        self.rows.close()


_READERS: Mapping[str, Callable[[Mapping[str, Any], ModelVersion], Any]] = {
    "generate": read_request,
    "embed": read_embed,
}
"""How a task's rows are read."""


class Worker:
    """Answers frames with a backend, each in a thread of its own."""

    def __init__(self, backend: Backend, out: BinaryIO) -> None:
        self.backend, self._out = backend, out
        self._writing = threading.Lock()
        self._calls: dict[int, _Call] = {}

    def serve(self, lines: Iterable[bytes]) -> None:
        """Take frames until there are no more; those under way are then of use to nobody."""
        for line in lines:
            frame = json.loads(line)
            call = self._calls.get(frame["id"])
            if frame["do"] not in ("more", "cancel"):
                self._calls[frame["id"]] = call = _Call(frame)
                threading.Thread(target=self._answer, args=(call,), daemon=True).start()
            elif call is not None:  # else it has ended
                call.cancel() if frame["do"] == "cancel" else call.add(frame)

    def emit(self, frame: Mapping[str, Any]) -> None:
        with self._writing:
            self._out.write(to_line(frame))
            self._out.flush()

    def _answer(self, call: _Call) -> None:
        number = call.frame["id"]
        try:
            end: dict[str, Any] = {"result": TASKS[call.frame["do"]](self, call)}
        except Error as error:
            end = error_values(error)
        except Exception as error:  # noqa: BLE001  who asked must hear of a defect too
            _LOG.exception("the task %s failed", call.frame["do"])
            end = error_values(InternalError(f"inference failed: {type(error).__name__}: {error}"))
        finally:
            del self._calls[number]
        self.emit({"id": number, **end})


def _generate(worker: Worker, call: _Call) -> None:
    for completion in worker.backend.generate(call.rows, is_cancelled=call.cancelled.is_set):
        worker.emit({"id": call.frame["id"], "item": asdict(completion)})


def _embed(worker: Worker, call: _Call) -> None:
    for vector in worker.backend.embed(call.rows, is_cancelled=call.cancelled.is_set):
        worker.emit({"id": call.frame["id"], "item": vector_values(vector)})


def _count_tokens(worker: Worker, call: _Call) -> int:
    return worker.backend.count_tokens(call.model, read_messages(call.frame["messages"]))


def _count_text_tokens(worker: Worker, call: _Call) -> int:
    return worker.backend.count_text_tokens(call.model, call.frame["text"])


def _version(worker: Worker, call: _Call) -> str:
    return worker.backend.version(call.model)


def _shrink(worker: Worker, call: _Call) -> None:
    worker.backend.shrink(call.frame["limit"])


TASKS: Mapping[str, Callable[[Worker, _Call], Any]] = {
    "generate": _generate,
    "embed": _embed,
    "count_tokens": _count_tokens,
    "count_text_tokens": _count_text_tokens,
    "version": _version,
    "shrink": _shrink,
}
"""What a frame's "do" can name; what the function gives is the result."""


def main(settings: str) -> None:
    """Be the worker with these settings, an InferenceConfig as JSON."""
    give_way(INFERENCE)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand between the answers
    from sapwood.inference.local import LocalBackend  # torch comes with it

    backend = LocalBackend(InferenceConfig(**json.loads(settings)), prepare=lambda model: model)
    Worker(backend, out).serve(sys.stdin.buffer)
    os._exit(0)  # threads that still compute must not keep the process


if __name__ == "__main__":
    main(sys.argv[1])
