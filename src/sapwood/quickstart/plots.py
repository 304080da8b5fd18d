"""What the models mistake for what, as PNG. Counts in, a file out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sapwood.training.curves import save_png


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
    save_png(figure, path)


def _draw_counts(panel: Any, table: Sequence[Sequence[int]]) -> None:
    top = max(max(row) for row in table) or 1
    panel.imshow(table, cmap="Greens", vmin=0, vmax=top)
    for y, row in enumerate(table):
        for x, count in enumerate(row):
            if count:
                panel.text(x, y, str(count), ha="center", va="center", color="white" if count > top / 2 else "black")
