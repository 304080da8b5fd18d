from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from sapwood.errors import DataDirectoryBusyError, JobError, StorageFullError
from sapwood.jobs import worker
from sapwood.jobs.jobs import MOST_STARTS, Jobs
from sapwood.jobs.keeper import Keeper
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job

WORKER = """
    import errno, os, sys, time
    from pathlib import Path
    from sapwood.jobs import worker
    from sapwood.jobs.handler import Outcome
    from sapwood.store.catalog import Catalog
    from sapwood.store.records import TunedModel

    worker.LEASE_MS, worker.HEARTBEAT_S, worker.CANCEL_POLL_S, worker.REPORT_EVERY_S = 1500, 0.3, 0.1, 0.0

    def handler(task):
        with (task.folder / "starts").open("a") as file:
            file.write("x")
        mode = task.job.base_model
        if mode == "crash":
            os._exit(9)
        if mode == "raise":
            raise ValueError("no luck")
        if mode == "full" and not (task.folder / "go").exists():
            (task.folder / "go").touch()
            raise RuntimeError("torch could not write") from OSError(errno.ENOSPC, "No space left on device")
        while mode == "deaf":
            time.sleep(0.05)
        task.report(0.5, "half")
        while mode == "slow" and not (task.folder / "go").exists():
            task.report(0.5, "half")
            time.sleep(0.02)
        model = TunedModel("DB", "S", "M", "base", "digest", str(task.folder), "adapter", 1, job_id=task.job.id)
        return Outcome(model, 10, {"validation_loss": 0.5, "training_loss": 0.25})

    data = Path(sys.argv[1])
    worker.work(Catalog(f"sqlite:///{data}/catalog.sqlite"), sys.argv[2], {"finetune": handler}, data)
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def jobs(catalog: Catalog, tmp_path: Path) -> Jobs:
    return Jobs(catalog, tmp_path, [sys.executable, "-c", dedent(WORKER), str(tmp_path)])


def new_job(mode: str, *, number: int = 1) -> Job:
    return Job(f"CortexFineTuningWorkflow_{number}", "finetune", "PENDING", number, mode, "DB.S.M", "SELECT 1")


def wait_until(is_so: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def starts(jobs: Jobs, job: Job) -> int:
    path = jobs.folder(job.id) / "starts"
    return len(path.read_text()) if path.exists() else 0


def test_a_job_runs_in_a_process_of_its_own_and_registers_its_model(jobs: Jobs, catalog: Catalog) -> None:
    seen: list[str] = []
    job = jobs.submit(new_job("quick"))
    done = jobs.wait(job.id, 20, lambda state: seen.append(state.status))
    assert (done.status, done.progress, done.model, done.trained_tokens) == ("SUCCESS", 1.0, "DB.S.M", 10)
    assert done.training_result == {"validation_loss": 0.5, "training_loss": 0.25}
    assert seen[-1] == "SUCCESS"
    assert [model.job_id for model in catalog.models()] == [job.id]


def test_a_job_that_is_born_finished_starts_no_worker(jobs: Jobs) -> None:
    job = replace(new_job("quick"), status="ERROR", finished_on=2, error={"code": "C", "message": "m"})
    assert jobs.submit(job) == job
    assert jobs.recover() == []
    assert starts(jobs, job) == 0


def test_an_error_of_the_handler_is_the_jobs_error(jobs: Jobs) -> None:
    done = jobs.wait(jobs.submit(new_job("raise")).id, 20)
    assert (done.status, done.error) == ("ERROR", {"code": "INTERNAL_ERROR", "message": "ValueError: no luck"})
    assert "Traceback" in (jobs.folder(done.id) / "worker.log").read_text()


def test_a_worker_that_dies_over_and_over_is_given_up(jobs: Jobs, catalog: Catalog) -> None:
    job = jobs.submit(new_job("crash"))
    done = jobs.wait(job.id, 60)
    assert done.status == "ERROR"
    assert done.error is not None
    assert f"died {MOST_STARTS} times" in done.error["message"]
    assert starts(jobs, job) == MOST_STARTS
    assert catalog.models() == []


def test_a_checkpoint_makes_a_restart_count_anew(jobs: Jobs, catalog: Catalog) -> None:
    job = new_job("quick")
    catalog.add_job(job)
    for kind in ("launched", "launched", "checkpoint", "launched"):
        catalog.add_job_event(job.id, kind, {})
    assert jobs.recover() == [job.id]
    assert jobs.wait(job.id, 20).status == "SUCCESS"


def test_a_pending_job_without_a_worker_is_started_by_recover(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("quick"))
    assert jobs.recover() == [job.id]
    assert jobs.wait(job.id, 20).status == "SUCCESS"
    assert jobs.recover() == []


def test_two_recoveries_at_once_start_one_worker(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("slow"))
    started: list[str] = []
    threads = [threading.Thread(target=lambda: started.extend(jobs.recover())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert started == [job.id]
    (jobs.folder(job.id) / "go").touch()
    assert jobs.wait(job.id, 20).status == "SUCCESS"
    assert starts(jobs, job) == 1


def test_a_killed_worker_is_replaced(jobs: Jobs, catalog: Catalog) -> None:
    job = jobs.submit(new_job("slow"))
    wait_until(lambda: starts(jobs, job) == 1)
    pid = int(jobs.job(job.id).worker.split(":")[1])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: jobs.recover() == [job.id])
    (jobs.folder(job.id) / "go").touch()
    assert jobs.wait(job.id, 20).status == "SUCCESS"
    assert starts(jobs, job) == 2


def test_nobody_waits_for_the_lease_of_a_dead_worker_of_this_machine(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("quick"))
    catalog.claim_job(job.id, f"{socket.gethostname()}:1:dead", lease_ms=3_600_000)
    assert jobs.recover() == [job.id]
    assert jobs.wait(job.id, 20).status == "SUCCESS"


def test_the_lease_of_a_worker_of_another_machine_is_waited_for(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("quick"))
    catalog.claim_job(job.id, "elsewhere:1:alive", lease_ms=3_600_000)
    assert jobs.recover() == []
    assert jobs.job(job.id).worker == "elsewhere:1:alive"


def test_a_running_worker_is_not_disturbed_by_recover(jobs: Jobs) -> None:
    job = jobs.submit(new_job("slow"))
    wait_until(lambda: starts(jobs, job) == 1)
    assert jobs.recover() == []
    (jobs.folder(job.id) / "go").touch()
    assert jobs.wait(job.id, 20).status == "SUCCESS"


def test_a_running_job_can_be_cancelled_and_makes_no_model(jobs: Jobs, catalog: Catalog) -> None:
    job = jobs.submit(new_job("slow"))
    wait_until(lambda: jobs.job(job.id).progress == 0.5)
    jobs.cancel(job.id)
    assert jobs.wait(job.id, 20).status == "CANCELLED"
    assert catalog.models() == []


def test_a_handler_that_does_not_hear_of_a_cancel_is_ended_within_two_seconds(jobs: Jobs, catalog: Catalog) -> None:
    job = jobs.submit(new_job("deaf"))
    wait_until(lambda: starts(jobs, job) == 1)
    asked = time.monotonic()
    jobs.cancel(job.id)
    wait_until(lambda: jobs.job(job.id).status == "CANCELLED")
    assert time.monotonic() - asked < 2 * worker.CANCEL_GRACE_S + 1  # a busy machine is given a second more
    assert catalog.models() == []


def test_a_job_whose_disk_was_full_is_resumed_and_ends_well(jobs: Jobs, catalog: Catalog) -> None:
    job = replace(new_job("full"), spec={"data": {"train": {}}})
    failed = jobs.wait(jobs.submit(job).id, 20)
    assert failed.error == {
        "code": "STORAGE_FULL",
        "message": "The disk is full. Free some space; then `sapwood jobs resume` lets the job go on from its last checkpoint.",
    }
    assert jobs.resume(job.id).status in ("PENDING", "IN_PROGRESS")
    done = jobs.wait(job.id, 20)
    assert (done.status, done.error, done.model) == ("SUCCESS", None, "DB.S.M")
    with pytest.raises(JobError, match="its status is SUCCESS"):
        jobs.resume(job.id)


def test_a_job_without_data_is_not_resumed(jobs: Jobs) -> None:
    job = jobs.submit(replace(new_job("quick"), status="ERROR", finished_on=2))
    with pytest.raises(JobError, match="no data"):
        jobs.resume(job.id)


def test_jobs_wait_for_memory_and_start_by_priority(jobs: Jobs, catalog: Catalog, tmp_path: Path) -> None:
    jobs = Jobs(catalog, tmp_path, [sys.executable, "-c", dedent(WORKER), str(tmp_path)], memory=3)
    first, second, third = (
        replace(new_job("slow", number=number), spec={"memory_bytes": 2}, options={"priority": priority})
        for number, priority in ((1, 5), (2, 5), (3, 9))
    )
    jobs.submit(first)
    waiting = jobs.submit(second)
    assert (waiting.status, waiting.detail.split(":")[0]) == ("PENDING", "waiting for memory")
    jobs.submit(third)
    (jobs.folder(first.id) / "go").touch()
    assert jobs.wait(first.id, 20).status == "SUCCESS"
    wait_until(lambda: third.id in jobs.recover())
    assert (starts(jobs, second), jobs.job(second.id).status) == (0, "PENDING")
    for job in (third, second):
        (jobs.folder(job.id) / "go").touch()
        assert jobs.wait(job.id, 20).status == "SUCCESS"


def test_a_keeper_starts_what_has_no_worker(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("quick"))
    keeper = Keeper(jobs, every_s=0.05)
    try:
        wait_until(lambda: jobs.job(job.id).status == "SUCCESS")
    finally:
        keeper.close()


def test_a_job_without_a_worker_is_cancelled_at_once(jobs: Jobs, catalog: Catalog) -> None:
    job = catalog.add_job(new_job("quick"))
    assert jobs.cancel(job.id).status == "CANCELLED"
    assert jobs.recover() == []


def test_a_cancelled_job_whose_worker_died_ends_cancelled(jobs: Jobs, catalog: Catalog) -> None:
    job = jobs.submit(new_job("slow"))
    wait_until(lambda: starts(jobs, job) == 1)
    catalog.claim_job(job.id, jobs.job(job.id).worker, 300)
    os.kill(int(jobs.job(job.id).worker.split(":")[1]), signal.SIGKILL)
    jobs.cancel(job.id)
    assert jobs.wait(job.id, 20).status == "CANCELLED"
    assert starts(jobs, job) == 1


@pytest.mark.parametrize("status", ["SUCCESS", "ERROR", "CANCELLED"])
def test_a_finished_job_cannot_be_cancelled(jobs: Jobs, catalog: Catalog, status: str) -> None:
    catalog.add_job(replace(new_job("quick"), status=status))
    with pytest.raises(JobError, match=f"its status is {status}"):
        jobs.cancel("CortexFineTuningWorkflow_1")


def test_an_unknown_job_is_an_error_by_name(jobs: Jobs) -> None:
    with pytest.raises(JobError, match="'nope' does not exist"):
        jobs.cancel("nope")


def test_wait_returns_the_job_as_it_stands_at_the_time_out(jobs: Jobs) -> None:
    job = jobs.submit(new_job("slow"))
    wait_until(lambda: starts(jobs, job) == 1)
    assert jobs.wait(job.id, 0.1).status == "IN_PROGRESS"
    jobs.cancel(job.id)
    assert jobs.wait(job.id, 20).status == "CANCELLED"


def test_news_that_can_not_be_stored_cost_no_job(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: object, **named: object) -> None:
        raise DataDirectoryBusyError("another process holds the catalogue")

    catalog.add_job(new_job("quick"))
    job = catalog.claim_job("CortexFineTuningWorkflow_1", "w", 60_000)
    assert job is not None
    task = worker.RunningTask(catalog, job, "w", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Catalog, "update_job", busy)
        patch.setattr(Catalog, "add_job_event", busy)
        task.report(1.0)
        task.checkpointed(step=1)
    task.report(1.0, "now")
    after = catalog.job(job.id)
    assert after is not None
    assert (after.progress, after.detail) == (1.0, "now")


def test_the_heart_goes_on_beating_after_a_full_disk(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CANCEL_POLL_S", 0.01)
    catalog.add_job(new_job("quick"))
    job = catalog.claim_job("CortexFineTuningWorkflow_1", "w", 60_000)
    assert job is not None
    beats: list[bool] = []

    class Task(worker.RunningTask):
        def beat(self, is_due: bool) -> None:
            beats.append(is_due)
            if len(beats) == 1:
                raise StorageFullError("The disk is full")
            super().beat(is_due)

    task = Task(catalog, job, "w", tmp_path)
    catalog.request_cancel(job.id)
    with vars(worker)["_heartbeat"](task, lambda code: None):
        wait_until(lambda: task.stop is not None)
    assert len(beats) > 1
