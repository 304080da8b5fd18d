"""What happened to fine-tuning jobs and how good their models are, as rows of views in SNOWFLAKE.ACCOUNT_USAGE.

The vendor has no such views: DESCRIBE's keys and training_results.csv are its contract, and this is what they leave out.
Comes in: the jobs' events. Goes out: rows of the jobs that the session's roles own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sapwood.engine.work import Work, moment

Row = dict[str, Any]

EVENT_COLUMNS = "JOB_ID MODEL_NAME EVENT_TIME EVENT DETAILS"
SCORES = "LOSS EXACT_MATCH MACRO_F1 WELL_FORMED CALIBRATION_ERROR"
EVALUATION_COLUMNS = f"JOB_ID MODEL_NAME EVENT_TIME SUBJECT METHOD EPOCH EVALUATED_ROWS {SCORES}"
CONFUSION_COLUMNS = "JOB_ID MODEL_NAME SUBJECT METHOD EPOCH TRUE_LABEL ANSWER EVALUATED_ROWS"
DATA_COLUMNS = (
    "JOB_ID MODEL_NAME EVENT_TIME PART ROW_COUNT DROPPED_ROWS CUT_PROMPTS CUT_COMPLETIONS DUPLICATES CONTRADICTIONS"
    " CONTRADICTORY_ROWS BLANK_COMPLETIONS LABELS WARNINGS"
)


def event_rows(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """All events; their details are JSON."""
    for job, at, kind, details in _events(work):
        yield {**job, "EVENT_TIME": at, "EVENT": kind, "DETAILS": json.dumps(dict(details), ensure_ascii=False)}


def evaluation_rows(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """One row a time that a model was asked about rows held out."""
    for job, at, kind, facts in _events(work):
        if kind == "evaluation":
            yield {**job, "EVENT_TIME": at, **_upper(facts), "EVALUATED_ROWS": facts["rows"]}


def confusion_rows(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """The confusion matrices, one row a pair of label and answer."""
    for job, _, kind, facts in _events(work):
        if kind == "evaluation":
            for true, answer, rows in facts["confusion"]:
                yield {**job, **_upper(facts), "TRUE_LABEL": true, "ANSWER": answer, "EVALUATED_ROWS": rows}


def data_rows(work: Work, databases: Sequence[str]) -> Iterator[Row]:
    """What each job's data are like, one row a part; labels and warnings are JSON."""
    for job, at, kind, facts in _events(work):
        if kind == "data":
            texts = {name.upper(): json.dumps(facts[name], ensure_ascii=False) for name in ("labels", "warnings")}
            yield {**job, "EVENT_TIME": at, **_upper(facts), "ROW_COUNT": facts["rows"], **texts}


def _events(work: Work) -> Iterator[tuple[Row, Any, str, Mapping[str, Any]]]:
    catalog = work.parts.catalog
    for job in catalog.jobs("finetune"):
        if work.rights.is_own(str(job.spec.get("owner", ""))):
            named = {"JOB_ID": job.id, "MODEL_NAME": job.model or job.model_name}
            for at, kind, facts in catalog.job_events(job.id):
                yield named, moment(at), kind, facts


def _upper(facts: Mapping[str, Any]) -> Row:
    return {name.upper(): value for name, value in facts.items()}
