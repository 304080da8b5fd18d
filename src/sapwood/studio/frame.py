"""What stands beside every page: who is signed in, with which role, and the way out."""

from __future__ import annotations

import streamlit as st

from sapwood.studio import places, shown, visitor
from sapwood.studio.door import Door
from sapwood.studio.sql import path


def frame(door: Door) -> None:
    """The foot of the side bar."""
    with st.sidebar, shown.trying():
        now = places.here(door)
        known = places.own_roles(door)
        with st.popover(f"{now.user} · {now.role}", icon=":material/account_circle:", width="stretch"):
            st.caption(door.address.shown)
            chosen = st.selectbox("Role", known, index=known.index(now.role) if now.role in known else 0)
            if chosen and chosen != now.role:
                door.do(f"USE ROLE {path(chosen)}")
                st.rerun()
            if st.button("Ask again for everything", icon=":material/refresh:", width="stretch"):
                door.forget()
                st.rerun()
            if st.button("Sign out", icon=":material/logout:", width="stretch"):
                visitor.leave()
                st.rerun()
