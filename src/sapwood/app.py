"""The one place where the parts are built and wired: catalogue, registry, jobs, backends, engine, door.

A process that owns a data directory has an `App`; one that only looks at the catalogue (`jobs`, `models list`) has the
`Office` in it, see office.py. `connect` gives a connection to either the own App or that of the owner.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sapwood import config as settings
from sapwood.config import FIRST_DATABASE, Config
from sapwood.connection import Connection
from sapwood.directory import Ownership, read_owner, read_token, take
from sapwood.engine.engine import Engine
from sapwood.engine.export import ExportProcess
from sapwood.engine.memory import recall
from sapwood.engine.result import Progress
from sapwood.engine.session import Session
from sapwood.errors import DataDirectoryBusyError
from sapwood.functions import finetune
from sapwood.functions.function import CommandContext, CommandHandler
from sapwood.inference.backends import Backends, open_backends
from sapwood.inference.threads import wait_as_cores_allow, wait_without_spinning
from sapwood.jobs.keeper import Keeper
from sapwood.jobs.leftovers import clear_leftovers
from sapwood.office import Office, open_office
from sapwood.registry.registry import Download
from sapwood.server.authentication import Authenticator, Principal
from sapwood.server.client import RemoteSession
from sapwood.server.door import Door
from sapwood.server.first_admin import FirstPassword, ensure_admin_password
from sapwood.server.listener import Edge, Listener
from sapwood.server.protocol import Wanted
from sapwood.store.answers import AnswerCache

OnProgress = Callable[[Progress], None]


@dataclass
class App:
    """Everything of the process that owns a data directory."""

    office: Office
    engine: Engine
    backends: Backends
    answers: AnswerCache
    ownership: Ownership
    downloads: _Downloads
    keeper: Keeper
    door: Door | None = field(default=None)

    def open_remote(self, principal: Principal, wanted: Wanted) -> Session:
        """A session of a client of the server, where it wants to begin, else where its user begins."""
        database = wanted.database or principal.database
        schema = wanted.schema or (principal.schema if database == principal.database else None) or "PUBLIC"
        session = self._open_remote(principal, database, schema)
        session.state.warehouse = wanted.warehouse or principal.warehouse or session.state.warehouse
        return session

    def resume_remote(self, principal: Principal, identity: str, memory: Mapping[str, Any]) -> Session:
        """A client's session of an earlier process, with what it remembered."""
        session = self._open_remote(principal, memory["database"], memory["schema"], identity)
        recall(session.state, memory)
        return session

    def _open_remote(
        self, principal: Principal, database: str | None, schema: str | None, identity: str = ""
    ) -> Session:
        return self.engine.open_session(
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

    def open_session(self, on_progress: OnProgress | None = None) -> Session:
        """A session of ADMIN with ACCOUNTADMIN: in process, the rights on the files are the login."""
        if on_progress:
            self.downloads.listeners.append(on_progress)
        return self.engine.open_session(on_progress=on_progress)

    def close(self) -> None:
        """End sessions and models and give the directory back. Jobs go on: their workers are processes of their own."""
        if self.door:
            self.door.close()
        self.keeper.close()
        self.engine.close()
        self.backends.close()
        self.answers.close()
        self.office.close()
        self.ownership.release()


def connect(
    data: str | Path | None = None,
    *,
    on_progress: OnProgress | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Connection:
    """Open the data directory (`data`, then $SAPWOOD_DATA, then ./sapwood-data), making it if it is not there.

    If another process owns it, the connection goes through that process. `on_progress` is told how long statements get on;
    `flags` are settings by dotted name, such as {"inference.threads": 2}.
    """
    config = settings.load(data, flags)
    try:
        app = build(config, waiting=wait_as_cores_allow)
    except DataDirectoryBusyError:
        return Connection(_session_of_owner(config.data, on_progress))
    return Connection(app.open_session(on_progress), on_close=app.close)


def build(config: Config, *, waiting: Callable[[], Mapping[str, str]]) -> App:
    """Take the data directory and build all parts; jobs whose worker died go on. DataDirectoryBusyError if it is taken.

    `waiting` says how the threads of the inference process wait: see inference/threads.py.
    """
    ownership = take(config.data)
    try:
        downloads = _Downloads()
        office = open_office(config, on_download=downloads)
        answers = AnswerCache(config.data / "cache" / "answers.sqlite")
        answers.prune(days=config.answers.days, megabytes=config.answers.megabytes)
        office.catalog.keep_queries(days=config.history.days, statements=config.history.statements)
        clear_leftovers(office.catalog, config.data, days=config.history.job_days)
        registry = office.registry
        backends = open_backends(
            config.inference,
            prepare=registry.prepare,
            key_of=registry.key_of,
            limits_of=registry.limits_of,
            waiting=waiting,
        )
        command = finetune.finetune_command(office.jobs, registry, config.data)
        engine = Engine(
            config=config,
            catalog=office.catalog,
            answers=answers,
            functions=office.plugins.functions,
            commands={"FINETUNE": (finetune.SIGNATURE, _with_room_for_training(command, backends))},
            registry=registry,
            backends=backends,
            export=ExportProcess((sys.executable, "-m", "sapwood", "models", "export", "--data", str(config.data))),
        )
        office.jobs.recover()
        app = App(office, engine, backends, answers, ownership, downloads, Keeper(office.jobs))
        app.door = Door(app.open_session, ownership.token)
        ownership.announce(app.door.address)
    except BaseException:
        ownership.release()
        raise
    return app


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
        edge = Edge(
            config.server,
            data=config.data,
            authenticator=Authenticator(app.office.catalog, _now_ms),
            open_session=app.open_remote,
            shelf=app.office.catalog,
            resume_session=app.resume_remote,
        )
        service = Service(app, Listener(config.server, edge), made)
        app.ownership.announce(app.door.address if app.door else "", served=service.url)
        return service
    except BaseException:
        app.close()
        raise


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


BESIDE_TRAINING = 1 << 30
"""Bytes of weights that may stay in memory when a training job starts: all together should be at home in 8 GB."""


def _with_room_for_training(command: CommandHandler, backends: Backends) -> CommandHandler:
    """FINETUNE, but CREATE lets go of large models: its worker needs the memory, and they come back when they are asked."""

    def run(arguments: Mapping[str, Any], context: CommandContext) -> str:
        answer = command(arguments, context)
        if str(arguments.get("action")).upper() == "CREATE":
            backends.shrink(BESIDE_TRAINING)
        return answer

    return run


def _session_of_owner(data: Path, on_progress: OnProgress | None) -> RemoteSession:
    owner, token = read_owner(data), read_token(data)
    if owner is None or not owner.address or token is None:
        raise DataDirectoryBusyError(
            f"the data directory {data} is in use by another process that takes no connections yet",
            hint="Try again in a moment.",
        )
    return RemoteSession(owner.address, token, on_progress)


def as_progress(listener: OnProgress) -> Callable[[Download], None]:
    """A listener of statements' progress, made to listen to a model's download."""
    return lambda download: listener(
        Progress("", download.phase, download.model, download.done, download.total, 0, 0.0)
    )


class _Downloads:
    """Passes the progress of model downloads on to every session that listens."""

    def __init__(self) -> None:
        self.listeners: list[OnProgress] = []

    def __call__(self, download: Download) -> None:
        for listener in tuple(self.listeners):
            as_progress(listener)(download)
