"""Sessions of clients: put, find by a token, drop. Knows nothing of what a session remembers."""

from __future__ import annotations

from sqlalchemy import delete

from sapwood.store.part import Part
from sapwood.store.records import ClientSession
from sapwood.store.rows import drop, find, put
from sapwood.store.schema import CLIENT_SESSIONS


class ClientSessions(Part):
    """The catalogue's sessions of clients. Digests are sha256 in hexadecimal digits."""

    def put_session(self, session: ClientSession) -> None:
        """Store a session in the place of what was known of it."""
        with self._database.write() as connection:
            put(connection, CLIENT_SESSIONS, session, or_replace=True)

    def session_of_token(self, digest: str) -> ClientSession | None:
        with self._database.read() as connection:
            return find(connection, CLIENT_SESSIONS, ClientSession, token_digest=digest)

    def session_of_master(self, digest: str) -> ClientSession | None:
        """The session whose master token has this digest."""
        with self._database.read() as connection:
            return find(connection, CLIENT_SESSIONS, ClientSession, master_digest=digest)

    def drop_session(self, identity: str) -> None:
        with self._database.write() as connection:
            drop(connection, CLIENT_SESSIONS, id=identity)

    def drop_old_sessions(self) -> None:
        """Forget the sessions whose master token has expired."""
        with self._database.write() as connection:
            connection.execute(delete(CLIENT_SESSIONS).where(CLIENT_SESSIONS.c.master_until < self._clock()))
