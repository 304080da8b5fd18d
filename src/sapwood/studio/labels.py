"""Labels: look at what a teacher said, put it right, keep the checked rows apart, and train again from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import pandas as pd
import streamlit as st

from sapwood.studio import places, shown
from sapwood.studio.choices import ANSWERS, PROMPTS, choose, choose_table, likely
from sapwood.studio.door import Door
from sapwood.studio.gold import Checked, Labels
from sapwood.studio.memory import Row
from sapwood.studio.tuning import HOLD_OUT, OTHER, Draft
from sapwood.studio.wizard import NO_LABELS, begin_from, begin_labelling

AT_ONCE = 20
"""Rows that are looked at together."""


@dataclass
class Review:
    """What the page holds between clicks: labels that the teacher never gave, and how often rows were kept."""

    more_labels: tuple[str, ...] = ()
    version: int = 0


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading(
        "Labels", "Look at a teacher's labels and put them right. Checked rows are gold: they are kept apart."
    )
    review: Review = st.session_state.setdefault("review", Review())
    if st.button(NO_LABELS, icon=":material/label:", type="tertiary"):
        begin_labelling()
        st.switch_page(links["wizard"])
    with shown.trying():
        labels = _choose(door)
        if labels is None:
            return
        has_gold = labels.gold in places.tables(door)
        spread = door.look(labels.spread)
        _figures(door, labels, spread, has_gold=has_gold)
        _check(door, labels, review, [str(row["LABEL"]) for row in spread], has_gold=has_gold)
        if has_gold:
            _retrain(door, labels, links)


def _choose(door: Door) -> Labels | None:
    where, prompts, answers = st.columns([2, 1, 1])
    with where:
        table = choose_table(door, "Table", None, preferred=("LABELLED", "FINETUNE", "TRAIN"))
    if table is None:
        return None
    columns = places.columns(door, table)
    with prompts:
        prompt = choose("Prompt column", columns, likely(columns, PROMPTS))
    with answers:
        label = choose("Label column", columns, likely(columns[::-1], ANSWERS))
    if prompt == label:
        shown.empty("Prompts and labels are two columns. Choose another one.")
        return None
    return Labels(table, prompt, label)


def _figures(door: Door, labels: Labels, spread: Sequence[Row], *, has_gold: bool) -> None:
    counted = door.look(labels.counted)[0] if has_gold else {"N": 0, "AGREED": 0}
    checked, agreed = int(counted["N"]), int(counted["AGREED"])
    with st.grid(4, min_column_width=150):
        st.metric("Rows with a label", f"{sum(int(row['N']) for row in spread):,}", border=True)
        st.metric("Different labels", len(spread), border=True)
        st.metric("Gold rows", f"{checked:,}", border=True)
        st.metric("Teacher was right", f"{agreed / checked:.0%}" if checked else "–", border=True)
    with st.expander("How often each label was given", icon=":material/bar_chart:"):
        frame = pd.DataFrame({"Label": str(row["LABEL"]), "Rows": int(row["N"])} for row in spread[:AT_ONCE])
        bars = alt.Chart(frame, height=alt.Step(26)).mark_bar()
        st.altair_chart(
            bars.encode(
                x="Rows:Q",
                y=alt.Y("Label:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240)),
                tooltip=["Label", "Rows"],
            )
        )


def _check(door: Door, labels: Labels, review: Review, known: list[str], *, has_gold: bool) -> None:
    st.subheader("To be checked", anchor=False)
    text_side, label_side, new_side = st.columns(3)
    text = text_side.text_input("Text within", placeholder="Any").strip()
    only = label_side.selectbox("Label", known, index=None, placeholder="Any")
    new = new_side.text_input("Add a label", placeholder="One that the teacher never gave").strip()
    if new and new not in (*known, *review.more_labels):
        review.more_labels += (new,)
    rows = door.look(labels.unchecked(AT_ONCE, label=only or "", text=text, has_gold=has_gold))
    if not rows:
        shown.empty("There is nothing to check here.")
        return
    edited = _editor(rows, [*known, *review.more_labels], key=f"{labels.table} {only} {text} {review.version}")
    _keep(door, labels, review, _checked(rows, edited))


def _editor(rows: Sequence[Row], options: Sequence[str], *, key: str) -> pd.DataFrame:
    """The rows, of which each has a box to check and a label to change."""
    prompts = shown.own_parts([str(row["PROMPT"]) for row in rows])
    frame = pd.DataFrame({"Checked": False, "Label": [str(row["LABEL"]) for row in rows], "Prompt": prompts})
    return st.data_editor(
        frame,
        key=key,
        hide_index=True,
        disabled=["Prompt"],
        column_config={
            "Checked": st.column_config.CheckboxColumn(width="small"),
            "Label": st.column_config.SelectboxColumn(options=list(options), required=True, width="medium"),
            "Prompt": st.column_config.TextColumn(width="large"),
        },
    )


def _checked(rows: Sequence[Row], edited: pd.DataFrame) -> list[Checked]:
    """The rows that are marked or whose label was changed."""
    found = [
        Checked(str(row["PROMPT"]), str(row["LABEL"]), str(label)) if is_marked or label != str(row["LABEL"]) else None
        for row, is_marked, label in zip(rows, edited["Checked"], edited["Label"], strict=True)
    ]
    return [row for row in found if row is not None]


def _keep(door: Door, labels: Labels, review: Review, checked: Sequence[Checked]) -> None:
    corrected = sum(row.teacher != row.label for row in checked)
    st.caption(f"{len(checked)} checked, {corrected} of them corrected. A label that you change counts as checked.")
    with st.container(horizontal=True):
        is_wanted = st.button("Keep as gold", type="primary", icon=":material/verified:", disabled=not checked)
        if checked:
            shown.will_run(f"{labels.make_gold};\n{labels.keep(checked)};")
    if is_wanted:
        door.do(labels.make_gold)
        door.do(labels.keep(checked))
        review.version += 1
        st.rerun()


def _retrain(door: Door, labels: Labels, links: dict[str, st.Page]) -> None:
    """Two ways to train again: by the gold rows as a measure, or on the corrections."""
    st.subheader("Train again", anchor=False)
    ways = {
        "Measure by gold rows": (
            "The model learns from the rows that nobody checked, and is measured by the gold ones.",
            labels.make_without_gold,
            Draft(table=labels.without_gold, validation=OTHER, validation_table=labels.gold),
        ),
        "Learn the corrections": (
            "The model learns from all rows, gold labels in the place of the teacher's; every fifth row is held out.",
            labels.make_corrected,
            Draft(table=labels.corrected, validation=HOLD_OUT),
        ),
    }
    with st.grid(2, min_column_width=260):
        for title, (sentence, sql, draft) in ways.items():
            with st.container(border=True, height="stretch"):
                st.markdown(f"**{title}**")
                st.caption(sentence)
                with st.container(horizontal=True):
                    if st.button("To the wizard", key=title, icon=":material/arrow_forward:"):
                        door.do(sql)
                        begin_from(draft, prompt=labels.prompt, completion=labels.label)
                        st.switch_page(links["wizard"])
                    shown.will_run(sql)
