"""How far a call's questions are, told to whoever wants to know. Comes in: counts. Goes out: `Progress`."""

from __future__ import annotations

import time

from sapwood.engine.result import OnProgress, Progress


class Report:
    """Progress of one call of one statement. `expect` and `tell` add up."""

    def __init__(self, query_id: str, on_progress: OnProgress | None, total: int) -> None:
        self._query_id = query_id
        self._on_progress = on_progress
        self._total = total
        self._done = self._cached = 0
        self._model = ""
        self._started = time.monotonic()

    def expect(self, more: int) -> None:
        """So many more questions than were expected; fewer if it is negative."""
        self._total += more

    def ask(self, model: str) -> None:
        """A model is asked from now on."""
        self._model = model
        self.tell(0)

    def tell(self, done: int, *, cached: int = 0) -> None:
        """So many questions more are done, and so many of them were known."""
        self._done += done
        self._cached += cached
        if self._on_progress is None or not self._total:
            return
        seconds, made = time.monotonic() - self._started, self._done - self._cached
        rate = made / seconds if made and seconds > 0 else 0.0
        progress = Progress(self._query_id, "inference", self._model, self._done, self._total, self._cached, rate)
        self._on_progress(progress)
