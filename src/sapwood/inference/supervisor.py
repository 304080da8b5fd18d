"""The torch backend as the owner of the data sees it: requests go to a worker process, completions come back.

A worker that dies is started again with half the batch, and what it had not answered is asked again in halves, so that one
row that kills it is found and becomes an error of its own. Models' files are fetched here, where downloads can be shown.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from sapwood.config import InferenceConfig
from sapwood.errors import ModelError, ModelUnavailableError
from sapwood.inference.frames import read_completion, read_error, read_vector, request_values, to_line
from sapwood.inference.grouping import model_of
from sapwood.inference.intake import Asked, Intake
from sapwood.inference.request import Completion, Embed, Message, Request, Vector
from sapwood.inference.threads import wait_without_spinning
from sapwood.store.records import ModelVersion

PACKAGES = ("torch", "transformers", "safetensors", "llguidance")
"""What the worker imports."""

DEATHS = 2
"""Workers that a row which is asked alone may kill before it is given up."""

FEWEST_TOKENS = 256
"""A batch is not made smaller than this."""

FRAME_ROWS = 1024
"""Requests that go to the worker in one line, at most."""

LOOK_S = 0.1
"""Seconds between looks at whether a statement was cancelled."""

END_S = 5.0
"""Seconds that a worker has to end before it is killed."""


Answer = TypeVar("Answer", Completion, Vector)


@dataclass(frozen=True)
class _Task(Generic[Asked, Answer]):
    """A task of the worker that answers rows: how an answer is read, and what a row that kills workers gets (key, error)."""

    name: str
    read: Callable[[Mapping[str, Any]], Answer]
    give_up: Callable[[str, str], Answer]


class _Feed(Generic[Asked]):
    """Requests of one run on their way to a worker, and those that it has not answered."""

    def __init__(self, requests: Intake[Asked]) -> None:
        self.left: dict[str, Asked] = {}
        self._requests = requests
        self._has_ended = False

    def watch(self, wake: Callable[[], None] | None) -> None:
        """Call this when there may be more."""
        self._requests.watch(wake)

    def frames(self) -> Iterator[dict[str, Any]]:
        """What is to be sent now."""
        while not self._has_ended:
            some = self._requests.take(FRAME_ROWS, waits=False)
            self._has_ended = self._requests.has_ended
            if not some and not self._has_ended:
                return
            self.left.update((request.key, request) for request in some)
            yield {"requests": [request_values(request) for request in some], "last": self._has_ended}


class WorkerDiedError(Exception):
    """The worker ended before it had answered. The text says how."""


class Process:
    """One running worker and the calls that it has not answered yet."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """`environment` is added to that of this process. A session of its own keeps Ctrl-C for this process."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self._calls: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._newest, self._lock = 0, threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_idle(self) -> bool:
        return not self._calls

    @property
    def is_alive(self) -> bool:
        return self._reader.is_alive()

    def ask(
        self,
        do: str,
        *,
        feed: _Feed[Any] | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
        **values: Any,
    ) -> Iterator[dict[str, Any]]:
        """The frames that answer a task, the last one with its result; `feed` gives it rows as it goes. Ends early once it is cancelled.

        Raises the task's own error, or WorkerDiedError.
        """
        inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self._lock:
            self._newest += 1
            number = self._newest
            self._calls[number] = inbox
        has_ended = False
        try:
            self._send({"id": number, "do": do, **values})
            if feed:
                feed.watch(lambda: inbox.put(_NEWS))
            while not is_cancelled():
                for more in feed.frames() if feed else ():
                    self._send({"id": number, "do": "more", **more})
                try:
                    frame = inbox.get(timeout=LOOK_S)
                except queue.Empty:
                    if self.is_alive or not inbox.empty():
                        continue
                    frame = None
                if frame is None:
                    raise WorkerDiedError(self._how_it_ended())
                if frame is _NEWS:
                    continue
                has_ended = "item" not in frame
                if "error" in frame:
                    raise read_error(frame)
                yield frame
                if has_ended:
                    return
        finally:
            if feed:
                feed.watch(None)
            del self._calls[number]
            if not has_ended:
                self._cancel(number)

    def close(self) -> None:
        """Let it end, or kill it."""
        process = self._process
        if process.stdin:
            with contextlib.suppress(BrokenPipeError):  # it is dead, and had not read all
                process.stdin.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        if process.stdout:
            process.stdout.close()

    def _send(self, frame: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise AssertionError("the worker was started with pipes")
        try:
            with self._lock:
                self._process.stdin.write(to_line(frame))
                self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:  # ValueError: it was closed meanwhile
            raise WorkerDiedError(self._how_it_ended()) from error

    def _cancel(self, number: int) -> None:
        with contextlib.suppress(WorkerDiedError):  # then nothing is left to be cancelled
            self._send({"id": number, "do": "cancel"})

    def _read(self) -> None:
        """Hand each line to its call; at the end, tell all calls."""
        for line in self._process.stdout or ():
            frame = json.loads(line)
            if inbox := self._calls.get(frame["id"]):
                inbox.put(frame)
        for inbox in list(self._calls.values()):
            inbox.put(None)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "closed its output"
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


_NEWS: dict[str, Any] = {}
"""Stands for no frame: there may be more to send."""


class Supervisor:
    """A `Backend` whose work is done by a worker process, which is started when it is first asked."""

    def __init__(
        self,
        config: InferenceConfig,
        *,
        prepare: Callable[[ModelVersion], ModelVersion],
        waiting: Callable[[], Mapping[str, str]] = wait_without_spinning,
        module: str = "sapwood.inference.worker",
    ) -> None:
        """`prepare` makes a model's files be there; `waiting` gives variables for the worker's environment (see threads.py).
        `module` is run by Python with the settings as its argument."""
        self._config, self._prepare, self._waiting, self._module = config, prepare, waiting, module
        self._process: Process | None = None
        self._version = ""
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def worker(self) -> int | None:
        """The number of the worker's process, if there is one."""
        return self._process.pid if self._process else None

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        """See `Backend`. Raises ModelUnavailableError where torch is not installed, ModelError for a model that can't be loaded."""
        return self._work(_TEXTS, requests, is_cancelled)

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        """See `Backend`. Raises as `generate` does."""
        return self._work(_VECTORS, requests, is_cancelled)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        turns = [asdict(turn) for turn in messages]
        return self._result("count_tokens", model=asdict(self._prepare(model)), messages=turns)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return self._result("count_text_tokens", model=asdict(self._prepare(model)), text=text)

    def version(self, model: ModelVersion) -> str:
        if not self._version:
            self._version = self._result("version", model=asdict(model))
        return self._version

    def shrink(self, limit: int) -> None:
        """End an idle worker, since a process keeps for itself much of what its models leave; a busy one lets go of models."""
        with self._lock:
            if self._process is None:
                return
            if self._process.is_idle:
                self._process.close()
                self._process = None
                return
        self._result("shrink", limit=limit)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.close()
                self._process = None

    def _work(
        self, task: _Task[Asked, Answer], requests: Iterable[Asked], is_cancelled: Callable[[], bool]
    ) -> Iterator[Answer]:
        for first, some in Intake.of(requests).runs(model_of):
            if is_cancelled():
                return
            yield from self._work_of_one(task, self._prepare(first.model), some, is_cancelled)

    def _work_of_one(
        self,
        task: _Task[Asked, Answer],
        model: ModelVersion,
        requests: Intake[Asked],
        is_cancelled: Callable[[], bool],
    ) -> Iterator[Answer]:
        """Ask the worker, and again in halves what it left when it died, before it is given more."""
        parts, deaths = [requests], 0
        while parts and not is_cancelled():
            feed = _Feed(parts[-1])
            try:
                yield from self._ask(task, model, feed, is_cancelled)
            except WorkerDiedError as error:
                if self._is_closed:
                    return
                rest = list(feed.left.values())
                deaths = deaths + 1 if len(rest) == 1 else 0
                if parts[-1].has_ended:
                    parts.pop()
                if deaths == DEATHS:
                    yield task.give_up(rest[0].key, f"the inference process {error} {DEATHS} times at this row")
                    deaths = 0
                else:
                    half = len(rest) // 2
                    parts += [Intake.of(part) for part in (rest[half:], rest[:half]) if part]
            else:
                parts.pop()
                deaths = 0

    def _ask(
        self, task: _Task[Asked, Answer], model: ModelVersion, feed: _Feed[Asked], is_cancelled: Callable[[], bool]
    ) -> Iterator[Answer]:
        for frame in self._running().ask(task.name, feed=feed, is_cancelled=is_cancelled, model=asdict(model)):
            if "item" in frame:
                answer = task.read(frame["item"])
                if answer.is_whole:
                    del feed.left[answer.key]
                yield answer

    def _result(self, do: str, **values: Any) -> Any:
        """The result of a short task, which is asked once more if the worker dies. Raises ModelError if that dies too."""
        for deaths in range(1, DEATHS + 1):
            try:
                return [frame["result"] for frame in self._running().ask(do, **values)][-1]
            except WorkerDiedError as error:
                if deaths == DEATHS:
                    raise ModelError(f"the inference process {error}", hint="Its last words are in the log.") from error
        raise AssertionError("the loop returns or raises")

    def _running(self) -> Process:
        """The worker, started if there is none: after a death with half the batch."""
        with self._lock:
            if self._process is not None and not self._process.is_alive:
                self._process.close()
                self._process = None
                self._config = replace(
                    self._config,
                    batch_rows=max(1, self._config.batch_rows // 2),
                    batch_tokens=max(FEWEST_TOKENS, self._config.batch_tokens // 2),
                )
            if self._process is None:
                require_packages()
                settings = json.dumps(asdict(self._config))
                self._process = Process([sys.executable, "-m", self._module, settings], self._waiting())
            return self._process


def require_packages() -> None:
    """Raises ModelUnavailableError if a library for local models is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        hint = "Install them: pip install 'sapwood[local]'. An endpoint or the model echo needs none."
        raise ModelUnavailableError(f"local models need {missing[0]}, which is not installed", hint=hint)


def _without_text(key: str, error: str) -> Completion:
    return Completion(key, "", "error", error=error, retryable=True)


def _without_vector(key: str, error: str) -> Vector:
    return Vector(key, b"", error=error, retryable=True)


_TEXTS = _Task[Request, Completion]("generate", read_completion, _without_text)
_VECTORS = _Task[Embed, Vector]("embed", read_vector, _without_vector)
