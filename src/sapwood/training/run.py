"""One run of a job: the base model loaded, the data in tokens, the plan made. A claimed job in, all that training needs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from transformers import PreTrainedModel

from sapwood.inference.adapter import fold
from sapwood.inference.chat import Chat
from sapwood.inference.weights import load_model, load_tokenizer
from sapwood.jobs.handler import Task
from sapwood.store.records import ModelVersion
from sapwood.training.data import Dataset, make_dataset, split
from sapwood.training.plan import Plan, make_plan
from sapwood.training.tokenizing import Part, read_parts


@dataclass(frozen=True)
class Run:
    """What a job trains: `base` with its files in place, `labels` if completions are such, `warnings` about the data."""

    task: Task
    base: ModelVersion
    chat: Chat
    model: PreTrainedModel
    dataset: Dataset
    plan: Plan
    labels: Sequence[str]
    warnings: Sequence[str]


def prepare(task: Task, base: ModelVersion, dtype: torch.dtype) -> Run:
    """Load and read everything; what the data are like and the plan go into the job's events."""
    chat = Chat(load_tokenizer(base.path))
    parts = read_parts(task.folder, task.job.spec, chat, lambda detail: task.report(0.0, detail))
    task.report(0.0, "loading the base model")
    model = load_model(base.path, dtype)
    if base.adapter_path:  # a tuned model is tuned further
        fold(model, base.adapter_path)
    dataset, plan = _plan(task.job.spec["options"], parts, chat, model)
    warnings = [warning for part, found in parts.items() for warning in found.survey.warnings(part)]
    leaked = dataset.leaked_rows()
    if leaked:
        warnings.append(f"{leaked} of {len(dataset.validation)} rows held out have a prompt of the training rows.")
    for part, found in parts.items():
        task.note("data", part=part, **found.survey.facts, warnings=list(found.survey.warnings(part)))
    task.note(
        "plan",
        **asdict(plan),
        train_rows=len(dataset.train),
        validation_rows=len(dataset.validation),
        leaked_rows=leaked,
        prefix_tokens=len(dataset.prefix),
        label_tokens=len(dataset.known),
    )
    return Run(task, base, chat, model, dataset, plan, tuple(parts["train"].survey.labels), warnings)


def _plan(
    options: Mapping[str, Any], parts: Mapping[str, Part], chat: Chat, model: PreTrainedModel
) -> tuple[Dataset, Plan]:
    seed = int(options.get("seed", 0))
    train, held_out = parts["train"].rows, parts["validation"].rows if "validation" in parts else ()
    survey = parts["train"].survey
    known = [token for label in survey.labels for token in chat.completion_ids(label)] if survey.has_all_labels else ()
    dataset = make_dataset(*((train, held_out) if held_out else split(train, seed)), seed, known=known)
    return dataset, make_plan(options, rows=len(dataset.train), hidden=model.config.get_text_config().hidden_size)
