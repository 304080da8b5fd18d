"""The SQL door: one signed-in user's session, and the statements that went through it.

Statements in, rows out. Everything that Studio knows comes through here, with the rights of the user; every statement is
noted, so that a page can show what its clicks were in SQL.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from snowflake.connector import DictCursor
from snowflake.connector.constants import QueryStatus
from snowflake.snowpark import Session

from sapwood.studio.address import Address
from sapwood.studio.memory import Memory, Row
from sapwood.studio.rows import Rows
from sapwood.studio.sql import literal

TAG = "sapwood studio"
"""QUERY_TAG of Studio's look-ups; what the user runs has none."""

_READING = re.compile(r"\s*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXPLAIN|LIST|LS)\b", re.IGNORECASE)
"""Statements after which what was looked up still holds."""


@dataclass(frozen=True)
class Spoken:
    """A statement that went through the door."""

    sql: str
    seconds: float = 0.0


class Door:
    """A user's session. `ask` runs a statement, `look` may remember its rows, `do` is for changes, `start` does not wait."""

    def __init__(self, session: Session, address: Address, *, settings: Mapping[str, Any]) -> None:
        self.session = session
        self.address = address
        self.settings = settings
        """What opened it: a program that the user starts here signs in with the same."""
        self.spoken: list[Spoken] = []
        self._memory = Memory(partial(self._rows, tag=TAG))

    def ask(self, sql: str) -> list[Row]:
        """The rows of a look-up whose result is small."""
        return self._run(sql, tag=TAG)

    def _run(self, sql: str, *, tag: str) -> list[Row]:
        started = time.perf_counter()
        rows = self._rows(sql, tag=tag)
        self.spoken.append(Spoken(sql, time.perf_counter() - started))
        return rows

    def _rows(self, sql: str, *, tag: str) -> list[Row]:
        with self.session.connection.cursor(DictCursor) as cursor:
            cursor.execute(sql, _statement_params={"QUERY_TAG": tag})
            return list(cursor.fetchall())  # type: ignore[arg-type]

    def look(self, sql: str) -> list[Row]:
        """`ask`, or what it gave some seconds ago."""
        started = time.perf_counter()
        rows = self._memory.look(sql)
        self.spoken.append(Spoken(sql, time.perf_counter() - started))
        return rows

    def look_ahead(self, statements: Iterable[str]) -> None:
        """Begin look-ups that a page will want."""
        self._memory.ahead(statements)

    def do(self, sql: str) -> list[Row]:
        """A statement of the user's own, which may change something: what was looked up before is asked again."""
        try:
            return self._run(sql, tag="")
        finally:
            self.forget()

    def forget(self) -> None:
        """Ask for everything again."""
        self._memory.forget()

    def forget_after(self, sql: str) -> None:
        """What a statement that has ended may have changed: everything, or the history alone."""
        if not _READING.match(sql) or "FINETUNE" in sql.upper():
            self.forget()
        else:
            self._memory.forget("QUERY_HISTORY")

    def one(self, sql: str) -> Any:
        """The first value of the first row."""
        return next(iter(self.ask(sql)[0].values()))

    def start(self, sql: str, *, tag: str = "") -> str:
        """Begin a statement and give its query id. Errors of its text are raised here or by `rows`."""
        self.spoken.append(Spoken(sql))
        with self.session.connection.cursor() as cursor:
            cursor.execute_async(sql, _statement_params={"QUERY_TAG": tag})
            return str(cursor.sfqid)

    def is_running(self, query_id: str) -> bool:
        """Whether a statement that was started has not ended."""
        status: QueryStatus = self.session.connection.get_query_status(query_id)
        return self.session.connection.is_still_running(status)

    def cancel(self, query_id: str) -> None:
        """Stop a statement; finished rows of models stay finished."""
        with self.session.connection.cursor() as cursor:
            cursor.abort_query(query_id)

    def rows(self, query_id: str) -> Rows:
        """The rows of a statement that has ended; raises its error."""
        connection = self.session.connection
        connection.get_query_status_throw_if_error(query_id)
        with connection.cursor() as cursor:
            cursor.query_result(query_id)
            columns = [column.name for column in cursor.description or ()]
            return Rows(cursor.get_result_batches() or (), columns)

    def fetch_files(self, place: str, folder: str) -> None:
        """GET the files of a stage or model into a folder of this machine."""
        self._run(f"GET {literal(place)} {literal(f'file://{folder}/')}", tag=TAG)

    def put_file(self, file: Path, place: str) -> None:
        """PUT a file of this machine into a folder of a stage, in the place of one of its name."""
        source, target = literal(f"file://{file}"), literal(place)
        self._run(f"PUT {source} {target} AUTO_COMPRESS = FALSE OVERWRITE = TRUE", tag=TAG)

    def close(self) -> None:
        """Sign out."""
        self._memory.close()
        self.session.close()


def open_door(address: Address, user: str, password: str) -> Door:
    """Sign in. The password may be a programmatic access token. Raises the connector's errors."""
    settings: dict[str, Any] = {
        "account": address.account, "host": address.host, "port": address.port, "protocol": address.protocol,
        "user": user, "password": password, "login_timeout": 10, "client_session_keep_alive": False,
    }  # fmt: skip
    return Door(Session.builder.configs(settings).create(), address, settings=settings)
