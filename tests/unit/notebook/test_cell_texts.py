"""What becomes of a cell's text: references, job ids, and the models that it waits for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="the extra [notebook] is not installed")
pytest.importorskip("snowflake.snowpark", reason="the extra [notebook] is not installed")

from sapwood.errors import NotebookError
from sapwood.notebook import tuning
from sapwood.notebook.references import fill
from sapwood.notebook.tuning import Tuning, Tunings

OLD = "CortexFineTuningWorkflow_f4016e33-92ce-45d3-918a-19115c398f10"
FIRST = "CortexFineTuningWorkflow_00000000-0000-4000-8000-000000000001"
SECOND = "CortexFineTuningWorkflow_00000000-0000-4000-8000-000000000002"


class Server:
    """Answers FINETUNE and the history of jobs as a server with these jobs does."""

    def __init__(self, *jobs: tuple[str, str]) -> None:
        self.jobs = dict(jobs)
        self.status = ["IN_PROGRESS", "SUCCESS"]

    def ask(self, _: Any, sql: str) -> Sequence[tuple[Any, ...]]:
        if "FINETUNE_EVENTS" in sql:
            return [(job, model) for job, model in self.jobs.items() if model]
        if "'SHOW'" in sql:
            return [(json.dumps([{"id": job, "created_on": at} for at, job in enumerate(self.jobs)]),)]
        status = self.status.pop(0) if len(self.status) > 1 else self.status[0]
        return [(json.dumps({"status": status, "progress": 0.5, "error": {"message": "no room"}}),)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server((OLD.replace("f4", "aa"), "DB.S.EARLIER"))
    monkeypatch.setattr(tuning, "ask", made.ask)
    monkeypatch.setattr(tuning, "_POLL_S", 0)
    return made


def tunings(server: Server, *jobs: tuple[str, str]) -> Tunings:
    """The jobs of a notebook, begun when the server had only the earlier one."""
    made = Tunings(Any)  # type: ignore[arg-type]  # the session is only handed on
    server.jobs.update(jobs)
    return made


def test_references_take_variables_and_the_rest_of_jinja() -> None:
    assert fill("select {{a}}{% if b %}, 2{% endif %}", {"a": 1, "b": True}) == "select 1, 2"
    assert fill("select {'a': {'b': 1}}", {}) == "select {'a': {'b': 1}}"


@pytest.mark.parametrize("text", ["select {{missing}}", "select {{ }}", "{% if %}"])
def test_references_that_lead_nowhere_are_told(text: str) -> None:
    with pytest.raises(NotebookError, match="double braces"):
        fill(text, {})


def test_an_old_job_becomes_the_newest_of_the_notebook(server: Server) -> None:
    own = tunings(server, (FIRST, "DB.S.A"), (SECOND, "DB.S.B"))
    assert own.with_real_ids(f"DESCRIBE '{OLD}', '{FIRST}'") == f"DESCRIBE '{SECOND}', '{FIRST}'"


def test_without_a_job_of_its_own_a_notebook_keeps_the_text(server: Server) -> None:
    assert tunings(server).with_real_ids(f"DESCRIBE '{OLD}'") == f"DESCRIBE '{OLD}'"


@pytest.mark.parametrize(
    "text", ["complete('sorter', x)", "complete('DB.S.SORTER', x)", "complete('db.s.\"SORTER\"', x)"]
)
def test_a_cell_waits_for_the_model_that_it_names(server: Server, text: str) -> None:
    own = tunings(server, (FIRST, "DB.S.SORTER"))
    assert own.needed_by(text) == [Tuning(FIRST, "DB.S.SORTER")]
    seen: list[str] = []
    own.wait_for(Tuning(FIRST, "DB.S.SORTER"), on_progress=seen.append)
    assert seen == ["Waiting for DB.S.SORTER: 50% trained"]
    assert own.needed_by(text) == []


@pytest.mark.parametrize("text", ["complete('sorter_2', x)", "complete('my_sorter', x)", "complete('EARLIER', x)"])
def test_a_cell_does_not_wait_for_others(server: Server, text: str) -> None:
    assert tunings(server, (FIRST, "DB.S.SORTER")).needed_by(text) == []


def test_a_job_that_has_not_begun_may_be_meant(server: Server) -> None:
    assert tunings(server, (FIRST, "")).needed_by("select 1") == [Tuning(FIRST, "")]


def test_a_job_that_failed_is_told(server: Server) -> None:
    server.status = ["ERROR"]
    with pytest.raises(NotebookError, match=r"No model DB\.S\.A: .* ended with ERROR\. no room"):
        tunings(server, (FIRST, "DB.S.A")).wait_for(Tuning(FIRST, "DB.S.A"), on_progress=lambda _: None)
