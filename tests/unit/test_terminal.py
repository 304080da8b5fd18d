from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from sapwood.registry.registry import ModelInfo
from sapwood.store.records import Job
from sapwood.terminal.listings import job_line, job_table, model_table, show_job

JOB_ID = "CortexFineTuningWorkflow_6556e15c-8f12-4d94-8cb0-87e6f2fd2299"


def lines(table: Table) -> list[str]:
    """What 80 characters show of a table."""
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    return [line.strip() for line in out.getvalue().splitlines()]


def test_models_are_whole_in_80_characters_with_their_other_names_below() -> None:
    names = ("mistral-large", "mistral-large2", "snowflake-arctic")
    model = ModelInfo(
        "mistral-small-24b-instruct-2501", "local", names, size=14_300_000_000, licence="Apache-2.0", present=False
    )
    text = lines(model_table([model]))
    first = next(line for line in text if line.startswith(model.name))
    assert first.split() == [model.name, "14.3", "GB", "Apache-2.0", "not", "fetched"]
    assert all(any(name in line for line in text) for name in names)


def test_a_model_to_which_data_leaves_says_so() -> None:
    text = lines(model_table([ModelInfo("gpt", "endpoint", (), present=True, data_leaves=True)]))
    assert "gpt data leaves" in [" ".join(line.split()) for line in text]


def test_a_jobs_id_can_be_copied_from_80_characters() -> None:
    job = Job(JOB_ID, "finetune", "IN_PROGRESS", 0, "mistral-7b", "DB.PUBLIC.MY_MODEL", "select 1", progress=0.25)
    text = [line.split() for line in lines(job_table([job]))]
    assert [JOB_ID, "IN_PROGRESS"] in text
    assert ["DB.PUBLIC.MY_MODEL", "25%"] in text


def job_of(status: str, **changes: Any) -> Job:
    return Job("j1", "finetune", status, 1_700_000_000_000, "mistral-7b", "DB.S.M", "SELECT 1", **changes)


def test_a_jobs_state_is_one_line() -> None:
    assert job_line(job_of("PENDING", detail="waiting for memory")) == "PENDING 0% waiting for memory"
    failed = job_of("ERROR", progress=0.5, error={"code": "STORAGE_FULL", "message": "The disk is full."})
    assert job_line(failed) == "ERROR 50% STORAGE_FULL: The disk is full."
    assert job_line(job_of("SUCCESS", progress=1.0, model="DB.S.M_2")) == "SUCCESS 100% DB.S.M_2"


def test_a_job_is_shown_with_its_warnings_evaluations_and_events(capsys: pytest.CaptureFixture[str]) -> None:
    evaluation = {
        "subject": "tuned", "method": "labels", "epoch": 2, "rows": 8, "loss": 0.25, "exact_match": 0.75, "macro_f1": None,
        "well_formed": 1.0, "calibration_error": 0.125, "confusion": [],
    }  # fmt: skip
    events = [
        (1_700_000_000_000, "data", {"warnings": ["train: 2 [of] 24 rows stand there more than once."]}),
        (1_700_000_001_000, "evaluation", evaluation),
    ]
    show_job(job_of("IN_PROGRESS", detail="step 3 of 9"), events)
    shown = capsys.readouterr().out
    assert "step 3 of 9" in shown
    assert "train: 2 [of] 24 rows stand there more than once." in shown
    (row,) = (line.split() for line in shown.splitlines() if line.strip().startswith("tuned"))
    assert row == ["tuned", "2", "labels", "8", "0.250", "0.750", "1.000", "0.125"]
