"""Looks after the jobs while their owner lives: one whose worker died, or for which there is room now, is started."""

from __future__ import annotations

import contextlib
import logging
import threading

from sapwood.errors import Error
from sapwood.jobs.jobs import Jobs

EVERY_S = 5.0
_LOG = logging.getLogger(__name__)


class Keeper:
    """A thread that recovers jobs, from now until it is closed."""

    def __init__(self, jobs: Jobs, *, every_s: float = EVERY_S) -> None:
        self._jobs, self._every_s = jobs, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="jobs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; the jobs go on."""
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._over.wait(self._every_s):
            with contextlib.suppress(
                Error, OSError
            ):  # a catalogue or disk that is busy or full now is asked again later
                for job_id in self._jobs.recover():
                    _LOG.info("a worker was started for job %s", job_id)
