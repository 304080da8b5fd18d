"""Jobs: who works on one, how far it is, how it ended.

A worker holds a job by a lease in epoch milliseconds that it renews. Only the holder may change the job; when the lease
has run out another worker may take it, and the first one's next change is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, insert, select, update

from sapwood.errors import InternalError, JobError
from sapwood.store.models import add_under_free_name
from sapwood.store.part import Part
from sapwood.store.records import Job, TunedModel
from sapwood.store.rows import find, to_row
from sapwood.store.schema import JOB_EVENTS, JOBS

OPEN = ("PENDING", "IN_PROGRESS")
"""The states of a job that has not ended."""
REOPENABLE = ("ERROR", "CANCELLED")
"""The states of a job that ended without a model."""

_FIXED = frozenset({"id", "kind", "created_on", "spec", "status", "worker", "lease_until", "cancel_requested"})
_CHANGEABLE = frozenset(item.name for item in fields(Job)) - _FIXED


class Jobs(Part):
    """The catalogue's jobs and their events."""

    def add_job(self, job: Job) -> Job:
        """Store a new job. Raises JobError if its id is taken."""
        with self._database.write() as connection:
            if find(connection, JOBS, Job, id=job.id) is not None:
                raise JobError(f"a job {job.id} is there already")
            connection.execute(insert(JOBS).values(**to_row(job)))
        return job

    def job(self, job_id: str) -> Job | None:
        with self._database.read() as connection:
            return find(connection, JOBS, Job, id=job_id)

    def jobs(self, kind: str | None = None) -> list[Job]:
        """Newest first."""
        query = select(JOBS).order_by(JOBS.c.created_on.desc(), JOBS.c.id)
        if kind is not None:
            query = query.where(JOBS.c.kind == kind)
        with self._database.read() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def claim_job(self, job_id: str, worker: str, lease_ms: int) -> Job | None:
        """Take a job that has not ended and that nobody works on; it is IN_PROGRESS then. None if it can't be taken."""
        now = self._clock()
        with self._database.write() as connection:
            job = find(connection, JOBS, Job, id=job_id)
            if job is None or job.status not in OPEN or (job.lease_until > now and job.worker != worker):
                return None
            return _change(
                connection, job_id, {"status": "IN_PROGRESS", "worker": worker, "lease_until": now + lease_ms}
            )

    def update_job(self, job_id: str, worker: str, *, lease_ms: int | None = None, **changes: Any) -> Job:
        """Change fields and, if `lease_ms` is given, renew the lease; returns the job, whose `cancel_requested` the worker obeys.

        Raises JobError if `worker` does not hold the job any more.
        """
        _check(changes)
        lease = {} if lease_ms is None else {"lease_until": self._clock() + lease_ms}
        with self._database.write() as connection:
            _held(connection, job_id, worker)
            return _change(connection, job_id, {**changes, **lease})

    def finish_job(
        self, job_id: str, worker: str, *, status: str, model: TunedModel | None = None, **changes: Any
    ) -> Job:
        """End a job and register its model, in one transaction. `status` is SUCCESS, ERROR or CANCELLED.

        A model whose name is taken gets _2, _3 and so on, and the job's `model` is its full name. A job whose
        cancellation was asked for before this is CANCELLED and gets no model, since the user was told so. Raises
        JobError if `worker` does not hold the job any more.
        """
        _check(changes)
        with self._database.write() as connection:
            job = _held(connection, job_id, worker)
            values: dict[str, Any] = {"finished_on": self._clock(), **changes, "status": status, "lease_until": 0}
            if job.cancel_requested and status == "SUCCESS":
                return _change(
                    connection, job_id, {"finished_on": values["finished_on"], "status": "CANCELLED", "lease_until": 0}
                )
            if status == "SUCCESS":
                values.setdefault("progress", 1.0)
            if model is not None:
                values["model"] = add_under_free_name(connection, model).full_name
            return _change(connection, job_id, values)

    def request_cancel(self, job_id: str) -> Job:
        """Ask a job to end. One that nobody works on is CANCELLED at once; one that has ended stays as it is.

        Raises JobError for an unknown id.
        """
        now = self._clock()
        with self._database.write() as connection:
            job = find(connection, JOBS, Job, id=job_id)
            if job is None:
                raise _unknown(job_id)
            if job.status not in OPEN:
                return job
            if job.lease_until > now:
                return _change(connection, job_id, {"cancel_requested": True})
            return _change(
                connection,
                job_id,
                {"cancel_requested": True, "status": "CANCELLED", "finished_on": now, "lease_until": 0},
            )

    def reopen_job(self, job_id: str) -> Job:
        """Make a job that ended without a model PENDING again; its files are the caller's. Others stay as they are.

        Raises JobError for an unknown id.
        """
        with self._database.write() as connection:
            job = find(connection, JOBS, Job, id=job_id)
            if job is None:
                raise _unknown(job_id)
            if job.status not in REOPENABLE:
                return job
            again = {"status": "PENDING", "detail": "", "error": None, "finished_on": None, "cancel_requested": False}
            return _change(connection, job_id, {**again, "worker": "", "lease_until": 0})

    def end_lease(self, job_id: str, worker: str) -> None:
        """Let others take a job at once, for its worker is known to be dead; nothing happens if another one holds it by now."""
        with self._database.write() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job_id, JOBS.c.worker == worker).values(lease_until=0))

    def wait_job(self, job_id: str, detail: str) -> None:
        """Say what a PENDING job waits for; a job that is not PENDING any more stays as it is."""
        with self._database.write() as connection:
            connection.execute(
                update(JOBS).where(JOBS.c.id == job_id, JOBS.c.status == "PENDING").values(detail=detail)
            )

    def add_job_event(self, job_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Note what happened to a job; `data` is JSON-able."""
        with self._database.write() as connection:
            connection.execute(
                insert(JOB_EVENTS).values(job_id=job_id, recorded_on=self._clock(), kind=kind, data=dict(data))
            )

    def job_events(self, job_id: str) -> list[tuple[int, str, Mapping[str, Any]]]:
        """(epoch milliseconds, kind, data), oldest first."""
        columns = (JOB_EVENTS.c.recorded_on, JOB_EVENTS.c.kind, JOB_EVENTS.c.data)
        query = select(*columns).where(JOB_EVENTS.c.job_id == job_id).order_by(JOB_EVENTS.c.number)
        with self._database.read() as connection:
            return [(at, kind, data) for at, kind, data in connection.execute(query)]


def _held(connection: Connection, job_id: str, worker: str) -> Job:
    job = find(connection, JOBS, Job, id=job_id)
    if job is None:
        raise _unknown(job_id)
    if job.status != "IN_PROGRESS" or job.worker != worker:
        raise JobError(
            f"worker {worker} does not hold job {job_id}, which is {job.status}",
            hint="Another worker took it over, or it was ended.",
        )
    return job


def _change(connection: Connection, job_id: str, values: Mapping[str, Any]) -> Job:
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    if plain:
        connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**plain))
    job = find(connection, JOBS, Job, id=job_id)
    if job is None:
        raise _unknown(job_id)
    return job


def _check(changes: Mapping[str, Any]) -> None:
    wrong = sorted(set(changes) - _CHANGEABLE)
    if wrong:
        raise InternalError(f"a worker can't change {', '.join(wrong)} of a job")


def _unknown(job_id: str) -> JobError:
    return JobError(
        f"Fine-tuning job {job_id} does not exist.", hint="SELECT SNOWFLAKE.CORTEX.FINETUNE('SHOW') lists all jobs."
    )
