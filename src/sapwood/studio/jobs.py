"""Fine-tuning jobs: one of them as it goes on, with its curves, events and log; and runs side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from sapwood.studio import job as tuning
from sapwood.studio import shown
from sapwood.studio.curves import progress_chart
from sapwood.studio.door import Door
from sapwood.studio.job import RESUMABLE, Event, Job, acting
from sapwood.studio.memory import Row

_COLOURS = {"SUCCESS": "green", "ERROR": "red", "CANCELLED": "gray", "IN_PROGRESS": "blue", "PENDING": "orange"}
_POLL_S = 2.0
COMPARED = 4
"""Runs that are compared at first."""


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Jobs", "Fine-tuning runs: how far they are, what came of them, and how they compare.")
    with shown.trying():
        found = tuning.listed(door)
        if not found:
            shown.empty("No jobs yet. A job trains a small model on your rows; the wizard starts one.")
            st.page_link(links["wizard"], label="Create custom LLM", icon=":material/auto_awesome:")
            return
        if shown.one_of("View", ("One job", "Compare runs")) == "Compare runs":
            _compare(door, found)
        else:
            _one(door, found, links)


def _one(door: Door, found: Sequence[Job], links: dict[str, st.Page]) -> None:
    by_id = {job.id: job for job in found}
    ids = list(by_id)
    wanted = st.query_params.get("job")
    chosen = st.selectbox(
        "Job", ids, index=ids.index(wanted) if wanted in ids else 0, format_func=lambda job_id: _title(by_id[job_id])
    )
    is_running = by_id[chosen].is_running
    st.fragment(_live, run_every=_POLL_S if is_running else None)(door, chosen, links, was_running=is_running)


def _title(job: Job) -> str:
    when = datetime.fromtimestamp(job.created_on / 1000).strftime("%d %b %H:%M")
    return f"{when} · {job.base_model} · {_said(job)} · {job.short_id}"


def _said(job: Job) -> str:
    return job.status.replace("_", " ").capitalize()


def _live(door: Door, job_id: str, links: dict[str, st.Page], *, was_running: bool) -> None:
    """One job; asked again and again while it runs."""
    with shown.trying():
        job = tuning.described(door, job_id) if was_running else tuning.remembered(door, job_id)
        if was_running and not job.is_running:
            door.forget()
            st.rerun()
        _head(door, job, links)
        _figures(job)
        happened = tuning.events(door, job_id, is_running=was_running)
        _curves(happened)
        _quality(door, job)
        _data(job)
        _events(happened)


def _head(door: Door, job: Job, links: dict[str, st.Page]) -> None:
    st.markdown(f":{_COLOURS.get(job.status, 'gray')}-badge[{_said(job)}] &nbsp; `{job.id}`")
    st.progress(min(1.0, job.progress), text=f"{job.progress:.0%}")
    if job.error:
        st.error(f"**{job.error.get('code', 'Error')}**  \n{job.error.get('message', '')}", icon=":material/error:")
    action, icon = ("CANCEL", "stop_circle") if job.is_running else ("RESUME", "play_circle")
    with st.container(horizontal=True):
        if job.is_running or job.status in RESUMABLE:
            if st.button(f"{action.capitalize()} job", icon=f":material/{icon}:"):
                door.do(acting(action, job.id))
                st.rerun()
            shown.will_run(acting(action, job.id))
        elif job.model:
            st.page_link(links["models"], label="Open the model", icon=":material/deployed_code:")
            st.page_link(links["evaluate"], label="Evaluate it", icon=":material/rule:")


def _figures(job: Job) -> None:
    losses = job.training_result
    seconds = job.seconds if job.seconds is not None else datetime.now().timestamp() - job.created_on / 1000
    with st.grid(4, min_column_width=150):
        st.metric("Training loss", shown_loss(losses.get("training_loss")), border=True)
        st.metric("Validation loss", shown_loss(losses.get("validation_loss")), border=True)
        st.metric("Trained tokens", f"{job.trained_tokens:,}" if job.trained_tokens else "–", border=True)
        st.metric("Time", str(timedelta(seconds=round(seconds))), border=True)


def _curves(happened: Sequence[Event]) -> None:
    charts = {
        "Loss": progress_chart(tuning.losses(happened)),
        "Right answers on rows held out": progress_chart(tuning.accuracies(happened), is_share=True),
    }
    with st.grid(2, min_column_width=300):
        for title, chart in charts.items():
            with st.container(border=True):
                st.markdown(f"**{title}**")
                if chart is None:
                    st.caption("The curve begins with the first step.")
                else:
                    st.altair_chart(chart)


_QUALITY = {
    "SUBJECT": "Who", "METHOD": "Asked for", "EPOCH": "Epoch", "EVALUATED_ROWS": "Rows",
    "EXACT_MATCH": st.column_config.NumberColumn("Right", format="percent"),
    "MACRO_F1": st.column_config.NumberColumn("Macro-F1", format="%.3f"),
    "WELL_FORMED": st.column_config.NumberColumn("Well-formed", format="percent"),
    "CALIBRATION_ERROR": st.column_config.NumberColumn("ECE", format="%.3f", help="How far its confidence is off."),
    "LOSS": st.column_config.NumberColumn("Loss", format="%.3f"),
}  # fmt: skip


def _quality(door: Door, job: Job) -> None:
    rows = tuning.evaluations(door, job.id)
    if rows:
        st.subheader("How good it is", anchor=False)
        st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=_QUALITY)
        st.caption("On rows held out. Base is the model before, linear a simple model on the same rows.")


def _data(job: Job) -> None:
    with st.expander("Data and options", icon=":material/dataset:"):
        st.markdown(f"**Base model** {job.base_model}" + (f" → **{job.model}**" if job.model else ""))
        st.code(job.training_data, language="sql", wrap_lines=True)
        if job.validation_data:
            st.caption("Validation")
            st.code(job.validation_data, language="sql", wrap_lines=True)
        if job.options:
            st.json(job.options)


def _events(happened: Sequence[Event]) -> None:
    """What happened, and the steps as a log."""
    steps = [event for event in happened if event.kind == "step"]
    with st.expander("Events", icon=":material/event_note:"):
        frame = pd.DataFrame(
            {"When": event.at, "What": event.kind, "Details": json.dumps(event.details, ensure_ascii=False)}
            for event in happened
            if event.kind != "step"
        )
        when = st.column_config.DatetimeColumn(format="HH:mm:ss")
        st.dataframe(
            frame, hide_index=True, column_config={"When": when, "Details": st.column_config.Column(width="large")}
        )
    with st.expander("Log", icon=":material/notes:"):
        lines = [f"{event.at:%H:%M:%S}  {event.details['detail']}" for event in steps]
        st.code("\n".join(lines) or "No step yet.", language=None, height=240)


def _compare(door: Door, found: Sequence[Job]) -> None:
    by_id = {job.id: job for job in found}
    chosen = st.multiselect(
        "Runs", list(by_id), list(by_id)[:COMPARED], format_func=lambda job_id: _title(by_id[job_id])
    )
    told = [tuning.remembered(door, job_id) for job_id in chosen]
    if not told:
        shown.empty("Choose the runs to compare.")
        return
    st.dataframe(pd.DataFrame(_side_by_side(job, tuning.evaluations(door, job.id)) for job in told), hide_index=True)
    points = [
        tuning.Point(point.at, point.value, f"{job.short_id} {point.part}")
        for job in told
        for point in tuning.losses(tuning.events(door, job.id))
    ]
    chart = progress_chart(points)
    if chart is not None:
        st.altair_chart(chart)


def _side_by_side(job: Job, evaluated: Sequence[Row]) -> dict[str, object]:
    end = next((row for row in evaluated if row["SUBJECT"] == "tuned"), {})
    return {
        "Job": job.short_id,
        "Status": _said(job),
        "Base model": job.base_model,
        "Model": job.model,
        "Right": end.get("EXACT_MATCH"),
        "Macro-F1": end.get("MACRO_F1"),
        "Training loss": job.training_result.get("training_loss"),
        "Validation loss": job.training_result.get("validation_loss"),
        "Tokens": job.trained_tokens,
        "Seconds": job.seconds,
        "Options": json.dumps(job.options) if job.options else "",
    }


def shown_loss(value: float | None) -> str:
    """A loss as people read it; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"
