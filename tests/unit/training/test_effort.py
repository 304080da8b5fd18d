"""When a run will end, as its detail says it, against a run on a clock that is not real."""

from __future__ import annotations

import random

import pytest

from sapwood.jobs.pace import Pace
from sapwood.training.effort import Effort

BATCH = 8
SAVE_S = 3.0
"""Seconds behind the last evaluation, which no effort counts."""


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("row_s", [0.02, 0.1])
@pytest.mark.parametrize("effort", [Effort(800, 1, 220, 60), Effort(100, 8, 20, 60), Effort(10_000, 1, 500, 500)])
def test_the_end_is_foretold_within_a_fifth_of_the_run_from_a_tenth_on(effort: Effort, row_s: float) -> None:
    draw, clock, foretold = random.Random(0), Clock(), list[tuple[float, float]]()
    pace = Pace(clock=clock)
    steps = -(-effort.rows // BATCH) * effort.epochs
    started = clock.now
    for step in range(1, steps + 1):
        clock.now += BATCH * row_s * draw.uniform(0.6, 1.4)
        if step % (steps // effort.epochs) == 0:
            clock.now += effort.read_after_epoch * row_s * draw.uniform(0.2, 0.5)
        end = pace.expected_end(effort.share(step / steps))
        if end is not None and step / steps >= 0.1:
            foretold.append((step / steps, end))
    clock.now += effort.read_at_end * row_s * 0.4 + SAVE_S
    assert foretold[0][0] < 0.25, "it is told early, even of the shortest run"
    worst = max(abs(end - clock.now) for _, end in foretold)
    assert worst <= 0.2 * (clock.now - started)
