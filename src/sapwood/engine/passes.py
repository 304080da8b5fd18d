"""A query with calls of ours to its table: run, answer what was unknown, run again, until nothing is.

What the query asks is DuckDB's own business (filters, CASE, LIMIT): only rows that it evaluates are asked. A LIMIT right
above a filter with a call is run on a part of the rows at first; where more lies between, with answers at once, so that it
stops when it has enough. Nothing is written here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa

from sapwood.dialect.statements import Query
from sapwood.engine.batch import Batcher
from sapwood.engine.collector import COLLECTOR
from sapwood.engine.failure import translated
from sapwood.engine.ledger import Notes
from sapwood.engine.ordering import Asking, Sample, learned, windows, without_filter, written, written_as_true
from sapwood.engine.udf import AnswerCalls, Asked, CallDoor
from sapwood.errors import CancelledError, Error

TOKEN = "{token}"
"""Stands for the statement's token in the SQL that the dialect writes."""
LIMITS = ("LIMIT", "STREAMING_LIMIT", "LIMIT_PERCENT")
CALL = "sapwood_"


class Passes:
    """Runs the queries of one statement on one cursor."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        *,
        door: CallDoor,
        token: str,
        batcher: Batcher,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self._cursor = cursor
        self._door = door
        self._token = token
        self._batcher = batcher
        self._is_cancelled = is_cancelled

    def table(self, query: Query, parameters: dict[str, Any] | None = None) -> pa.Table:
        """The query's rows as DuckDB gives them; the first failed row's error once all others are finished and kept."""

        def run(sql: str) -> pa.Table:
            with translated():
                return self._cursor.execute(sql, parameters or None).to_arrow_table()

        if not query.calls:
            return run(query.sql)
        plan = self._plan(query, parameters)
        if len(query.filters) == 1 and query.filters[0].row and _takes_any(plan):
            return self.first_rows(query, run)
        if _filters_below_limit(plan, False):
            return self.at_once(query, run)
        return self.until_known(query, run)

    def until_known(
        self, statement: Asking, run: Callable[[str], Any], *, undo: Callable[[], None] = lambda: None
    ) -> Any:
        """Run until a pass meets nothing unknown; that pass's result. `undo` takes back each pass but the last, before a model is asked."""
        asked = self._asked(statement.calls)

        def work() -> Any:
            def probe(sql: str) -> Sample:
                self._loop(asked, sql, run, undo)
                undo()
                return Sample(list(asked.probed))

            orders = learned(statement, probe, asked.cost)
            result = self._loop(asked, written(statement, orders), run, undo)
            self._batcher.account.count_rows(asked.rows)
            return result

        return self._inside(asked, work)

    def first_rows(self, query: Query, run: Callable[[str], pa.Table]) -> pa.Table:
        """Rows up to a limit: a part of those at the filter is asked, then more, until there are enough."""
        asked = self._asked(query.calls)

        def quiet(sql: str) -> int:
            asked.begin_pass(met={})
            return run(self._tokened(sql)).num_rows

        def work() -> pa.Table:
            found = self._enough(asked, query, quiet, run)
            self._batcher.account.count_rows(asked.rows)
            return found

        return self._inside(asked, work)

    def _enough(
        self, asked: Asked, query: Query, quiet: Callable[[str], int], run: Callable[[str], pa.Table]
    ) -> pa.Table:
        without, probe = without_filter(query)
        most, _ = quiet(without), quiet(probe)
        *parts, whole = windows(query, rows=len(asked.probed), most=most)
        for part in parts:
            found = self._loop(asked, part, run, lambda: None)
            if found.num_rows >= most:
                return found
        return self._loop(asked, whole, run, lambda: None)

    def at_once(self, statement: Asking, run: Callable[[str], Any]) -> Any:
        """Run once; what is unknown is answered on the spot, chunk by chunk (2,048 rows)."""
        asked = self._asked(statement.calls, answer=self._batcher.answer)
        return self._inside(asked, lambda: self._single(asked, written(statement), run))

    def foreseen(self, query: Query) -> dict[int, tuple[int, Notes]]:
        """Rows and different askings of each call site, as if every condition that asks were true; no model is asked."""
        asked = self._asked(query.calls)
        met: dict[int, tuple[int, Notes]] = {}
        asked.begin_pass(met=met)

        def run() -> None:
            with translated():
                for _ in self._cursor.execute(self._tokened(written_as_true(query))).to_arrow_reader():
                    self._raise_if_cancelled()

        self._inside(asked, run)
        return met

    def _inside(self, asked: Asked, work: Callable[[], Any]) -> Any:
        self._door.open(self._token, asked)
        try:
            with COLLECTOR:
                return work()
        finally:
            self._door.close(self._token)
            asked.close()

    def _asked(self, calls: tuple[Any, ...], *, answer: AnswerCalls | None = None) -> Asked:
        return Asked(calls, folder=self._batcher.batching.folder, is_cancelled=self._is_cancelled, answer=answer)

    def _loop(self, asked: Asked, sql: str, run: Callable[[str], Any], undo: Callable[[], None]) -> Any:
        while True:
            asked.begin_pass()
            result, failure = _attempt(run, self._tokened(sql))
            self._raise_if_cancelled()
            wanted = asked.unknown
            if wanted is None:
                if failure is not None:
                    raise failure
                return result
            undo()
            call, notes = wanted
            count, before = len(notes), self._batcher.account.usage.tokens
            asked.learn(call, self._batcher.answer(call, notes.windows(self._is_cancelled), count))
            asked.spend(call, count, self._batcher.account.usage.tokens - before)
            _raise_if_failed(asked)

    def _single(self, asked: Asked, sql: str, run: Callable[[str], Any]) -> Any:
        asked.begin_pass()
        result, failure = _attempt(run, self._tokened(sql))
        self._raise_if_cancelled()
        _raise_if_failed(asked)
        if failure is not None:
            raise failure
        self._batcher.account.count_rows(asked.rows)
        return result

    def _raise_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise CancelledError("SQL execution canceled")

    def _plan(self, query: Query, parameters: dict[str, Any] | None) -> dict[str, Any]:
        """How DuckDB would run the query: its topmost operator."""
        asked = self._asked(query.calls)

        def plan() -> dict[str, Any]:
            asked.begin_pass(met={})
            with translated():
                sql = f"EXPLAIN (FORMAT json) {self._tokened(written(query))}"
                row = self._cursor.execute(sql, parameters or None).fetchone()
            return json.loads(row[1])[0] if row else {}

        return self._inside(asked, plan)

    def _tokened(self, sql: str) -> str:
        return sql.replace(TOKEN, self._token)


