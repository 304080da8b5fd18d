"""A session: its own DuckDB cursor, place, variables and parameters; one statement at a time.

Text in, one `Result` a statement out. `cancel` may come from another thread and is felt within a second.
"""

from __future__ import annotations

import contextlib
import math
import shutil
import threading
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import duckdb
import pyarrow as pa

from sapwood.dialect.compile import compile_statement, split
from sapwood.dialect.statements import Query, Signature
from sapwood.dialect.users import without_secrets, without_secrets_of
from sapwood.engine.arrow import conform
from sapwood.engine.batch import Batcher
from sapwood.engine.batching import Batching
from sapwood.engine.binds import Asking, Binds
from sapwood.engine.budget import Price, Spending
from sapwood.engine.execution import describe, handle
from sapwood.engine.failure import translated
from sapwood.engine.ledger import spill_folder
from sapwood.engine.location import session_folder
from sapwood.engine.memory import memory_of
from sapwood.engine.models import SessionModels
from sapwood.engine.parameter import checked, known
from sapwood.engine.physical import text_literal
from sapwood.engine.privileges import check_model, guarded
from sapwood.engine.result import OnProgress, OnText, Progress, Result, Rows
from sapwood.engine.running import RunningStatement
from sapwood.engine.scope import SessionScope
from sapwood.engine.snapshot import Snapshots
from sapwood.engine.staged import staged_documents
from sapwood.engine.work import Parts, State, Work, now_ms, parameter_value
from sapwood.errors import (
    CancelledError,
    Error,
    InterfaceError,
    InternalError,
)
from sapwood.functions.default_model import floor_notice
from sapwood.functions.function import SqlFunction
from sapwood.store.records import QueryRecord


