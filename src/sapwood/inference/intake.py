"""Requests on their way to a backend: put in by who asks, taken out by who answers as it has room for more.

So what is answered side by side stays full over a whole statement, of which only a part is ever in memory: who asks puts in
more as answers come back. One asks and one answers, each on a thread of its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from sapwood.inference.request import Embed, Request

Asked = TypeVar("Asked", Request, Embed)

CHUNK = 64
"""Requests that are taken at a time by who goes through all of them."""


class _Line(Generic[Asked]):
    """What stands in line, and whether more may come."""

    def __init__(self, requests: Iterable[Asked], *, is_open: bool) -> None:
        self.requests = deque(requests)
        self.is_open = is_open
        self.changed = threading.Condition()
        self.wake: Callable[[], None] | None = None

    def change(self, requests: Iterable[Asked], *, is_open: bool) -> None:
        with self.changed:
            self.requests.extend(requests)
            self.is_open = self.is_open and is_open
            self.changed.notify_all()
        if self.wake is not None:
            self.wake()


class Intake(Generic[Asked]):
    """A line of requests, or the part at its head whose requests are alike in something."""

    def __init__(self, line: _Line[Asked], belongs: Callable[[Asked], bool] = lambda request: True) -> None:
        self._line = line
        self._belongs = belongs

    @classmethod
    def open(cls) -> Intake[Asked]:
        """An empty line, into which requests are put until it is closed."""
        line: _Line[Any] = _Line((), is_open=True)
        return cls(line)

    @classmethod
    def of(cls, requests: Iterable[Asked]) -> Intake[Asked]:
        """The line that it is already, or one of these requests and no more."""
        if isinstance(requests, Intake):
            return requests
        line: _Line[Any] = _Line(requests, is_open=False)
        return cls(line)

    def put(self, requests: Iterable[Asked]) -> None:
        """Let requests stand in line."""
        self._line.change(requests, is_open=True)

    def close(self) -> None:
        """Say that no more come; whoever waits for one goes on."""
        self._line.change((), is_open=False)

    def watch(self, wake: Callable[[], None] | None) -> None:
        """Call this after each `put` and `close`, on the thread of those."""
        self._line.wake = wake

    @property
    def has_ended(self) -> bool:
        """Whether nothing is left to be taken and nothing more will come."""
        with self._line.changed:
            requests = self._line.requests
            return not self._belongs(requests[0]) if requests else not self._line.is_open

    def take(self, most: int, *, waits: bool = True) -> list[Asked]:
        """Up to so many requests, those that are there; none if it has ended, or if it does not wait and none is there."""
        line = self._line
        with line.changed:
            if waits:
                line.changed.wait_for(lambda: line.requests or not line.is_open)
            taken: list[Asked] = []
            while line.requests and len(taken) < most and self._belongs(line.requests[0]):
                taken.append(line.requests.popleft())
            return taken

    def __iter__(self) -> Iterator[Asked]:
        while taken := self.take(CHUNK):
            yield from taken

    def runs(self, kind: Callable[[Asked], Hashable]) -> Iterator[tuple[Asked, Intake[Asked]]]:
        """Runs of requests of one kind, each with its first request; a run is to be emptied before the next is asked for."""
        line = self._line
        while True:
            with line.changed:
                line.changed.wait_for(lambda: line.requests or not line.is_open)
                if not line.requests or not self._belongs(line.requests[0]):
                    return
                first = line.requests[0]
            wanted = kind(first)
            yield first, Intake(line, lambda request, wanted=wanted: self._belongs(request) and kind(request) == wanted)
