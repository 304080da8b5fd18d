"""Jobs under random faults: whatever happens to them, they end in a legal state with the JSON that DESCRIBE promises.

    python bench/faults.py --count 200

The work is a stand-in without a model: it reads its data, does steps with a checkpoint after each, and saves a file, so that
what is tested is the queue, the leases, the workers and the catalogue. Each job gets one fault at a random moment: its
worker is killed, it is cancelled, its disk or memory is full once, its data are bad, or its owner starts anew.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import errno
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sapwood.errors import InvalidArgumentsError, JobError
from sapwood.functions.finetune import description
from sapwood.jobs import worker
from sapwood.jobs.durable import write_file
from sapwood.jobs.handler import FINISHED, Outcome, Task
from sapwood.jobs.jobs import Jobs
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job, TunedModel

FAULTS = ("none", "kill", "cancel", "disk", "memory", "data", "restart")
STEPS = 8
SIDE_BY_SIDE = 6
"""Jobs for which there is memory at once."""
ALWAYS = {"base_model", "created_on", "id", "progress", "status", "training_data", "validation_data"}
ALSO = {
    "SUCCESS": {"finished_on", "model", "trained_tokens", "training_result"},
    "ERROR": {"finished_on", "error"},
    "CANCELLED": set[str](),
}
"""Keys that DESCRIBE has in each state beside those that are always there."""
ENDS = {
    "none": {"SUCCESS"},
    "kill": {"SUCCESS"},
    "restart": {"SUCCESS"},
    "cancel": {"CANCELLED", "SUCCESS"},
    "disk": {"ERROR", "SUCCESS"},
    "memory": {"ERROR", "SUCCESS"},
    "data": {"ERROR"},
}
"""How a job may end after each fault; one that comes too late changes nothing."""
CODES = {"disk": "STORAGE_FULL", "memory": "OUT_OF_MEMORY", "data": "INVALID_PARAMETER_VALUE"}


@dataclass(frozen=True)
class Ended:
    """How one job ended, and what is wrong with that, if anything."""

    fault: str
    job: Job
    wrong: str


def handle(task: Task) -> Outcome:
    """The stand-in for a training run, with the fault that its spec asks for inside."""
    fault, at = str(task.job.spec["fault"]), int(task.job.spec["at"])
    if fault == "data":
        raise InvalidArgumentsError("there is nothing to learn", hint="Look at the data.")
    checkpoint = task.folder / "checkpoint"
    done = int(checkpoint.read_text()) if checkpoint.is_file() else 0
    for step in range(done, STEPS):
        if step == at and not (task.folder / "hit").exists():
            (task.folder / "hit").touch()
            _break(fault)
        time.sleep(0.05)
        write_file(checkpoint, lambda file, step=step: file.write(str(step + 1).encode()))
        task.checkpointed(step=step + 1)
        task.report((step + 1) / STEPS, f"step {step + 1}")
    model = TunedModel("DB", "S", "M", "base", "digest", f"models/{task.job.id}", "adapter", 1, job_id=task.job.id)
    return Outcome(model, 10, {"validation_loss": 0.5, "training_loss": 0.25})


def _break(fault: str) -> None:
    if fault == "disk":
        raise OSError(errno.ENOSPC, "No space left on device")
    if fault == "memory":
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")


def run(data: Path, *, count: int, seed: int, timeout_s: float = 600) -> list[Ended]:
    """Let `count` jobs run, each with its fault; how each ended. Raises TimeoutError if one never does."""
    draw = random.Random(seed)
    with contextlib.closing(Catalog(f"sqlite:///{data / 'catalog.sqlite'}")) as catalog:
        command = [sys.executable, str(Path(__file__).resolve()), "--work", str(data)]
        jobs = Jobs(catalog, data, command, memory=SIDE_BY_SIDE)
        made = [jobs.submit(_job(number, draw)) for number in range(count)]
        due = {job.id: time.monotonic() + draw.random() * 0.4 * count / SIDE_BY_SIDE for job in made}
        deadline = time.monotonic() + timeout_s
        while any(job.status not in FINISHED for job in jobs.jobs()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{[job for job in jobs.jobs() if job.status not in FINISHED]} do not end")
            for job_id in [job_id for job_id, moment in due.items() if moment < time.monotonic()]:
                jobs = _strike(jobs, catalog, data, command, jobs.job(job_id), due)
            jobs.recover()
            time.sleep(0.05)
        resumed = _resume(jobs)
        return [_judge(catalog, jobs.job(job.id), was_resumed=job.id in resumed) for job in made]


def _job(number: int, draw: random.Random) -> Job:
    fault = FAULTS[number % len(FAULTS)]
    spec = {"fault": fault, "at": draw.randrange(STEPS), "memory_bytes": 1, "data": {"train": {}}}
    options = {"priority": draw.randrange(1, 10)}
    return Job(f"j{number:03}", "finetune", "PENDING", number, "base", "DB.S.M", "SELECT 1", options=options, spec=spec)


def _strike(jobs: Jobs, catalog: Catalog, data: Path, command: list[str], job: Job, due: dict[str, float]) -> Jobs:
    """Do to a job from outside what its fault says, once it runs; gives the owner, who may be another one now."""
    fault = str(job.spec["fault"])
    if job.status == "PENDING" and fault != "cancel":
        return jobs
    del due[job.id]
    if fault == "kill" and job.status == "IN_PROGRESS":
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(job.worker.split(":")[1]), signal.SIGKILL)
    if fault == "cancel":
        with contextlib.suppress(JobError):  # it has ended already
            jobs.cancel(job.id)
    return Jobs(catalog, data, command, memory=SIDE_BY_SIDE) if fault == "restart" else jobs


def _resume(jobs: Jobs) -> set[str]:
    """Let the jobs whose disk or memory was full go on; their ids."""
    failed = {job.id for job in jobs.jobs() if job.status == "ERROR" and job.spec["fault"] in ("disk", "memory")}
    for job in [jobs.job(job_id) for job_id in failed]:
        assert job.error is not None
        assert job.error["code"] == CODES[str(job.spec["fault"])], job
        jobs.resume(job.id)
    while any(jobs.job(job_id).status not in FINISHED for job_id in failed):
        jobs.recover()
        time.sleep(0.05)
    return failed


def _judge(catalog: Catalog, job: Job, *, was_resumed: bool) -> Ended:
    fault = str(job.spec["fault"])
    kinds = [kind for _, kind, _ in catalog.job_events(job.id)]
    wanted = {"SUCCESS"} if was_resumed else ENDS[fault]
    named = {model.full_name for model in catalog.models() if model.job_id == job.id}
    keys = set(json.loads(json.dumps(description(replace(job, options=None)))))
    code = (job.error or {}).get("code")
    checks = {
        f"ended as {job.status}": job.status in wanted,
        f"has the keys {sorted(keys)}": keys == ALWAYS | ALSO[job.status],
        f"has the models {named}": named == ({job.model} if job.status == "SUCCESS" else set()),
        f"has the error {job.error}": code == (CODES.get(fault) if job.status == "ERROR" else None),
        "did steps twice": kinds.count("checkpoint") <= STEPS + (fault == "kill"),
        f"is at {job.progress}": job.status != "SUCCESS" or job.progress == 1.0,
    }
    return Ended(fault, job, ", ".join(text for text, is_right in checks.items() if not is_right))


def _work(data: Path, job_id: str) -> None:
    """Be the worker of one job."""
    worker.LEASE_MS, worker.HEARTBEAT_S, worker.REPORT_EVERY_S = 2_000, 0.4, 0.0
    with contextlib.closing(Catalog(f"sqlite:///{data / 'catalog.sqlite'}")) as catalog, contextlib.suppress(Exception):
        worker.work(catalog, job_id, {"finetune": handle}, data)


def _lines(ended: list[Ended]) -> Iterator[str]:
    counts = collections.Counter((each.fault, each.job.status) for each in ended)
    yield from (f"{fault:8} {status:10} {rows}" for (fault, status), rows in sorted(counts.items()))
    yield from (f"WRONG {each.job.id} after {each.fault}: {each.wrong}" for each in ended if each.wrong)


def main() -> None:
    """Run and report; exit code 1 if anything is wrong."""
    if sys.argv[1:2] == ["--work"]:
        _work(Path(sys.argv[2]), sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ended = run(Path(folder), count=given.count, seed=given.seed)
    print("\n".join(_lines(ended)))
    sys.exit(any(each.wrong for each in ended))


if __name__ == "__main__":
    main()
