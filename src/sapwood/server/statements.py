"""Statements on their way: started once for each request id, waited for, cancelled, and their answers kept.

Comes in: a session, a text and what the request says about it. Goes out: the protocol's envelope. Knows no HTTP.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sapwood.dialect.bindings import placeholders
from sapwood.dialect.compile import split
from sapwood.dialect.types import text as text_type
from sapwood.dialect.users import gives_secret, without_secrets, without_secrets_of
from sapwood.engine.binds import Binds
from sapwood.engine.result import Result
from sapwood.engine.transfer import Transfer
from sapwood.errors import CancelledError, Error, InternalError, ProgrammingError, StorageFullError
from sapwood.server.answers import Encoded, Place, encode, encode_many
from sapwood.server.envelope import failed
from sapwood.server.results import Answer, Results
from sapwood.server.sessions import EngineSession, WireSession

_REREAD = re.compile(r"select \* from table\(result_scan\('([0-9a-f-]{36})'\)\)", re.IGNORECASE)
"""How the older connector fetches the result of a query id."""
_QUERY = re.compile(r"[\s(]*(SELECT|WITH)\b(?!.*\bFINETUNE\b)", re.IGNORECASE | re.DOTALL)
"""A statement that only reads. One that begins otherwise may do so too; nothing rests on that."""
REMEMBERED = 10_000
"""Finished statements that are known by their request id, so that a repeated request does not run twice."""
_SMALL_BYTES = 16_384
"""Bytes of an answer that stays in memory until it has been sent."""
_ABORT_S = 30.0
"""Seconds for which a cancelled statement is told so again and again."""

log = logging.getLogger("sapwood.server")


@dataclass(frozen=True)
class Order:
    """What a query-request asks for. `count` is the number of statements in the text, 0 for any.

    `binds` are the values of its `?`, or `bind_stage` is where the client put them; `parameters` are those of the session
    that count for this order alone.
    """

    text: str
    request_id: str = ""
    is_async: bool = False
    describe_only: bool = False
    count: int = 1
    binds: Binds | None = None
    bind_stage: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Statement:
    """One order of one session, running or done."""

    id: str
    session: WireSession
    order: Order
    started_ms: int
    done: Future[None] = field(default_factory=lambda: Future[None]())
    engine: EngineSession | None = None
    is_cancelled: bool = False
    envelope: dict[str, Any] | None = None
    """The answer, if it is not on disk."""
    unsent: Answer | None = None
    """A small answer that is on disk, for whoever waits for it: read once."""
    transfer: Transfer | None = None
    """What the client is to move itself, instead of an answer."""
    error: Error | None = None

    @property
    def user(self) -> str:
        return self.session.principal.user

    @property
    def is_marked(self) -> bool:
        """Whether it must not run twice, should its request be repeated after a restart."""
        order = self.order
        return bool(order.request_id) and not (order.describe_only or _QUERY.match(order.text))


Listener = Callable[[Statement, "tuple[Result, ...]"], None]


class Statements:
    """All statements of the server. Safe for threads.

    `remember` is given each session that may have changed, before the answer is out; `on_end` is told of each statement
    that ended.
    """

    def __init__(self, results: Results, *, remember: Callable[[WireSession], None], on_end: Listener) -> None:
        self._results = results
        self._remember = remember
        self._on_end = on_end
        self._lock = threading.Lock()
        self._by_id: OrderedDict[str, Statement] = OrderedDict()
        self._by_request: dict[tuple[int, str], Statement] = {}
        self._is_stopping = False

    def start(self, session: WireSession, order: Order) -> Statement:
        """Begin a statement; the one that runs or ran already if the request is a repeated one."""
        key = (session.id, order.request_id)
        with self._lock:
            if self._is_stopping:
                raise ProgrammingError(
                    "The server is stopping", errno=604, sqlstate="57014", hint="Connect again later."
                )
            known = self._by_request.get(key) if order.request_id else None
            if known is not None:
                return known
            earlier = self._results.earlier(_mark(session, order))
            statement = Statement(earlier[0] if earlier else str(uuid.uuid4()), session, order, _now_ms())
            self._by_id[statement.id] = statement
            self._by_request[key] = statement
            self._forget_oldest()
        if earlier is None:
            self._enqueue(statement)
        else:
            self._repeat(statement, is_answered=earlier[1])
        return statement

    def _repeat(self, statement: Statement, *, is_answered: bool) -> None:
        """A request of an earlier process, which the client sends again since it got no answer."""
        if not is_answered:
            statement.error = ProgrammingError(
                "The server stopped while this statement ran, so it is not known whether it took effect.",
                errno=604,
                sqlstate="57014",
                hint="Look whether its changes are there; if not, run it again.",
            )
            statement.envelope = failed(statement.error, query_id=statement.id)
        statement.done.set_result(None)

    def find(self, query_id: str, user: str) -> Statement | None:
        """A user's statement that runs or ran lately."""
        statement = self._by_id.get(query_id)
        return statement if statement is not None and statement.user == user else None

    def of_request(self, session: WireSession, request_id: str) -> Statement | None:
        return self._by_request.get((session.id, request_id))

    def abort(self, statement: Statement) -> None:
        """Cancel a statement, also one that waits for its turn. Returns once it has ended, or after half a minute."""
        statement.is_cancelled = True
        deadline = time.monotonic() + _ABORT_S
        while not statement.done.done() and time.monotonic() < deadline:
            if statement.engine is not None:
                statement.engine.cancel()
            wait_for([statement.done], timeout=0.05)

    def abort_all(self, session: WireSession) -> None:
        """Cancel everything that a session runs."""
        for statement in self.running():
            if statement.session is session:
                self.abort(statement)

    def running(self) -> list[Statement]:
        with self._lock:
            return [statement for statement in self._by_id.values() if not statement.done.done()]

    def drain(self, seconds: float) -> None:
        """Take nothing more on, give what runs some time, then cancel it."""
        with self._lock:
            self._is_stopping = True
        wait_for([statement.done for statement in self.running()], timeout=seconds)
        for statement in self.running():
            statement.is_cancelled = True
            threading.Thread(target=self.abort, args=(statement,), daemon=True).start()
        wait_for([statement.done for statement in self.running()], timeout=seconds)

    # Running ---------------------------------------------------------------------------------------------------------

    def _enqueue(self, statement: Statement) -> None:
        """In its session's line; an asynchronous query beside it, if it needs nothing that only the session has."""
        session = statement.session
        if (
            statement.order.is_async
            and _QUERY.match(statement.order.text)
            and (fork := session.engine.fork()) is not None
        ):
            session.line.beside(lambda: self._run(statement, fork, closes=True))
        else:
            session.line.add(lambda: self._run(statement, session.engine))

    def _run(self, statement: Statement, engine: EngineSession, *, closes: bool = False) -> None:
        results: list[Result] = []
        try:
            if statement.is_cancelled:
                raise CancelledError("SQL execution canceled")
            if statement.is_marked:
                self._results.begin(statement.id, _mark(statement.session, statement.order))
            statement.engine = engine
            try:
                encoded = self._execute(statement, engine, results)
            finally:
                if engine is statement.session.engine:
                    self._remember(statement.session)
            self._keep(statement, encoded)
        except Error as error:
            self._fail(statement, error)
        except Exception as error:
            log.exception("a defect", extra={"query_id": statement.id})
            self._fail(statement, InternalError(f"SQL execution internal error ({type(error).__name__})"))
        finally:
            statement.engine = None
            self._on_end(statement, tuple(results))
            statement.done.set_result(None)
            if closes:
                engine.close()

    def _execute(self, statement: Statement, engine: EngineSession, results: list[Result]) -> Encoded:
        order, session = statement.order, statement.session
        texts = split(order.text)
        _check_count(len(texts), order.count)
        if len(texts) == 1 and (answer := self._reread(statement, texts[0])) is not None:
            return answer
        with engine.with_parameters(order.parameters):
            as_arrow = session.takes_arrow
            if len(texts) == 1:
                binds = _staged(engine, order, texts[0]) if order.bind_stage else order.binds
                results += engine.execute(
                    order.text, describe_only=order.describe_only, query_id=statement.id, binds=binds
                )
                statement.transfer = results[0].transfer
                return encode(results[0], place(engine), as_arrow=as_arrow, binds=_width(binds))
            if any(map(gives_secret, texts)):
                raise ProgrammingError("A statement that makes an access token must be sent by itself.", hint="")
            for text, binds in zip(texts, _shared(order.binds, texts), strict=True):
                (result,) = engine.execute(text, query_id=str(uuid.uuid4()), binds=binds)
                results.append(result)
                self._keep_part(statement, result, encode(result, place(engine), as_arrow=as_arrow))
            return encode_many(results, statement.id, place(engine))

    def _reread(self, statement: Statement, text: str) -> Encoded | None:
        """The answer of an earlier statement as it was kept, for the text by which the connector asks for it."""
        found = _REREAD.fullmatch(text.strip())
        answer = self._results.find(found[1], statement.user) if found else None
        if answer is None or not answer.is_success:
            return None
        bodies = tuple(path.read_bytes() for path in self._results.chunks(answer))
        data = {**answer.envelope["data"], "queryId": statement.id}
        return Encoded({**answer.envelope, "data": data}, answer.chunks, bodies)

    def _keep_part(self, statement: Statement, result: Result, encoded: Encoded) -> None:
        self._results.keep(self._answer(statement, result.query_id, result.statement, encoded), encoded.bodies)

    def _keep(self, statement: Statement, encoded: Encoded) -> None:
        is_for_memory = statement.order.describe_only or statement.transfer is not None
        if is_for_memory or gives_secret(statement.order.text):
            statement.envelope = encoded.envelope
            self._results.discard(statement.id)
            return
        answer = self._answer(statement, statement.id, statement.order.text, encoded)
        size = self._results.keep(answer, encoded.bodies)
        if size <= _SMALL_BYTES and not statement.order.is_async:
            statement.unsent = answer

    def _answer(self, statement: Statement, query_id: str, text: str, encoded: Encoded) -> Answer:
        return Answer(
            query_id,
            statement.user,
            without_secrets(text),
            statement.started_ms,
            _now_ms(),
            encoded.envelope,
            chunks=encoded.chunks,
        )

    def _fail(self, statement: Statement, error: Error) -> None:
        error.sfqid = statement.id
        statement.error = error
        statement.envelope = failed(error)
        self._results.discard(statement.id)
        if statement.order.is_async:
            text = statement.order.text
            told = {**statement.envelope, "message": without_secrets_of(text, str(statement.envelope["message"]))}
            with contextlib.suppress(StorageFullError):  # whoever waits is told all the same
                self._results.keep(self._answer(statement, statement.id, text, Encoded(told)))

    def _forget_oldest(self) -> None:
        while len(self._by_id) > REMEMBERED and next(iter(self._by_id.values())).done.done():
            _, old = self._by_id.popitem(last=False)
            self._by_request.pop((old.session.id, old.order.request_id), None)


