"""What models were asked and what it cost: tokens by day, model, function and user."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from sapwood.studio import shown
from sapwood.studio.door import Door

TOKENS = """SELECT TO_DATE(Q.START_TIME) AS DAY, U.MODEL_NAME AS MODEL, U.FUNCTION_NAME AS FUNCTION, Q.USER_NAME AS WHO,
  SUM(U.TOKENS) AS TOKENS, COUNT(*) AS STATEMENTS
FROM SNOWFLAKE.ACCOUNT_USAGE.CORTEX_FUNCTIONS_QUERY_USAGE_HISTORY AS U
JOIN SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY AS Q ON Q.QUERY_ID = U.QUERY_ID
WHERE Q.START_TIME >= DATEADD(day, -{days}, CURRENT_TIMESTAMP())
GROUP BY 1, 2, 3, 4 ORDER BY 1 DESC, 5 DESC"""
"""Tokens that were asked and answered; a cached answer counts what it cost when it was made."""

ANSWERS = """SELECT SUM(QUESTIONS) AS QUESTIONS, SUM(CACHED) AS CACHED
FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_ANSWERS
WHERE START_TIME >= DATEADD(day, -{days}, CURRENT_TIMESTAMP())"""
"""Different questions that statements had, and those that were answered before."""

_SPANS = {"Today": 1, "7 days": 7, "30 days": 30, "A year": 365}
_BY = {"Model": "MODEL", "Function": "FUNCTION", "User": "WHO"}
_COLUMNS = {
    "DAY": st.column_config.DateColumn("Day"),
    **{column: st.column_config.TextColumn(title) for title, column in _BY.items()},
    "TOKENS": st.column_config.NumberColumn("Tokens", format="localized"),
    "STATEMENTS": st.column_config.NumberColumn("Statements", format="localized"),
}


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Usage", "Tokens that models were asked and answered, cached answers at what they cost once.")
    with shown.trying():
        span = st.segmented_control("Time", list(_SPANS), default="30 days") or "30 days"
        rows = door.ask(TOKENS.format(days=_SPANS[span]))
        if not rows:
            shown.empty("No model was asked in this time.")
            return
        frame = pd.DataFrame(rows)
        frame["TOKENS"] = frame["TOKENS"].astype("int64")
        (answers,) = door.ask(ANSWERS.format(days=_SPANS[span]))
        questions, cached = int(answers["QUESTIONS"] or 0), int(answers["CACHED"] or 0)
        with st.grid(4, min_column_width=150):
            st.metric("Tokens", f"{frame['TOKENS'].sum():,}", border=True)
            st.metric("Statements", f"{frame['STATEMENTS'].sum():,}", border=True)
            st.metric("Questions", f"{questions:,}", border=True)
            st.metric("Known before", f"{cached / questions:.0%}" if questions else "–", border=True)
        _chart(frame)
        st.dataframe(frame, hide_index=True, column_config=_COLUMNS)


def _chart(frame: pd.DataFrame) -> None:
    by = st.segmented_control("By", list(_BY), default="Model") or "Model"
    bars = alt.Chart(frame, height=260).mark_bar(size=36)
    st.altair_chart(
        bars.encode(
            x=alt.X("yearmonthdate(DAY):O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("sum(TOKENS):Q", title=None, axis=alt.Axis(tickCount=5)),
            color=alt.Color(_BY[by], legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=340)),
            tooltip=[alt.Tooltip(_BY[by], title=by), alt.Tooltip("sum(TOKENS):Q", title="Tokens", format=",")],
        )
    )
