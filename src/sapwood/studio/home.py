"""The first page: what is there, three first steps for a newcomer, and what ran lately."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sapwood.studio import job as tuning
from sapwood.studio import places, shown
from sapwood.studio.door import TAG, Door
from sapwood.studio.memory import Row
from sapwood.studio.sql import literal

SAMPLE = (
    "CREATE DATABASE IF NOT EXISTS CORTEX_FINETUNING_DB",
    "USE SCHEMA CORTEX_FINETUNING_DB.PUBLIC",
    "CREATE FILE FORMAT IF NOT EXISTS csvformat SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"' TYPE = 'CSV'",
    "CREATE STAGE IF NOT EXISTS support_tickets_data_stage FILE_FORMAT = csvformat\n"
    "  URL = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/'",
    "CREATE TABLE IF NOT EXISTS support_tickets (ticket_id VARCHAR(60), customer_name VARCHAR(60), customer_email VARCHAR(60),\n"
    "  service_type VARCHAR(60), request VARCHAR, contact_preference VARCHAR(60))",
    "COPY INTO support_tickets FROM @support_tickets_data_stage",
)
"""The fine-tuning quickstart's tickets; statements that ran before do nothing."""

RECENT = (
    "SELECT QUERY_TEXT, EXECUTION_STATUS, TOTAL_ELAPSED_TIME, ROWS_PRODUCED, START_TIME, USER_NAME, QUERY_ID\n"
    "FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY\n"
    f"WHERE QUERY_TAG <> {literal(TAG)} AND QUERY_TEXT NOT ILIKE 'select system$cancel%' ORDER BY START_TIME DESC LIMIT {{limit}}"
)
"""The statements of people and programs, Studio's own look-ups left out."""


@dataclass(frozen=True)
class _Step:
    """Something that a newcomer does first."""

    title: str
    sentence: str
    page: str
    button: str


_STEPS = (
    _Step(
        "2 · Ask a model", "Write a prompt, or run one over a column of a table.", "playground", "Open the Playground"
    ),
    _Step(
        "3 · Make your own",
        "Tune a small model on your rows. No code, nine short steps.",
        "wizard",
        "Create custom LLM",
    ),
)


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page; `links` are the other pages by name."""
    shown.heading("Home", "Your models, your jobs, and what ran lately.")
    with shown.trying():
        _counts(door)
        st.subheader("First steps", anchor=False)
        _steps(door, links)
        st.subheader("Recent statements", anchor=False)
        recent(door)
        st.subheader("What this server can run", anchor=False)
        _models(door)


def _counts(door: Door) -> None:
    found = places.models(door)
    known = tuning.listed(door)
    running = sum(job.is_running for job in known)
    with st.grid(4, min_column_width=150):
        st.metric("Tables and views", len(places.tables(door)), border=True)
        st.metric("Models of your own", sum(model.is_tuned for model in found), border=True)
        st.metric("Jobs", len(known), f"{running} running" if running else None, delta_arrow="off", border=True)
        st.metric("Models to ask", len(places.generators(door)), border=True)


def _steps(door: Door, links: dict[str, st.Page]) -> None:
    with st.grid(3, min_column_width=240):
        with st.container(border=True, height="stretch"):
            _sample(door)
        for step in _STEPS:
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{step.title}**")
                st.caption(step.sentence)
                st.page_link(links[step.page], label=step.button, icon=":material/arrow_forward:")


def _sample(door: Door) -> None:
    st.markdown("**1 · Load the sample**")
    st.caption("The table SUPPORT_TICKETS: 1,000 requests to a telephone company, in CORTEX_FINETUNING_DB.")
    is_there = any(table.name == "SUPPORT_TICKETS" for table in places.tables(door))
    with st.container(horizontal=True, vertical_alignment="center"):
        if is_there:
            st.badge("Loaded", icon=":material/check:", color="green")
        elif st.button("Load tickets", type="primary"):
            with st.spinner("Loading"):
                for statement in SAMPLE:
                    door.do(statement)
            st.rerun()
        shown.will_run(";\n".join(SAMPLE) + ";")


def history(door: Door, limit: int) -> list[Row]:
    """The last statements, newest first; none for a role that may not see the history."""
    try:
        return door.look(RECENT.format(limit=limit))
    except shown.ERRORS:
        return []


def recent(door: Door, limit: int = 8) -> None:
    """A table of the last statements."""
    rows = history(door, limit)
    if not rows:
        shown.empty("Nothing ran yet, or your role may not see what did. The Worksheet is the place to begin.")
        return
    frame = pd.DataFrame(rows)
    frame["TOTAL_ELAPSED_TIME"] = frame["TOTAL_ELAPSED_TIME"].astype("float") / 1000
    st.dataframe(
        frame[["QUERY_TEXT", "EXECUTION_STATUS", "TOTAL_ELAPSED_TIME", "ROWS_PRODUCED", "START_TIME", "USER_NAME"]],
        hide_index=True,
        column_config={
            "QUERY_TEXT": st.column_config.TextColumn("Statement", width="large"),
            "EXECUTION_STATUS": st.column_config.TextColumn("Status", width=85),
            "TOTAL_ELAPSED_TIME": st.column_config.NumberColumn("Seconds", format="%.2f", width=70),
            "ROWS_PRODUCED": st.column_config.NumberColumn("Rows", width=70),
            "START_TIME": st.column_config.DatetimeColumn("When", format="distance", width=130),
            "USER_NAME": st.column_config.TextColumn("User", width=100),
        },
    )


def _models(door: Door) -> None:
    found = places.models(door)
    frame = pd.DataFrame(
        {"Name": model.name, "Answered by": model.answered_by or model.name, "About": model.comment} for model in found
    )
    st.dataframe(
        frame, hide_index=True, height=280, column_config={"About": st.column_config.TextColumn(width="large")}
    )
