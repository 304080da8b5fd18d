"""The job handler 'finetune': a job's spec and Arrow files in, a registered model's folder out.

Loads the base model, turns the rows into tokens, asks it about rows held out, trains, asks again, writes the model folder,
then loads it as inference will and checks that it answers as it did in training.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch

from sapwood.config import Config
from sapwood.inference.adapter import WEIGHTS, check_canary, fold
from sapwood.inference.weights import load_model, precision
from sapwood.jobs.handler import Handler, Outcome, Task
from sapwood.jobs.pace import Pace
from sapwood.store.records import ModelVersion, TunedModel
from sapwood.training import checkpoint
from sapwood.training.effort import Effort
from sapwood.training.exam import Exam
from sapwood.training.model_folder import write_model
from sapwood.training.run import Run, prepare
from sapwood.training.train import Trained, train

NOTED_STEPS = 200
"""Steps of a run that become events, at most: the points of its loss curve."""


class Models(Protocol):
    """The registry as the trainer sees it."""

    def prepare(self, version: ModelVersion) -> ModelVersion:
        """Make the model's files be there; gives the version with its path."""
        ...


def finetune_handler(registry: Models, config: Config) -> Handler:
    """The handler that fine-tunes with these base models and settings."""

    def handle(task: Task) -> Outcome:
        if config.inference.threads:
            torch.set_num_threads(config.inference.threads)
        task.report(0.0, "preparing the base model")
        base = registry.prepare(ModelVersion(**task.job.spec["base"]))
        dtype = precision(config.inference).dtype
        run = prepare(task, base, dtype)
        exam = Exam(run)
        exam.base()
        trained = train(
            run.model, run.dataset, run.plan, folder=task.folder, observer=_Watch(task, exam, _effort(run, exam))
        )
        exam.end(trained)
        task.report(1.0, "saving the model")
        folder = write_model(run, trained, exam.facts)
        _check_model(folder, base, dtype)
        task.note("trained", epochs=trained.epochs, tokens=trained.tokens, stop_reason=trained.stop_reason)
        return _outcome(run, folder, trained, exam.facts)

    return handle


class _Watch:
    """Passes the loop's news on to the job and to the exam."""

    def __init__(self, task: Task, exam: Exam, effort: Effort) -> None:
        self._task, self._exam, self._effort, self._pace = task, exam, effort, Pace()
        self._noted = 0.0

    def report(self, progress: float, detail: str, *, loss: float) -> None:
        if progress - self._noted >= 1 / NOTED_STEPS:
            self._noted = progress
            self._task.note("step", progress=round(progress, 4), loss=round(loss, 6), detail=detail)
        end = self._pace.expected_end(self._effort.share(progress))
        when = f", ends about {time.strftime('%H:%M:%S', time.localtime(end))}" if end else ""
        self._task.report(min(progress, 0.999), detail + when)  # 1.0 is for a job whose model is saved

    def checkpointed(self, step: int) -> None:
        self._task.checkpointed(step=step)

    def measured(self, epoch: int, validation_loss: float) -> None:
        self._exam.epoch(epoch, validation_loss)


def _effort(run: Run, exam: Exam) -> Effort:
    after_epoch, at_end = exam.rows
    return Effort(len(run.dataset.train), run.plan.epochs, len(run.dataset.validation) + after_epoch, at_end)


def _check_model(folder: Path, base: ModelVersion, dtype: torch.dtype) -> None:
    """Load the model as inference does. Raises ModelError if it does not answer as in training."""
    model = load_model(base.path, dtype)
    fold(model, folder)
    check_canary(model, folder)


def _outcome(run: Run, folder: Path, trained: Trained, evaluations: Sequence[Mapping[str, Any]]) -> Outcome:
    losses = {"validation_loss": trained.validation_loss, "training_loss": trained.training_loss}
    model = TunedModel(
        **run.task.job.spec["model"],
        base_model=run.base.base or run.base.name,
        base_digest=run.base.digest,
        adapter_path=str(folder.relative_to(run.task.data)),
        adapter_digest=_digest(folder / WEIGHTS),
        created_on=time.time_ns() // 1_000_000,
        owner=run.task.job.spec["owner"],
        job_id=run.task.job.id,
        metrics={
            **losses,
            "epochs": trained.epochs,
            "stop_reason": trained.stop_reason,
            "plan": asdict(run.plan),
            "tuned_from": run.base.name,
            "exact_match": {f"{each['subject']}/{each['method']}": each["exact_match"] for each in evaluations},
        },
    )
    task = run.task
    return Outcome(
        model, trained.tokens, losses, leftovers=(task.folder / checkpoint.FILE, *task.folder.glob("*.tokens"))
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
