from __future__ import annotations

import pytest

from sapwood.jobs.pace import Pace


def test_the_end_follows_from_the_pace_so_far() -> None:
    now = [100.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.expected_end(0.0) is None
    now[0] = 101.0
    assert pace.expected_end(0.1) is None  # too little was seen
    now[0] = 110.0
    assert pace.expected_end(0.25) == 140.0


def test_what_an_earlier_worker_did_does_not_count_as_speed() -> None:
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    pace.expected_end(0.5)
    now[0] = 10.0
    assert pace.expected_end(0.6) == pytest.approx(50.0)
    assert pace.expected_end(0.5) is None
