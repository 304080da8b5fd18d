"""What belongs to the account: warehouses and roles by name, parameters; and the query history."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, delete, insert, select

from sapwood.errors import DataDirectoryBusyError, StorageFullError
from sapwood.store.database import Database
from sapwood.store.part import Part
from sapwood.store.records import AccountObject, QueryRecord
from sapwood.store.rows import drop, find_all, put, to_row
from sapwood.store.schema import ACCOUNT_OBJECTS, PARAMETERS, QUERIES

DAY_MS = 86_400_000
RECORDS_A_PRUNE = 1000
"""Recorded statements after which old ones are looked for."""
GATHER_S = 0.05
"""Seconds for which statements' records wait for others to share their commit."""

log = logging.getLogger("sapwood.store")


class Account(Part):
    """The catalogue's account objects and parameters."""

    def put_account_object(
        self,
        kind: str,
        name: str,
        *,
        comment: str = "",
        owner: str = "ACCOUNTADMIN",
        or_replace: bool = False,
        if_not_exists: bool = False,
    ) -> bool:
        """False: one was there and was left. Raises ObjectExistsError for a taken name if neither flag is set."""
        thing = AccountObject(kind=kind, name=name, comment=comment, created_on=self._clock(), owner=owner)
        with self._database.write() as connection:
            return put(connection, ACCOUNT_OBJECTS, thing, or_replace=or_replace, if_not_exists=if_not_exists)

    def account_objects(self, kind: str) -> list[AccountObject]:
        """Ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, ACCOUNT_OBJECTS, AccountObject, kind=kind)

    def drop_account_object(self, kind: str, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            return drop(connection, ACCOUNT_OBJECTS, kind=kind, name=name)

    def parameter(self, name: str) -> str | None:
        with self._database.read() as connection:
            return connection.execute(select(PARAMETERS.c.value).where(PARAMETERS.c.name == name)).scalar()

    def set_parameter(self, name: str, value: str | None) -> None:
        """None takes the parameter back to its default."""
        with self._database.write() as connection:
            drop(connection, PARAMETERS, name=name)
            if value is not None:
                connection.execute(insert(PARAMETERS).values(name=name, value=value))


class History(Part):
    """The catalogue's record of statements: the newest ones, as `keep_queries` says.

    A commit waits for the disk, and no statement waits for its record: those that end within a moment share one commit, on
    a thread of its own. A kill may cost the records of that moment; `queries` and `end_history` see all.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        super().__init__(database, clock)
        self._days, self._statements = 365, 100_000
        self._recorded = 0
        self._brought: deque[QueryRecord] = deque()
        self._writing = threading.Lock()
        self._is_awaited = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="history")

    def keep_queries(self, *, days: int, statements: int) -> None:
        """Forget, now and from time to time, what began more than `days` ago, and all but the newest `statements`."""
        self._days, self._statements = days, statements
        self._write_brought()
        with self._database.write() as connection:
            self._forget_queries(connection)

    def record_query(self, query: QueryRecord) -> None:
        """Store a statement within `GATHER_S` or so; one with the same id is replaced, so that a start and an end are one record.

        A full disk or a busy catalogue costs the record, and the log says so.
        """
        self._brought.append(query)
        if not self._is_awaited:
            self._is_awaited = True
            self._writer.submit(self._write_soon)

    def end_history(self) -> None:
        """Store what was brought; nothing can be recorded any more."""
        self._writer.shutdown()

    def _write_soon(self) -> None:
        time.sleep(GATHER_S)
        self._is_awaited = False
        try:
            self._write_brought()
        except (StorageFullError, DataDirectoryBusyError) as error:
            log.warning("statements are missing in the history: %s", error)

    def _write_brought(self) -> None:
        """Write all that was brought, in one transaction."""
        with self._writing:
            brought = [self._brought.popleft() for _ in range(len(self._brought))]
            rows = {query.id: to_row(query) for query in brought}
            if not rows:
                return
            before, self._recorded = self._recorded, self._recorded + len(rows)
            with self._database.write(is_history=True) as connection:
                connection.execute(delete(QUERIES).where(QUERIES.c.id.in_(rows)))
                connection.execute(insert(QUERIES), list(rows.values()))
                if before // RECORDS_A_PRUNE != self._recorded // RECORDS_A_PRUNE:
                    self._forget_queries(connection)

    def _forget_queries(self, connection: Connection) -> None:
        newest = select(QUERIES.c.started_on).order_by(QUERIES.c.started_on.desc())
        first_over = connection.execute(newest.offset(self._statements).limit(1)).scalar()
        too_many = -1 if first_over is None else first_over
        too_old = self._clock() - self._days * DAY_MS - 1
        connection.execute(delete(QUERIES).where(QUERIES.c.started_on <= max(too_many, too_old)))

    def queries(self, limit: int = 100) -> list[QueryRecord]:
        """Newest first."""
        self._write_brought()
        query = select(QUERIES).order_by(QUERIES.c.started_on.desc(), QUERIES.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [QueryRecord(**row) for row in connection.execute(query).mappings()]
