"""The catalogue: one object with all its nouns, over one database that several processes share.

Each noun is a file of its own: stages, models, jobs, account, users, roles, sessions. Comes in and goes out: the records of records.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sapwood.store.account import Account, History
from sapwood.store.database import Database, now_ms
from sapwood.store.jobs import Jobs
from sapwood.store.models import AddedModels, TunedModels
from sapwood.store.roles import Roles
from sapwood.store.sessions import ClientSessions
from sapwood.store.stages import Stages
from sapwood.store.users import Users


class Catalog(Stages, TunedModels, AddedModels, Jobs, Account, History, Users, Roles, ClientSessions):
    """Stages, file formats, models, jobs, account objects, users, roles, sessions and history. Safe for threads and for processes side by side.

    `url` is SQLAlchemy's: sqlite:///<data>/catalog.sqlite, or a PostgreSQL one. `clock` gives epoch milliseconds.
    Each call is one transaction and durable when it returns, but that of the history. Raises DataDirectoryBusyError, StorageFullError.
    """

    def __init__(self, url: str, *, clock: Callable[[], int] = now_ms) -> None:
        super().__init__(Database(url), clock)

    def close(self) -> None:
        """Store what is still to be stored, and give up the database's connections."""
        self.end_history()
        self._database.close()
