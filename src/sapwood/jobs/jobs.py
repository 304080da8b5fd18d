"""Fine-tuning jobs as their owner sees them: submit, cancel, resume, recover, wait. Does no work itself: workers do.

A job's truth is its row in the catalogue; its files lie in `<data>/jobs/<id>/`. Whoever claims the row, works. A job for
which there is no room (queue.py) stays PENDING until somebody recovers: a worker that ends, or the owner now and then.
"""

from __future__ import annotations

import socket
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sapwood.errors import JobError
from sapwood.jobs.handler import FINISHED
from sapwood.jobs.launcher import LOG, launch, queue_lock, worker_lock
from sapwood.jobs.queue import blocker, in_order
from sapwood.store.catalog import Catalog
from sapwood.store.jobs import REOPENABLE
from sapwood.store.records import Job

MOST_STARTS = 3
"""Workers that may die one after the other without a new checkpoint before the job is given up."""
SETTLE_LEASE_MS = 5_000
POLL_S = 0.2
REVIVE_EVERY_S = 2.0


class Jobs:
    """The jobs of one data directory. `command` starts a worker; the job's id is appended to it.

    `memory` is what jobs may need together, in bytes.
    """

    def __init__(self, catalog: Catalog, data: Path, command: Sequence[str], *, memory: int = sys.maxsize) -> None:
        self._catalog = catalog
        self._data = data
        self._command = tuple(command)
        self._memory = memory

    def folder(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self._data / "jobs" / job_id

    def submit(self, job: Job) -> Job:
        """Store a job durably, then start its worker. A job that is born finished (bad data) is only stored."""
        self._catalog.add_job(job)
        if job.status not in FINISHED:
            self._revive(job.id)
        return self.job(job.id)

    def resume(self, job_id: str) -> Job:
        """Let a job that ended without a model go on from its last checkpoint. JobError for any other, or if its files are gone."""
        job = self.job(job_id)
        if job.status not in REOPENABLE:
            raise JobError(
                f"Cortex Fine-tuning job '{job_id}' can't be resumed: its status is {job.status}",
                hint=f"Only a job that is {' or '.join(REOPENABLE)} can be resumed.",
            )
        if not job.spec.get("data") or not self.folder(job_id).is_dir():
            raise JobError(
                f"Cortex Fine-tuning job '{job_id}' can't be resumed: there are no data of it",
                hint="Create the job again.",
            )
        self._catalog.reopen_job(job_id)
        self._catalog.add_job_event(job_id, "resumed", {})
        self._revive(job_id)
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        """The job as it stands; JobError if there is none of this id."""
        job = self._catalog.job(job_id)
        if job is None:
            raise unknown_job(job_id)
        return job

    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        return self._catalog.jobs()

    def cancel(self, job_id: str) -> Job:
        """Cancel a job: at once if no worker has it, else within a second or two. JobError if it is finished."""
        job = self.job(job_id)
        if job.status in FINISHED:
            raise JobError(
                f"Cortex Fine-tuning job '{job_id}' can't be cancelled: its status is {job.status}",
                hint="Only a job that is PENDING or IN_PROGRESS can be cancelled.",
            )
        self._catalog.request_cancel(job_id)
        self._revive(job_id)
        return self.job(job_id)

    def recover(self) -> list[str]:
        """Start a worker for each unfinished job that has none; returns their ids. Two at once start each job once."""
        return [job.id for job in in_order(self._catalog.jobs()) if self._revive(job.id)]

    def wait(self, job_id: str, timeout_s: float | None = None, on_change: Callable[[Job], None] | None = None) -> Job:
        """Wait until a job is finished, restarting its worker if it dies. Returns the job as it stands at the time-out."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        next_revival = time.monotonic() + REVIVE_EVERY_S
        shown: Job | None = None
        while True:
            job = self.job(job_id)
            if on_change is not None and (shown is None or _visible(job) != _visible(shown)):
                on_change(job)
                shown = job
            now = time.monotonic()
            if job.status in FINISHED or (deadline is not None and now >= deadline):
                return job
            if now >= next_revival:
                self._revive(job_id)
                next_revival = now + REVIVE_EVERY_S
            time.sleep(POLL_S)

    def _revive(self, job_id: str) -> bool:
        """Start a worker if the job has none; settle it instead if it is cancelled or was tried often enough."""
        with queue_lock(self._data / "jobs"), worker_lock(self.folder(job_id)) as lock:
            if lock is None:
                return False
            job = self.job(job_id)
            if job.status in FINISHED or not _is_orphan(job):
                return False
            self._catalog.end_lease(job_id, job.worker)
            if job.cancel_requested:
                self._settle(job_id, "CANCELLED", None)
                return False
            if job.status == "PENDING" and (reason := blocker(job, self._others(job), self._memory)):
                if reason != job.detail:
                    self._catalog.wait_job(job_id, reason)
                return False
            starts = self._starts(job_id)
            if starts >= MOST_STARTS:
                self._settle(job_id, "ERROR", _gave_up(starts, self.folder(job_id) / LOG))
                return False
            self._catalog.add_job_event(job_id, "launched", {"host": socket.gethostname(), "start": starts + 1})
            launch([*self._command, job_id], self.folder(job_id), lock)
            return True

    def _others(self, job: Job) -> list[Job]:
        """The other jobs that have not ended; one whose worker is starting counts as IN_PROGRESS."""
        others = [other for other in in_order(self._catalog.jobs()) if other.id != job.id]
        return [replace(other, status="IN_PROGRESS") if self._is_starting(other) else other for other in others]

    def _is_starting(self, job: Job) -> bool:
        if job.status != "PENDING":
            return False
        with worker_lock(self.folder(job.id)) as lock:
            return lock is None

    def _starts(self, job_id: str) -> int:
        """Workers started since the last checkpoint, or since somebody resumed the job."""
        kinds = [kind for _, kind, _ in self._catalog.job_events(job_id)]
        last = max((at for at, kind in enumerate(kinds) if kind in ("checkpoint", "resumed")), default=-1)
        return kinds[last + 1 :].count("launched")

    def _settle(self, job_id: str, status: str, error: dict[str, str] | None) -> None:
        """Finish a job that no worker has."""
        owner = f"{socket.gethostname()}:settle:{uuid.uuid4().hex[:8]}"
        if self._catalog.claim_job(job_id, owner, SETTLE_LEASE_MS) is not None:
            self._catalog.finish_job(job_id, owner, status=status, error=error)


def _is_orphan(job: Job) -> bool:
    """Whether nobody works on a job whose worker lock is free here: its worker was on this machine, or its lease ran out."""
    return job.worker.split(":")[0] in ("", socket.gethostname()) or job.lease_until < time.time() * 1000


def _visible(job: Job) -> tuple[str, float, str]:
    return job.status, job.progress, job.detail


def _gave_up(starts: int, log: Path) -> dict[str, str]:
    return {
        "code": "INTERNAL_ERROR",
        "message": f"The worker process died {starts} times in a row without getting further. Its output is in {log}. If the "
        "machine was short of memory, take a smaller batch_size or base model.",
    }


def unknown_job(job_id: str) -> JobError:
    """The error of a job that is not there."""
    return JobError(
        f"Cortex Fine-tuning job '{job_id}' does not exist",
        hint="SELECT SNOWFLAKE.CORTEX.FINETUNE('SHOW') lists all jobs.",
    )
