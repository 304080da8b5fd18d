"""Curves from a job's events."""

from __future__ import annotations

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.job import Event, Point, accuracies, losses

EVENTS = [
    Event(0, "plan", {"epochs": 2}),
    Event(1, "evaluation", {"method": "answers", "epoch": 0, "loss": 4.0, "exact_match": 0.0, "macro_f1": 0.0}),
    Event(2, "evaluation", {"method": "labels", "epoch": 0, "loss": None, "exact_match": 0.9, "macro_f1": 0.9}),
    Event(3, "step", {"progress": 0.25, "loss": 2.5, "detail": "epoch 1 of 2, step 1 of 4, loss 2.5000"}),
    Event(4, "evaluation", {"method": "answers", "epoch": 1, "loss": 0.5, "exact_match": 0.75, "macro_f1": 0.7}),
]


def test_losses_are_those_of_steps_and_of_rows_held_out() -> None:
    assert list(losses(EVENTS)) == [
        Point(0.0, 4.0, "validation"),
        Point(0.25, 2.5, "training"),
        Point(0.5, 0.5, "validation"),
    ]


def test_shares_are_those_of_free_answers() -> None:
    assert [point.value for point in accuracies(EVENTS) if point.part == "exact_match"] == [0.0, 0.75]
