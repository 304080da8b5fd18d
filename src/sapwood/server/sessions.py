"""Sessions of clients: who they are, their tokens, and the one statement at a time that each runs.

A session token lives an hour and is renewed with the master token, which lives four hours from the last renewal or
heartbeat. Tokens are kept as digests only. What a session remembers is kept in the catalogue after each change, so that its
client goes on after a restart of the server. Knows no HTTP.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from sapwood.engine.binds import Binds
from sapwood.engine.result import OnText, Result
from sapwood.errors import DataDirectoryBusyError, Error, StorageFullError
from sapwood.server.authentication import Principal
from sapwood.server.client_program import RESULT_FORMATS, Client, read_client
from sapwood.store.records import ClientSession

log = logging.getLogger("sapwood.server")

SESSION_S = 3600
"""Seconds that a session token lives."""
MASTER_S = 4 * 3600
"""Seconds that a master token lives after it was last used."""


_LOOK_S = 60.0
"""Seconds between two looks for sessions that have expired."""


class SessionGoneError(Error):
    """The token belongs to no session (any more)."""

    errno, sqlstate = 390111, "08003"


class SessionExpiredError(Error):
    """The session token is too old: clients renew it by themselves."""

    errno, sqlstate = 390112, "08003"


class MasterExpiredError(Error):
    """The master token is unknown or too old: clients log in anew."""

    errno, sqlstate = 390114, "08003"


class EngineState(Protocol):
    """Where a session of the engine is."""

    @property
    def id(self) -> str: ...
    @property
    def database(self) -> str | None: ...
    @property
    def schema(self) -> str | None: ...
    @property
    def warehouse(self) -> str | None: ...
    @property
    def role(self) -> str: ...


class EngineSession(Protocol):
    """What the wire needs of a session of the engine."""

    @property
    def state(self) -> EngineState: ...
    def execute(
        self,
        text: str,
        *,
        describe_only: bool = False,
        query_id: str | None = None,
        binds: Binds | None = None,
        on_text: OnText | None = None,
    ) -> list[Result]: ...
    def read(self, text: str) -> pa.Table: ...
    def with_parameters(self, values: Mapping[str, Any]) -> AbstractContextManager[None]: ...
    def parameter(self, name: str) -> Any: ...
    def set_parameters(self, values: Mapping[str, Any]) -> None: ...
    def fork(self) -> EngineSession | None: ...
    def memory(self) -> dict[str, Any] | None: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


class Line:
    """Runs a session's statements one after the other, in the order in which they came, on the threads of a pool."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_busy = False

    def add(self, work: Callable[[], None]) -> None:
        """Run this once everything before it has run."""
        with self._lock:
            self._waiting.append(work)
            if self._is_busy:
                return
            self._is_busy = True
        self._pool.submit(self._work)

    def beside(self, work: Callable[[], None]) -> None:
        """Run this without waiting for the others."""
        self._pool.submit(work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_busy = False
                    return
                work = self._waiting.popleft()
            work()


@dataclass
class WireSession:
    """One login. `client` is the program that logged in, as its User-Agent names it."""

    id: int
    principal: Principal
    engine: EngineSession
    line: Line
    client: Client
    token_digest: bytes = b""
    token_until: float = 0.0
    master_digest: bytes = b""
    master_until: float = 0.0
    memory: Mapping[str, Any] | None = None
    """What was last kept of the engine's session."""

    @property
    def takes_arrow(self) -> bool:
        """Whether results of queries travel as Arrow."""
        return self.client.takes_arrow and all(self.engine.parameter(name) == "ARROW" for name in RESULT_FORMATS)


@dataclass(frozen=True)
class Tokens:
    """What a client gets to show later."""

    session: str = field(repr=False)
    master: str = field(repr=False)


class Shelf(Protocol):
    """Where sessions lie for the time after a restart: the catalogue."""

    def put_session(self, session: ClientSession) -> None: ...
    def session_of_token(self, digest: str) -> ClientSession | None: ...
    def session_of_master(self, digest: str) -> ClientSession | None: ...
    def drop_session(self, identity: str) -> None: ...
    def drop_old_sessions(self) -> None: ...


ResumeSession = Callable[[Principal, str, Mapping[str, Any]], EngineSession]
"""Opens a session of the engine anew, by who logged in, its id and what it remembered."""


class Sessions:
    """All sessions of the server. Safe for threads. `clock` gives epoch seconds."""

    def __init__(
        self, pool: Executor, shelf: Shelf, resume: ResumeSession, clock: Callable[[], float] = time.time
    ) -> None:
        self._pool = pool
        self._shelf = shelf
        self._resume = resume
        self._clock = clock
        self._lock = threading.RLock()
        self._looked = 0.0
        self._by_token: dict[bytes, WireSession] = {}
        self._by_master: dict[bytes, WireSession] = {}

    def open(self, engine: EngineSession, principal: Principal, client: Client) -> tuple[WireSession, Tokens]:
        """A new session and its tokens; those whose master token is too old end here."""
        self._end_expired()
        session = WireSession(int(engine.state.id), principal, engine, Line(self._pool), client)
        return session, self._issue(session)

    def find(self, token: str) -> WireSession:
        """The session of a session token."""
        digest = _digest(token)
        session = self._by_token.get(digest) or self._resumed(self._shelf.session_of_token(digest.hex()))
        if session is None:
            raise SessionGoneError("Session no longer exists.  New login required to access the service.")
        if session.token_until < self._clock():
            raise SessionExpiredError("Your session token has expired. Renew it with the master token.")
        return session

    def renew(self, master: str) -> tuple[WireSession, Tokens]:
        """New tokens for the holder of a master token; the old ones are worth nothing from then on."""
        digest = _digest(master)
        session = self._by_master.get(digest) or self._resumed(self._shelf.session_of_master(digest.hex()))
        if session is None or session.master_until < self._clock():
            raise MasterExpiredError("Authentication token has expired.  The user must authenticate again.")
        return session, self._issue(session)

    def touch(self, session: WireSession) -> None:
        """A heartbeat: both tokens live on."""
        session.token_until, session.master_until = self._clock() + SESSION_S, self._clock() + MASTER_S
        self._keep(session)

    def remember(self, session: WireSession) -> None:
        """Keep what a statement changed in the session."""
        if session.engine.memory() != session.memory:
            self._keep(session)

    def end(self, session: WireSession) -> None:
        """Close a session and everything that it runs."""
        with self._lock:
            self._forget(session)
            self._shelf.drop_session(str(session.id))
        session.engine.close()

    def close(self) -> None:
        """Close all sessions; their clients go on with the next process."""
        for session in self.all():
            session.engine.close()

    def all(self) -> list[WireSession]:
        return list(self._by_master.values())

    # Tokens ----------------------------------------------------------------------------------------------------------

    def _issue(self, session: WireSession) -> Tokens:
        tokens = Tokens(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        with self._lock:
            self._forget(session)
            session.token_digest, session.master_digest = _digest(tokens.session), _digest(tokens.master)
            self._know(session)
            self.touch(session)
        return tokens

    def _know(self, session: WireSession) -> None:
        self._by_token[session.token_digest] = self._by_master[session.master_digest] = session

    def _forget(self, session: WireSession) -> None:
        self._by_token.pop(session.token_digest, None)
        self._by_master.pop(session.master_digest, None)

    def _end_expired(self) -> None:
        """From time to time; the catalogue's copy takes a commit."""
        if self._clock() < self._looked + _LOOK_S:
            return
        self._looked = self._clock()
        for session in self.all():
            if session.master_until < self._clock():
                self.end(session)
        self._shelf.drop_old_sessions()

    # A restart -------------------------------------------------------------------------------------------------------

    def _keep(self, session: WireSession) -> None:
        """A full disk or a busy catalogue costs the session's life after a restart, not the statement."""
        session.memory = session.engine.memory()
        kept = ClientSession(
            str(session.id),
            session.token_digest.hex(),
            _ms(session.token_until),
            session.master_digest.hex(),
            _ms(session.master_until),
            session.client.agent,
            asdict(session.principal),
            session.memory,
        )
        try:
            with self._lock:
                if session.token_digest in self._by_token:  # else it has ended meanwhile
                    self._shelf.put_session(kept)
        except (StorageFullError, DataDirectoryBusyError):
            log.warning("a session is not kept for a restart", extra={"session": session.id})

    def _resumed(self, kept: ClientSession | None) -> WireSession | None:
        """The session of an earlier process, which goes on from here."""
        if kept is None:
            return None
        if kept.memory is None:
            raise SessionGoneError(
                "Session no longer exists.  New login required to access the service.",
                hint="The server was restarted, and the session had temporary objects or an open transaction.",
            )
        with self._lock:
            digest = bytes.fromhex(kept.token_digest)
            if digest not in self._by_token:
                principal = Principal(**kept.principal)
                engine = self._resume(principal, kept.id, kept.memory)
                session = WireSession(int(kept.id), principal, engine, Line(self._pool), read_client(kept.agent))
                session.token_digest, session.token_until = digest, kept.token_until / 1000
                session.master_digest, session.master_until = (
                    bytes.fromhex(kept.master_digest),
                    kept.master_until / 1000,
                )
                session.memory = kept.memory
                self._know(session)
            return self._by_token[digest]


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
