"""Fine-tuning jobs: the list, one of them as it goes on, and runs side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from sapwood.studio import shown
from sapwood.studio.door import Door
from sapwood.studio.sql import literal

RUNNING = ("PENDING", "IN_PROGRESS")
_COLOURS = {"SUCCESS": "green", "ERROR": "red", "CANCELLED": "gray", "IN_PROGRESS": "blue", "PENDING": "orange"}
_POLL_S = 2.0


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
    def seconds(self) -> float | None:
        """From its creation to its end; None while it runs."""
        return None if self.finished_on is None else (self.finished_on - self.created_on) / 1000

    @property
    def badge(self) -> str:
        """The status as a coloured mark."""
        return f":{_COLOURS.get(self.status, 'gray')}-badge[{self.status.replace('_', ' ').capitalize()}]"


SHOW = "SELECT SNOWFLAKE.CORTEX.FINETUNE('SHOW') AS JOBS"


def describing(job_id: str) -> str:
    """The statement that tells of one job."""
    return f"SELECT SNOWFLAKE.CORTEX.FINETUNE('DESCRIBE', {literal(job_id)}) AS JOB"


def cancelling(job_id: str) -> str:
    """The statement that stops one."""
    return f"SELECT SNOWFLAKE.CORTEX.FINETUNE('CANCEL', {literal(job_id)}) AS STATUS"


def listed(door: Door) -> list[Job]:
    """All jobs of the user's roles, newest first; only what SHOW tells of them."""
    found = [_job(entry) for entry in json.loads(door.one(SHOW))]
    return sorted(found, key=lambda job: -job.created_on)


def described(door: Door, job_id: str) -> Job:
    """Everything that SQL tells of one job."""
    return _job(json.loads(door.one(describing(job_id))))


def _job(entry: dict[str, Any]) -> Job:
    """From the JSON; what this page does not show is left out."""
    return Job(**{name: entry[name] for name in Job.__dataclass_fields__ if entry.get(name) is not None})


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Jobs", "Fine-tuning runs: how far they are, what came of them, and how they compare.")
    with shown.trying():
        found = listed(door)
        if not found:
            shown.empty("No jobs yet. A job trains a small model on your rows; the wizard starts one.")
            st.page_link(links["wizard"], label="Create custom LLM", icon=":material/auto_awesome:")
            return
        one, several = st.tabs(["One job", "Compare runs"])
        with one:
            _one(door, found)
        with several:
            _compare(door, found)


def _one(door: Door, found: list[Job]) -> None:
    ids = [job.id for job in found]
    by_id = {job.id: job for job in found}
    wanted = st.query_params.get("job")
    chosen = st.selectbox(
        "Job",
        ids,
        index=ids.index(wanted) if wanted in ids else 0,
        format_func=lambda job_id: (
            f"{_when(by_id[job_id].created_on)} · {by_id[job_id].base_model} · {by_id[job_id].status}"
        ),
    )
    st.fragment(_live, run_every=_POLL_S if by_id[chosen].is_running else None)(door, chosen)


def _live(door: Door, job_id: str) -> None:
    """One job; asked again and again while it runs."""
    with shown.trying():
        job = described(door, job_id)
        _head(job)
        _figures(job)
        if job.error:
            st.error(f"**{job.error.get('code', 'Error')}**  \n{job.error.get('message', '')}", icon=":material/error:")
        _curve(job_id, job)
        _data(job)
        _actions(door, job)


def _head(job: Job) -> None:
    st.markdown(f"{job.badge} &nbsp; `{job.id}`")
    st.progress(min(1.0, job.progress), text=f"{job.progress:.0%}")


def _figures(job: Job) -> None:
    losses = job.training_result
    seconds = job.seconds if job.seconds is not None else (datetime.now().timestamp() - job.created_on / 1000)
    with st.grid(4, min_column_width=150):
        st.metric("Training loss", shown_loss(losses.get("training_loss")), border=True)
        st.metric("Validation loss", shown_loss(losses.get("validation_loss")), border=True)
        st.metric("Trained tokens", f"{job.trained_tokens:,}" if job.trained_tokens else "–", border=True)
        st.metric("Time", str(timedelta(seconds=round(seconds))), border=True)


def _curve(job_id: str, job: Job) -> None:
    """How the job got on while this page was open."""
    seen: list[tuple[float, float]] = st.session_state.setdefault(f"progress of {job_id}", [])
    now = datetime.now().timestamp() - job.created_on / 1000
    if job.is_running and (not seen or seen[-1][1] != job.progress):
        seen.append((now, job.progress))
    if len(seen) < 3:
        return
    frame = pd.DataFrame(seen, columns=pd.Index(["Seconds", "Progress"]))
    line = alt.Chart(frame, height=180).mark_line(interpolate="monotone")
    st.altair_chart(
        line.encode(x="Seconds:Q", y=alt.Y("Progress:Q", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])))
    )


def _data(job: Job) -> None:
    with st.expander("Data and options", icon=":material/dataset:"):
        st.markdown(f"**Base model** {job.base_model}" + (f" → **{job.model}**" if job.model else ""))
        st.code(job.training_data, language="sql", wrap_lines=True)
        if job.validation_data:
            st.caption("Validation")
            st.code(job.validation_data, language="sql", wrap_lines=True)
        if job.options:
            st.json(job.options)


def _actions(door: Door, job: Job) -> None:
    with st.container(horizontal=True):
        if job.is_running and st.button("Cancel job", icon=":material/stop_circle:"):
            door.do(cancelling(job.id))
            st.rerun()
        shown.will_run(f"{describing(job.id)};\n{cancelling(job.id)};")


def _compare(door: Door, found: list[Job]) -> None:
    told = [described(door, job.id) for job in found[:20]]
    frame = pd.DataFrame(
        {
            "Job": job.id.removeprefix("CortexFineTuningWorkflow_")[:8],
            "Status": job.status,
            "Base model": job.base_model,
            "Model": job.model,
            "Training loss": job.training_result.get("training_loss"),
            "Validation loss": job.training_result.get("validation_loss"),
            "Tokens": job.trained_tokens,
            "Seconds": job.seconds,
            "Options": json.dumps(job.options) if job.options else "",
        }
        for job in told
    )
    st.dataframe(frame, hide_index=True)
    if frame["Validation loss"].notna().any():
        bars = alt.Chart(frame.dropna(subset=["Validation loss"]), height=alt.Step(28)).mark_bar()
        st.altair_chart(bars.encode(x="Validation loss:Q", y=alt.Y("Job:N", sort="x"), tooltip=["Model", "Options"]))


def shown_loss(value: float | None) -> str:
    """A loss as people read it; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"


def _when(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%d %b %H:%M")
