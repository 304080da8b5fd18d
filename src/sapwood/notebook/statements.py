"""Runs SQL for a cell: text in, the query id of the last statement out, and how far its model is meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pandas as pd
from snowflake.connector.errors import Error as ConnectorError
from snowflake.connector.util_text import split_statements
from snowflake.snowpark import Session

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.5
_GLANCE_S = 1.0
"""Seconds between two looks at how far a statement is; quick ones are never asked."""
_PROGRESS = """SELECT DONE, TOTAL, CACHED, SECONDS_LEFT
FROM TABLE(INFORMATION_SCHEMA.QUERY_PROGRESS()) WHERE QUERY_ID = '{query_id}'"""
_TAG = "sapwood notebook"
"""QUERY_TAG of what a notebook asks for itself."""

_NOTHING = re.compile(r"(?:\s|--[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
"""What stands between statements: comments, which a cell may have alone."""

OnProgress = Callable[[str], None]
"""Is told, in words, how far a statement is."""


@dataclass(frozen=True)
class Ran:
    """The last statement of a cell: its result by query id, or the rows of a transfer, which the client makes itself."""

    query_id: str
    rows: pd.DataFrame | None = None


def run(session: Session, text: str, *, on_progress: OnProgress) -> Ran | None:
    """Run the statements of a cell, one after the other; None if there are none. Raises the connector's errors."""
    last: Ran | None = None
    for statement, is_transfer in _statements(text):
        last = _transfer(session, statement) if is_transfer else _query(session, statement, on_progress)
    return last


def _statements(text: str) -> Iterator[tuple[str, bool]]:
    for statement, is_transfer in split_statements(StringIO(text)):
        bare = (statement or "").strip().rstrip(";").strip()
        if not _NOTHING.fullmatch(bare):
            yield bare, bool(is_transfer)


def _transfer(session: Session, statement: str) -> Ran:
    """PUT and GET move files of this machine."""
    with session.connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column.name for column in cursor.description or ()]
        return Ran(str(cursor.sfqid), pd.DataFrame(cursor.fetchall(), columns=names))


def _query(session: Session, statement: str, on_progress: OnProgress) -> Ran:
    connection = session.connection
    with connection.cursor() as cursor:
        cursor.execute_async(statement)
        query_id = str(cursor.sfqid)
        try:
            _watch(session, query_id, on_progress)
        except KeyboardInterrupt:
            cursor.abort_query(query_id)
            raise
    connection.get_query_status_throw_if_error(query_id)
    return Ran(query_id)


def _watch(session: Session, query_id: str, on_progress: OnProgress) -> None:
    pause, glanced = _FIRST_PAUSE_S, time.monotonic()
    while session.connection.is_still_running(session.connection.get_query_status(query_id)):
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
        if time.monotonic() - glanced > _GLANCE_S:
            glanced = time.monotonic()
            on_progress(_glance(session, query_id))


def _glance(session: Session, query_id: str) -> str:
    """How far the statement's model is; '' where nothing is known. What can't be asked now is not told: the statement goes on."""
    try:
        rows = ask(session, _PROGRESS.format(query_id=query_id))
    except ConnectorError:
        return ""
    for done, total, cached, left in rows:
        rest = "" if left is None else f", about {left:.0f} s to go"
        return f"{int(done):,} of {int(total):,} questions answered, {int(cached):,} of them known before{rest}"
    return ""


def ask(session: Session, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a question that the notebook asks for itself."""
    with session.connection.cursor() as cursor:
        cursor.execute(sql, _statement_params={"QUERY_TAG": _TAG})
        return list(cursor.fetchall())  # type: ignore[arg-type]
