"""A worker process without torch: answers with the request's text in capitals; some texts make it die, hang or fail."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sapwood.config import InferenceConfig
from sapwood.errors import ContextLengthError, ModelError
from sapwood.inference.request import Completion, Embed, Message, Request, Vector
from sapwood.inference.worker import Worker
from sapwood.store.records import ModelVersion


class Capitals:
    """Takes as many rows at a time as its settings say; dies at a batch with the text 'die', or of more rows than `name` says."""

    def __init__(self, config: InferenceConfig) -> None:
        self.config = config

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        waiting = list(requests)
        while waiting:
            batch, waiting = waiting[: self.config.batch_rows], waiting[self.config.batch_rows :]
            for request in batch:
                self._suffer(request, len(batch), is_cancelled)
                if request.is_streamed:
                    yield Completion(request.key, request.messages[-1].content[:1].upper(), finish="")
                yield Completion(request.key, request.messages[-1].content.upper(), seconds=os.getpid())

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        for request in requests:
            if request.text == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            yield Vector(request.key, request.text.encode(), request.dimensions)

    def _suffer(self, request: Request, rows: int, is_cancelled: Callable[[], bool]) -> None:
        text = request.messages[-1].content
        if text == "die" or (request.model.name.isdigit() and rows > int(request.model.name)):
            os.kill(os.getpid(), signal.SIGKILL)
        if text.startswith("die "):
            times, log = text.split()[1:]
            with Path(log).open("ab") as file:
                if file.tell() < int(times):
                    file.write(b".")
                    file.flush()
                    os.kill(os.getpid(), signal.SIGKILL)
        if text == "fail":
            raise ModelError("no weights", hint="Fetch them.")
        if text == "defect":
            raise ZeroDivisionError("by zero")
        while text == "hang" and not is_cancelled():
            time.sleep(0.01)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return sum(len(message.content) for message in messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        if text == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if not text:
            raise ContextLengthError("nothing to count")
        return len(text)

    def version(self, model: ModelVersion) -> str:
        return f"{model.name}/{os.getpid()}"

    def shrink(self, limit: int) -> None: ...

    def close(self) -> None: ...


if __name__ == "__main__":
    Worker(Capitals(InferenceConfig(**json.loads(sys.argv[1]))), sys.stdout.buffer).serve(sys.stdin.buffer)
