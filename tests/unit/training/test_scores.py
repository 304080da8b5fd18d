from __future__ import annotations

import pytest

from sapwood.training.scores import Answer, score


def answers(*texts: str, confidence: float | None = None) -> list[Answer]:
    return [Answer(text, confidence) for text in texts]


def test_an_answer_is_right_letter_by_letter_but_for_blanks_around_it() -> None:
    assert score(answers(" a", "A", "b\n", "c"), ["a", "a", "b", "d"]).exact_match == 0.5


def test_macro_f1_is_the_mean_over_labels_that_are_true_or_answered() -> None:
    found = score(answers("a", "a", "b", "b"), ["a", "b", "b", "b"], labels=["a", "b", "c"])
    # a: precision 1/2, recall 1 -> 2/3; b: precision 1, recall 2/3 -> 4/5; c is neither
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_an_answer_that_is_no_label_is_not_well_formed_and_counts_as_a_class_without_hits() -> None:
    found = score(answers("a", "well, a"), ["a", "a"], labels=["a"])
    assert (found.well_formed, found.macro_f1) == (0.5, pytest.approx((2 / 3 + 0) / 2))
    assert found.confusion == (("a", "a", 1), ("a", "well, a", 1))


def test_free_text_has_no_classes() -> None:
    found = score(answers("a"), ["a"])
    assert (found.macro_f1, found.well_formed, found.confusion) == (None, None, ())


def test_the_calibration_error_is_how_far_sureness_is_from_being_right() -> None:
    sure = [Answer("a", 0.95), Answer("a", 0.95), Answer("b", 0.55), Answer("b", 0.55)]
    found = score(sure, ["a", "a", "b", "x"])
    assert found.calibration_error == pytest.approx((2 * 0.05 + 2 * 0.05) / 4)
    assert score([Answer("a", 1.0)], ["a"]).calibration_error == 0
    assert score([Answer("a", 1.0), Answer("a")], ["a", "a"]).calibration_error is None