def _attempt(run: Callable[[str], Any], sql: str) -> tuple[Any, Error | None]:
    """Run a pass. Its error counts only if nothing was unknown: a placeholder may be what it tripped over."""
    try:
        return run(sql), None
    except CancelledError:
        raise
    except Error as error:
        return None, error


def _raise_if_failed(asked: Asked) -> None:
    failure = asked.failure
    if failure is None:
        return
    count = f"{asked.failed} {'row' if asked.failed == 1 else 'rows'} failed; this is the first one's error."
    kept = "Rows that were finished are kept: a second run asks only for the others."
    failure.hint = " ".join(part for part in (failure.hint, count, kept) if part)
    raise failure


def _takes_any(node: dict[str, Any]) -> bool:
    """Whether the query wants any rows that a filter with a call lets through, up to a limit; nothing but projections lies between."""
    is_limited = False
    while True:
        name = str(node.get("name", "")).strip()
        if is_limited and name != "PROJECTION" and CALL in json.dumps(_conditions(node)):
            return True
        is_limited = is_limited or name in LIMITS
        passes_rows = name in ("PROJECTION", *LIMITS) or (is_limited and name == "FILTER")
        if not passes_rows or len(node.get("children", ())) != 1:
            return False
        node = node["children"][0]


def _filters_below_limit(node: dict[str, Any], is_limited: bool) -> bool:
    """Whether DuckDB plans a LIMIT above a filter that holds a call."""
    name = str(node.get("name", "")).strip()
    if is_limited and name != "PROJECTION" and CALL in json.dumps(_conditions(node)):
        return True
    below = is_limited or name in LIMITS
    return any(_filters_below_limit(child, below) for child in node.get("children", ()))


def _conditions(node: dict[str, Any]) -> dict[str, Any]:
    extra = node.get("extra_info", {})
    return {key: value for key, value in extra.items() if key != "Projections"} if isinstance(extra, dict) else {}
