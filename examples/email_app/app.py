"""Messages to customers: a tuned model sorts the tickets, a large one writes, somebody approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st
from drafts import MOST_WORDS, PROMPT, Draft, rewriting, tickets, writing
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkClientException

TABLE = "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS"
TUNED = "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B"
AT_ONCE = 5
"""Messages that one statement writes; the bar moves after each."""


def main() -> None:
    """The page."""
    st.set_page_config(page_title="Messages to customers", page_icon=":material/mail:", layout="wide")
    st.title("Messages to customers", anchor=False)
    session = get_active_session()
    try:
        _write(session)
    except SnowparkClientException as error:
        st.error(str(error.message), icon=":material/error:")
    _approve()


def _write(session: Session) -> None:
    with st.expander("Prompt and models", icon=":material/tune:", expanded=True):
        prompt = st.text_area("Prompt", PROMPT, height=120)
        one, two, three = st.columns(3)
        sorter = one.text_input("Model that sorts", TUNED)
        writer = two.text_input("Model that writes", "mistral-large")
        count = three.number_input("Tickets", 1, 200, 20)
    found = _tickets(session, sorter, count)
    chosen = st.pills("Category", sorted(found["CATEGORY"].dropna().unique()), selection_mode="multi")
    picked = found[found["CATEGORY"].isin(chosen)] if chosen else found
    st.caption(f"{len(picked)} of {len(found)} tickets")
    if st.button("Write messages", type="primary", icon=":material/edit:", disabled=picked.empty):
        st.session_state["drafts"] = _drafts(session, picked, writer, prompt)


@st.cache_data(show_spinner="Sorting the tickets")
def _tickets(_session: Session, model: str, count: int) -> pd.DataFrame:
    return _session.sql(tickets(TABLE, model, count)).to_pandas()


def _drafts(session: Session, picked: pd.DataFrame, model: str, prompt: str) -> list[Draft]:
    """A message to each customer; one that is too long is asked for once more."""
    bar = st.progress(0.0, "Writing")
    drafts: list[Draft] = []
    rows = list(picked.itertuples())
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        ids = [str(row.TICKET_ID) for row in some]
        texts = {row["TICKET_ID"]: row["MESSAGE"] for row in session.sql(writing(TABLE, model, prompt, ids)).collect()}
        for row in some:
            first = Draft(
                row.TICKET_ID,
                row.CUSTOMER_NAME,
                row.CUSTOMER_EMAIL,
                row.CONTACT_PREFERENCE,
                row.CATEGORY,
                texts[row.TICKET_ID] or "",
            )
            drafts.append(_shortened(session, first, model, prompt) if first.is_too_long else first)
        bar.progress(len(drafts) / len(picked), f"{len(drafts)} of {len(picked)} written")
    bar.empty()
    return drafts


def _shortened(session: Session, draft: Draft, model: str, prompt: str) -> Draft:
    (row,) = session.sql(rewriting(TABLE, model, prompt, draft)).collect()
    return replace(draft, text=row["MESSAGE"] or draft.text)


def _approve() -> None:
    drafts: Sequence[Draft] = st.session_state.get("drafts", ())
    if not drafts:
        return
    frame = pd.DataFrame(_row(draft) for draft in drafts)
    st.subheader("Drafts", anchor=False)
    st.caption(
        "Edit a message, tick what may go out. " + ", ".join(f"{way}: {most} words" for way, most in MOST_WORDS.items())
    )
    fixed = [str(column) for column in frame.columns if column not in ("Approved", "Message")]
    width = {"Message": st.column_config.TextColumn(width="large")}
    edited = st.data_editor(frame, hide_index=True, disabled=fixed, column_config=width, key="table")
    approved = edited[edited["Approved"]]
    st.download_button(
        f"Export {len(approved)} approved",
        approved.drop(columns=["Approved", "Words"]).to_csv(index=False),
        file_name="messages.csv",
        mime="text/csv",
        icon=":material/download:",
        disabled=approved.empty,
    )


def _row(draft: Draft) -> dict[str, object]:
    too_long = " · too long" if draft.is_too_long else ""
    return {
        "Approved": False,
        "Ticket": draft.ticket_id,
        "To": draft.customer,
        "By": draft.preference,
        "Category": draft.category,
        "Message": draft.text,
        "Words": f"{draft.words} of {draft.limit}{too_long}",
        "Address": draft.address,
    }


if __name__ == "__main__":
    main()
