"""The fine-tuning jobs that a notebook starts: which model each will make, its real id, and when it is done.

A cell's text in, what it has to wait for out. Asks FINETUNE and the history of its jobs; sees the SQL door only.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from snowflake.snowpark import Session

from sapwood.errors import NotebookError
from sapwood.notebook.statements import ask

_POLL_S = 1.0
_JOB_ID = re.compile(r"\b(?:CortexFineTuningWorkflow|ft)_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_UNDER_WAY = ("PENDING", "IN_PROGRESS")
_MODELS = "SELECT DISTINCT JOB_ID, MODEL_NAME FROM SNOWFLAKE.ACCOUNT_USAGE.FINETUNE_EVENTS"

OnProgress = Callable[[str], None]


@dataclass(frozen=True)
class Tuning:
    """A job under way and the model that it is to make; '' while it waits for its turn and has not said."""

    job_id: str
    model: str


class Tunings:
    """The jobs that came since the notebook began."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before = {job["id"] for job in self._jobs()}
        self._over: set[str] = set()

    def with_real_ids(self, text: str) -> str:
        """The text with the newest job of this notebook where it names a job that the server does not know."""
        if not _JOB_ID.search(text):
            return text
        jobs = self._jobs()
        own = [job for job in jobs if job["id"] not in self._before]
        if not own:
            return text
        newest = str(max(own, key=lambda job: int(job["created_on"]))["id"])
        there = {job["id"] for job in jobs}
        return _JOB_ID.sub(lambda old: old[0] if old[0] in there else newest, text)

    def needed_by(self, text: str) -> list[Tuning]:
        """The jobs under way whose model the text names, or may name."""
        own = [job for job in self._jobs() if job["id"] not in self._before | self._over]
        if not own:
            return []
        models: Mapping[str, str] = dict(ask(self._session, _MODELS))
        tunings = [Tuning(str(job["id"]), models.get(job["id"], "")) for job in own]
        return [tuning for tuning in tunings if not tuning.model or _names(text, tuning.model)]

    def wait_for(self, tuning: Tuning, *, on_progress: OnProgress) -> None:
        """Until the job is over. Raises NotebookError if no model comes of it."""
        while (job := self._described(tuning.job_id))["status"] in _UNDER_WAY:
            on_progress(f"Waiting for {tuning.model or tuning.job_id}: {float(job.get('progress') or 0):.0%} trained")
            time.sleep(_POLL_S)
        self._over.add(tuning.job_id)
        if job["status"] != "SUCCESS":
            told = (job.get("error") or {}).get("message", "")
            raise NotebookError(
                f"No model {tuning.model}: the job {tuning.job_id} ended with {job['status']}. {told}".strip(),
                hint="`sapwood jobs show` tells what happened.",
            )

    def _jobs(self) -> list[Mapping[str, Any]]:
        return json.loads(self._answer("'SHOW'"))

    def _described(self, job_id: str) -> Mapping[str, Any]:
        return json.loads(self._answer(f"'DESCRIBE', '{job_id}'"))

    def _answer(self, arguments: str) -> str:
        return str(ask(self._session, f"SELECT SNOWFLAKE.CORTEX.FINETUNE({arguments})")[0][0])


def _names(text: str, model: str) -> bool:
    """Whether a text has the model's own name, bare or behind its schema."""
    name = re.escape(model.rpartition(".")[2].strip('"'))
    return re.search(rf"(?<![\w$]){name}(?![\w$])", text, re.IGNORECASE) is not None
