"""Scores against numbers worked out by hand."""

from __future__ import annotations

import pytest

from sapwood.quickstart.evaluation import confusion, lower_bound, score

KINDS = ("red", "green")
TRUTH = {"1": "red", "2": "red", "3": "green", "4": "green"}


def test_an_answer_counts_once_blanks_around_it_are_taken_off() -> None:
    scores = score({"1": " red\n", "2": "Red", "3": "green", "4": "it is green"}, TRUTH, KINDS)
    assert (scores.rows, scores.accuracy, scores.well_formed) == (4, 0.5, 0.5)


def test_a_wrong_category_is_well_formed() -> None:
    scores = score({"1": "green", "2": "red"}, TRUTH, KINDS)
    assert (scores.accuracy, scores.well_formed) == (0.5, 1.0)


def test_a_missing_answer_is_wrong_and_not_well_formed() -> None:
    scores = score({"1": None, "2": "red"}, TRUTH, KINDS)
    assert (scores.accuracy, scores.well_formed) == (0.5, 0.5)


def test_agreement_is_with_the_reference_and_not_with_the_truth() -> None:
    scores = score({"1": "green", "2": "red"}, TRUTH, KINDS, reference={"1": "green ", "2": "green", "3": "red"})
    assert (scores.accuracy, scores.agreement) == (0.5, 0.5)


def test_without_a_reference_there_is_no_agreement() -> None:
    scores = score({"1": "red"}, TRUTH, KINDS)
    assert (scores.agreement, scores.agreement_low) == (None, None)


@pytest.mark.parametrize("rows", [1, 10, 59, 200])
def test_all_hits_give_the_root_of_five_percent(rows: int) -> None:
    """With n hits of n the bound is the p for which p**n = 0.05."""
    assert lower_bound(rows, rows) == pytest.approx(0.05 ** (1 / rows))


def test_fifty_nine_hits_of_fifty_nine_are_the_textbooks_95_percent() -> None:
    """The rule of 59: so many successes without a failure show 95 % with 95 % confidence; 58 don't."""
    assert lower_bound(59, 59) > 0.95 > lower_bound(58, 58)


def test_the_bound_of_nine_hits_of_ten_solves_the_binomial_equation() -> None:
    """P(at least 9 of 10) = 10 p**9 (1 - p) + p**10 is 5 % at the bound."""
    p = lower_bound(9, 10)
    assert 10 * p**9 * (1 - p) + p**10 == pytest.approx(0.05)


def test_no_hit_gives_zero() -> None:
    assert lower_bound(0, 10) == 0.0


def test_confusion_counts_by_true_category_and_answer() -> None:
    answers = {"1": "red", "2": "green", "3": "green", "4": "blue"}
    assert confusion(answers, TRUTH, KINDS) == [[1, 1, 0], [0, 1, 1]]
