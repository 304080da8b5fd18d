"""The job handler 'finetune': a job's spec and Arrow files in, a registered model's folder out.

Loads the base model, turns the rows into tokens, trains, writes the model folder (adapter in PEFT's format, canary.json,
training_results.csv), then loads it as inference will and checks that it answers as it did in training.
"""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import PreTrainedModel

from sapwood.config import Config
from sapwood.inference.adapter import WEIGHTS, check_canary, fold, write_canary
from sapwood.inference.chat import Chat
from sapwood.inference.weights import load_model, load_tokenizer, precision
from sapwood.jobs.durable import move_folder, read_table
from sapwood.jobs.handler import Handler, Outcome, Task
from sapwood.store.records import ModelVersion, TunedModel
from sapwood.training.checkpoint import Record
from sapwood.training.data import Dataset, Encoded, encode, make_dataset, split
from sapwood.training.lora import write_adapter
from sapwood.training.plan import Plan, make_plan
from sapwood.training.train import Trained, train

RESULTS = "training_results.csv"


class Models(Protocol):
    """The registry as the trainer sees it."""

    def prepare(self, version: ModelVersion) -> ModelVersion:
        """Make the model's files be there; gives the version with its path."""
        ...


def finetune_handler(registry: Models, config: Config) -> Handler:
    """The handler that fine-tunes with these base models and settings."""

    def run(task: Task) -> Outcome:
        if config.inference.threads:
            torch.set_num_threads(config.inference.threads)
        task.report(0.0, "preparing the base model")
        base = registry.prepare(ModelVersion(**task.job.spec["base"]))
        dtype = precision(config.inference).dtype
        task.report(0.0, "reading the data")
        chat = Chat(load_tokenizer(base.path))
        model = load_model(base.path, dtype)
        dataset, plan = _prepare(task, chat, model)
        trained = train(model, dataset, plan, folder=task.folder, observer=_Watch(task))
        task.report(1.0, "saving the model")
        folder = _write_model(task, model, dataset, plan, trained, base)
        _check_model(folder, base, dtype)
        task.note("trained", epochs=trained.epochs, tokens=trained.tokens, stop_reason=trained.stop_reason)
        return _outcome(task, folder, base, plan, trained)

    return run


class _Watch:
    """Passes the loop's news on to the job."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def report(self, progress: float, detail: str) -> None:
        self._task.report(min(progress, 0.999), detail)  # 1.0 is for a job whose model is saved

    def checkpointed(self, step: int) -> None:
        self._task.checkpointed(step=step)


def _prepare(task: Task, chat: Chat, model: PreTrainedModel) -> tuple[Dataset, Plan]:
    """The data in tokens and the run's plan; both, and what was cut or dropped, go into the job's events."""
    spec = task.job.spec
    options: Mapping[str, Any] = spec["options"]
    encoded = {part: _encode(task, part, chat) for part in spec["data"]}
    seed = int(options.get("seed", 0))
    examples = encoded["train"].examples
    held_out = encoded["validation"].examples if "validation" in encoded else ()
    if not held_out:
        examples, held_out = split(examples, seed)
    dataset = make_dataset(examples, held_out, seed)
    plan = make_plan(options, rows=len(dataset.train), hidden=model.config.get_text_config().hidden_size)
    counts = {f"{part}_{name}": count for part, rows in encoded.items() for name, count in _counts(rows).items()}
    dropped = {f"{part}_dropped_rows": facts["dropped_rows"] for part, facts in spec["data"].items()}
    task.note(
        "plan",
        **asdict(plan),
        train_rows=len(dataset.train),
        validation_rows=len(dataset.validation),
        prefix_tokens=len(dataset.prefix),
        **counts,
        **dropped,
    )
    return dataset, plan


def _encode(task: Task, part: str, chat: Chat) -> Encoded:
    rows = read_table(task.folder / f"{part}.arrow").to_pydict()
    spec = task.job.spec
    return encode(
        list(zip(rows["prompt"], rows["completion"], strict=True)),
        chat,
        prompt_tokens=spec["prompt_tokens"],
        completion_tokens=spec["completion_tokens"],
    )


def _counts(rows: Encoded) -> dict[str, int]:
    return {"cut_prompts": rows.cut_prompts, "cut_completions": rows.cut_completions}


def _write_model(
    task: Task, model: PreTrainedModel, dataset: Dataset, plan: Plan, trained: Trained, base: ModelVersion
) -> Path:
    """Write the model's folder beside its place and move it there, whole."""
    made = task.folder / "model"
    made.mkdir(exist_ok=True)
    write_adapter(made, trained.lora, rank=plan.rank, alpha=plan.alpha, base=base.name)
    write_canary(made, model, dataset.validation[0].prompt)
    (made / RESULTS).write_text(results_csv(trained.records), encoding="utf-8")
    place = task.data / "models" / task.job.id
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


def _check_model(folder: Path, base: ModelVersion, dtype: torch.dtype) -> None:
    """Load the model as inference does. Raises ModelError if it does not answer as in training."""
    model = load_model(base.path, dtype)
    fold(model, folder)
    check_canary(model, folder)


def _outcome(task: Task, folder: Path, base: ModelVersion, plan: Plan, trained: Trained) -> Outcome:
    losses = {"validation_loss": trained.validation_loss, "training_loss": trained.training_loss}
    model = TunedModel(
        **task.job.spec["model"],
        base_model=base.name,
        base_digest=base.digest,
        adapter_path=str(folder.relative_to(task.data)),
        adapter_digest=_digest(folder / WEIGHTS),
        created_on=time.time_ns() // 1_000_000,
        owner=task.job.spec["owner"],
        job_id=task.job.id,
        metrics={**losses, "epochs": trained.epochs, "stop_reason": trained.stop_reason, "plan": asdict(plan)},
    )
    return Outcome(model, trained.tokens, losses)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
