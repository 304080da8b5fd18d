"""How good answers are: accuracy, agreement with its lower bound, well-formedness, confusion. Texts in, numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import beta

OTHER = "(other)"
"""Stands for each answer that is none of the categories."""

Answers = Mapping[str, str | None]
"""Answer by ticket id; None where there is none."""


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1 over `rows` answers. The agreement is with the large model, None where there is no such answer."""

    rows: int
    accuracy: float
    well_formed: float
    agreement: float | None = None
    agreement_low: float | None = None


def score(
    answers: Answers, truth: Mapping[str, str], categories: Sequence[str], *, reference: Answers | None = None
) -> Scores:
    """Scores of one model. An answer counts as right if it is the category, letter by letter, once blanks around it are taken off."""
    rows = len(answers)
    right = sum(_clean(answer) == truth[ticket] for ticket, answer in answers.items())
    formed = sum(_clean(answer) in categories for answer in answers.values())
    scores = Scores(rows, _share(right, rows), _share(formed, rows))
    if reference is None:
        return scores
    same = sum(_clean(answer) == _clean(reference[ticket]) for ticket, answer in answers.items())
    return Scores(rows, scores.accuracy, scores.well_formed, _share(same, rows), lower_bound(same, rows))


def lower_bound(hits: int, rows: int, *, confidence: float = 0.95) -> float:
    """One-sided lower bound of a share after Clopper and Pearson.

    >>> round(lower_bound(20, 20), 4)
    0.8609
    """
    return float(beta.ppf(1 - confidence, hits, rows - hits + 1)) if hits else 0.0


def confusion(answers: Answers, truth: Mapping[str, str], categories: Sequence[str]) -> list[list[int]]:
    """Counts by true category (rows) and answer (columns); the last column counts answers that are no category."""
    columns = {name: index for index, name in enumerate(categories)}
    counts = [[0] * (len(categories) + 1) for _ in categories]
    for ticket, answer in answers.items():
        counts[columns[truth[ticket]]][columns.get(_clean(answer), len(categories))] += 1
    return counts


def _clean(answer: str | None) -> str:
    return (answer or "").strip()


def _share(count: int, rows: int) -> float:
    return count / rows if rows else 0.0
