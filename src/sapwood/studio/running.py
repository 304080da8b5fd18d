"""Statements that run while one looks on: one after the other, with how far their models are, until their rows or a problem.

Statements in, runs out. The worksheet, the labels and the evaluation are made of these.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from sapwood.studio import shown
from sapwood.studio.door import TAG, Door
from sapwood.studio.problem import Problem, problem_of
from sapwood.studio.rows import Rows
from sapwood.studio.sql import literal

_POLL_S = 0.4


@dataclass
class Run:
    """A statement, from its start to its rows or its problem. `done` is the share of its questions that are answered."""

    sql: str
    query_id: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    rows: Rows | None = None
    problem: Problem | None = None
    glance_id: str = ""
    done: float | None = None
    told: str = ""

    @property
    def is_over(self) -> bool:
        return self.seconds is not None


@dataclass
class Line:
    """Statements one behind the other. One that fails is the last, but for `closing`, which is run whatever happens."""

    waiting: list[str] = field(default_factory=list[str])
    runs: list[Run] = field(default_factory=list[Run])
    closing: str = ""

    @property
    def is_running(self) -> bool:
        return bool(self.waiting) or any(not run.is_over for run in self.runs)

    @property
    def problem(self) -> Problem | None:
        """Why it ended early."""
        return next((run.problem for run in self.runs if run.problem), None)

    @property
    def is_done(self) -> bool:
        """Whether all of them came to their end."""
        return bool(self.runs) and not self.is_running and self.problem is None

    def begin(self, statements: Iterable[str], *, closing: str = "") -> None:
        """Run these, and forget those of before."""
        self.runs, self.closing = [], closing
        self.waiting = [*statements, *self._last]

    def fail(self, run: Run, problem: Problem) -> None:
        """End it at this run."""
        run.problem = problem
        run.seconds = time.monotonic() - run.started
        self.waiting = [] if run.sql == self.closing else self._last

    @property
    def _last(self) -> list[str]:
        return [self.closing] if self.closing else []


def watch(door: Door, line: Line) -> None:
    """Draw how far a line is, again and again until its end."""
    if line.is_running:
        st.fragment(_watch, run_every=_POLL_S)(door, line)


def _watch(door: Door, line: Line) -> None:
    run = _current(door, line)
    if run is None:
        st.rerun()
        return
    if run.query_id and not door.is_running(run.query_id):
        _take(door, line, run)
    if run.is_over and not line.waiting:
        st.rerun()
    _glance(door, run)
    if run.done is not None:
        st.progress(run.done, run.told)
    with st.container(horizontal=True, vertical_alignment="center"):
        waiting = f" · {len(line.waiting)} more to come" if line.waiting else ""
        st.markdown(f":material/progress_activity: Running for {time.monotonic() - run.started:.0f} s{waiting}")
        if st.button("Cancel", icon=":material/stop_circle:"):
            line.waiting = []
            door.cancel(run.query_id)


def _current(door: Door, line: Line) -> Run | None:
    """The run that has not ended, or the next one, just started."""
    for run in line.runs:
        if not run.is_over:
            return run
    if not line.waiting:
        return None
    run = Run(line.waiting.pop(0))
    line.runs.append(run)
    try:
        run.query_id = door.start(run.sql)
    except shown.ERRORS as error:
        line.fail(run, problem_of(error))
    return run


def _take(door: Door, line: Line, run: Run) -> None:
    try:
        run.rows = door.rows(run.query_id)
        run.seconds = time.monotonic() - run.started
    except shown.ERRORS as error:
        line.fail(run, problem_of(error))
    door.forget_after(run.sql)


_PROGRESS = """SELECT DONE, TOTAL, CACHED, SECONDS_LEFT
FROM TABLE(INFORMATION_SCHEMA.QUERY_PROGRESS()) WHERE QUERY_ID = {query}"""


def _glance(door: Door, run: Run) -> None:
    """How many questions its model has answered. Asked beside it and never waited for: what can't run beside it stays open."""
    if run.is_over:
        return
    try:
        if run.glance_id and not door.is_running(run.glance_id):
            _read_glance(run, door.rows(run.glance_id).page(1))
            run.glance_id = ""
        if not run.glance_id:
            run.glance_id = door.start(_PROGRESS.format(query=literal(run.query_id)), tag=TAG)
    except shown.ERRORS:  # a bar less; the statement itself goes on
        run.glance_id = run.query_id


def _read_glance(run: Run, frame: pd.DataFrame) -> None:
    for done, total, cached, left in frame.head(1).itertuples(index=False):
        rest = "" if pd.isna(left) else f", about {left:.0f} s to go"
        run.done = min(1.0, float(done) / max(1.0, float(total)))
        run.told = f"{int(done):,} of {int(total):,} questions answered, {int(cached):,} of them known before{rest}"
