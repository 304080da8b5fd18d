"""Evaluate: the base model, the teacher and the tuned one on one table, in figures and row by row, and when tuning pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import altair as alt
import pandas as pd
import streamlit as st

from sapwood.studio import job, places, running, shown
from sapwood.studio.choices import ANSWERS, PROMPTS, choose, choose_table, likely
from sapwood.studio.door import Door
from sapwood.studio.evaluation import (
    FILTERS,
    Contest,
    Contestant,
    Outlay,
    agreement,
    pays_from,
    rows_one_by_one,
    scores,
    spent,
    wrong_of,
)
from sapwood.studio.running import Line

BASE, TEACHER, TUNED = "Base", "Teacher", "Tuned"
SHOWN_ROWS = 200
"""Rows that are shown one by one, at most."""
TRAINING = "Training"
"""The line of the price list that is no model: a million trained tokens."""


@dataclass
class Trial:
    """An evaluation under way or done. `models` has a model for each role that was given."""

    models: dict[str, str] = field(default_factory=dict[str, str])
    contest: Contest | None = None
    line: Line = field(default_factory=Line)


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading(
        "Evaluate", "The base model, the teacher and your own on the same rows: how good, how fast, at what cost."
    )
    trial: Trial = st.session_state.setdefault("trial", Trial())
    with shown.trying():
        _ask(door, trial)
        running.watch(door, trial.line)
        if trial.line.problem is not None:
            shown.trouble(trial.line.problem)
        elif trial.contest is not None and not trial.line.is_running:
            _tell(door, trial, trial.contest)
        elif not trial.line.is_running:
            shown.empty("Figures appear here: accuracy, macro-F1, agreement with the teacher, speed, tokens and cost.")


def _ask(door: Door, trial: Trial) -> None:
    """What is to be compared, on which rows. Answers of an earlier time are shown until there are new ones."""
    with st.container(border=True):
        models = _models(door)
        contest = _contest(door, models)
        if contest is None:
            return
        _begin(trial, contest, models)
    if not (trial.line.runs or trial.line.is_running):
        trial.contest = contest if contest.answers in places.tables(door) else None
        trial.models = models


def _contest(door: Door, models: Mapping[str, str]) -> Contest | None:
    """The rows, and who is asked about them; None where there is no table."""
    table = choose_table(door, "Table", None, preferred=("EVAL", "GOLD", "HOLDOUT", "TRAIN"))
    if table is None:
        return None
    columns = places.columns(door, table)
    prompt_side, label_side, rows_side = st.columns(3)
    with prompt_side:
        prompt = choose("Prompt column", columns, likely(columns, PROMPTS))
    with label_side:
        label = choose("Right answer", columns, likely(columns[::-1], ANSWERS))
    with rows_side:
        rows = int(st.number_input("Rows", 1, 100_000, 100, step=50))
    instruction = st.text_area(
        "Instruction before each prompt, for base and teacher",
        placeholder="Empty where the prompts have it already.",
        height=68,
    ).strip()
    is_timed = st.toggle("Ask again what was answered before, so that the speed is true")
    asked = {model: Contestant(model, "" if role == TUNED else instruction) for role, model in models.items()}
    answers = replace(table, name=f"{table.name}_ANSWERS")
    return Contest(table, prompt, label, tuple(asked.values()), rows, answers=answers, is_timed=is_timed)


def _models(door: Door) -> dict[str, str]:
    """The models by their roles; none for a role that is left empty."""
    known = places.generators(door)
    labels = {model.name: model.label for model in known}
    tuned = next((model.name for model in known if model.is_tuned), None)
    preferred = {BASE: "mistral-7b", TEACHER: "mistral-large", TUNED: tuned}
    chosen: dict[str, str | None] = {}
    for side, (role, model) in zip(st.columns(len(preferred)), preferred.items(), strict=True):
        index = list(labels).index(model) if model in labels else None
        chosen[role] = side.selectbox(role, list(labels), index, format_func=labels.__getitem__, placeholder="None")
    return {role: model for role, model in chosen.items() if model}


def _begin(trial: Trial, contest: Contest, models: dict[str, str]) -> None:
    is_possible = bool(contest.contestants) and contest.prompt != contest.label
    with st.container(horizontal=True):
        is_wanted = st.button(
            "Evaluate", type="primary", icon=":material/rule:", disabled=not is_possible or trial.line.is_running
        )
        if is_possible:
            shown.will_run(";\n".join(filter(None, (*contest.statements, contest.closing))) + ";")
    if is_wanted:
        trial.contest, trial.models = contest, models
        trial.line.begin(contest.statements, closing=contest.closing)


def _tell(door: Door, trial: Trial, contest: Contest) -> None:
    st.subheader("Figures", anchor=False)
    st.caption(f"From the answers in `{contest.answers}`.")
    frame = _figures(door, trial, contest)
    prices = _prices(list(frame.index))
    tokens = frame["TOKENS"].astype("float")
    frame["COST"] = tokens * frame.index.map(prices).astype("float") / 1e6
    called = _called(door, list(frame.index))
    _table(frame.rename(index=called))
    _chart(frame.rename(index=called))
    _worth(door, trial, frame, prices)
    _one_by_one(door, contest, called)


def _called(door: Door, models: Sequence[str]) -> dict[str, str]:
    """Their names without database and schema, where that tells them apart."""
    known = {model.name: model.bare for model in places.models(door)}
    called = {model: known.get(model, model) for model in models}
    return called if len(set(called.values())) == len(models) else dict(zip(models, models, strict=True))


def _figures(door: Door, trial: Trial, contest: Contest) -> pd.DataFrame:
    """A row a model that has answers; those of an earlier time have no speed and no tokens."""
    frame = pd.DataFrame(door.look(scores(contest.answers))).set_index("MODEL").astype("float")
    teacher = trial.models.get(TEACHER)
    told = door.look(agreement(contest.answers, teacher)) if teacher else []
    frame["AGREEMENT"] = pd.Series({row["MODEL"]: float(row["AGREEMENT"]) for row in told}, dtype="float")
    return frame.join(_spent(door, trial, contest))


def _spent(door: Door, trial: Trial, contest: Contest) -> pd.DataFrame:
    """Seconds and tokens a model, as the history has them."""
    asked = [run for run in trial.line.runs if str(contest.answers) in run.sql]
    told = door.look(spent([run.query_id for run in asked])) if asked else []
    by_id = {row["QUERY_ID"]: row for row in told}
    rows = {
        contestant.model: (
            float(by_id.get(run.query_id, {}).get("SECONDS", run.seconds)),
            float(by_id.get(run.query_id, {}).get("TOKENS", 0)),
        )
        for contestant, run in zip(contest.contestants, asked, strict=False)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["SECONDS", "TOKENS"])


def _prices(models: Sequence[str]) -> Mapping[str, float]:
    """The price list: what a million tokens cost. It stays while the tab is open."""
    with st.expander("Price list", icon=":material/sell:"):
        st.caption("Money for a million tokens. Models on this machine cost nothing a token.")
        empty = pd.DataFrame({"Price": 0.0}, index=pd.Index([*models, TRAINING], name="Model"))
        edited = st.data_editor(
            empty, key="prices", column_config={"Price": st.column_config.NumberColumn(min_value=0)}
        )
    return {str(model): float(price) for model, price in edited["Price"].items()}


_COLUMNS = {
    "N_ROWS": st.column_config.NumberColumn("Rows", format="localized"),
    "ACCURACY": st.column_config.NumberColumn("Accuracy", format="percent"),
    "MACRO_F1": st.column_config.NumberColumn("Macro-F1", format="%.3f"),
    "AGREEMENT": st.column_config.NumberColumn("Agrees with the teacher", format="percent"),
    "WELL_FORMED": st.column_config.NumberColumn(
        "Well-formed", format="percent", help="Answers that are a label at all."
    ),
    "RATE": st.column_config.NumberColumn("Rows/s", format="%.1f"),
    "TOKENS": st.column_config.NumberColumn("Tokens", format="localized"),
    "COST": st.column_config.NumberColumn("Cost", format="%.4f"),
}


def _table(frame: pd.DataFrame) -> None:
    rate = frame["N_ROWS"] / frame["SECONDS"]
    st.dataframe(frame.assign(RATE=rate)[list(_COLUMNS)].rename_axis("Model"), column_config=_COLUMNS)
    st.caption("Answers that were known from before count as fast as they were found again.")


def _chart(frame: pd.DataFrame) -> None:
    names = {"ACCURACY": "Accuracy", "MACRO_F1": "Macro-F1", "WELL_FORMED": "Well-formed"}
    long = (
        frame.rename(columns=names)[list(names.values())]
        .rename_axis("Model")
        .reset_index()
        .melt("Model", var_name="Figure")
    )
    models, figures = list(frame.index), list(names.values())
    bars = alt.Chart(long, height=alt.Step(14)).mark_bar()
    st.altair_chart(
        bars.encode(
            x=alt.X("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=5)),
            y=alt.Y("Figure:N", title=None, sort=figures),
            yOffset=alt.YOffset("Model:N", sort=models),
            color=alt.Color(
                "Model:N", sort=models, legend=alt.Legend(orient="top", title=None, columns=1, labelLimit=340)
            ),
            tooltip=["Model", "Figure", alt.Tooltip("value:Q", format=".1%")],
        )
    )


def _worth(door: Door, trial: Trial, frame: pd.DataFrame, prices: Mapping[str, float]) -> None:
    """From how many rows on the tuned model costs less than the teacher, its training and its labels included."""
    teacher, tuned = trial.models.get(TEACHER, ""), trial.models.get(TUNED, "")
    made = job.maker(door, tuned) if tuned else None
    per_row = {unit: (frame[unit] / frame["N_ROWS"]).dropna().to_dict() for unit in ("SECONDS", "COST")}
    if made is None or made.seconds is None or not {teacher, tuned} <= per_row["SECONDS"].keys():
        return
    learned = job.trained_rows(door, made.id)
    trained = {"SECONDS": made.seconds, "COST": (made.trained_tokens or 0) * prices[TRAINING] / 1e6}
    st.subheader("When tuning pays", anchor=False)
    with st.grid(2, min_column_width=220):
        for unit, told in (("SECONDS", "By time"), ("COST", "By price list")):
            a_row, b_row = per_row[unit][teacher], per_row[unit][tuned]
            rows = pays_from(Outlay(a_row), Outlay(b_row, once=a_row * learned + trained[unit]))
            st.metric(told, "never" if rows is None else f"from {rows:,} rows", border=True)
    st.caption(
        f"Against asking {teacher} for every row. {learned:,} labels by the teacher and the training, "
        f"{made.seconds:,.0f} s, are counted once. Without prices the price list says never."
    )


def _one_by_one(door: Door, contest: Contest, called: Mapping[str, str]) -> None:
    st.subheader("Row by row", anchor=False)
    models = list(called)
    filters = [*FILTERS, *(wrong_of(model) for model in models)]
    wanted = st.selectbox("Show", filters)
    rows = door.look(rows_one_by_one(contest.answers, models, wanted, SHOWN_ROWS))
    if not rows:
        shown.empty("There is no such row.")
        return
    st.caption(f"{len(rows)} row{'' if len(rows) == 1 else 's'}" + (", the first" if len(rows) == SHOWN_ROWS else ""))
    columns = {
        "N": st.column_config.NumberColumn("No.", width="small"),
        "LABEL": st.column_config.TextColumn("Right answer"),
        **{model: st.column_config.TextColumn(name) for model, name in called.items()},
        "PROMPT": st.column_config.TextColumn("Prompt", width="large"),
    }
    frame = pd.DataFrame(rows)
    frame["PROMPT"] = shown.own_parts([str(prompt) for prompt in frame["PROMPT"]])
    st.dataframe(frame, hide_index=True, column_config=columns)
