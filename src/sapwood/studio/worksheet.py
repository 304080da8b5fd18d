"""The worksheet: SQL in an editor, statements that run while one looks on, and their rows a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

import altair as alt
import pandas as pd
import streamlit as st
from snowflake.connector.util_text import split_statements

from sapwood.studio import places, running, shown
from sapwood.studio.door import Door
from sapwood.studio.editor import Asked, editor
from sapwood.studio.home import history
from sapwood.studio.rows import PAGE_ROWS, Rows
from sapwood.studio.running import Line, Run
from sapwood.studio.sql import path

_FIRST = "SELECT ticket_id, service_type, request\nFROM CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS\nLIMIT 100;"


@dataclass
class Sheet:
    """What the worksheet holds between clicks; `version` counts how often its text was replaced."""

    text: str = _FIRST
    line: Line = field(default_factory=Line)
    version: int = 0


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Worksheet", "Write SQL and look at the rows. A selection runs by itself.")
    sheet: Sheet = st.session_state.setdefault("worksheet", Sheet())
    with shown.trying():
        _place(door)
        _edit(door, sheet)
    running.watch(door, sheet.line)
    with shown.trying():
        if shown.one_of("View", ("Results", "History")) == "History":
            _history(door, sheet)
        else:
            _results(sheet)


def _place(door: Door) -> None:
    """Where bare names are looked up."""
    now, known = places.here(door), places.schemas(door)
    if not known:
        return
    current = (now.database, now.schema)
    chosen = st.selectbox(
        "Database and schema",
        known,
        index=known.index(current) if current in known else None,
        format_func=lambda place: path(*place),
        placeholder="Choose where bare names are looked up",
        label_visibility="collapsed",
    )
    if chosen and chosen != current:
        door.do(f"USE SCHEMA {path(*chosen)}")
        st.rerun()


def _edit(door: Door, sheet: Sheet) -> None:
    text, asked = editor(sheet.text, _words(door), key=f"editor {sheet.version}")
    sheet.text = text
    if asked is not None and not sheet.line.is_running:
        sheet.line.begin(_statements(asked))


def _words(door: Door) -> list[str]:
    """Names to complete: tables as they stand, and the columns of those that the session looks up by bare name."""
    known = places.tables(door)
    return sorted({table.name for table in known} | {str(table) for table in known} | places.columns_here(door))


def _statements(asked: Asked) -> Iterator[str]:
    for statement, _ in split_statements(StringIO(asked.text)):
        bare = (statement or "").strip().rstrip(";").strip()
        if bare:
            yield f"EXPLAIN {bare}" if asked.kind == "explain" else bare


def _results(sheet: Sheet) -> None:
    over = [run for run in sheet.line.runs if run.is_over]
    if not over:
        shown.empty("Rows appear here. Press Run, or Ctrl+Enter in the editor.")
        return
    run = over[-1]
    if len(over) > 1:
        number = st.segmented_control(
            "Statement", range(len(over)), default=len(over) - 1, format_func=lambda at: str(at + 1)
        )
        run = over[len(over) - 1 if number is None else number]
    if run.problem is not None:
        shown.trouble(run.problem)
    elif run.rows is not None:
        _grid(run, run.rows)


def _grid(run: Run, rows: Rows) -> None:
    st.caption(f"{rows.count:,} row{'' if rows.count == 1 else 's'} · {run.seconds:.2f} s · `{run.query_id}`")
    if shown.one_of("As", ("Table", "Chart")) == "Chart":
        _chart(rows.page(1), run.query_id)
    else:
        _table(run, rows)


def _table(run: Run, rows: Rows) -> None:
    if run.sql.upper().startswith("EXPLAIN"):
        _asked_of_models(rows.page(1))
    number = st.pagination(rows.pages, key=f"page of {run.query_id}") if rows.pages > 1 else 1
    frame = rows.page(number)
    frame.index += 1 + (number - 1) * PAGE_ROWS
    st.dataframe(frame, height=480 if len(frame) > 12 else "auto")
    st.download_button(
        "Download CSV",
        data=lambda: "".join(rows.csv()),
        file_name="rows.csv",
        mime="text/csv",
        icon=":material/download:",
    )


def _asked_of_models(plan: pd.DataFrame) -> None:
    """What the explained statement would ask of models, in sum."""
    calls = plan[plan["operation"] == "ModelCall"]
    if calls.empty:
        st.caption("It asks no model.")
        return
    told = {
        "Questions": f"{calls['distinctRequests'].sum():,.0f}",
        "Known already": f"{calls['cachedRequests'].sum():,.0f}",
        "Tokens": f"{calls['tokensComputed'].sum():,.0f}",
        "Seconds, about": "unknown" if calls["seconds"].isna().any() else f"{calls['seconds'].sum():,.0f}",
        "Cost": f"{calls['cost'].sum():,.4f}",
    }
    with st.grid(len(told), min_column_width=130):
        for label, value in told.items():
            st.metric(label, value, border=True)


_MARKS = {"Bars": "mark_bar", "Line": "mark_line", "Points": "mark_point"}


def _chart(frame: pd.DataFrame, key: str) -> None:
    numbers = [str(name) for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    if frame.empty or not numbers:
        shown.empty("A chart needs a column of numbers.")
        return
    names = [str(name) for name in frame.columns]
    across, up, kind = st.columns(3)
    first = next((name for name in names if name not in numbers), names[0])
    x = across.selectbox("Across", names, index=names.index(first), key=f"x {key}")
    y = up.selectbox("Up", numbers, key=f"y {key}")
    mark = kind.selectbox("Kind", list(_MARKS), key=f"mark {key}")
    drawn = getattr(alt.Chart(frame, height=320), _MARKS[mark])()
    st.altair_chart(
        drawn.encode(
            x=alt.X(x, sort=None, axis=alt.Axis(labelAngle=0 if len(frame) <= 8 else -45)), y=alt.Y(y), tooltip=names
        )
    )
    st.caption("The first page of rows is drawn.")


def _history(door: Door, sheet: Sheet) -> None:
    found = history(door, 50)
    if not found:
        shown.empty("Nothing ran yet, or your role may not see what did.")
        return
    frame = pd.DataFrame(
        {
            "Statement": " ".join(str(row["QUERY_TEXT"]).split()),
            "Status": row["EXECUTION_STATUS"],
            "When": row["START_TIME"],
        }
        for row in found
    )
    columns = {
        "Statement": st.column_config.TextColumn(width="large"),
        "When": st.column_config.DatetimeColumn(format="distance"),
    }
    st.caption("Choose a statement to open it in the editor.")
    chosen = st.dataframe(
        frame,
        hide_index=True,
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key=f"history {sheet.version}",
    )
    if chosen.selection.rows:
        sheet.text = str(found[chosen.selection.rows[0]]["QUERY_TEXT"])
        sheet.version += 1
        st.rerun()
