"""The closing table and the JSON line. Figures in, text out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from sapwood.quickstart.evaluation import Scores

TITLES = {
    "base": "small\nuntuned",
    "large": "large\nas it is",
    "tuned": "small\ntuned",
    "linear": "TF-IDF +\nregression",
}
"""Headings of two short lines each, so that the table fits into 80 characters."""

QUALITY = ("rows", "right category", "well-formed", "agrees with large", "  at least")
COST = ("rows/s", "seconds", "tokens asked", "tokens computed")


@dataclass(frozen=True)
class Figures:
    """What one model did on the held-out rows. Tokens and seconds are those of the run that made the answers."""

    scores: Scores
    tokens_asked: int
    tokens_computed: int
    seconds: float

    @property
    def rows_per_s(self) -> float | None:
        """Rows in a second; None if it took no time to speak of."""
        return self.scores.rows / self.seconds if self.seconds > 0 else None


Models = Mapping[str, Figures | None]
"""Figures by the names of TITLES; None for a model that was left out."""


def closing_table(models: Models) -> Table:
    """One column a model and one row a figure, over the held-out tickets; fits into 80 characters without a wrapped line."""
    table = Table(box=SIMPLE_HEAD, title="Held-out tickets, against their true categories", title_justify="left")
    table.add_column("", no_wrap=True)
    for title in TITLES.values():
        table.add_column(title, justify="right", no_wrap=True, min_width=12)
    columns = {name: _cells(name, figures) if figures else {} for name, figures in models.items()}
    for measures in (QUALITY, COST):
        for measure in measures:
            table.add_row(measure, *(columns[name].get(measure, "–") for name in TITLES))
        table.add_section()
    return table


def json_line(models: Models, *, train: int, evaluation: int, seconds: float, peak_mb: float | None) -> str:
    """All figures as one line of JSON."""
    return json.dumps(
        {
            "rows": {"train": train, "eval": evaluation},
            "models": {name: figures and _entry(figures) for name, figures in models.items()},
            "seconds": round(seconds, 1),
            "peak_mb": None if peak_mb is None else round(peak_mb),
        }
    )


def meaning(models: Models) -> str:
    """What the table says, in two sentences."""
    base, large, tuned = models["base"], models["large"], models["tuned"]
    if base is None or tuned is None:
        raise ValueError("the story always asks the small model, before and after tuning")
    first = (
        f"Tuning took the small model from {base.scores.accuracy:.1%} to {tuned.scores.accuracy:.1%} right categories "
        f"on kinds of tickets that it never saw in training"
    )
    if large is None:
        return f"{first}. Leave --small out to compare it with a large model and to train it on that model's labels."
    speed = _ratio(tuned.rows_per_s, large.rows_per_s)
    return (
        f"{first}; the large model that labelled its training data reaches {large.scores.accuracy:.1%}. "
        f"It does so at {speed} the large model's speed and writes one of the five categories and nothing else "
        f"in {tuned.scores.well_formed:.1%} of its answers."
    )


def _cells(name: str, figures: Figures) -> dict[str, str]:
    """The figures that this model has, by measure."""
    scores = figures.scores
    cells = {
        "rows": str(scores.rows),
        "right category": f"{scores.accuracy:.1%}",
        "well-formed": f"{scores.well_formed:.1%}",
        "seconds": f"{figures.seconds:,.2f}",
        "tokens asked": f"{figures.tokens_asked:,}",
        "tokens computed": f"{figures.tokens_computed:,}",
    }
    if name != "large" and scores.agreement is not None and scores.agreement_low is not None:
        cells["agrees with large"] = f"{scores.agreement:.1%}"
        cells["  at least"] = f"{scores.agreement_low:.1%}"
    if figures.rows_per_s is not None:
        cells["rows/s"] = f"{figures.rows_per_s:,.1f}"
    return cells


def _entry(figures: Figures) -> dict[str, float | int | None]:
    speed = figures.rows_per_s
    return {
        "accuracy": round(figures.scores.accuracy, 4),
        "agreement": None if figures.scores.agreement is None else round(figures.scores.agreement, 4),
        "well_formed": round(figures.scores.well_formed, 4),
        "rows_per_s": None if speed is None else round(speed, 2),
        "tokens_asked": figures.tokens_asked,
        "tokens_computed": figures.tokens_computed,
        "seconds": round(figures.seconds, 4),
    }


def _ratio(one: float | None, other: float | None) -> str:
    return f"{one / other:.1f} times" if one and other else "about"
