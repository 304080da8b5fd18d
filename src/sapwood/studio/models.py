"""The user's own models: where each comes from, how it errs, a try, its files, who may use it, and its end."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import streamlit as st

from sapwood.studio import job as tuning
from sapwood.studio import places, shown
from sapwood.studio.curves import matrix
from sapwood.studio.door import Door
from sapwood.studio.jobs import shown_loss
from sapwood.studio.sql import literal, name


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading(
        "Models", "The models that were made here: where they come from, how good they are, who may use them."
    )
    with shown.trying():
        own = {model.name: model for model in places.models(door) if model.is_tuned}
        if not own:
            shown.empty("No models of your own yet. The wizard makes one from a table.")
            st.page_link(links["wizard"], label="Create custom LLM", icon=":material/auto_awesome:")
            return
        chosen = own[st.selectbox("Model", list(own), format_func=lambda name: own[name].label)]
        _card(door, chosen, links)
        _try(door, chosen)
        _versions(door, chosen)
        _export(door, chosen)
        _grants(door, chosen)
        _drop(door, chosen)


def _card(door: Door, model: places.Model, links: dict[str, st.Page]) -> None:
    source = tuning.maker(door, model.name)
    with st.container(border=True):
        st.caption(f"Owned by {model.owner}. {model.comment}")
        if source is not None:
            losses = source.training_result
            st.markdown(f"Tuned from **{source.base_model}** by `{source.id}`")
            with st.grid(3, min_column_width=150):
                st.metric("Training loss", shown_loss(losses.get("training_loss")), border=True)
                st.metric("Validation loss", shown_loss(losses.get("validation_loss")), border=True)
                st.metric("Trained tokens", f"{source.trained_tokens:,}" if source.trained_tokens else "–", border=True)
            with st.expander("What it learned from", icon=":material/dataset:"):
                st.code(source.training_data, language="sql", wrap_lines=True)
        with st.container(horizontal=True):
            st.page_link(links["playground"], label="Open the Playground", icon=":material/forum:")
            st.page_link(links["evaluate"], label="Evaluate it", icon=":material/rule:")
    if source is not None:
        _errors(door, source.id)


def _errors(door: Door, job_id: str) -> None:
    """Which labels it takes for which."""
    rows = tuning.confusion(door, job_id)
    methods = {"labels": "Likeliest label", "answers": "Free answer"}
    known = [method for method in methods if any(row["METHOD"] == method for row in rows)]
    if not known:
        return
    st.subheader("Confusion matrix", anchor=False)
    method = known[0]
    if len(known) > 1:
        method = st.segmented_control("Answer", known, default=known[0], format_func=methods.__getitem__) or method
    st.altair_chart(matrix([row for row in rows if row["METHOD"] == method]))
    st.caption("Rows held out: the right label at the left, what the model said above.")


def _try(door: Door, model: places.Model) -> None:
    st.subheader("Try it", anchor=False)
    with st.form("try", border=False):
        prompt = st.text_area("Prompt", height=90, placeholder="As the prompts that it learned from.")
        is_sent = st.form_submit_button("Ask", icon=":material/send:")
    if is_sent and prompt.strip():
        sql = f"SELECT SNOWFLAKE.CORTEX.COMPLETE({literal(model.name)}, {literal(prompt)}) AS ANSWER"
        with shown.trying(), st.spinner("The model answers"):
            st.info(str(door.do(sql)[0]["ANSWER"]), icon=":material/eco:")
        st.code(sql, language="sql", wrap_lines=True)


def _versions(door: Door, model: places.Model) -> None:
    """Which version answers, where there are several."""
    rows = door.look(f"SHOW VERSIONS IN MODEL {model.name}")
    if len(rows) < 2:
        return
    st.subheader("Versions", anchor=False)
    st.dataframe(pd.DataFrame(rows, columns=list(_VERSION)), hide_index=True, column_config=_VERSION)
    others = [str(row["name"]) for row in rows if not row["is_default_version"]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.selectbox("Another version", others)
        sql = f"ALTER MODEL {model.name} SET DEFAULT_VERSION = {literal(wanted)}"
        if st.button("Let it answer", icon=":material/swap_horiz:"):
            door.do(sql)
            st.rerun()
        shown.will_run(sql)


_VERSION = {
    "name": "Version",
    "is_default_version": st.column_config.CheckboxColumn("Answers"),
    "aliases": "Aliases",
    "created_on": st.column_config.DatetimeColumn("Made", format="distance"),
}
"""Columns of SHOW VERSIONS, and what people call them."""


def _export(door: Door, model: places.Model) -> None:
    st.subheader("Its files", anchor=False)
    place = f"snow://model/{model.name}/versions/DEFAULT/"
    rows = door.look(f"LIST {literal(place)}")
    frame = pd.DataFrame({"File": str(row["name"]).rsplit("/", 1)[-1], "Size": int(row["size"])} for row in rows)
    st.dataframe(frame, hide_index=True, column_config={"Size": st.column_config.NumberColumn(format="bytes")})
    with st.container(horizontal=True):
        st.download_button(
            "Download adapter",
            data=lambda: _archive(door, place),
            file_name=f"{model.name.rsplit('.', 1)[-1].lower()}.zip",
            mime="application/zip",
            icon=":material/download:",
        )
        shown.will_run(f"GET {literal(place)} 'file:///tmp/model/'")
    with st.expander("Other formats", icon=":material/output:"):
        st.caption("On the server's machine, merged with its base model:")
        formats = ("peft", "safetensors", "gguf-f16", "gguf-q8_0")
        st.code("\n".join(f"sapwood models export {model.name} out --format {each}" for each in formats), language="sh")


def _archive(door: Door, place: str) -> bytes:
    """The model's files as one zip."""
    written = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(written, "w") as archive:
        door.fetch_files(place, folder)
        for file in sorted(Path(folder).iterdir()):
            archive.write(file, file.name)
    return written.getvalue()


_GRANT = {"privilege": "May", "granted_to": "To a", "grantee_name": "Name", "granted_by": "Given by"}
"""Columns of SHOW GRANTS, and what people call them."""


def _grants(door: Door, model: places.Model) -> None:
    st.subheader("Who may use it", anchor=False)
    rows = door.look(f"SHOW GRANTS ON MODEL {model.name}")
    st.dataframe(pd.DataFrame(rows, columns=list(_GRANT)), hide_index=True, column_config=_GRANT)
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
