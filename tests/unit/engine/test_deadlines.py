"""Time limits: an act comes in time, once, and never behind the end of its block."""

from __future__ import annotations

import math
import threading
import time

from sapwood.engine.deadlines import Deadlines


def test_a_block_that_takes_too_long() -> None:
    late = threading.Event()
    with Deadlines().after(0.01, late.set):
        assert late.wait(5)


def test_a_block_that_ends_in_time_is_left_alone() -> None:
    deadlines, calls = Deadlines(), list[str]()
    with deadlines.after(0.05, lambda: calls.append("late")):
        pass
    other = threading.Event()
    with deadlines.after(0.1, other.set):
        assert other.wait(5)
    assert calls == []


def test_the_earliest_comes_first_whoever_began() -> None:
    deadlines, first, second = Deadlines(), threading.Event(), threading.Event()
    with deadlines.after(60, second.set), deadlines.after(0.01, first.set):
        assert first.wait(5)
        assert not second.is_set()


def test_no_limit_takes_no_thread() -> None:
    before = threading.active_count()
    with Deadlines().after(math.inf, lambda: None):
        assert threading.active_count() == before


def test_an_act_that_is_under_way_ends_before_its_block_does() -> None:
    acting, calls = threading.Event(), list[str]()

    def act() -> None:
        acting.set()
        time.sleep(0.05)
        calls.append("acted")

    with Deadlines().after(0.01, act):
        assert acting.wait(5)
    assert calls == ["acted"]
