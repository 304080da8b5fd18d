"""The folder of a tuned model: adapter in PEFT's format, canary, losses, evaluations, curves, card. A finished run in, a folder out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sapwood.inference.adapter import read_adapter, write_canary
from sapwood.jobs.durable import move_folder
from sapwood.training.card import CARD, Facts, write_card
from sapwood.training.checkpoint import Record
from sapwood.training.curves import plot_curves
from sapwood.training.exam import FILE as EVALUATIONS
from sapwood.training.lora import write_adapter
from sapwood.training.merging import stacked
from sapwood.training.run import Run
from sapwood.training.train import Trained

RESULTS, CURVES = "training_results.csv", "curves.png"


def write_model(run: Run, trained: Trained, evaluations: Sequence[Mapping[str, Any]]) -> Path:
    """Write the model's folder beside its place and move it there, whole. Gives its place."""
    made = run.task.folder / "model"
    made.mkdir(exist_ok=True)
    _write_adapter(made, run, trained)
    write_canary(made, run.model, run.dataset.validation[0].prompt)
    (made / RESULTS).write_text(results_csv(trained.records), encoding="utf-8")
    (made / EVALUATIONS).write_text(json.dumps(evaluations, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (made / CARD).write_text(write_card(_card_facts(run, evaluations)), encoding="utf-8")
    plot_curves(made / CURVES, made / RESULTS, evaluations)
    place = run.task.data / "models" / run.task.job.id
    move_folder(made, place)
    return place


def results_csv(records: tuple[Record, ...]) -> str:
    """training_results.csv: one row a step; validation_loss stands on the last step of an epoch only."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["step", "epoch", "training_loss", "validation_loss"])
    for record in records:
        loss = "" if record.validation_loss is None else record.validation_loss
        writer.writerow([record.step, record.epoch, record.training_loss, loss])
    return file.getvalue()


def _write_adapter(folder: Path, run: Run, trained: Trained) -> None:
    """The adapter of the base model; that of a tuned one is taken in, so that one adapter holds both changes."""
    state, rank, alpha = trained.lora, run.plan.rank, run.plan.alpha
    if run.base.adapter_path:
        state, rank = stacked(read_adapter(run.base.adapter_path), state, rank=rank, alpha=alpha)
        alpha = float(rank)
    write_adapter(folder, state, rank=rank, alpha=alpha, base=run.base.base or run.base.name)


def _card_facts(run: Run, evaluations: Sequence[Mapping[str, Any]]) -> Facts:
    job = run.task.job
    return Facts(
        name=job.model_name,
        base=run.base.name,
        base_digest=run.base.digest,
        licence=str(job.spec.get("licence", "")),
        data=job.spec["data"],
        warnings=run.warnings,
        options=asdict(run.plan),
        evaluations=evaluations,
    )