def place(engine: EngineSession) -> Place:
    """Where a session is now, as its answers say it."""
    state = engine.state
    return Place(state.database, state.schema, state.warehouse, state.role, told_parameters(engine))


def told_parameters(engine: EngineSession) -> tuple[tuple[str, Any], ...]:
    """The parameters that clients follow, as the session has them."""
    return tuple((name, engine.parameter(name)) for name in _FOLLOWED)


_FOLLOWED = ("AUTOCOMMIT", "TIMEZONE", "CLIENT_SESSION_KEEP_ALIVE", "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "QUERY_TAG")


def _check_count(found: int, wanted: int) -> None:
    if found == 0:
        raise ProgrammingError("SQL compilation error:\nEmpty SQL statement.", errno=900, sqlstate="42601")
    if wanted and found != wanted:
        raise ProgrammingError(
            f"Actual statement count {found} did not match the desired statement count {wanted}.",
            errno=8,
            sqlstate="0A000",
        )


def _mark(session: WireSession, order: Order) -> str:
    """A request's name on disk."""
    return sha256(f"{session.id} {order.request_id}".encode()).hexdigest()[:32]


def _width(binds: Binds | None) -> int:
    return 0 if binds is None else len(binds.types)


def _staged(engine: EngineSession, order: Order, text: str) -> Binds:
    """The values that a client put onto a stage: CSV files of texts, which become what they are bound to."""
    if not _STAGED.fullmatch(order.bind_stage):
        raise ProgrammingError("The stage of the bound values can't be read", errno=100132, sqlstate="22000", hint="")
    width = placeholders(text)
    columns = ", ".join(f"${place}" for place in range(1, width + 1))
    return Binds((text_type(),) * width, engine.read(f"SELECT {columns} FROM {order.bind_stage}"), is_many=True)


_STAGED = re.compile(r"@[\w$]+(/[\w-]+)*/?")
"""Where clients put bound values: a temporary stage of theirs, and a folder on it."""


def _shared(binds: Binds | None, texts: Sequence[str]) -> Iterator[Binds | None]:
    """Each statement's part of the values, in order."""
    start = 0
    for text in texts:
        if binds is None:
            yield None
            continue
        end = start + placeholders(text)
        yield Binds(binds.types[start:end], binds.table.select(range(start, min(end, len(binds.types)))), binds.is_many)
        start = end


def _now_ms() -> int:
    return int(time.time() * 1000)
