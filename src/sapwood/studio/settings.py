"""Users, access tokens and roles. Each change is a statement that stands beside its button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from sapwood.studio import places, shown
from sapwood.studio.door import Door
from sapwood.studio.memory import Row
from sapwood.studio.sql import literal, name

_USERS = "SHOW USERS"
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
        _PARTS[shown.one_of("Part", list(_PARTS))](door)


def _people(door: Door) -> None:
    users = door.look(_USERS)
    frame = pd.DataFrame(users, columns=list(_COLUMNS))
    for column in _SWITCHES:
        frame[column] = frame[column].astype(str).str.lower() == "true"
    st.dataframe(frame, hide_index=True, column_config=_COLUMNS)
    user = _user(users)
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


def _tokens(door: Door) -> None:
    user = _user(door.look(_USERS))
    if user is None:
        return
    _new_token(door, user)
    _known_tokens(door, user)


def _new_token(door: Door, user: str) -> None:
    token = st.text_input("Name of the token", placeholder="LAPTOP").strip().upper()
    days = st.slider("Days", 1, 365, 15)
    if not token:
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


_TOKEN_COLUMNS = {
    "name": "Token",
    "status": "Status",
    "role_restriction": "For the role",
    "expires_at": st.column_config.DatetimeColumn("Ends", format="distance"),
    "created_on": st.column_config.DatetimeColumn("Made", format="distance"),
    "created_by": "Made by",
}


def _known_tokens(door: Door, user: str) -> None:
    """The tokens that open the door for somebody, and the end of one."""
    rows = door.look(f"SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER {name(user)}")
    if not rows:
        shown.empty("No token opens the door for this user.")
        return
    st.dataframe(pd.DataFrame(rows, columns=list(_TOKEN_COLUMNS)), hide_index=True, column_config=_TOKEN_COLUMNS)
    token = st.selectbox("Token", [str(row["name"]) for row in rows], index=None, placeholder="Choose one to revoke")
    if token:
        _buttons(door, {"Revoke": f"ALTER USER {name(user)} REMOVE PROGRAMMATIC ACCESS TOKEN {name(token)}"})


_ROLE_COLUMNS = {
    "name": "Role",
    "is_current": st.column_config.CheckboxColumn("Taken on"),
    "owner": "Owner",
    "comment": "About",
}
_GRANT_COLUMNS = {"privilege": "May", "granted_on": "On a", "name": "Name", "granted_by": "Given by"}


def _roles(door: Door) -> None:
    """A new role, the roles, and what each may do."""
    _new_role(door)
    known = places.roles(door)
    frame = pd.DataFrame(door.look(places.ROLES), columns=list(_ROLE_COLUMNS))
    frame["is_current"] = frame["is_current"] == "Y"
    st.dataframe(frame, hide_index=True, column_config=_ROLE_COLUMNS)
    role = st.selectbox("What a role may do", known, index=None, placeholder="Choose a role")
    if role:
        rows = door.look(f"SHOW GRANTS TO ROLE {name(role)}")
        st.dataframe(pd.DataFrame(rows, columns=list(_GRANT_COLUMNS)), hide_index=True, column_config=_GRANT_COLUMNS)
        above = st.selectbox(
            "Role that gets it", [each for each in known if each != role], index=None, placeholder="Choose"
        )
        if above:
            granted = f"ROLE {name(role)}"
            _buttons(
                door,
                {
                    "Grant": f"GRANT {granted} TO ROLE {name(above)}",
                    "Take back": f"REVOKE {granted} FROM ROLE {name(above)}",
                },
            )
    st.caption("What a role may do with tables and models is granted in the Worksheet, and on a model's page.")


def _new_role(door: Door) -> None:
    with st.form("new role", clear_on_submit=True):
        role = st.text_input("New role", placeholder="ANALYST", autocomplete="off").strip().upper()
        is_sent = st.form_submit_button("Create role")
    st.caption("SQL: `CREATE ROLE name`")
    if is_sent and role:
        door.do(f"CREATE ROLE {name(role)}")
        st.success(f"{role} is there. It may do nothing yet.")


def _buttons(door: Door, changes: dict[str, str]) -> None:
    with st.container(horizontal=True):
        for label, sql in changes.items():
            if st.button(label):
                door.do(sql)
                st.rerun()
        shown.will_run(";\n".join(changes.values()) + ";")


def _user(users: Sequence[Row]) -> str | None:
    return st.selectbox("User", [str(row["name"]) for row in users])


_PARTS: Mapping[str, Callable[[Door], None]] = {
    "Users": _people,
    "New user": _new,
    "Access tokens": _tokens,
    "Roles": _roles,
}
"""Parts of the page; only the one that is looked at is asked for."""
