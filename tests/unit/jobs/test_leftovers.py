from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sapwood.jobs.leftovers import clear_leftovers
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job, TunedModel

DAY_MS = 86_400_000
NOW = time.time_ns() // 1_000_000
MODEL = TunedModel("DB", "PUBLIC", "M", "mistral-7b", "d0", "models/x", "d1", created_on=7)
JOB = Job("j", "finetune", "SUCCESS", NOW - 90 * DAY_MS, "mistral-7b", "DB.PUBLIC.M", "SELECT 1")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield catalog
    catalog.close()


def left(data: Path, parent: str) -> set[str]:
    return {path.name for path in (data / parent).iterdir()}


def test_folders_of_jobs_that_ended_long_ago_go(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add_job(replace(JOB, id="old", finished_on=NOW - 31 * DAY_MS))
    catalog.add_job(replace(JOB, id="fresh", finished_on=NOW - 29 * DAY_MS))
    catalog.add_job(replace(JOB, id="running", status="IN_PROGRESS"))
    for name in ("old", "fresh", "running"):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        (tmp_path / "jobs" / name / "train.arrow").touch()
        (tmp_path / "models" / name).mkdir(parents=True)
        catalog.add_model(replace(MODEL, name=name, job_id=name))
    assert clear_leftovers(catalog, tmp_path, days=30) == [tmp_path / "jobs" / "old"]
    assert left(tmp_path, "jobs") == {"fresh", "running"}
    assert left(tmp_path, "models") == {"old", "fresh", "running"}
    assert len(catalog.jobs()) == 3


def test_a_folder_without_a_job_goes_after_a_day(catalog: Catalog, tmp_path: Path) -> None:
    for name in ("now", "before"):
        (tmp_path / "jobs" / name).mkdir(parents=True)
    before = time.time() - 2 * 86_400
    os.utime(tmp_path / "jobs" / "before", (before, before))
    clear_leftovers(catalog, tmp_path, days=30)
    assert left(tmp_path, "jobs") == {"now"}


def test_files_of_a_model_that_is_not_registered_go(catalog: Catalog, tmp_path: Path) -> None:
    for job_id, status in (("failed", "ERROR"), ("dropped", "SUCCESS"), ("kept", "SUCCESS"), ("runs", "IN_PROGRESS")):
        catalog.add_job(replace(JOB, id=job_id, status=status, finished_on=NOW))
        (tmp_path / "models" / job_id).mkdir(parents=True)
    (tmp_path / "models" / "of-somebody-else").mkdir()
    catalog.add_model(replace(MODEL, job_id="kept"))
    clear_leftovers(catalog, tmp_path, days=30)
    assert left(tmp_path, "models") == {"kept", "runs", "of-somebody-else"}


def test_a_new_data_directory_has_nothing_to_clear(catalog: Catalog, tmp_path: Path) -> None:
    assert clear_leftovers(catalog, tmp_path, days=30) == []
