"""Statements in a line: what is left of it when one fails."""

from __future__ import annotations

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.problem import Problem
from sapwood.studio.running import Line, Run

STOPPED = Problem("Stopped", "")


def test_after_a_failure_only_the_closing_statement_is_left() -> None:
    line = Line()
    line.begin(["a", "b"], closing="z")
    run = Run(line.waiting.pop(0))
    line.runs.append(run)
    line.fail(run, STOPPED)
    assert (line.waiting, line.problem, line.is_running, line.is_done) == (["z"], STOPPED, True, False)


def test_a_closing_statement_that_fails_is_not_run_again() -> None:
    line = Line()
    line.begin([], closing="z")
    line.fail(Run(line.waiting.pop(0)), STOPPED)
    assert line.waiting == []


def test_a_new_line_forgets_the_last_one() -> None:
    line = Line(runs=[Run("old", seconds=1.0, problem=STOPPED)], closing="z")
    line.begin(["a"])
    assert (line.waiting, line.problem) == (["a"], None)
