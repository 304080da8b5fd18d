"""Which jobs may run side by side: jobs and a limit of memory in, whether one may start out. Starts nothing.

Jobs start by priority, then by age. One that needs more memory than is left waits, and those behind it wait with it, so
that it is not passed over for ever. The first job always runs, whatever it needs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sapwood.jobs.handler import FINISHED
from sapwood.store.records import Job

PRIORITY = 5
"""Of a job whose options name none; 9 is the most urgent."""
SHARE = 0.75
"""Part of the machine's memory that jobs may take where no setting says how much."""
CGROUP = Path("/sys/fs/cgroup/memory.max")


def memory_limit(megabytes: int, *, cgroup: Path = CGROUP) -> int:
    """Bytes that running jobs may need together; 0 megabytes means SHARE of what this machine or container has."""
    if megabytes:
        return megabytes << 20
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    written = cgroup.read_text().strip() if cgroup.is_file() else ""
    return int(SHARE * min(machine, int(written) if written.isdigit() else machine))


def blocker(job: Job, jobs: Sequence[Job], limit: int) -> str | None:
    """What an unstarted job waits for, in words; None if it may start now."""
    running = [other for other in jobs if other.id != job.id and other.status == "IN_PROGRESS"]
    free = limit - sum(_need(other) for other in running)
    if running and _need(job) > free:
        return (
            f"waiting for memory: it needs {_size(_need(job))}, {len(running)} running jobs leave {_size(max(free, 0))}"
        )
    ahead = [other for other in jobs if other.status == "PENDING" and _turn(other) < _turn(job)]
    return f"waiting: {len(ahead)} jobs are before it" if ahead and running else None


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that have not ended, running ones first, then by their turn."""
    unfinished = [job for job in jobs if job.status not in FINISHED]
    return sorted(unfinished, key=lambda job: (job.status != "IN_PROGRESS", _turn(job)))


def _turn(job: Job) -> tuple[int, int, str]:
    priority = int((job.options or {}).get("priority", PRIORITY))
    return -priority, job.created_on, job.id


def _need(job: Job) -> int:
    return int(job.spec.get("memory_bytes", 0))


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GB"
