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
from dataclasses import asdict
from typing import Any, BinaryIO

from sapwood.config import InferenceConfig
from sapwood.errors import Error, InternalError
from sapwood.inference.frames import error_values, read_embed, read_messages, read_request, to_line, vector_values
from sapwood.inference.priority import INFERENCE, give_way
from sapwood.inference.request import Backend
from sapwood.store.records import ModelVersion

_LOG = logging.getLogger(__name__)


class Worker:
    """Answers frames with a backend, each in a thread of its own."""

    def __init__(self, backend: Backend, out: BinaryIO) -> None:
        self.backend, self._out = backend, out
        self._writing = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}

    def serve(self, lines: Iterable[bytes]) -> None:
        """Take frames until there are no more; those under way are then of use to nobody."""
        for line in lines:
            frame = json.loads(line)
            if frame["do"] == "cancel":
                if event := self._cancelled.get(frame["id"]):
                    event.set()
                continue
            self._cancelled[frame["id"]] = threading.Event()
            threading.Thread(target=self._answer, args=(frame,), daemon=True).start()

    def emit(self, frame: Mapping[str, Any]) -> None:
        with self._writing:
            self._out.write(to_line(frame))
            self._out.flush()

    def is_cancelled(self, frame: Mapping[str, Any]) -> Callable[[], bool]:
        return self._cancelled[frame["id"]].is_set

    def _answer(self, frame: Mapping[str, Any]) -> None:
        try:
            end: dict[str, Any] = {"result": TASKS[frame["do"]](self, frame)}
        except Error as error:
            end = error_values(error)
        except Exception as error:  # noqa: BLE001  who asked must hear of a defect too
            _LOG.exception("the task %s failed", frame["do"])
            end = error_values(InternalError(f"inference failed: {type(error).__name__}: {error}"))
        finally:
            del self._cancelled[frame["id"]]
        self.emit({"id": frame["id"], **end})


def _generate(worker: Worker, frame: Mapping[str, Any]) -> None:
    model = ModelVersion(**frame["model"])
    requests = [read_request(values, model) for values in frame["requests"]]
    for completion in worker.backend.generate(requests, is_cancelled=worker.is_cancelled(frame)):
        worker.emit({"id": frame["id"], "item": asdict(completion)})


def _embed(worker: Worker, frame: Mapping[str, Any]) -> None:
    model = ModelVersion(**frame["model"])
    requests = [read_embed(values, model) for values in frame["requests"]]
    for vector in worker.backend.embed(requests, is_cancelled=worker.is_cancelled(frame)):
        worker.emit({"id": frame["id"], "item": vector_values(vector)})


def _count_tokens(worker: Worker, frame: Mapping[str, Any]) -> int:
    return worker.backend.count_tokens(ModelVersion(**frame["model"]), read_messages(frame["messages"]))


def _count_text_tokens(worker: Worker, frame: Mapping[str, Any]) -> int:
    return worker.backend.count_text_tokens(ModelVersion(**frame["model"]), frame["text"])


def _version(worker: Worker, frame: Mapping[str, Any]) -> str:
    return worker.backend.version(ModelVersion(**frame["model"]))


def _shrink(worker: Worker, frame: Mapping[str, Any]) -> None:
    worker.backend.shrink(frame["limit"])


TASKS: Mapping[str, Callable[[Worker, Mapping[str, Any]], Any]] = {
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
