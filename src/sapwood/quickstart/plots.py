"""Two pictures as PNG: what the models mistake for what, and how the loss fell. Numbers in, files out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def plot_confusion(
    path: Path, counts: Mapping[str, Sequence[Sequence[int]]], categories: Sequence[str], other: str
) -> None:
    """One panel a model: true category by row, answer by column; an empty last column is left out."""
    figure = Figure(figsize=(1.2 + 4.4 * len(counts), 4.8), layout="constrained")
    panels: Any = figure.subplots(1, len(counts), squeeze=False)[0]
    for number, (panel, (title, table)) in enumerate(zip(panels, counts.items(), strict=True)):
        columns = [*categories, other] if any(row[-1] for row in table) else list(categories)
        _draw_counts(panel, [list(row[: len(columns)]) for row in table])
        panel.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
        panel.set_yticks(*((range(len(categories)), categories) if number == 0 else ([],)))
        panel.set_title(title)
        panel.set_xlabel("answer")
    panels[0].set_ylabel("true category")
    figure.suptitle("Held-out tickets: true category and answer")
    _save(figure, path)


def plot_losses(path: Path, results: Path) -> None:
    """The losses of a job's training_results.csv by step; the validation loss is there once an epoch."""
    with results.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    panel: Any = figure.subplots()
    for column, style in (("training_loss", {"lw": 1.2}), ("validation_loss", {"marker": "o", "lw": 1.8})):
        points = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        if points:
            panel.plot(*zip(*points, strict=True), label=column.replace("_", " "), **style)
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.set_xlabel("step")
    panel.set_ylabel("loss (log scale)")
    panel.set_title("Loss of the fine-tuning job")
    panel.grid(alpha=0.3)
    panel.legend()
    _save(figure, path)


def _draw_counts(panel: Any, table: Sequence[Sequence[int]]) -> None:
    top = max(max(row) for row in table) or 1
    panel.imshow(table, cmap="Greens", vmin=0, vmax=top)
    for y, row in enumerate(table):
        for x, count in enumerate(row):
            if count:
                panel.text(x, y, str(count), ha="center", va="center", color="white" if count > top / 2 else "black")


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_png(str(path))
