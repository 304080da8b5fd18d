"""Users, their roles and access tokens. Each change is a statement that stands beside its button."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from sapwood.studio import places, shown
from sapwood.studio.door import Door
from sapwood.studio.memory import Row
from sapwood.studio.sql import literal, name

_SWITCHES = {"disabled": "Disabled", "has_password": "Password", "has_rsa_public_key": "Key pair"}
"""Columns of SHOW USERS that say true or false, and what people call them."""
_COLUMNS = {
    "name": st.column_config.TextColumn("User"),
    "default_role": st.column_config.TextColumn("Default role"),
    **{column: st.column_config.CheckboxColumn(title) for column, title in _SWITCHES.items()},
    "created_on": st.column_config.DatetimeColumn("Since", format="distance"),
}


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Settings", "Who may come in, with which role, and by which token.")
    with shown.trying():
        users = door.look("SHOW USERS")
        people, new, tokens = st.tabs(["Users", "New user", "Access tokens"])
        with people:
            _people(door, users)
        with new:
            _new(door)
        with tokens:
            _tokens(door, users)


def _people(door: Door, users: Sequence[Row]) -> None:
    frame = pd.DataFrame(users, columns=list(_COLUMNS))
    for column in _SWITCHES:
        frame[column] = frame[column].astype(str).str.lower() == "true"
    st.dataframe(frame, hide_index=True, column_config=_COLUMNS)
    user = _user(users, key="people")
    if user is None:
        return
    rows = door.look(f"SHOW GRANTS TO USER {name(user)}")
    st.caption("Roles: " + (", ".join(str(row["role"]) for row in rows) or "none"))
    role = st.selectbox("Role", places.roles(door), index=None, placeholder="Choose a role")
    changes = {
        "Disable": f"ALTER USER {name(user)} SET DISABLED = TRUE",
        "Enable": f"ALTER USER {name(user)} SET DISABLED = FALSE",
    }
    if role:
        changes["Grant role"] = f"GRANT ROLE {name(role)} TO USER {name(user)}"
        changes["Revoke role"] = f"REVOKE ROLE {name(role)} FROM USER {name(user)}"
    _buttons(door, changes)


def _new(door: Door) -> None:
    with st.form("new user", clear_on_submit=True):
        user = st.text_input("Name", autocomplete="off").strip()
        password = st.text_input("Password", type="password", autocomplete="new-password")
        role = st.selectbox("Role", places.roles(door), index=None, placeholder="No role yet")
        is_sent = st.form_submit_button("Create user", type="primary")
    st.caption("SQL: `CREATE USER name PASSWORD = '...' DEFAULT_ROLE = role`; the role is granted, too.")
    if is_sent and user and password:
        written = name(user.upper())
        default = f" DEFAULT_ROLE = {name(role)}" if role else ""
        door.do(f"CREATE USER {written} PASSWORD = {literal(password)}{default}")
        door.spoken.pop()  # a password is shown nowhere
        if role:
            door.do(f"GRANT ROLE {name(role)} TO USER {written}")
        st.success(f"{written} can sign in.")


def _tokens(door: Door, users: Sequence[Row]) -> None:
    user = _user(users, key="tokens")
    token = st.text_input("Name of the token", placeholder="LAPTOP").strip().upper()
    days = st.slider("Days", 1, 365, 15)
    if user is None or not token:
        st.caption("A token opens the door to programs, instead of a password. It is shown once.")
        return
    sql = f"ALTER USER {name(user)} ADD PROGRAMMATIC ACCESS TOKEN {name(token)} DAYS_TO_EXPIRY = {days}"
    with st.container(horizontal=True):
        is_wanted = st.button("Make token", type="primary")
        shown.will_run(sql)
    if is_wanted:
        (row,) = door.do(sql)
        st.code(str(row["token_secret"]), language=None)
        st.caption("Keep it now: it can't be shown again.")


def _buttons(door: Door, changes: dict[str, str]) -> None:
    with st.container(horizontal=True):
        for label, sql in changes.items():
            if st.button(label):
                door.do(sql)
                st.rerun()
        shown.will_run(";\n".join(changes.values()) + ";")


def _user(users: Sequence[Row], *, key: str) -> str | None:
    return st.selectbox("User", [str(row["name"]) for row in users], key=f"user of {key}")
