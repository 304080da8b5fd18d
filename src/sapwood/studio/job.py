"""A fine-tuning job as SQL tells of it: statements out, frozen dataclasses in. What the pages show of jobs comes from here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sapwood.studio import shown
from sapwood.studio.door import Door
from sapwood.studio.memory import Row
from sapwood.studio.sql import literal

RUNNING = ("PENDING", "IN_PROGRESS")
RESUMABLE = ("ERROR", "CANCELLED")
SHOW = "SELECT SNOWFLAKE.CORTEX.FINETUNE('SHOW') AS JOBS"
_USAGE = "SNOWFLAKE.ACCOUNT_USAGE"


@dataclass(frozen=True)
class Job:
    """A job as FINETUNE('DESCRIBE') tells of it; times are in milliseconds since 1970."""

    id: str
    status: str
    base_model: str
    created_on: int
    progress: float = 0.0
    finished_on: int | None = None
    model: str = ""
    trained_tokens: int | None = None
    training_data: str = ""
    validation_data: str = ""
    error: dict[str, str] = field(default_factory=dict)
    training_result: dict[str, float] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def short_id(self) -> str:
        """Enough of its id to tell it from others."""
        return self.id.removeprefix("CortexFineTuningWorkflow_")[:8]

    @property
    def seconds(self) -> float | None:
        """From its creation to its end; None while it runs."""
        return None if self.finished_on is None else (self.finished_on - self.created_on) / 1000


@dataclass(frozen=True)
class Event:
    """Something that happened to a job."""

    at: Any
    kind: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A figure on the way: `at` is the share of the work that was done; `part` is what was measured, or on which rows."""

    at: float
    value: float
    part: str


def acting(action: str, job_id: str) -> str:
    """The statement that describes, cancels or resumes a job."""
    return f"SELECT SNOWFLAKE.CORTEX.FINETUNE({literal(action)}, {literal(job_id)}) AS JOB"


def listed(door: Door) -> list[Job]:
    """All jobs of the user's roles, newest first; only what SHOW tells of them."""
    found = [_job(entry) for entry in json.loads(door.look(SHOW)[0]["JOBS"])]
    return sorted(found, key=lambda job: -job.created_on)


def described(door: Door, job_id: str) -> Job:
    """Everything that DESCRIBE tells of one job, as it is now."""
    return _job(json.loads(door.one(acting("DESCRIBE", job_id))))


def remembered(door: Door, job_id: str) -> Job:
    """The same of some seconds ago."""
    return _job(json.loads(door.look(acting("DESCRIBE", job_id))[0]["JOB"]))


def _job(entry: dict[str, Any]) -> Job:
    """From the JSON; what the pages do not show is left out."""
    return Job(**{name: entry[name] for name in Job.__dataclass_fields__ if entry.get(name) is not None})


def maker(door: Door, model: str) -> Job | None:
    """The job that made a model, if it is known."""
    rows = _told(
        door,
        f"SELECT JOB_ID FROM {_USAGE}.FINETUNE_EVENTS\n"
        f"WHERE MODEL_NAME = {literal(model)} AND EVENT = 'trained' ORDER BY EVENT_TIME DESC LIMIT 1",
    )
    return remembered(door, str(rows[0]["JOB_ID"])) if rows else None


def _told(door: Door, sql: str) -> list[Row]:
    """A look into a view of the account; nothing for a role that may not see it."""
    try:
        return door.look(sql)
    except shown.ERRORS:
        return []


def events(door: Door, job_id: str, *, is_running: bool = False) -> list[Event]:
    """What happened to it, in order; none for a role that may not see the views."""
    sql = f"SELECT EVENT_TIME, EVENT, DETAILS FROM {_USAGE}.FINETUNE_EVENTS\nWHERE JOB_ID = {literal(job_id)} ORDER BY EVENT_TIME"
    rows = door.ask(sql) if is_running else _told(door, sql)
    return [Event(row["EVENT_TIME"], str(row["EVENT"]), json.loads(row["DETAILS"])) for row in rows]


def trained_rows(door: Door, job_id: str) -> int:
    """Rows that a job learned from; 0 where that is not told."""
    plans = (event.details for event in events(door, job_id) if event.kind == "plan")
    return int(next(plans, {}).get("train_rows", 0))


def evaluations(door: Door, job_id: str) -> list[Row]:
    """How good the model was before, between and after, and the linear model beside it."""
    return _told(
        door,
        "SELECT SUBJECT, METHOD, EPOCH, EVALUATED_ROWS, EXACT_MATCH, MACRO_F1, WELL_FORMED, CALIBRATION_ERROR, LOSS\n"
        f"FROM {_USAGE}.FINETUNE_EVALUATIONS WHERE JOB_ID = {literal(job_id)} ORDER BY EVENT_TIME",
    )


def confusion(door: Door, job_id: str) -> list[Row]:
    """Labels and answers of the tuned model, with how often they met."""
    return _told(
        door,
        "SELECT METHOD, TRUE_LABEL, ANSWER, EVALUATED_ROWS\n"
        f"FROM {_USAGE}.FINETUNE_CONFUSION WHERE JOB_ID = {literal(job_id)} AND SUBJECT = 'tuned'",
    )


def losses(found: Sequence[Event]) -> Iterator[Point]:
    """The points of the loss curves: steps of the training, and what was measured after each epoch."""
    epochs = next((event.details["epochs"] for event in found if event.kind == "plan"), 1)
    for event in found:
        facts = event.details
        if event.kind == "step" and "loss" in facts:
            yield Point(float(facts["progress"]), float(facts["loss"]), "training")
        elif event.kind == "evaluation" and facts["method"] == "answers" and facts["loss"] is not None:
            yield Point(facts["epoch"] / epochs, float(facts["loss"]), "validation")


def accuracies(found: Sequence[Event]) -> Iterator[Point]:
    """Shares of right answers on the way, and the macro-F1."""
    epochs = next((event.details["epochs"] for event in found if event.kind == "plan"), 1)
    for event in found:
        if event.kind == "evaluation" and event.details["method"] == "answers":
            for part in ("exact_match", "macro_f1"):
                yield Point(event.details["epoch"] / epochs, float(event.details[part]), part)
