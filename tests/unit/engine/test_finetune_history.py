from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import UnknownFileError
from sapwood.functions.function import CommandContext
from sapwood.store.records import Job

DATA = {
    "part": "train", "rows": 24, "dropped_rows": 1, "cut_prompts": 2, "cut_completions": 0, "duplicates": 3, "contradictions": 1,
    "contradictory_rows": 2, "blank_completions": 0, "labels": {"a": 20, "b": 4}, "warnings": ["careful"],
}  # fmt: skip
EVALUATION = {
    "subject": "tuned", "method": "answers", "epoch": 2, "loss": 0.25, "rows": 8, "exact_match": 0.75, "macro_f1": None,
    "well_formed": 1.0, "calibration_error": 0.125, "confusion": [["a", "a", 6], ["a", "b", 2]],
}  # fmt: skip


@pytest.fixture
def job(engine: Engine) -> str:
    job = Job("j1", "finetune", "IN_PROGRESS", 1, "base", "DB.S.M", "SELECT 1", spec={"owner": "TRAINER"})
    engine.parts.catalog.add_job(job)
    engine.parts.catalog.add_job_event("j1", "data", DATA)
    engine.parts.catalog.add_job_event("j1", "evaluation", EVALUATION)
    return job.id


def rows(session: Session, view: str) -> list[dict[str, Any]]:
    return session.execute(f"select * from snowflake.account_usage.{view}")[-1].table.to_pylist()


def test_what_happened_to_a_job_is_a_view(session: Session, job: str) -> None:
    found = rows(session, "finetune_events")
    assert [(row["JOB_ID"], row["MODEL_NAME"], row["EVENT"]) for row in found] == [
        ("j1", "DB.S.M", "data"), ("j1", "DB.S.M", "evaluation"),
    ]  # fmt: skip
    assert json.loads(found[0]["DETAILS"]) == DATA
    assert found[0]["EVENT_TIME"] is not None


def test_evaluations_and_their_confusion_are_views(session: Session, job: str) -> None:
    (found,) = rows(session, "finetune_evaluations")
    assert (found["SUBJECT"], found["EPOCH"], found["EVALUATED_ROWS"]) == ("tuned", 2, 8)
    assert (found["LOSS"], found["EXACT_MATCH"], found["MACRO_F1"], found["CALIBRATION_ERROR"]) == (
        0.25,
        0.75,
        None,
        0.125,
    )
    pairs = [(row["TRUE_LABEL"], row["ANSWER"], row["EVALUATED_ROWS"]) for row in rows(session, "finetune_confusion")]
    assert pairs == [("a", "a", 6), ("a", "b", 2)]


def test_what_the_data_are_like_is_a_view(session: Session, job: str) -> None:
    (found,) = rows(session, "finetune_data")
    assert (found["PART"], found["ROW_COUNT"], found["DUPLICATES"], found["CUT_PROMPTS"]) == ("train", 24, 3, 2)
    assert (json.loads(found["LABELS"]), json.loads(found["WARNINGS"])) == ({"a": 20, "b": 4}, ["careful"])


def test_jobs_of_others_are_not_shown(engine: Engine, session: Session, job: str) -> None:
    session.execute("grant imported privileges on database snowflake to role public")
    stranger = engine.open_session(role="PUBLIC", user="SOMEBODY")
    for view in ("finetune_events", "finetune_evaluations", "finetune_confusion", "finetune_data"):
        assert rows(stranger, view) == []


def documents_of_a_path(arguments: Mapping[str, Any], context: CommandContext) -> str:
    """A command that gives the documents at the stage path in its first argument."""
    return json.dumps(context.documents(arguments["command"]).to_pylist())


def test_a_command_reads_the_documents_of_a_stage(
    engine: Engine, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, _ = engine.parts.commands["FINETUNE"]
    commands = cast("dict[str, Any]", engine.parts.commands)
    monkeypatch.setitem(commands, "FINETUNE", (signature, documents_of_a_path))
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "a"}\n{"prompt": "b"}\n')
    session.execute(f"create stage s; put file://{file} @s auto_compress = false")
    found = session.execute("select snowflake.cortex.finetune('@s/rows.jsonl')")[-1].table.column(0)[0].as_py()
    assert [json.loads(text) for text in json.loads(found)] == [{"prompt": "a"}, {"prompt": "b"}]
    with pytest.raises(UnknownFileError):
        session.execute("select snowflake.cortex.finetune('@s/none.jsonl')")
