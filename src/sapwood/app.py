"""The one place where the parts are built and wired: catalogue, registry, jobs, backends, engine, door.

A process that owns a data directory has an `App`; one that only looks at the catalogue (`jobs`, `models list`) has the
`Office` in it, see office.py. `connect` gives a connection to either the own App or that of the owner.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sapwood import config as settings
from sapwood.config import Config
from sapwood.connection import Connection
from sapwood.directory import Ownership, read_owner, read_token, take
from sapwood.engine.engine import Engine
from sapwood.engine.export import ExportProcess
from sapwood.engine.result import Progress
from sapwood.engine.session import Session
from sapwood.errors import DataDirectoryBusyError
from sapwood.functions import finetune
from sapwood.functions.function import CommandContext, CommandHandler
from sapwood.inference.backends import Backends, open_backends
from sapwood.inference.threads import wait_as_cores_allow
from sapwood.jobs.keeper import Keeper
from sapwood.jobs.leftovers import clear_leftovers
from sapwood.office import Office, open_office
from sapwood.registry.registry import Download
from sapwood.server.door import Door
from sapwood.store.answers import AnswerCache

if TYPE_CHECKING:
    from sapwood.server.client import RemoteSession

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
    from sapwood.server.client import RemoteSession  # an HTTP client comes with it

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
