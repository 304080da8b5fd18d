"""How a run went, as PNG: its losses by step, and how many answers were right by epoch. Numbers in, a file out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES: Mapping[str, Mapping[str, Any]] = {
    "training_loss": {"lw": 1.2},
    "validation_loss": {"marker": "o", "lw": 1.8},
}


def plot_curves(path: Path, results: Path, evaluations: Sequence[Mapping[str, Any]] = ()) -> None:
    """Draw a job's training_results.csv and, if there are any, the facts of its evaluations beside it."""
    from matplotlib.figure import Figure  # takes a second, and is needed at the end of a job only

    figure = Figure(figsize=(14 if evaluations else 7, 4.2), layout="constrained")
    panels: Any = figure.subplots(1, 2 if evaluations else 1, squeeze=False)[0]
    _draw_losses(panels[0], results)
    if evaluations:
        _draw_answers(panels[1], evaluations)
    save_png(figure, path)


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure; folders that are missing are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).print_png(str(path))


def _draw_losses(panel: Any, results: Path) -> None:
    """The losses by step; the validation loss is there once an epoch."""
    with results.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column, style in _LINES.items():
        points = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        if points:
            panel.plot(*zip(*points, strict=True), label=column.replace("_", " "), **style)
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    _finish(panel, "Loss of the fine-tuning job", "step", "loss (log scale)")


def _draw_answers(panel: Any, evaluations: Sequence[Mapping[str, Any]]) -> None:
    """The share of right answers: a line for the epochs, a level for each model that stands beside them."""
    epochs = [(each["epoch"], each["exact_match"]) for each in evaluations if each["subject"] == "epoch"]
    if epochs:
        panel.plot(*zip(*epochs, strict=True), marker="o", label="after each epoch")
    levels = [each for each in evaluations if each["subject"] != "epoch"]
    for number, each in enumerate(levels):
        title = f"{each['subject']} ({each['method']}, {each['rows']} rows)"
        panel.axhline(each["exact_match"], ls="--", lw=1.2, color=f"C{number + 1}", label=title)
    panel.set_ylim(-0.02, 1.02)
    _finish(panel, "Answers that are right, letter by letter", "epoch", "share of held-out rows")


def _finish(panel: Any, title: str, across: str, up: str) -> None:
    panel.set_title(title)
    panel.set_xlabel(across)
    panel.set_ylabel(up)
    panel.grid(alpha=0.3)
    panel.legend()
