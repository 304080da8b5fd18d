"""The closing table and the JSON line. Figures in, text out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from sapwood.quickstart.evaluation import Scores

TITLES = {
    "base": "small, untuned (mistral-7b)",
    "large": "large (mistral-large)",
    "tuned": "small, tuned",
    "linear": "TF-IDF + logistic regression",
}


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
    """One column a model and one row a figure, over the held-out tickets; fits into 80 characters."""
    measures = (
        "rows",
        "accuracy",
        "agrees with large",
        "  at least (95 %)",
        "well-formed",
        "rows/s",
        "tokens asked",
        "tokens computed",
        "seconds",
    )
    table = Table("", *TITLES.values(), title="Held-out tickets, against their true categories")
    for column in table.columns[1:]:
        column.justify = "right"
    answers = [_cells(name, figures) if figures else ["–"] * len(measures) for name, figures in models.items()]
    for measure, *cells in zip(measures, *answers, strict=True):
        table.add_row(measure, *cells)
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


def _cells(name: str, figures: Figures) -> list[str]:
    scores = figures.scores
    has_agreement = name != "large" and scores.agreement is not None and scores.agreement_low is not None
    return [
        str(scores.rows),
        f"{scores.accuracy:.1%}",
        f"{scores.agreement:.1%}" if has_agreement else "–",
        f"{scores.agreement_low:.1%}" if has_agreement else "–",
        f"{scores.well_formed:.1%}",
        "–" if figures.rows_per_s is None else f"{figures.rows_per_s:,.1f}",
        f"{figures.tokens_asked:,}",
        f"{figures.tokens_computed:,}",
        f"{figures.seconds:,.2f}",
    ]


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
