"""The playground: one or two models side by side, in a conversation or over a column of a table."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from sapwood.studio import places, shown
from sapwood.studio.choices import PROMPTS, choose, likely
from sapwood.studio.door import Door
from sapwood.studio.sql import Sampling, Turn, complete, complete_rows, name

MOST_ROWS = 100
"""Rows of a table that are asked about at once."""


_FACES = {"user": ":material/person:", "assistant": ":material/eco:"}


@dataclass
class Talk:
    """A conversation with one model; `told` is what its last answer cost."""

    turns: list[Turn] = field(default_factory=list[Turn])
    told: str = ""


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Playground", "Try a prompt on one model or on two side by side, by itself or over your rows.")
    with shown.trying():
        known = places.generators(door)
        first, second = st.columns(2)
        with first:
            one = _model(known, "Model", is_first=True)
        with second:
            other = _model(known, "Compare with", is_first=False)
        sampling = _sampling()
        chosen = list(dict.fromkeys(model for model in (one, other) if model))
        talk, data = st.tabs([":material/forum: Chat", ":material/table: Connect your data"])
        with talk:
            _chat(door, chosen, sampling)
        with data:
            _data(door, chosen, sampling)


def _model(known: list[places.Model], label: str, *, is_first: bool) -> str | None:
    labels = {model.name: model.label for model in known}
    preferred = next((index for index, model in enumerate(known) if model.is_tuned or model.name == "mistral-7b"), 0)
    index = preferred if is_first and known else None
    return st.selectbox(label, list(labels), index=index, format_func=labels.__getitem__, placeholder="No second model")


def _sampling() -> Sampling:
    with st.expander("Settings", icon=":material/tune:"), st.grid(4, min_column_width=180):
        temperature = st.slider(
            "Temperature", 0.0, 1.0, 0.0, 0.05, help="0 always gives the same answer, and its rows are cached."
        )
        top_p = st.slider("Top p", 0.0, 1.0, 0.0, 0.05, help="0 leaves it out.")
        tokens = st.slider("Most tokens", 1, 2048, 256)
        guard = st.toggle("Guard", help="Leaves out unsafe answers; needs a guard model on the server.")
    return Sampling(temperature, top_p, tokens, guard)


def _chat(door: Door, models: list[str], sampling: Sampling) -> None:
    talks: dict[str, Talk] = st.session_state.setdefault("talks", {})
    for side, model in zip(st.columns(max(1, len(models))), models, strict=False):
        with side:
            _talk(model, talks.setdefault(model, Talk()))
    asked = _asked(models)
    if question := st.chat_input("Ask something"):
        for model in asked:
            _answer(door, model, talks[model], question, sampling)
        st.rerun()
    _code(models, talks, sampling)


def _asked(models: list[str]) -> list[str]:
    """Whom the next question goes to: with Sync all, else the one that is chosen."""
    if len(models) < 2 or st.toggle("Sync", value=True, help="One question goes to both models."):
        return models
    return [st.segmented_control("Ask", models, default=models[0], label_visibility="collapsed") or models[0]]


def _talk(model: str, talk: Talk) -> None:
    with st.container(border=True, height=360, autoscroll=True):
        st.caption(model)
        for turn in talk.turns:
            with st.chat_message(turn.role, avatar=_FACES[turn.role]):
                st.markdown(turn.content)
        if not talk.turns:
            st.markdown(":gray[The answers appear here.]")
    if talk.told:
        st.caption(talk.told)


def _answer(door: Door, model: str, talk: Talk, question: str, sampling: Sampling) -> None:
    asked = [*talk.turns, Turn("user", question)]
    with shown.trying(), st.spinner(f"{model} answers"):
        answer = json.loads(door.one(f"SELECT {complete(model, asked, sampling)} AS ANSWER"))
        usage = answer["usage"]
        talk.turns = [*asked, Turn("assistant", answer["choices"][0]["messages"])]
        talk.told = f"{usage['prompt_tokens']} tokens asked, {usage['completion_tokens']} answered"
        return
    st.stop()


def _code(models: list[str], talks: dict[str, Talk], sampling: Sampling) -> None:
    with st.container(horizontal=True):
        turns = [turn for turn in talks[models[0]].turns if turn.role == "user"] if models else []
        if turns:
            shown.will_run(
                "\n".join(f"SELECT {complete(model, turns[-1:], sampling)};" for model in models), "View code"
            )
        if any(talks[model].turns for model in models) and st.button("Start again", icon=":material/restart_alt:"):
            st.session_state["talks"] = {}
            st.rerun()


def _data(door: Door, models: list[str], sampling: Sampling) -> None:
    known = places.tables(door)
    if not known:
        shown.empty("There is no table that you may see. Home loads a sample.")
        return
    where, which = st.columns(2)
    table = where.selectbox("Table", known, format_func=lambda table: table.label)
    columns = places.columns(door, table)
    with which:
        column = choose("Text column", columns, likely(columns, PROMPTS))
    system = st.text_area("System prompt", "Say in a few words what this is about.", height=90)
    limit = st.slider("Rows", 1, MOST_ROWS, 10)
    sql = over_rows(models, system, table, column, limit=limit, sampling=sampling)
    with st.container(horizontal=True):
        is_wanted = st.button("Run", type="primary", icon=":material/play_arrow:", disabled=not models)
        shown.will_run(sql, "View code")
    if is_wanted:
        with shown.trying(), st.spinner(f"Asking about {limit} rows"):
            st.session_state["playground rows"] = door.ask(sql)
    if rows := st.session_state.get("playground rows"):
        width = {str(column): st.column_config.Column(width="medium") for column in rows[0]}
        st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=width)


def over_rows(
    models: list[str], system: str, table: places.Table, column: str, *, limit: int, sampling: Sampling
) -> str:
    """The statement that asks each model about the first rows of a table."""
    answers = [f"{complete_rows(model, system, column, sampling)} AS {name(model)}" for model in models]
    listed = ",\n  ".join([name(column), *answers])
    return f"SELECT {listed}\nFROM {table}\nLIMIT {limit}"
