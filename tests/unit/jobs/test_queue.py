from __future__ import annotations

from pathlib import Path
from typing import Any

from sapwood.jobs.queue import blocker, in_order, memory_limit
from sapwood.store.records import Job


def job(number: int, status: str = "PENDING", *, need: int = 1, **options: Any) -> Job:
    spec = {"memory_bytes": need << 30}
    return Job(f"j{number}", "finetune", status, number, "b", "DB.S.M", "SELECT 1", options=options, spec=spec)


def test_a_job_with_room_for_it_waits_for_nobody() -> None:
    assert blocker(job(2), [job(1, "IN_PROGRESS"), job(2)], 2 << 30) is None


def test_a_job_waits_for_memory_and_says_so() -> None:
    said = blocker(job(2, need=2), [job(1, "IN_PROGRESS")], 2 << 30)
    assert said == "waiting for memory: it needs 2.0 GB, 1 running jobs leave 1.0 GB"


def test_the_first_job_runs_whatever_it_needs() -> None:
    assert blocker(job(1, need=9), [], 1 << 30) is None


def test_a_small_job_does_not_pass_a_large_one_that_waits() -> None:
    jobs = [job(1, "IN_PROGRESS"), job(2, need=2), job(3)]
    assert blocker(jobs[2], jobs, 2 << 30) == "waiting: 1 jobs are before it"


def test_urgent_jobs_go_first_and_older_ones_of_the_same_priority() -> None:
    jobs = [job(1), job(2, priority=9), job(3), job(4, priority=1), job(5, "IN_PROGRESS", priority=1), job(6, "ERROR")]
    assert [each.id for each in in_order(jobs)] == ["j5", "j2", "j1", "j3", "j4"]
    assert blocker(jobs[1], jobs, 9 << 30) is None


def test_the_limit_is_what_the_container_may_have(tmp_path: Path) -> None:
    cgroup = tmp_path / "memory.max"
    whole = memory_limit(0, cgroup=cgroup)
    cgroup.write_text("1073741824\n")
    assert memory_limit(0, cgroup=cgroup) == 3 << 28
    cgroup.write_text("max\n")
    assert memory_limit(0, cgroup=cgroup) == whole > 3 << 28
    assert memory_limit(7, cgroup=cgroup) == 7 << 20
