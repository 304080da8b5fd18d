"""How good answers are: answers and the truth in, shares from 0 to 1 out. Knows no model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10
"""Classes of sureness that a calibration error is a mean over."""
MOST_PAIRS = 400
"""Pairs of truth and answer that a confusion matrix keeps, the most frequent first."""


@dataclass(frozen=True)
class Answer:
    """What was answered, and how sure it was of it (0..1, None if that is not known)."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Scores:
    """Scores of `rows` answers; None where one has no meaning.

    `well_formed` is the share of answers that are a label, `macro_f1` the mean of the labels' F1 over labels that are true
    or answered, `calibration_error` the mean distance between sureness and being right (ECE, BINS bins of equal width).
    `confusion` has (truth, answer, rows).
    """

    rows: int
    exact_match: float
    macro_f1: float | None
    well_formed: float | None
    calibration_error: float | None
    confusion: tuple[tuple[str, str, int], ...]


def score(answers: Sequence[Answer], truth: Sequence[str], labels: Sequence[str] = ()) -> Scores:
    """Scores of at least one answer. Without labels, texts are compared whole and nothing is said of classes."""
    said = [answer.text.strip() for answer in answers]
    true = [text.strip() for text in truth]
    known = {label.strip() for label in labels}
    right = [ours == theirs for ours, theirs in zip(said, true, strict=True)]
    pairs = Counter(zip(true, said, strict=True)) if known else Counter[tuple[str, str]]()
    return Scores(
        rows=len(right),
        exact_match=sum(right) / len(right),
        macro_f1=_macro_f1(pairs) if known else None,
        well_formed=sum(text in known for text in said) / len(said) if known else None,
        calibration_error=_calibration_error([answer.confidence for answer in answers], right),
        confusion=tuple((theirs, ours, rows) for (theirs, ours), rows in pairs.most_common(MOST_PAIRS)),
    )


def _macro_f1(pairs: Counter[tuple[str, str]]) -> float:
    true, said, both = Counter[str](), Counter[str](), Counter[str]()
    for (theirs, ours), rows in pairs.items():
        true[theirs] += rows
        said[ours] += rows
        both[ours] += rows if ours == theirs else 0
    classes = true.keys() | said.keys()
    return sum(2 * both[name] / (true[name] + said[name]) for name in classes) / len(classes)


def _calibration_error(confidences: Sequence[float | None], right: Sequence[bool]) -> float | None:
    sure = np.array([np.nan if value is None else value for value in confidences], float)
    if np.isnan(sure).any():
        return None
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=sure - np.array(right, float), minlength=BINS)
    return float(np.abs(gaps).sum() / len(sure))