class Session:
    """One user's session. Safe for threads: statements wait for each other, `cancel` does not wait."""

    def __init__(self, parts: Parts, state: State, *, on_progress: OnProgress | None = None) -> None:
        self._parts = parts
        self.state = state
        self._cursor = parts.databases.cursor()
        self._on_progress = on_progress
        self._lock = threading.RLock()
        self._cancelled = threading.Event()
        self._timed_out = threading.Event()
        self._is_running = False
        self._is_closed = False
        self._zone = "UTC"

    def execute(
        self,
        text: str,
        *,
        describe_only: bool = False,
        query_id: str | None = None,
        binds: Binds | None = None,
        on_text: OnText | None = None,
    ) -> list[Result]:
        """Run each statement of a text; the first error ends it. `describe_only` gives columns without running anything.

        `query_id` is the id of the one statement in the text, where the caller has told it already; `binds` are the
        values of its `?`. `on_text` is told how a model's answer begins, longer each time, on another thread.
        """
        with self._lock:
            if self._is_closed:
                raise InterfaceError("The session is closed", hint="Open a new connection.")
            asked = Asking(describe_only=describe_only, binds=binds, on_text=on_text)
            statements = split(text)
            written = [text.strip()] if len(statements) == 1 else statements
            return [
                self._statement(statement, query_id or str(uuid.uuid4()), asked, written=words)
                for statement, words in zip(statements, written, strict=True)
            ]

    def read(self, text: str) -> pa.Table:
        """The rows of a SELECT that the server needs for itself; the history knows nothing of it."""
        with self._lock, self._running():
            return self._query_table(text)

    def fork(self) -> Session | None:
        """A session that begins where this one is, to run beside it; None if this one has something of its own to read."""
        state = self.state
        if state.temporary or state.is_in_transaction:
            return None
        return Session(self._parts, replace(state, variables=dict(state.variables), parameters=dict(state.parameters)))

    def memory(self) -> dict[str, Any] | None:
        """What the session would take along into another process; None while it has something that it can't."""
        return memory_of(self.state)

    def parameter(self, name: str) -> Any:
        """A parameter's value: the session's, else the account's, else the default."""
        return parameter_value(self._parts, self.state, name)

    def set_parameters(self, values: Mapping[str, Any]) -> None:
        """Set parameters of the session, as ALTER SESSION does; all or none."""
        self.state.parameters.update({known(name).name: checked(name, value) for name, value in values.items()})

    @contextmanager
    def with_parameters(self, values: Mapping[str, Any]) -> Generator[None]:
        """Parameters for the length of a block."""
        before = dict(self.state.parameters)
        self.set_parameters(values)
        try:
            yield
        finally:
            for name in map(str.upper, values):
                self.state.parameters.pop(name, None)
                self.state.parameters.update({name: before[name]} if name in before else {})

    def cancel(self) -> None:
        """Stop the statement that runs; nothing happens if none does."""
        if self._is_running:
            self._cancelled.set()
            self._cursor.interrupt()

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be run any more."""
        return self._is_closed

    def close(self) -> None:
        """Roll back what is open and let go of the session's temporary tables and stages."""
        if not self._is_closed:
            self.cancel()
            with self._lock:
                self._is_closed = True
                self._cursor.close()
                if self.state.temporary_stages:
                    shutil.rmtree(session_folder(self._parts.config.data, self.state.id), ignore_errors=True)

    # One statement ---------------------------------------------------------------------------------------------------

    def _statement(self, text: str, query_id: str, asked: Asking, *, written: str) -> Result:
        """Run a statement. `written` is its text with the comments behind it, as the history keeps it."""
        started = now_ms()
        batcher = self._batcher(query_id, asked.on_text)
        try:
            running = RunningStatement(
                query_id, without_secrets(written), self.state.user, self.state.role, self.state.id, started
            )
            with self._parts.running.during(running), self._running():
                rows, notices = self._rows(text, query_id, batcher, asked)
        except Error as error:
            error.sfqid = query_id
            self._leave_aborted(error)
            if not asked.describe_only:
                self._record(query_id, written, started=started, batcher=batcher, error=error)
            raise
        if not asked.describe_only:
            self._record(query_id, written, started=started, batcher=batcher, rows=rows)
            self.state.query_ids.append(query_id)
        result = Result(
            query_id,
            rows.kind,
            rows.columns,
            rows.table,
            rows.rowcount,
            batcher.account.usage,
            notices,
            text,
            rows.transfer,
        )
        if not asked.describe_only:
            self._parts.recent.keep(self.state.user, result)
        return result

    def _rows(self, text: str, query_id: str, batcher: Batcher, asked: Asking) -> tuple[Rows, tuple[str, ...]]:
        with self._work(query_id, batcher) as work:
            with asked.bound(work) as bindings:
                statement = compile_statement(text, SessionScope(work), self._signatures(work), bindings)
                rows = describe(statement) if asked.describe_only else handle(work, statement)
            return rows, (*rows.notices, *work.notices, *batcher.account.usage.notices)

    @contextmanager
    def _running(self) -> Generator[None]:
        """The time in which a statement can be cancelled, by hand or by its time limit."""
        self._cancelled.clear()
        self._timed_out.clear()
        seconds = parameter_value(self._parts, self.state, "STATEMENT_TIMEOUT_IN_SECONDS")
        self._is_running = True
        try:
            with _walled(), self._parts.deadlines.after(seconds or math.inf, self._time_out):
                yield
        except Error as error:
            if self._timed_out.is_set():
                raise CancelledError(
                    f"Statement reached its statement or warehouse timeout of {seconds} second(s) and was canceled.",
                    errno=630,
                ) from error
            if self._cancelled.is_set() and not isinstance(error, CancelledError):
                raise CancelledError("SQL execution canceled") from error
            raise
        finally:
            self._is_running = False

    def _time_out(self) -> None:
        self._timed_out.set()
        self.cancel()

    @contextmanager
    def _work(self, query_id: str, batcher: Batcher) -> Generator[Work]:
        """One statement's work; the tables that are made for it end with it."""
        self._turn_clock()
        snapshots = Snapshots(self._cursor)
        try:
            yield Work(
                self._parts,
                self.state,
                self._cursor,
                query_id,
                batcher,
                self._cancelled,
                self._query_table,
                self._query_portions,
                staged_documents,
                snapshots,
            )
        finally:
            snapshots.close()
            batcher.close()

    def _turn_clock(self) -> None:
        """Let DuckDB's variable `zone` be the session's time zone, as `dialect.zones` reads it."""
        zone = str(self.parameter("TIMEZONE"))
        if zone != self._zone:
            self._cursor.execute(f"SET VARIABLE zone = {text_literal(zone)}")
            self._zone = zone

    def _batcher(self, query_id: str, on_text: OnText | None = None) -> Batcher:
        return Batcher(
            Batching(
                query_id,
                self._parts.functions,
                self._models(),
                self._parts.backends,
                self._parts.answers,
                self._cancelled.is_set,
                spill_folder(self._parts.config.data),
                on_progress=self._told,
                on_text=on_text,
                reads_cache=parameter_value(self._parts, self.state, "USE_CACHED_RESULT"),
                keeps_endpoints=parameter_value(self._parts, self.state, "CACHE_ENDPOINT_ANSWERS"),
                fails_on_error=parameter_value(self._parts, self.state, "AI_SQL_ERROR_HANDLING_USE_FAIL_ON_ERROR"),
                spending=Spending(
                    parameter_value(self._parts, self.state, "STATEMENT_TOKEN_LIMIT"),
                    parameter_value(self._parts, self.state, "STATEMENT_COST_LIMIT"),
                    lambda model: Price.of(self._parts.registry.limits_of(model)),
                ),
            )
        )

    def _told(self, progress: Progress) -> None:
        self._parts.running.tell(progress)
        if self._on_progress is not None:
            self._on_progress(progress)

    def _models(self) -> SessionModels:
        return SessionModels(
            self._parts.registry,
            self._parts.backends,
            place=lambda: (self.state.database, self.state.schema),
            max_answer_tokens=parameter_value(self._parts, self.state, "MAX_ANSWER_TOKENS"),
            check=lambda name, model: check_model(self._parts, self.state, name, model),
            chosen={name.upper(): model for name, model in self._parts.config.models.functions.items()},
        )

    def _signatures(self, work: Work) -> list[Signature]:
        """What can be called, each with the check of its arguments and of the session's rights."""
        models = self._models()
        functions = [_signature(function, models, work.notices) for function in self._parts.functions.values()]
        commands = [signature for signature, _ in self._parts.commands.values()]
        return [guarded(signature, work) for signature in (*functions, *commands)]

    def _query_table(self, text: str) -> pa.Table:
        """The rows of one SELECT, for a statement of this session that needs them."""
        with self._inner_query(text) as (work, query):
            return conform(work.rows(query), query.columns)

    def _query_portions(self, text: str) -> Iterator[pa.Table]:
        """The rows of one SELECT, some at a time as it runs, for a command inside a statement of this session."""
        with self._inner_query(text) as (work, query):
            for batch in work.portions(query):
                yield conform(pa.Table.from_batches([batch]), query.columns)

    @contextmanager
    def _inner_query(self, text: str) -> Generator[tuple[Work, Query]]:
        """A SELECT that a statement runs, with its own `Work`."""
        statements = split(text)
        query_id = str(uuid.uuid4())
        if len(statements) != 1:
            raise InternalError("one query is expected")
        with self._work(query_id, self._batcher(query_id)) as work:
            statement = compile_statement(text, SessionScope(work), self._signatures(work))
            if not isinstance(statement, Query):
                raise InternalError("a query is expected")
            yield work, statement

    # After a statement -----------------------------------------------------------------------------------------------

    def _leave_aborted(self, error: Error) -> None:
        """An error may have ended the user's transaction in DuckDB; then it is over here too, and the error says so."""
        if not self.state.is_in_transaction:
            return
        try:
            self._cursor.execute("SELECT 1").fetchall()
        except duckdb.Error:
            with contextlib.suppress(duckdb.Error):
                self._cursor.execute("ROLLBACK")
            self.state.turn_transaction("ROLLBACK")
            error.hint = " ".join(part for part in (error.hint, "The open transaction was rolled back.") if part)

    def _record(
        self,
        query_id: str,
        text: str,
        *,
        started: int,
        batcher: Batcher,
        rows: Rows | None = None,
        error: Error | None = None,
    ) -> None:
        """Write the history."""
        status = "SUCCESS" if error is None else "CANCELLED" if isinstance(error, CancelledError) else "FAILED"
        record = QueryRecord(
            query_id,
            without_secrets(text),
            self.state.user,
            self.state.role,
            status,
            started,
            finished_on=now_ms(),
            error="" if error is None else without_secrets_of(text, str(error)),
            rows=0 if rows is None else rows.rowcount or 0,
            usage={
                **asdict(batcher.account.usage),
                **self._circumstances(batcher),
                "kind": "" if rows is None else rows.kind,
            },
        )
        self._parts.catalog.record_query(record)

    def _circumstances(self, batcher: Batcher) -> dict[str, Any]:
        """Where a statement ran and which models it asked, for its record."""
        state = self.state
        return {
            "query_tag": parameter_value(self._parts, state, "QUERY_TAG"),
            "database": state.database,
            "schema": state.schema,
            "warehouse": state.warehouse,
            "session": state.id,
            "models": [
                {"function": function, "model": model, "tokens": tokens}
                for (function, model), tokens in batcher.account.tokens.items()
            ],
        }


@contextmanager
def _walled() -> Generator[None]:
    """Nothing but our errors leaves a statement; what nobody foresaw is a defect, and is told as one."""
    try:
        with translated():
            yield
    except Error:
        raise
    except Exception as error:
        raise InternalError(
            f"SQL execution internal error ({type(error).__name__}: {error})",
            hint="This is a defect: please report it with the statement.",
        ) from error


def _signature(function: SqlFunction, models: SessionModels, notices: list[str]) -> Signature:
    """The function's signature, with what it asks of models bound to this session's; a model too small is told of once."""

    def check(constants: Mapping[str, Any]) -> None:
        if function.check is not None:
            function.check(constants, models)
        notice = floor_notice(function, constants, models)
        if notice and notice not in notices:
            notices.append(notice)

    returns_of = function.returns_of
    bound = function.signature.returns_of if returns_of is None else lambda constants: returns_of(constants, models)
    return replace(function.signature, check=check, returns_of=bound)
