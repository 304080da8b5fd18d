"""Messages to customers: a tuned model sorts the tickets, a large one writes, somebody approves.

Drafts are kept in a table from the moment they are written, and each change of them, too: a tab that is closed loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st
from drafts import MOST_WORDS, PROMPT, Draft, keeping, making, reading, rewriting, tickets, writing
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkClientException

TABLE = "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS"
KEPT = f"{TABLE}_MESSAGES"  # where drafts are kept, with who approved or changed them
TUNED = "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B"
AT_ONCE = 5  # messages that one statement writes; the bar moves after each


def main() -> None:
    """The page."""
    st.set_page_config(page_title="Messages to customers", page_icon=":material/mail:", layout="wide")
    st.title("Messages to customers", anchor=False)
    session = get_active_session()
    for part in (_make_room, _write, _approve):
        try:
            part(session)
        except SnowparkClientException as error:
            st.error(str(error.message), icon=":material/error:")


def _make_room(session: Session) -> None:
    session.sql(making(KEPT)).collect()


def _write(session: Session) -> None:
    with st.expander("Prompt and models", icon=":material/tune:", expanded=True):
        prompt = st.text_area("Prompt", PROMPT, height=120)
        one, two, three = st.columns(3)
        sorter = one.text_input("Model that sorts", TUNED)
        writer = two.text_input("Model that writes", "mistral-large")
        count = three.number_input("Tickets", 1, 200, 20)
    found = _tickets(session, sorter, count)
    chosen = st.multiselect("Category", sorted(set(found["CATEGORY"]) - {""}), placeholder="All")
    picked = found[found["CATEGORY"].isin(chosen)] if chosen else found
    st.caption(f"{len(picked)} of {len(found)} tickets. Messages that somebody approved or edited stay as they are.")
    if st.button("Write messages", type="primary", icon=":material/edit:", disabled=picked.empty):
        _draft(session, picked, writer, prompt)


@st.cache_data(show_spinner="Sorting the tickets")
def _tickets(_session: Session, model: str, count: int) -> pd.DataFrame:
    return _session.sql(tickets(TABLE, model, count)).to_pandas().fillna("")


def _draft(session: Session, picked: pd.DataFrame, model: str, prompt: str) -> None:
    """Write to each customer and keep the draft; one that is too long is asked for once more."""
    settled = {draft.ticket_id for draft in _kept(session) if draft.is_settled}
    blank = [_blank(row) for row in picked.itertuples() if row.TICKET_ID not in settled]
    bar = st.progress(0.0, "Writing")
    for start in range(0, len(blank), AT_ONCE):
        some = blank[start : start + AT_ONCE]
        sql = writing(TABLE, model, prompt, [draft.ticket_id for draft in some])
        texts = {row["TICKET_ID"]: row["MESSAGE"] or "" for row in session.sql(sql).collect()}
        written = [replace(draft, text=texts[draft.ticket_id]) for draft in some]
        short = [_shortened(session, draft, model, prompt) if draft.is_too_long else draft for draft in written]
        session.sql(keeping(KEPT, short)).collect()
        done = start + len(some)
        bar.progress(done / len(blank), f"{done} of {len(blank)} written")
    bar.empty()
    st.session_state["written"] = _times_written() + 1


def _blank(row: pd.Series) -> Draft:
    return Draft(row.TICKET_ID, row.CUSTOMER_NAME, row.CUSTOMER_EMAIL, row.CONTACT_PREFERENCE, row.CATEGORY, text="")


def _shortened(session: Session, draft: Draft, model: str, prompt: str) -> Draft:
    (row,) = session.sql(rewriting(TABLE, model, prompt, draft)).collect()
    return replace(draft, text=row["MESSAGE"] or draft.text)


def _times_written() -> int:
    return st.session_state.get("written", 0)


def _kept(session: Session) -> list[Draft]:
    """The drafts as they are kept now."""
    return [Draft(*row) for row in session.sql(reading(KEPT)).collect()]


def _approve(session: Session) -> None:
    drafts = _kept(session)
    if not drafts:
        return
    st.subheader("Drafts", anchor=False)
    st.caption(
        "Edit a message, tick what may go out. An empty one is written anew with the next ones. "
        + ", ".join(f"{way}: {most} words" for way, most in MOST_WORDS.items())
    )
    frame = pd.DataFrame(_row(draft) for draft in drafts)
    key = f"drafts {_times_written()}"  # changes belong to the drafts that they were made to
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        disabled=[str(column) for column in frame.columns if column not in ("Approved", "Message")],
        column_config=_WIDTHS,
        on_change=_keep_changes,
        args=(session, drafts, key),
    )
    approved = [draft for draft in drafts if draft.is_approved]
    label = f"Export {len(approved)} approved"
    st.button(label, icon=":material/download:", disabled=not approved, on_click=_look_at_export, args=(True,))
    if approved and st.session_state.get("looks at export"):
        _export(approved)


def _look_at_export(is_wanted: bool = False) -> None:
    """Open the dialog, or close it: kept, so that a run of the page that comes after the click leaves it open."""
    st.session_state["looks at export"] = is_wanted


_WIDTHS = {
    column: st.column_config.Column(width=pixels)
    for column, pixels in {"Approved": 100, "To": 110, "By": 110, "Message": 480, "Words": 140, "Category": 150}.items()
}


def _row(draft: Draft) -> dict[str, object]:
    too_long = " · too long" if draft.is_too_long else ""
    return {
        "Approved": draft.is_approved,
        "To": draft.customer,
        "By": draft.preference,
        "Message": draft.text,
        "Words": f"{draft.words} of {draft.limit}{too_long}",
        "Category": draft.category,
        "Ticket": draft.ticket_id,
        "Address": draft.address,
    }


def _keep_changes(session: Session, drafts: Sequence[Draft], key: str) -> None:
    """Keep what was changed since the drafts were shown, before anything else of the page runs."""
    edited = st.session_state[key]["edited_rows"]
    changed = [_changed(drafts[row], cells) for row, cells in edited.items()]
    try:
        session.sql(keeping(KEPT, changed)).collect()
    except SnowparkClientException as error:
        st.error(f"The change is not kept yet: {error.message}", icon=":material/error:")


def _changed(draft: Draft, cells: dict[str, object]) -> Draft:
    """A draft with the changes to its cells; without a message it is a model's again."""
    text = str(cells.get("Message", draft.text) or "")
    is_edited = bool(text) and (draft.is_edited or text != draft.text)
    return replace(draft, text=text, is_approved=bool(cells.get("Approved", draft.is_approved)), is_edited=is_edited)


@st.dialog("Export", width="large", on_dismiss=_look_at_export)
def _export(approved: Sequence[Draft]) -> None:
    """What goes out, to be seen once more. A change that comes late is drawn here, too, and the file is what is seen."""
    frame = pd.DataFrame(_row(draft) for draft in approved).drop(columns=["Approved", "Words"])
    st.download_button(
        "Download messages.csv",
        frame.to_csv(index=False),
        file_name="messages.csv",
        mime="text/csv",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    for draft in approved:
        with st.container(border=True):
            st.caption(f"{draft.customer} · {draft.preference} · {draft.address}")
            st.text(draft.text)


if __name__ == "__main__":
    main()
