"""One worker process: claims one job, runs its handler under a heartbeat, finishes it. Needs the catalogue and files only.

The model that a job made is registered in the same transaction that makes the job SUCCESS. An error of the handler
makes it ERROR; a killed worker leaves it IN_PROGRESS, and the next one goes on from the last checkpoint.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sapwood.errors import (
    CancelledError,
    DataDirectoryBusyError,
    Error,
    InternalError,
    InvalidArgumentsError,
    InvalidOptionError,
    JobError,
    StorageFullError,
)
from sapwood.jobs.handler import FINISHED, Handler
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job

LEASE_MS = 20_000
"""How long a worker that stopped breathing keeps its job."""
HEARTBEAT_S = 4.0
CANCEL_POLL_S = 0.25
CANCEL_GRACE_S = 1.0
"""How long a handler may take to notice that its job is cancelled; then its process ends in mid-step."""
REPORT_EVERY_S = 0.5
_NEWS = contextlib.suppress(DataDirectoryBusyError, StorageFullError)
"""Around what is only told: a catalogue that can't take it just now costs the news, not the work."""


def work(
    catalog: Catalog,
    job_id: str,
    handlers: Mapping[str, Handler],
    data: Path,
    *,
    leave: Callable[[int], object] = os._exit,
) -> None:
    """Do one job to its end. Returns at once if another worker has it or it is finished.

    `leave` ends the process where the job is cancelled and its handler does not hear of it.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    job = _claim(catalog, job_id, worker)
    if job is None:
        return
    task = RunningTask(catalog, job, worker, data)
    with _heartbeat(task, leave):
        _run(catalog, task, handlers, worker)


def _claim(catalog: Catalog, job_id: str, worker: str) -> Job | None:
    """Claim the job, waiting for the lease of a worker that died to run out."""
    deadline = time.monotonic() + 2 * LEASE_MS / 1000
    while time.monotonic() < deadline:
        claimed = catalog.claim_job(job_id, worker, LEASE_MS)
        if claimed is not None:
            return claimed
        job = catalog.job(job_id)
        if job is None or job.status in FINISHED:
            return None
        time.sleep(0.5)
    return None


class RunningTask:
    """A claimed job in its handler's hands; see sapwood.jobs.handler.Task."""

    def __init__(self, catalog: Catalog, job: Job, worker: str, data: Path) -> None:
        self.job = job
        self.data = data
        self.folder = data / "jobs" / job.id
        self._catalog = catalog
        self._worker = worker
        self.stop: Error | None = _cancelled(job) if job.cancel_requested else None
        self._reported_at = 0.0

    def report(self, progress: float, detail: str = "") -> None:
        self.check()
        now = time.monotonic()
        if now - self._reported_at >= REPORT_EVERY_S or progress >= 1.0:
            self._reported_at = now
            with _NEWS:
                self._renew(progress=min(max(progress, 0.0), 1.0), detail=detail)
            self.check()

    def checkpointed(self, **facts: Any) -> None:
        self.note("checkpoint", **facts)

    def note(self, kind: str, **facts: Any) -> None:
        self.check()
        with _NEWS:
            self._catalog.add_job_event(self.job.id, kind, facts)

    def check(self) -> None:
        """Raise if the job is no longer this worker's to do."""
        if self.stop is not None:
            raise self.stop

    def beat(self, is_due: bool) -> None:
        """Look for a cancel and, when due, extend the lease. Called by the heartbeat thread."""
        if is_due:
            self._renew()
        else:
            self._obey(self._catalog.job(self.job.id))

    def abandon(self) -> None:
        """Write down that the job is cancelled, in its handler's place."""
        with contextlib.suppress(JobError, DataDirectoryBusyError, StorageFullError):
            if isinstance(self.stop, CancelledError):
                self._catalog.finish_job(self.job.id, self._worker, status="CANCELLED")

    def _renew(self, **changes: Any) -> None:
        try:
            self._obey(self._catalog.update_job(self.job.id, self._worker, lease_ms=LEASE_MS, **changes))
        except JobError as lost:
            self.stop = self.stop or lost

    def _obey(self, job: Job | None) -> None:
        if job is not None and job.cancel_requested:
            self.stop = self.stop or _cancelled(job)


def _cancelled(job: Job) -> CancelledError:
    return CancelledError(f"Cortex Fine-tuning job {job.id} was cancelled", hint="")


@contextmanager
def _heartbeat(task: RunningTask, leave: Callable[[int], object]) -> Generator[None]:
    """Keep the lease alive and watch for a cancel, in a thread of its own."""
    over = threading.Event()

    def breathe() -> None:
        next_beat, patience = 0.0, CANCEL_GRACE_S
        while not over.wait(CANCEL_POLL_S):
            now = time.monotonic()
            if task.stop is not None:
                patience -= CANCEL_POLL_S
            if patience < 0:
                task.abandon()
                leave(0)
                return
            with _NEWS:
                task.beat(is_due=now >= next_beat)
            next_beat = now + HEARTBEAT_S if now >= next_beat else next_beat

    thread = threading.Thread(target=breathe, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run(catalog: Catalog, task: RunningTask, handlers: Mapping[str, Handler], worker: str) -> None:
    job_id = task.job.id
    try:
        task.check()
        outcome = _handler(handlers, task.job.kind)(task)
        task.check()
    except Exception as error:
        if error is not task.stop:
            catalog.finish_job(job_id, worker, status="ERROR", error=_described(error))
            raise
        if isinstance(error, CancelledError):
            catalog.finish_job(job_id, worker, status="CANCELLED")
        return
    catalog.finish_job(
        job_id,
        worker,
        status="SUCCESS",
        model=outcome.model,
        detail="",
        progress=1.0,
        trained_tokens=outcome.trained_tokens,
        training_result=dict(outcome.training_result),
    )
    for path in outcome.leftovers:
        path.unlink(missing_ok=True)


def _handler(handlers: Mapping[str, Handler], kind: str) -> Handler:
    if kind not in handlers:
        raise InternalError(f"no handler does jobs of kind {kind!r}")
    return handlers[kind]


_CODES: Mapping[type[Error], str] = {
    InvalidArgumentsError: "INVALID_PARAMETER_VALUE",
    InvalidOptionError: "INVALID_PARAMETER_VALUE",
    StorageFullError: "STORAGE_FULL",
}
_RESUME = "then `sapwood jobs resume` lets the job go on from its last checkpoint."
_SHORT_OF_MEMORY = re.compile(
    r"out of memory|not enough memory|can't allocate memory|cannot allocate memory", re.IGNORECASE
)
"""What torch and the system say; torch raises a plain RuntimeError."""


def _described(error: Exception) -> dict[str, str]:
    """The job's `error` object. What is not an error of ours is a defect, and says its class."""
    if any(isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT) for each in _causes(error)):
        return {"code": "STORAGE_FULL", "message": f"The disk is full. Free some space; {_RESUME}"}
    if any(isinstance(each, MemoryError) or _SHORT_OF_MEMORY.search(str(each)) for each in _causes(error)):
        text = (
            "The worker ran out of memory. Free some, or create the job again with a smaller batch_size or base model"
        )
        return {"code": "OUT_OF_MEMORY", "message": f"{text}; {_RESUME}"}
    if not isinstance(error, Error):
        return {"code": "INTERNAL_ERROR", "message": f"{type(error).__name__}: {error}"}
    message = f"{error.msg} {error.hint}".strip()
    return {"code": _CODES.get(type(error), "INTERNAL_ERROR"), "message": message}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
