"""A data directory behind a port, for the official clients: the App, its listener, and ADMIN's first password."""

from __future__ import annotations

import secrets
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sapwood import config as settings
from sapwood.app import App, build, connect
from sapwood.config import FIRST_DATABASE
from sapwood.directory import read_owner
from sapwood.engine.engine import Engine
from sapwood.engine.memory import recall
from sapwood.engine.session import Session
from sapwood.errors import DataDirectoryBusyError
from sapwood.inference.threads import wait_without_spinning
from sapwood.server.authentication import Authenticator, Principal
from sapwood.server.first_admin import FirstPassword, ensure_admin_password
from sapwood.server.listener import Edge, Listener
from sapwood.server.protocol import Wanted


@dataclass
class Service:
    """A data directory behind a port. `first_password` is ADMIN's, if it was made just now."""

    app: App
    listener: Listener
    first_password: FirstPassword | None

    @property
    def url(self) -> str:
        """Where clients on this machine reach it."""
        host = "127.0.0.1" if self.listener.host in ("0.0.0.0", "::") else self.listener.host
        return f"{self.listener.protocol}://{host}:{self.listener.port}"

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM, then give the directory back."""
        try:
            self.listener.run()
        finally:
            self.app.close()


def serve(data: str | Path | None = None, *, flags: Mapping[str, Any] | None = None, demo: bool = False) -> Service:
    """Own a data directory and listen for the official clients; nothing is answered before `run`.

    `demo` loads the sample tickets, if they are not there.
    """
    config = settings.load(data, flags)
    app = build(config, waiting=wait_without_spinning)
    try:
        made = ensure_admin_password(app.office.catalog, config.data, given=settings.secret(ADMIN_PASSWORD))
        if demo:
            _load_samples(app)
        guests = _Guests(app.engine)
        edge = Edge(
            config.server,
            data=config.data,
            authenticator=Authenticator(app.office.catalog, _now_ms),
            open_session=guests.open,
            shelf=app.office.catalog,
            resume_session=guests.resume,
        )
        service = Service(app, Listener(config.server, edge), made)
        app.ownership.announce(app.door.address if app.door else "", served=service.url)
        return service
    except BaseException:
        app.close()
        raise


class _Guests:
    """Opens the sessions of the server's clients."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, principal: Principal, wanted: Wanted) -> Session:
        """A session of a client of the server, where it wants to begin, else where its user begins."""
        database = wanted.database or principal.database
        schema = wanted.schema or (principal.schema if database == principal.database else None) or "PUBLIC"
        session = self._open(principal, database, schema)
        session.state.warehouse = wanted.warehouse or principal.warehouse or session.state.warehouse
        return session

    def resume(self, principal: Principal, identity: str, memory: Mapping[str, Any]) -> Session:
        """A client's session of an earlier process, with what it remembered."""
        session = self._open(principal, memory["database"], memory["schema"], identity)
        recall(session.state, memory)
        return session

    def _open(self, principal: Principal, database: str | None, schema: str | None, identity: str = "") -> Session:
        return self._engine.open_session(
            user=principal.user,
            role=principal.role,
            database=database,
            schema=schema,
            is_remote=True,
            has_all_roles=principal.has_all_roles,
            is_role_fixed=principal.is_role_fixed,
            is_by_token=principal.is_by_token,
            identity=identity,
        )


@contextmanager
def serving(data: str | Path | None) -> Generator[tuple[str, FirstPassword | None]]:
    """The URL of the data directory's server for the length of a block: the one that runs, else one on a free port.

    ADMIN's first password comes with it, if it was made just now.
    """
    try:
        service = serve(data, flags={"server.port": 0})
    except DataDirectoryBusyError:
        owner = read_owner(settings.load(data).data)
        if owner is None or not owner.served:
            raise
        yield owner.served, None
        return
    thread = service.listener.start()
    try:
        yield service.url, service.first_password
    finally:
        service.listener.stop()
        thread.join()
        service.app.close()


@contextmanager
def client_settings(data: str | Path | None) -> Generator[Mapping[str, Any]]:
    """What an official client needs to reach the data directory as ADMIN, for the length of a block.

    The rights on the files are the login: ADMIN gets an access token that is taken back at the end.
    """
    name = f"VISIT_{secrets.token_hex(4).upper()}"
    with serving(data) as (url, _), connect(data) as connection:
        cursor = connection.cursor()
        cursor.execute(f"ALTER USER ADMIN ADD PROGRAMMATIC ACCESS TOKEN {name} DAYS_TO_EXPIRY = 1")
        token = dict(zip([column[0] for column in cursor.description or ()], cursor.fetchone() or (), strict=True))
        place = urlsplit(url)
        try:
            yield {
                "account": "sapwood", "protocol": place.scheme, "host": place.hostname, "port": place.port,
                "user": "ADMIN", "password": token["token_secret"], "database": FIRST_DATABASE, "schema": "PUBLIC",
            }  # fmt: skip
        finally:
            cursor.execute(f"ALTER USER ADMIN REMOVE PROGRAMMATIC ACCESS TOKEN {name}")


ADMIN_PASSWORD = "SAPWOOD_ADMIN_PASSWORD"
"""Environment variable with ADMIN's first password."""


def _load_samples(app: App) -> None:
    session = app.open_session()
    try:
        session.execute((resources.files("sapwood") / "samples" / "demo.sql").read_text(encoding="utf-8"))
    finally:
        session.close()


def _now_ms() -> int:
    return int(time.time() * 1000)
