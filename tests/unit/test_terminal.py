from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table

from sapwood.registry.registry import ModelInfo
from sapwood.store.records import Job
from sapwood.terminal import job_table, model_table

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
