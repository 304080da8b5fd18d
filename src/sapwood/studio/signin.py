"""The sign-in page: the users of the server, with a password or a programmatic access token."""

from __future__ import annotations

import streamlit as st

from sapwood.studio import places, shown, visitor
from sapwood.studio.address import Address
from sapwood.studio.door import open_door


def sign_in(address: Address) -> None:
    """Ask who it is, and open the door."""
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.title("sapwood", anchor=False)
        st.caption(f"LLM functions and fine-tuning in SQL · `{address.shown}`")
        with st.form("sign-in"):
            user = st.text_input("User", value=address.user, autocomplete="username")
            password = st.text_input("Password or access token", type="password", autocomplete="current-password")
            is_sent = st.form_submit_button("Sign in", type="primary", width="stretch")
        st.caption(
            "The first time: user `ADMIN`. The server said the password when it started, and keeps it in the file "
            "`admin.password` of its data directory."
        )
        if is_sent and not (user and password):
            st.info("Give a user and a password.", icon=":material/info:")
        elif is_sent:
            _enter(address, user, password)


def _enter(address: Address, user: str, password: str) -> None:
    with shown.trying(), st.spinner("Signing in"):
        visitor.enter(open_door(address, user, password))
        visitor.door().look_ahead(places.COMMON)
    if visitor.has_door():
        st.rerun()
