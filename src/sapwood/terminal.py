"""Results for people at a terminal: tables, CSV, JSON lines, and progress bars on stderr. Knows no SQL."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from sapwood.connection import python_rows
from sapwood.engine.result import Progress as Step
from sapwood.engine.result import Result
from sapwood.registry.registry import ModelInfo
from sapwood.store.records import Job

PHASES = {"download": "fetching", "verify": "checking", "unpack": "unpacking", "inference": "asking"}
"""What each phase of a statement is called on the bar."""
MAX_TABLE_ROWS = 1000
"""Rows of a result that a table on the terminal shows; CSV and JSON always give all."""

WIDE = 120
"""Width of a command's own table where stdout is no terminal, in characters."""


def write_table(result: Result, out: TextIO) -> None:
    """A result as a table, with a line that counts the rows. One too wide for the terminal is written a record at a time."""
    console = Console(file=out)
    names = [column.name for column in result.columns]
    rows = [[_cell(value) for value in row] for row in islice(python_rows(result), MAX_TABLE_ROWS)]
    width = _width(names, rows)
    if console.is_terminal and _narrowest(names) > console.width:
        _write_records(console, names, rows)
    else:
        if not console.is_terminal:
            console.width = max(width, console.width)
        table = Table(*names)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    total = result.table.num_rows
    note = f" (first {len(rows)} shown; --format csv gives all)" if len(rows) < total else ""
    console.print(f"{total} row{'' if total == 1 else 's'}{note}", style="dim", highlight=False)


def _width(names: list[str], rows: list[list[str]]) -> int:
    """Characters that the table takes if nothing is cut or wrapped."""
    cells = [max(cell_len(line) for row in [names, *rows] for line in row[i].split("\n")) for i in range(len(names))]
    return sum(cells) + 3 * len(names) + 1


def _narrowest(names: list[str]) -> int:
    """Characters that the table takes at the least for a reader: the names whole."""
    return sum(cell_len(name) for name in names) + 3 * len(names) + 1


def _write_records(console: Console, names: list[str], rows: list[list[str]]) -> None:
    for index, row in enumerate(rows, start=1):
        console.rule(f"row {index}", align="left")
        grid = Table.grid(padding=(0, 2))
        for name, cell in zip(names, row, strict=True):
            grid.add_row(f"[bold]{name}[/bold]", cell)
        console.print(grid)


def write_json(result: Result, out: TextIO) -> None:
    """A result as one line: an array with an object a row. NUMBER and FLOAT are numbers, semi-structured values are values."""
    names = [column.name for column in result.columns]
    semi = [column.type.name in ("VARIANT", "OBJECT", "ARRAY") for column in result.columns]
    rows = [
        {
            name: _json_value(json.loads(value) if is_semi and value is not None else value)
            for name, value, is_semi in zip(names, row, semi, strict=True)
        }
        for row in python_rows(result)
    ]
    out.write(json.dumps(rows, ensure_ascii=False) + "\n")


def write_csv(result: Result, out: TextIO) -> None:
    """A result as CSV with a header; NULL is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in result.columns)
    for row in python_rows(result):
        writer.writerow("" if value is None else value for value in row)


FORMATS: Mapping[str, Callable[[Result, TextIO], None]] = {"table": write_table, "json": write_json, "csv": write_csv}


class Bars:
    """Progress bars on stderr, one a phase and model; nothing is shown where stderr is no terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress: Progress | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __call__(self, step: Step) -> None:
        if not self._console.is_terminal:
            return
        if self._progress is None:
            self._progress = Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                console=self._console, transient=True,
            )  # fmt: skip
            self._progress.start()
        key = (step.phase, step.model)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{PHASES.get(step.phase, step.phase)} {step.model}", total=None)
        unit = 1_000_000 if step.phase in ("download", "verify", "unpack") else 1
        self._progress.update(self._tasks[key], completed=step.done // unit, total=max(step.total // unit, 1))

    def stop(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()


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


def show(table: Table | str) -> None:
    """A table, or a line, of a command's own on stdout; written wide where that is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def notice(text: str) -> None:
    """A line on stderr that is no error."""
    Console(stderr=True).print(text, style="yellow", highlight=False, markup=False, soft_wrap=True)


def fail(text: str) -> None:
    """An error on stderr."""
    Console(stderr=True).print(text, style="red", highlight=False, markup=False, soft_wrap=True)


def is_interactive() -> bool:
    return sys.stderr.isatty()


def _cell(value: Any) -> str:
    return "[dim]NULL[/dim]" if value is None else str(value).replace("[", "\\[")


def _json_value(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
        case datetime() | date() | time():
            return str(value)
        case bytes():
            return value.hex()
        case _:
            return value
