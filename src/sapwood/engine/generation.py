"""Questions through a backend: completions as they come, and onto the disk in small groups.

Comes in: requests, a few at a time. Goes out: completions, some at a time. It knows neither calls nor rows.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sapwood.engine.answering import Wanted, answers
from sapwood.engine.result import OnText
from sapwood.errors import CancelledError, Error, InternalError, ModelError
from sapwood.inference.intake import Intake
from sapwood.inference.request import Backend, Completion
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer

GROUP_ROWS = 64
"""Most finished answers that a crash may cost, where a backend takes longer for them than GROUP_LEAST_SECONDS."""
GROUP_LEAST_SECONDS = 0.05
"""Time of which a crash may cost all answers: a commit takes too long for less."""
GROUP_SECONDS = 1.0
"""Longest time that a finished answer waits to be durable."""
POLL_SECONDS = 0.05
"""How often a waiting statement looks whether it was cancelled."""
WIND_DOWN_SECONDS = 0.5
"""How long a cancelled statement waits for the backend to hand over what it has finished."""


class Generation:
    """A backend at work on a thread of its own, so that waiting for it can't hold up cancel or storing. It takes requests as it goes."""

    def __init__(self, backend: Backend, is_cancelled: Callable[[], bool], *, on_text: OnText | None = None) -> None:
        """`on_text` is told how an answer begins, on that thread."""
        self.waiting = 0
        """Requests that were asked and not yet answered."""
        self._backend = backend
        self._is_cancelled = is_cancelled
        self._on_text = on_text
        self._requests: Intake[Any] = Intake[Any].open()
        self._stop = threading.Event()
        self._answers: queue.SimpleQueue[Completion | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._deadline = float("inf")
        self._error: Error | None = None
        self._has_ended = False

    def __enter__(self) -> Generation:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._requests.close()

    def ask(self, requests: Sequence[Wanted]) -> None:
        """Have requests answered after those that were asked before; the backend is not touched before the first."""
        self.waiting += len(requests)
        self._requests.put(requests)
        if self._thread is None and requests:
            self._thread = threading.Thread(target=self._work, name="sapwood-batch", daemon=True)
            self._thread.start()

    def take(self) -> list[Completion]:
        """Completions that are there; none where there was none for a moment.

        Raises CancelledError, or what ended the backend, once it has given all that it will.
        """
        if self._is_cancelled() and not self._stop.is_set():
            self.__exit__()
            self._deadline = time.monotonic() + WIND_DOWN_SECONDS
        if self._has_ended or time.monotonic() > self._deadline:
            raise self._end()
        completions: list[Completion] = []
        with contextlib.suppress(queue.Empty):
            answer = self._answers.get(timeout=POLL_SECONDS)
            while answer is not None:
                completions.append(answer)
                answer = self._answers.get_nowait()
            self._has_ended = True
        self.waiting -= len(completions)
        return completions

    def _end(self) -> Error:
        if self._is_cancelled():
            return CancelledError("SQL execution canceled")
        return self._error or InternalError(f"{self.waiting} questions got no answer")

    def _work(self) -> None:
        try:
            for completion in answers(self._backend, self._requests, is_cancelled=self._is_stopped):
                if completion.is_whole:
                    self._answers.put(completion)
                elif self._on_text is not None:
                    self._on_text(completion.text)
        except Error as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the statement
            self._error = ModelError(f"Request failed with remote service error: 500 '\"internal error\"' ({error})")
            self._error.__cause__ = error
        finally:
            self._answers.put(None)

    def _is_stopped(self) -> bool:
        return self._stop.is_set() or self._is_cancelled()


class Store:
    """Answers on their way to the disk; all are there when it is left."""

    def __init__(self, answers: AnswerCache) -> None:
        self._answers = answers
        self._waiting: list[CachedAnswer] = []
        self._since = 0.0

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, answers: Iterable[CachedAnswer]) -> None:
        """Take answers in. They are durable once they are many or have waited long, which this looks at each time."""
        new = list(answers)
        self._flush_if_due(rows=len(self._waiting) + len(new) - 1)
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += new
        self._flush_if_due(rows=len(self._waiting))

    def _flush_if_due(self, *, rows: int) -> None:
        waited = time.monotonic() - self._since
        if (rows >= GROUP_ROWS and waited >= GROUP_LEAST_SECONDS) or waited >= GROUP_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Make all durable."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._answers.put_many(waiting)
