"""Where the server is: from an URL, or by a name of the clients' own connections.toml. Knows no passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from snowflake.connector.config_manager import CONFIG_MANAGER


@dataclass(frozen=True)
class Address:
    """What a client must know to reach the server. `user` is who is offered at sign-in ('' for nobody)."""

    host: str
    port: int
    protocol: str = "http"
    account: str = "sapwood"
    user: str = ""

    @property
    def shown(self) -> str:
        """As people read it."""
        return f"{self.protocol}://{self.host}:{self.port}"


class UnknownConnectionError(Exception):
    """There is no connection of that name; the text says which there are."""


def address_of(place: str) -> Address:
    """The address behind an URL, such as http://127.0.0.1:8085, or a connection's name.

    Raises UnknownConnectionError.

    >>> address_of("https://db.example.org:443").shown
    'https://db.example.org:443'
    """
    return _of_url(place) if "://" in place else _of_connection(place)


def _of_url(url: str) -> Address:
    parts = urlsplit(url)
    return Address(parts.hostname or "127.0.0.1", parts.port or 443, parts.scheme)


def _of_connection(wanted: str) -> Address:
    known = cast("Mapping[str, Mapping[str, Any]]", CONFIG_MANAGER["connections"])
    if wanted not in known:
        raise UnknownConnectionError(f"There is no connection {wanted!r}. Known: {', '.join(known) or 'none'}.")
    settings = known[wanted]
    account = str(settings.get("account", "sapwood"))
    return Address(
        host=str(settings.get("host", f"{account}.snowflakecomputing.com")),
        port=int(settings.get("port", 443)),
        protocol=str(settings.get("protocol", "https")),
        account=account,
        user=str(settings.get("user", "")),
    )
