"""A login-request's body into a `Login`. Checks nothing: that is the authenticator's work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sapwood.server.authentication import PASSWORD, Login


def read_login(request: Mapping[str, Any], query: Mapping[str, str], *, peer: str) -> Login:
    """The login of a login-request; what has the wrong type counts as not given. `peer` is the client's IP address."""
    data = request.get("data")
    body: Mapping[str, Any] = data if isinstance(data, dict) else {}
    return Login(
        user=fold(_text(body, "LOGIN_NAME")),
        authenticator=_text(body, "AUTHENTICATOR").upper() or PASSWORD,
        password=_text(body, "PASSWORD") or None,
        token=_text(body, "TOKEN") or None,
        new_password=_text(body, "CHOSEN_NEW_PASSWORD") or None,
        ticket=_text(request, "inFlightCtx") or None,
        peer=peer,
        role=fold(query.get("roleName", "")) or None,
    )


def fold(name: str) -> str:
    """A name of a connection setting in Snowflake's spelling.

    >>> fold("my_db"), fold('"my db"')
    ('MY_DB', 'my db')
    """
    is_quoted = len(name) > 1 and name[0] == name[-1] == '"'
    return name[1:-1].replace('""', '"') if is_quoted else name.upper()


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
