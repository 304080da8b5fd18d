"""The user's own models: where each comes from, who may use it, and its end."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from sapwood.studio import jobs, places, shown
from sapwood.studio.door import Door
from sapwood.studio.sql import name


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Models", "The models that were made here: where they come from, and who may use them.")
    with shown.trying():
        own = {model.name: model for model in places.models(door) if model.is_tuned}
        if not own:
            shown.empty("No models of your own yet. The wizard makes one from a table.")
            st.page_link(links["wizard"], label="Create custom LLM", icon=":material/auto_awesome:")
            return
        chosen = own[st.selectbox("Model", list(own))]
        _card(door, chosen, links)
        _grants(door, chosen)
        _drop(door, chosen)


def _card(door: Door, model: places.Model, links: dict[str, st.Page]) -> None:
    with st.container(border=True):
        st.markdown(f"**{model.name}**")
        st.caption(f"Owned by {model.owner}. {model.comment}")
        source = next((job for job in _finished(door) if job.model == model.name), None)
        if source is not None:
            losses = source.training_result
            st.markdown(f"Tuned from **{source.base_model}** by `{source.id}`")
            with st.grid(3, min_column_width=150):
                st.metric("Training loss", jobs.shown_loss(losses.get("training_loss")), border=True)
                st.metric("Validation loss", jobs.shown_loss(losses.get("validation_loss")), border=True)
                st.metric("Trained tokens", f"{source.trained_tokens:,}" if source.trained_tokens else "–", border=True)
            with st.expander("What it learned from", icon=":material/dataset:"):
                st.code(source.training_data, language="sql", wrap_lines=True)
        st.page_link(links["playground"], label="Try it in the Playground", icon=":material/forum:")


def _finished(door: Door) -> list[jobs.Job]:
    return [jobs.described(door, job.id) for job in jobs.listed(door) if job.status == "SUCCESS"]


def _grants(door: Door, model: places.Model) -> None:
    st.subheader("Who may use it", anchor=False)
    rows = door.look(f"SHOW GRANTS ON MODEL {model.name}")
    st.dataframe(pd.DataFrame(rows, columns=["privilege", "granted_to", "grantee_name", "granted_by"]), hide_index=True)
    known = places.roles(door)
    role = st.selectbox("Role", known, index=None, placeholder="Choose a role")
    if role:
        with st.container(horizontal=True):
            for label, sql in _changes(model.name, role).items():
                if st.button(label):
                    door.do(sql)
                    st.rerun()
            shown.will_run(";\n".join(_changes(model.name, role).values()) + ";")


def _changes(model: str, role: str) -> dict[str, str]:
    return {
        "Let it use the model": f"GRANT USAGE ON MODEL {model} TO ROLE {name(role)}",
        "Take that back": f"REVOKE USAGE ON MODEL {model} FROM ROLE {name(role)}",
    }


def _drop(door: Door, model: places.Model) -> None:
    sql = f"DROP MODEL {model.name}"
    st.subheader("Remove it", anchor=False)
    is_sure = st.checkbox("The model and its files go for good")
    with st.container(horizontal=True):
        if st.button("Drop model", icon=":material/delete:", disabled=not is_sure):
            door.do(sql)
            st.rerun()
        shown.will_run(sql)
