"""What jobs leave behind: folders of old ones and of those that never came to be, files of models that are not registered.

The owner of a data directory clears them when it starts; it alone makes jobs. Jobs that have not ended keep everything.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from sapwood.jobs.handler import FINISHED
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job

DAY_S = 86_400
UNKNOWN_DAYS = 1
"""Days for which a folder is kept that no job of the catalogue has: its owner died before it stored the job."""


def clear_leftovers(catalog: Catalog, data: Path, *, days: int) -> list[Path]:
    """Remove the folders of jobs that ended more than `days` ago, and those of models that are gone; what went."""
    jobs = {job.id: job for job in catalog.jobs()}  # before the models: a job that ends meanwhile is not over here
    registered = {version.job_id for model in catalog.models() for version in model.versions.values()}
    now = time.time()
    old = [folder for folder in _folders(data / "jobs") if _is_over(folder, jobs.get(folder.name), days, now)]
    unused = [
        folder
        for folder in _folders(data / "models")
        if folder.name not in registered and _is_finished(jobs.get(folder.name))
    ]
    for folder in (*old, *unused):
        shutil.rmtree(folder, ignore_errors=True)
    return [*old, *unused]


def _folders(parent: Path) -> Iterable[Path]:
    return (path for path in parent.iterdir() if path.is_dir() and not path.is_symlink()) if parent.is_dir() else ()


def _is_over(folder: Path, job: Job | None, days: int, now: float) -> bool:
    if job is None:
        return folder.stat().st_mtime < now - UNKNOWN_DAYS * DAY_S
    return job.status in FINISHED and job.finished_on is not None and job.finished_on / 1000 < now - days * DAY_S


def _is_finished(job: Job | None) -> bool:
    return job is not None and job.status in FINISHED
