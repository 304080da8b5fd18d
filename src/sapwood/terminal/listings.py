"""Models and jobs, as the commands about them list and show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sapwood.terminal.messages import show

if TYPE_CHECKING:
    from sapwood.registry.registry import ModelInfo
    from sapwood.store.records import Job


def model_table(models: Iterable[ModelInfo]) -> Table:
    """Models, each with the names that it answers to on the lines below its own; fits into 80 characters."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("model and its other names", min_width=34, ratio=1)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", max_width=12)
    table.add_column("where", no_wrap=True)
    for model in models:
        size = f"{model.size / 1e9:.1f} GB" if model.size else ""
        table.add_row(_titled(model.name, ", ".join(model.aliases)), size, model.licence, _where(model))
    return table


def _where(model: ModelInfo) -> str:
    if model.data_leaves:
        return "[red]data leaves[/red]"
    return "here" if model.present else "not fetched"


def job_table(jobs: Iterable[Job]) -> Table:
    """Jobs with their whole ids; below each the model that it makes, from which one, and since when (local time)."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("job")
    table.add_column("status", no_wrap=True)
    for job in jobs:
        below = (job.model or job.model_name, f"from {job.base_model}, {_moment(job.created_on)}", job.detail)
        table.add_row(_titled(job.id, *below), f"{job.status}\n{job.progress:.0%}")
    return table


def job_line(job: Job) -> str:
    """A job's state in one line."""
    said = f"{job.error['code']}: {job.error['message']}" if job.error else job.detail or job.model or ""
    return f"{job.status} {job.progress:.0%} {said}".rstrip()


def show_job(job: Job, events: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """A job's fields, what is to be known of its data, its evaluations as a table, and its other events with their times."""
    fields = Table.grid(padding=(0, 2))
    for name, value in asdict(job).items():
        fields.add_row(f"[bold]{name}[/bold]", Text(_moment(value) if name.endswith("_on") and value else str(value)))
    show(fields)
    for warning in (text for _, kind, facts in events if kind == "data" for text in facts["warnings"]):
        show(f"[yellow]{escape(warning)}[/yellow]")
    evaluations = [facts for _, kind, facts in events if kind == "evaluation"]
    if evaluations:
        show(_evaluation_table(evaluations))
    for at, kind, facts in events:
        if kind != "evaluation":
            show(f"[dim]{_moment(at)}[/dim] {kind} {escape(json.dumps(dict(facts), ensure_ascii=False))}")


def _evaluation_table(evaluations: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for title in ("model", "epoch", "asked for", "rows", "loss", "right", "macro F1", "well-formed", "ECE"):
        table.add_column(title, justify="left" if title in ("model", "asked for") else "right")
    scores = ("loss", "exact_match", "macro_f1", "well_formed", "calibration_error")
    for each in evaluations:
        figures = ("" if each[name] is None else f"{each[name]:.3f}" for name in scores)
        table.add_row(each["subject"], str(each["epoch"]), each["method"], str(each["rows"]), *figures)
    return table


def _moment(at_ms: int) -> str:
    """Epoch milliseconds in local time."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def _titled(title: str, *lines: str) -> RenderableType:
    """A bold line, and below it dim ones, set in; names without a blank in them are broken rather than cut."""
    texts = [Padding(Text(line, style="dim", overflow="fold"), (0, 0, 0, 2)) for line in lines if line]
    return Group(Text(title, style="bold", overflow="fold"), *texts)
