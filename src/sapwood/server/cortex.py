"""The Cortex REST API: inference:complete, OpenAI's chat/completions, and the list of models.

The same users, roles, grants and models as in SQL: a request becomes one call of COMPLETE in a session of whoever asks.
An answer is streamed as its tokens are made, where the model's backend tells them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sapwood.credentials import TOKEN_PREFIX
from sapwood.dialect.types import text
from sapwood.engine.binds import Binds
from sapwood.engine.result import OnText
from sapwood.errors import (
    AccessError,
    AuthenticationError,
    CancelledError,
    DatabaseError,
    Error,
    InternalError,
    ModelUnavailableError,
)
from sapwood.server.authentication import ACCESS_TOKEN, KEY_PAIR, Login, Principal
from sapwood.server.chat import (
    Chat,
    Event,
    Head,
    Reply,
    chat_begin,
    chat_body,
    chat_end,
    chat_event,
    chat_models,
    complete_body,
    complete_end,
    complete_event,
    complete_models,
    read_chat,
    read_complete,
    sent,
)
from sapwood.server.envelope import failure, read_body, spoken
from sapwood.server.protocol import OpenSession, Verifier, Wanted, session_token
from sapwood.server.sessions import EngineSession, SessionExpiredError, SessionGoneError, Sessions
from sapwood.server.speech import Speech

log = logging.getLogger("sapwood.server")
T = TypeVar("T")

_COMPLETE = "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, PARSE_JSON(?), PARSE_JSON(?)) AS answer"
_AT_ONCE = 8
"""Requests that are worked on side by side; further ones wait."""
_LOOK_S = 1.0
"""Seconds between two looks whether the client is still there."""
_TOKEN_KINDS = {"KEYPAIR_JWT": KEY_PAIR, "PROGRAMMATIC_ACCESS_TOKEN": ACCESS_TOKEN}
"""Values of X-Snowflake-Authorization-Token-Type."""
_LONGEST_BODY = 16 * 2**20
"""Bytes of a request; no prompt is longer."""


@dataclass(frozen=True)
class Shape:
    """One of the two shapes: how a body is read, and how a reply, an error and a list of models are written.

    A streamed reply is `begin`, a `piece` for some words at a time, and `end`.
    """

    read: Callable[[Mapping[str, Any]], Chat]
    body: Callable[[Reply], dict[str, Any]]
    begin: Callable[[Head], list[Event]]
    piece: Callable[[Head, str], list[Event]]
    end: Callable[[Reply, Chat], list[Event]]
    error: Callable[[Error, int], dict[str, Any]]
    models: Callable[[Sequence[str]], dict[str, Any]]


@dataclass(frozen=True)
class Question:
    """What somebody asks in a session of their own, and in which shape they want to be told."""

    session: EngineSession
    chat: Chat
    shape: Shape
    head: Head


class Cortex:
    """The endpoints."""

    def __init__(self, authenticator: Verifier, sessions: Sessions, open_session: OpenSession) -> None:
        self._authenticator = authenticator
        self._sessions = sessions
        self._open_session = open_session
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cortex")

    def routes(self) -> list[Route]:
        """All endpoints; a `%3A` in a path arrives as a colon."""
        return [
            Route("/api/v2/cortex/inference:complete", _guarded(self._answer, _LEGACY), methods=["POST"]),
            Route("/api/v2/cortex/v1/chat/completions", _guarded(self._answer, _OPENAI), methods=["POST"]),
            Route("/api/v2/cortex/models", _guarded(self._models, _LEGACY), methods=["GET"]),
            Route("/api/v2/cortex/v1/models", _guarded(self._models, _OPENAI), methods=["GET"]),
        ]

    # A question ------------------------------------------------------------------------------------------------------

    async def _answer(self, request: Request, shape: Shape) -> Response:
        session = await self._session(request)
        try:
            chat = shape.read(await read_body(request, limit=_LONGEST_BODY))
        except BaseException:
            session.close()
            raise
        question = Question(session, chat, shape, Head(str(uuid.uuid4()), int(time.time()), chat.model))
        return await (self._streamed if chat.is_streamed else self._whole)(request, question)

    async def _whole(self, request: Request, question: Question) -> Response:
        reply = await self._worked(request, question.session, partial(_reply, question))
        return JSONResponse(question.shape.body(reply), headers=_named(question))

    async def _streamed(self, request: Request, question: Question) -> Response:
        """An answer in events, from when its first words are there: what fails before them has a status of its own."""
        events = self._events(question)
        first = await _watched(request, question.session, asyncio.ensure_future(anext(events)))
        # Written as a header, for `media_type` adds a charset, and the snow CLI refuses what isn't this word exactly.
        headers = {**_named(question), "Content-Type": "text/event-stream"}
        return StreamingResponse(_joined(first, events), headers=headers)

    async def _events(self, question: Question) -> AsyncIterator[str]:
        """What is told of an answer while it is made. What fails before the first words is raised, else it is an event."""
        shape, head, has_begun = question.shape, question.head, False
        speech = Speech(self._pool, partial(_reply, question))
        try:
            async for piece in speech.pieces():
                for event in (*([] if has_begun else shape.begin(head)), *shape.piece(head, piece)):
                    yield sent(event)
                has_begun = True
            for event in (*([] if has_begun else shape.begin(head)), *shape.end(await speech.reply, question.chat)):
                yield sent(event)
        except Error as error:
            if not has_begun:
                raise
            yield sent(shape.error(error, _status_of(error)))
        finally:
            question.session.cancel()
            self._pool.submit(question.session.close)  # which waits for the end of what was cancelled

    async def _worked(self, request: Request, session: EngineSession, work: Callable[[], T]) -> T:
        """Work on a thread in a session that ends with it; it is cancelled if the client goes away."""
        try:
            return await _watched(request, session, asyncio.get_running_loop().run_in_executor(self._pool, work))
        finally:
            session.close()

    # Who asks --------------------------------------------------------------------------------------------------------

    async def _session(self, request: Request) -> EngineSession:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._opened, request)

    def _opened(self, request: Request) -> EngineSession:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "snowflake":
            return self._beside(request)
        if kind.lower() != "bearer" or not token:
            raise AuthenticationError('Authorization is missing: Bearer <token>, or Snowflake Token="...".')
        peer = request.client.host if request.client else ""
        principal = self._authenticator.verify(Login("", _authenticator_of(request, token), token=token, peer=peer))
        return self._open_session(principal, Wanted(None, None, None))

    def _beside(self, request: Request) -> EngineSession:
        """A session of whoever is logged in over the wire, in the role and place that they are in."""
        session = self._sessions.find(session_token(request))
        if not self._authenticator.is_welcome(session.principal):
            raise SessionGoneError("Session no longer exists.  New login required to access the service.")
        state = session.engine.state
        principal: Principal = replace(session.principal, role=state.role)
        return self._open_session(principal, Wanted(state.database, state.schema, state.warehouse))

    # Models ----------------------------------------------------------------------------------------------------------

    async def _models(self, request: Request, shape: Shape) -> Response:
        session = await self._session(request)
        names = await self._worked(request, session, partial(_model_names, session))
        return JSONResponse(shape.models(names))


async def _watched(request: Request, session: EngineSession, work: asyncio.Future[T]) -> T:
    """What comes of work in a session, which is cancelled if the client goes away."""
    while not (await asyncio.wait([work], timeout=_LOOK_S))[0]:
        if await request.is_disconnected():
            session.cancel()
    return await work


async def _joined(first: str, others: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for event in others:
        yield event


def _guarded(
    act: Callable[[Request, Shape], Coroutine[Any, Any, Response]], shape: Shape
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """The endpoint of an act; its errors are answers in the shape, a defect is logged and is an answer too."""

    async def endpoint(request: Request) -> Response:
        try:
            return await act(request, shape)
        except Error as error:
            return _failed(error, shape)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            log.exception("a defect at %s", request.url.path)
            defect = InternalError("Internal error", hint="This is a defect: the server's log says more.")
            return _failed(defect, shape)

    return endpoint


def _authenticator_of(request: Request, token: str) -> str:
    given = request.headers.get("x-snowflake-authorization-token-type", "").upper()
    if given and given not in _TOKEN_KINDS:
        raise AuthenticationError(f"The token type {given} is not served.", hint=f"Served: {', '.join(_TOKEN_KINDS)}.")
    return _TOKEN_KINDS[given] if given else ACCESS_TOKEN if token.startswith(TOKEN_PREFIX) else KEY_PAIR


def _named(question: Question) -> dict[str, str]:
    return {"X-Snowflake-Request-ID": question.head.id}


def _reply(question: Question, on_text: OnText | None = None) -> Reply:
    """COMPLETE in the session; with a response format it says the text alone, else an object around it."""
    session, chat, head = question.session, question.chat, question.head
    values = (chat.model, json.dumps(chat.messages), json.dumps(dict(chat.options)))
    table = pa.table({f"c{index}": pa.array([value], pa.string()) for index, value in enumerate(values)})
    binds = Binds((text(),) * len(values), table)
    (result,) = session.execute(_COMPLETE, query_id=head.id, binds=binds, on_text=on_text)
    said = str(result.table.column(0)[0].as_py())
    if "response_format" not in chat.options:
        said = str(json.loads(said)["choices"][0]["messages"])
    usage = result.usage
    finish = "length" if usage.cut else "stop"
    return Reply(head, said, usage.tokens_asked, usage.tokens_answered, finish)


def _model_names(session: EngineSession) -> list[str]:
    """Base models by their plain names, tuned ones in full."""
    (result,) = session.execute("SHOW MODELS IN ACCOUNT")
    return [
        row["name"].lower()
        if row["database_name"] == "SNOWFLAKE"
        else f"{row['database_name']}.{row['schema_name']}.{row['name']}"
        for row in result.table.to_pylist()
    ]


# Errors --------------------------------------------------------------------------------------------------------------

_STATUS: tuple[tuple[type[Error], int], ...] = (
    (AuthenticationError, 401),
    (SessionGoneError, 401),
    (AccessError, 403),
    (ModelUnavailableError, 503),
    (CancelledError, 503),
    (InternalError, 500),
    (DatabaseError, 400),
)
"""HTTP's number of an error: the first class that fits."""


def _failed(error: Error, shape: Shape) -> Response:
    if isinstance(error, SessionExpiredError):
        return failure(error)  # clients renew their token when they read this
    status = _status_of(error)
    return JSONResponse(shape.error(error, status), status_code=status)


def _status_of(error: Error) -> int:
    return next((number for kind, number in _STATUS if isinstance(error, kind)), 400)


def _legacy_error(error: Error, status: int) -> dict[str, Any]:
    request_id = error.sfqid or str(uuid.uuid4())
    return {"message": spoken(error), "error_code": f"{error.errno:06d}", "request_id": request_id}


def _openai_error(error: Error, status: int) -> dict[str, Any]:
    kinds = {401: "authentication_error", 403: "permission_error", 400: "invalid_request_error"}
    return {
        "error": {
            "message": spoken(error),
            "type": kinds.get(status, "server_error"),
            "param": None,
            "code": f"{error.errno:06d}",
        }
    }


_LEGACY = Shape(
    read_complete, complete_body, lambda head: [], complete_event, complete_end, _legacy_error, complete_models
)
_OPENAI = Shape(read_chat, chat_body, chat_begin, chat_event, chat_end, _openai_error, chat_models)
