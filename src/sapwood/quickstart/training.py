"""The fine-tuning job of the story: started once for the same rows and options, found again by a later run, followed to its end.

Before CREATE a small file says which rows the job is for and when that was; a run that was killed at any moment after
it finds the job by SHOW and DESCRIBE. Works by statements only.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from sapwood.errors import JobError
from sapwood.quickstart import story
from sapwood.quickstart.teller import Teller

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Intent:
    """What a job is for: a digest of its rows and options, and the time (epoch milliseconds) just before CREATE."""

    digest: str
    since: int


@dataclass(frozen=True)
class Trained:
    """The finished job. `model` is the bare name by which COMPLETE finds it."""

    job_id: str
    model: str
    validation_loss: float | None


def train(
    teller: Teller,
    rows: Sequence[tuple[Any, ...]],
    *,
    seed: int,
    memo: Path,
    on_job: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Trained:
    """Start the job, or find it, and wait for its end. `rows` are all rows that it reads; JobError if it does not succeed."""
    create = story.create(seed)
    teller.show(create)
    digest = hashlib.sha256(json.dumps([seed, *rows]).encode()).hexdigest()
    job_id = find(teller, digest, memo)
    if job_id:
        teller.say(f"This job was started before: {job_id}")
    else:
        remember(memo, Intent(digest, time.time_ns() // 1_000_000))
        job_id = str(teller.ask(create).rows[0][0])
        teller.say(f"Job {job_id}")
    on_job(job_id)
    return follow(teller, job_id, sleep)


def find(teller: Teller, digest: str, memo: Path) -> str | None:
    """The id of a job for the same rows that runs, or that made a model which is still there; None if there is none."""
    intent = recall(memo)
    if intent is None or intent.digest != digest:
        return None
    listed = json.loads(teller.ask(story.jobs()).rows[0][0])
    ids = [job["id"] for job in listed if job["base_model"] == story.SMALL and job["created_on"] >= intent.since]
    described = (describe(teller, job_id) for job_id in ids)
    return next((job["id"] for job in described if _is_ours(job) and _is_of_use(teller, job)), None)


def follow(teller: Teller, job_id: str, sleep: Callable[[float], None]) -> Trained:
    """Ask how far the job is until it has ended, with a bar on stderr."""
    teller.show(story.describe(job_id))
    with _bar() as move:
        while True:
            job = describe(teller, job_id)
            move(float(job["progress"]))
            if job["status"] not in ("PENDING", "IN_PROGRESS"):
                break
            sleep(POLL_SECONDS)
    if job["status"] != "SUCCESS":
        reason = job.get("error", {}).get("message", "it was cancelled")
        raise JobError(
            f"Fine-tuning job {job_id} ended with {job['status']}: {reason}", hint="Run the quickstart again."
        )
    teller.say(json.dumps(job))
    return Trained(job_id, job["model"].rpartition(".")[2], job.get("training_result", {}).get("validation_loss"))


def describe(teller: Teller, job_id: str) -> dict[str, Any]:
    """The job as DESCRIBE gives it."""
    return json.loads(teller.ask(story.describe(job_id)).rows[0][0])


def remember(memo: Path, intent: Intent) -> None:
    """Write down what the next job is for."""
    memo.parent.mkdir(parents=True, exist_ok=True)
    draft = memo.with_suffix(".new")
    draft.write_text(json.dumps(asdict(intent)), encoding="utf-8")
    draft.replace(memo)


def recall(memo: Path) -> Intent | None:
    """What was written down last; None if nothing was, or if it can't be read."""
    try:
        return Intent(**json.loads(memo.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _is_ours(job: Mapping[str, Any]) -> bool:
    return job["training_data"] == story.TRAINING_QUERY and job["validation_data"] == story.VALIDATION_QUERY


def _is_of_use(teller: Teller, job: Mapping[str, Any]) -> bool:
    if job["status"] in ("PENDING", "IN_PROGRESS"):
        return True
    return job["status"] == "SUCCESS" and job["model"].rpartition(".")[2] in _models(teller)


def _models(teller: Teller) -> set[str]:
    """Names of the tuned models; SHOW MODELS has the name in its second column."""
    return {row[1] for row in teller.ask(story.models()).rows}


@contextmanager
def _bar() -> Generator[Callable[[float], None]]:
    """A bar that moves on a terminal; elsewhere a line on stderr for each tenth."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = (TextColumn("training"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("training", total=1.0)
        yield lambda share: progress.update(task, completed=share)


def _lines(console: Console) -> Callable[[float], None]:
    told = -1

    def move(share: float) -> None:
        nonlocal told
        if int(share * 10) > told:
            told = int(share * 10)
            console.print(f"training: {share:.0%}", highlight=False)

    return move
