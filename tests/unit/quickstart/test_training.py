"""The job is started once: what a second run finds, and what it starts anew. The session is a fake with jobs of its own."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from sapwood.connection import Connection
from sapwood.dialect.statements import Column
from sapwood.dialect.types import text
from sapwood.engine.result import Result
from sapwood.errors import JobError
from sapwood.quickstart import story, training
from sapwood.quickstart.teller import Teller
from sapwood.terminal.bars import Bars

ROWS = [("TR1", "a request", "a prompt", "a label")]
NAME = story.TUNED
BEGUN = 1_000


@dataclass
class FakeSession:
    """Jobs that are done once they have been described `polls` times."""

    polls: int = 2
    ending: str = "SUCCESS"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    models: list[str] = field(default_factory=list[str])
    created: int = 0

    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]:
        if "'CREATE'" in text:
            return answer([(self.create(),)])
        if "'SHOW'" in text:
            return answer([(json.dumps(list(self.jobs.values())),)])
        if text.lower().startswith("show models"):
            return answer([("now", name) for name in self.models])
        found = re.search(r"'DESCRIBE', '([^']+)'", text)
        assert found, text
        return answer([(json.dumps(self.move(found[1])),)])

    def create(self) -> str:
        self.created += 1
        name = f"job-{self.created}"
        self.jobs[name] = {
            "id": name, "status": "IN_PROGRESS", "progress": 0.0, "base_model": "mistral-7b", "created_on": 10**15,
            "training_data": story.TRAINING_QUERY, "validation_data": story.VALIDATION_QUERY, "polls": 0,
        }  # fmt: skip
        return name

    def move(self, name: str) -> dict[str, Any]:
        job = self.jobs[name]
        job["polls"] += 1
        job["progress"] = min(1.0, job["polls"] / self.polls)
        if job["polls"] == self.polls:
            model = NAME if NAME not in self.models else f"{NAME}_2"
            ending = (
                {"model": f"{story.PLACE}.{model}"}
                if self.ending == "SUCCESS"
                else {"error": {"code": "X", "message": "no rows"}}
            )
            job.update(status=self.ending, **ending)
            self.models += [model] if self.ending == "SUCCESS" else []
        return job

    def cancel(self) -> None: ...
    def close(self) -> None: ...


def answer(rows: list[tuple[str, ...]]) -> list[Result]:
    names = ("A", "B")[: len(rows[0])] if rows else ("A",)
    table = pa.table({name: [row[index] for row in rows] for index, name in enumerate(names)})
    return [Result("id", "select", tuple(Column(name, text()) for name in names), table)]


@pytest.fixture(name="memo")
def make_memo(tmp_path: Path) -> Path:
    return tmp_path / "quickstart" / "training.json"


def run(session: FakeSession, memo: Path, *, rows: list[Any] = ROWS, seed: int = 42) -> training.Trained:
    teller = Teller(Connection(session), Console(file=io.StringIO()), Bars())
    return training.train(teller, rows, seed=seed, memo=memo, on_job=lambda _: None, sleep=lambda _: None)


def test_a_job_is_followed_to_its_end_and_its_models_bare_name_is_given(memo: Path) -> None:
    session = FakeSession(polls=4)
    assert run(session, memo) == training.Trained("job-1", NAME, None)
    assert session.jobs["job-1"]["polls"] == 4


def test_a_second_run_over_the_same_rows_starts_no_job(memo: Path) -> None:
    session = FakeSession()
    run(session, memo)
    assert run(session, memo).job_id == "job-1"
    assert session.created == 1


def killed(job_id: str) -> None:
    raise ZeroDivisionError(job_id)


def test_a_run_that_was_killed_while_the_job_went_on_finds_it(memo: Path) -> None:
    session = FakeSession(polls=5)
    with pytest.raises(ZeroDivisionError):
        teller = Teller(Connection(session), Console(file=io.StringIO()), Bars())
        training.train(teller, ROWS, seed=42, memo=memo, on_job=killed)
    assert run(session, memo).job_id == "job-1"
    assert session.created == 1


def test_other_rows_or_another_seed_start_a_job_of_their_own(memo: Path) -> None:
    session = FakeSession()
    run(session, memo)
    other = run(session, memo, rows=[*ROWS, ("TR2", "b", "c", "d")])
    assert (other.job_id, other.model) == ("job-2", f"{NAME}_2")
    assert run(session, memo, seed=7).job_id == "job-3"


def test_a_job_of_before_is_not_taken_for_ours(memo: Path) -> None:
    session = FakeSession()
    session.create()
    session.jobs["job-1"]["created_on"] = BEGUN
    assert run(session, memo).job_id == "job-2"


def test_a_job_whose_model_was_dropped_is_started_again(memo: Path) -> None:
    session = FakeSession()
    run(session, memo)
    session.models.clear()
    assert run(session, memo).job_id == "job-2"


def test_a_job_that_failed_is_an_error_and_the_next_run_starts_it_again(memo: Path) -> None:
    session = FakeSession(ending="ERROR")
    with pytest.raises(JobError, match="no rows"):
        run(session, memo)
    session.ending = "SUCCESS"
    assert run(session, memo).job_id == "job-2"


def test_a_memo_that_can_not_be_read_is_as_good_as_none(memo: Path) -> None:
    memo.parent.mkdir()
    memo.write_text("{")
    assert training.recall(memo) is None
    assert run(FakeSession(), memo).job_id == "job-1"
