"""The engine: parts handed in, sessions out. It owns the DuckDB instance and nothing else."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence

from sapwood.config import FIRST_DATABASE, Config
from sapwood.dialect.statements import Signature
from sapwood.engine.database import Databases
from sapwood.engine.ledger import spill_folder
from sapwood.engine.location import session_folder
from sapwood.engine.models import Registry
from sapwood.engine.parameter import AccountParameters
from sapwood.engine.recent import RecentResults
from sapwood.engine.result import OnProgress
from sapwood.engine.session import Session
from sapwood.engine.udf import CallDoor
from sapwood.engine.work import Export, Parts, State
from sapwood.functions.function import CommandHandler, SqlFunction
from sapwood.inference.request import Backend
from sapwood.store.answers import AnswerCache
from sapwood.store.catalog import Catalog

OWNER = "ACCOUNTADMIN"


class Engine:
    """Opens the databases of a data directory and runs sessions on them. Safe for threads."""

    def __init__(
        self,
        *,
        config: Config,
        catalog: Catalog,
        answers: AnswerCache,
        functions: Sequence[SqlFunction],
        commands: Mapping[str, tuple[Signature, CommandHandler]],
        registry: Registry,
        backends: Backend,
        export: Export,
    ) -> None:
        for left in (session_folder(config.data), spill_folder(config.data)):
            shutil.rmtree(left, ignore_errors=True)
        folder = config.data / "databases"
        is_new = not folder.is_dir() or not any(folder.iterdir())
        door = CallDoor()
        databases = Databases(folder, register=door.register)
        if is_new:
            databases.create(FIRST_DATABASE, owner=OWNER)
        self.parts = Parts(
            config,
            catalog,
            answers,
            {function.signature.function: function for function in functions},
            commands,
            registry,
            backends,
            databases,
            door,
            AccountParameters(catalog),
            RecentResults(config.data / "cache" / "results"),
            export,
        )
        self._sessions: list[Session] = []

    def open_session(
        self,
        *,
        user: str = "ADMIN",
        role: str = OWNER,
        database: str | None = FIRST_DATABASE,
        schema: str | None = "PUBLIC",
        on_progress: OnProgress | None = None,
        is_remote: bool = False,
        has_all_roles: bool = False,
        is_role_fixed: bool = False,
        is_by_token: bool = False,
        identity: str = "",
    ) -> Session:
        """A session of its own. A database that is not there leaves it without a current one, as in Snowflake.

        `is_remote` is a session whose user is on another machine: it reaches no local path. The three after it are what
        the login says: see `State`. `identity` is that of a session which goes on after a restart.
        """
        if database is not None and not self.parts.databases.has(database):
            database = None
        if database is None:
            schema = None
        state = State(
            identity or str(uuid.uuid4().int >> 74),
            user,
            role,
            database,
            schema,
            warehouse="COMPUTE_WH",
            is_remote=is_remote,
            has_all_roles=has_all_roles,
            is_role_fixed=is_role_fixed,
            is_by_token=is_by_token,
        )
        session = Session(self.parts, state, on_progress=on_progress)
        self._sessions = [*(known for known in self._sessions if not known.is_closed), session]
        return session

    def close(self) -> None:
        """Cancel what runs, close all sessions and the databases."""
        for session in self._sessions:
            session.close()
        self.parts.databases.close()
