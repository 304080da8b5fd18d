"""One batch through a backend: completions as they come, and onto the disk in small groups.

Comes in: requests. Goes out: completions, some at a time. It knows neither calls nor rows.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from sapwood.engine.answering import Wanted, answers
from sapwood.engine.result import OnText
from sapwood.errors import Error, ModelError
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
    """A backend's answers as they come, from a thread of its own, so that waiting for one can't hold up cancel or storing.

    Iterating gives the completions that are there, an empty list where there was none for a moment. How an answer begins is
    told to `on_text`, on that thread.
    """

    def __init__(
        self,
        backend: Backend,
        requests: Sequence[Wanted],
        is_cancelled: Callable[[], bool],
        *,
        on_text: OnText | None = None,
    ) -> None:
        self.error: Error | None = None
        self._backend = backend
        self._requests = requests
        self._is_cancelled = is_cancelled
        self._on_text = on_text
        self._stop = threading.Event()
        self._queue: queue.SimpleQueue[Completion | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sapwood-batch", daemon=True)

    def __enter__(self) -> Generation:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def __iter__(self) -> Iterator[list[Completion]]:
        deadline: float | None = None
        has_ended = False
        while not has_ended and (deadline is None or time.monotonic() < deadline):
            if deadline is None and self._is_cancelled():
                deadline = time.monotonic() + WIND_DOWN_SECONDS
            items = self._taken()
            has_ended = None in items
            yield [item for item in items if item is not None]

    def _taken(self) -> list[Completion | None]:
        """What is in the queue; waits a moment if there is nothing."""
        items: list[Completion | None] = []
        with contextlib.suppress(queue.Empty):
            items.append(self._queue.get(timeout=POLL_SECONDS))
            while items[-1] is not None:
                items.append(self._queue.get_nowait())
        return items

    def _work(self) -> None:
        try:
            for completion in answers(self._backend, self._requests, is_cancelled=self._is_stopped):
                if completion.is_whole:
                    self._queue.put(completion)
                elif self._on_text is not None:
                    self._on_text(completion.text)
        except Error as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the statement
            self.error = ModelError(f"Request failed with remote service error: 500 '\"internal error\"' ({error})")
            self.error.__cause__ = error
        finally:
            self._queue.put(None)

    def _is_stopped(self) -> bool:
        return self._stop.is_set() or self._is_cancelled()


class Store:
    """Answers on their way to the disk."""

    def __init__(self, answers: AnswerCache) -> None:
        self._answers = answers
        self._waiting: list[CachedAnswer] = []
        self._since = 0.0

    def add(self, answers: Iterable[CachedAnswer]) -> None:
        """Take answers in; they are not durable yet."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += answers

    def flush_if_due(self) -> None:
        """Make them durable, if they are many or have waited long."""
        waited = time.monotonic() - self._since
        is_many = len(self._waiting) >= GROUP_ROWS and waited >= GROUP_LEAST_SECONDS
        if self._waiting and (is_many or waited >= GROUP_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Make all durable."""
        if self._waiting:
            self._answers.put_many(self._waiting)
            self._waiting = []
