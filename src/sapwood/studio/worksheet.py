"""The worksheet: SQL in an editor, statements that run while one looks on, and their rows a page at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO

import altair as alt
import pandas as pd
import streamlit as st
from snowflake.connector.util_text import split_statements

from sapwood.studio import places, shown
from sapwood.studio.door import TAG, Door
from sapwood.studio.editor import Asked, editor
from sapwood.studio.home import history
from sapwood.studio.problem import Problem, problem_of
from sapwood.studio.rows import PAGE_ROWS, Rows
from sapwood.studio.sql import literal, path

_POLL_S = 0.4
_FIRST = "SELECT ticket_id, service_type, request\nFROM CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS\nLIMIT 100;"


@dataclass
class Run:
    """A statement of the worksheet, from its start to its rows or its problem."""

    sql: str
    query_id: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    rows: Rows | None = None
    problem: Problem | None = None
    glance_id: str = ""
    done: float | None = None
    told: str = ""

    @property
    def is_over(self) -> bool:
        return self.seconds is not None


@dataclass
class Sheet:
    """What the worksheet holds between clicks."""

    text: str = _FIRST
    waiting: list[str] = field(default_factory=list[str])
    runs: list[Run] = field(default_factory=list[Run])
    version: int = 0

    @property
    def is_running(self) -> bool:
        return bool(self.waiting) or any(not run.is_over for run in self.runs)


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Worksheet", "Write SQL and look at the rows. A selection runs by itself.")
    sheet: Sheet = st.session_state.setdefault("worksheet", Sheet())
    with shown.trying():
        _place(door)
        _edit(door, sheet)
    if sheet.is_running:
        st.fragment(_watch, run_every=_POLL_S)(door, sheet)
    results, history = st.tabs(["Results", "History"])
    with results:
        _results(sheet)
    with history, shown.trying():
        _history(door, sheet)


def _place(door: Door) -> None:
    """Where bare names are looked up."""
    now = door.look("SELECT CURRENT_DATABASE() AS DB, CURRENT_SCHEMA() AS SCH")[0]
    known = [(each, schema) for each in places.databases(door) for schema in places.schemas(door, each)]
    if not known:
        return
    current = (now["DB"], now["SCH"])
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
    if asked is not None and not sheet.is_running:
        sheet.runs = []
        sheet.waiting = list(_statements(asked))


def _words(door: Door) -> list[str]:
    """Names to complete: tables as they stand, and the columns of those that the session looks up by bare name."""
    known = places.tables(door)
    columns = {column for table in known[:20] for column in places.columns(door, table)}
    return sorted({table.name for table in known} | {str(table) for table in known} | columns)


def _statements(asked: Asked) -> Iterator[str]:
    for statement, _ in split_statements(StringIO(asked.text)):
        bare = (statement or "").strip().rstrip(";").strip()
        if bare:
            yield f"EXPLAIN {bare}" if asked.kind == "explain" else bare


def _watch(door: Door, sheet: Sheet) -> None:
    """Looks after what runs: starts the next statement, takes rows, and draws how long it has been."""
    run = _current(door, sheet)
    if run is None:
        st.rerun()
        return
    if run.query_id and not door.is_running(run.query_id):
        _take(door, sheet, run)
    if run.is_over and not sheet.waiting:
        st.rerun()
    _glance(door, run)
    if run.done is not None:
        st.progress(run.done, run.told)
    with st.container(horizontal=True, vertical_alignment="center"):
        waiting = f" · {len(sheet.waiting)} more to come" if sheet.waiting else ""
        st.markdown(f":material/progress_activity: Running for {time.monotonic() - run.started:.0f} s{waiting}")
        if st.button("Cancel", icon=":material/stop_circle:"):
            sheet.waiting.clear()
            door.cancel(run.query_id)


_PROGRESS = """SELECT DONE, TOTAL, CACHED, SECONDS_LEFT
FROM TABLE(INFORMATION_SCHEMA.QUERY_PROGRESS()) WHERE QUERY_ID = {query}"""


def _glance(door: Door, run: Run) -> None:
    """How many rows of a SELECT its model has answered. Asked beside it and never waited for: what can't run beside it stays open."""
    if run.is_over or not run.sql.upper().startswith(("SELECT", "WITH")):
        return
    try:
        if run.glance_id and not door.is_running(run.glance_id):
            _read_glance(run, door.rows(run.glance_id).page(1))
            run.glance_id = ""
        if not run.glance_id:
            run.glance_id = door.start(_PROGRESS.format(query=literal(run.query_id)), tag=TAG)
    except shown.ERRORS:  # a bar less; the statement itself goes on
        run.glance_id = run.query_id


def _read_glance(run: Run, frame: pd.DataFrame) -> None:
    for done, total, cached, left in frame.head(1).itertuples(index=False):
        rest = "" if pd.isna(left) else f", about {left:.0f} s to go"
        run.done = min(1.0, float(done) / max(1.0, float(total)))
        run.told = f"{int(done):,} of {int(total):,} questions answered, {int(cached):,} of them known before{rest}"


def _current(door: Door, sheet: Sheet) -> Run | None:
    """The run that has not ended, or the next one, just started."""
    for run in sheet.runs:
        if not run.is_over:
            return run
    if not sheet.waiting:
        return None
    run = Run(sheet.waiting.pop(0))
    sheet.runs.append(run)
    try:
        run.query_id = door.start(run.sql)
    except shown.ERRORS as error:
        _fail(sheet, run, error)
    return run


def _take(door: Door, sheet: Sheet, run: Run) -> None:
    try:
        run.rows = door.rows(run.query_id)
        run.seconds = time.monotonic() - run.started
    except shown.ERRORS as error:
        _fail(sheet, run, error)


def _fail(sheet: Sheet, run: Run, error: Exception) -> None:
    """A statement that failed is the last one."""
    run.problem = problem_of(error)
    run.seconds = time.monotonic() - run.started
    sheet.waiting.clear()


def _results(sheet: Sheet) -> None:
    over = [run for run in sheet.runs if run.is_over]
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
    table, chart = st.tabs(["Table", "Chart"])
    with table:
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
    with chart:
        _chart(rows.page(1), run.query_id)


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
