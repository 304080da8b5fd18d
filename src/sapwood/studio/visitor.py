"""Who sits before the browser: the door of the session that Streamlit keeps for a tab."""

from __future__ import annotations

import streamlit as st

from sapwood.studio.door import Door

_KEY = "door"


def has_door() -> bool:
    """Whether somebody is signed in."""
    return _KEY in st.session_state


def door() -> Door:
    """The door of who is signed in."""
    return st.session_state[_KEY]


def enter(opened: Door) -> None:
    """Sign in."""
    st.session_state[_KEY] = opened


def leave() -> None:
    """Sign out; nothing of the user stays in the tab."""
    door().close()
    st.session_state.clear()
