"""The Cortex REST API: inference:complete, OpenAI's chat/completions, and the list of models.

The same users, roles, grants and models as in SQL: a request becomes one call of COMPLETE in a session of whoever asks.
An answer is streamed word by word once it is whole, since a model's tokens are not handed on one by one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pyarrow as pa
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sapwood.credentials import TOKEN_PREFIX
from sapwood.dialect.types import text
from sapwood.engine.binds import Binds
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
    Reply,
    chat_body,
    chat_events,
    chat_models,
    complete_body,
    complete_events,
    complete_models,
    read_chat,
    read_complete,
)
from sapwood.server.envelope import failure, read_body, spoken
from sapwood.server.protocol import OpenSession, Verifier, Wanted, session_token
from sapwood.server.sessions import EngineSession, SessionExpiredError, SessionGoneError, Sessions

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
    """One of the two shapes: how a body is read, and how a reply, an error and a list of models are written."""

    read: Callable[[Mapping[str, Any]], Chat]
    body: Callable[[Reply], dict[str, Any]]
    events: Callable[[Reply, Chat], Iterator[str]]
    error: Callable[[Error, int], dict[str, Any]]
    models: Callable[[Sequence[str]], dict[str, Any]]


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
            reply = await self._worked(request, session, lambda: _reply(session, chat))
        finally:
            session.close()
        headers = {"X-Snowflake-Request-ID": reply.id}
        if not chat.is_streamed:
            return JSONResponse(shape.body(reply), headers=headers)
        # Written as a header, for `media_type` adds a charset, and the snow CLI refuses what isn't this word exactly.
        return StreamingResponse(shape.events(reply, chat), headers={**headers, "Content-Type": "text/event-stream"})

    async def _worked(self, request: Request, session: EngineSession, work: Callable[[], T]) -> T:
        """Work on a thread; it is cancelled if the client goes away."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        while not (await asyncio.wait([future], timeout=_LOOK_S))[0]:
            if await request.is_disconnected():
                session.cancel()
        return await future

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
        try:
            names = await self._worked(request, session, lambda: _model_names(session))
        finally:
            session.close()
        return JSONResponse(shape.models(names))


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


def _reply(session: EngineSession, chat: Chat) -> Reply:
    """COMPLETE in the session; with a response format it says the text alone, else an object around it."""
    values = (chat.model, json.dumps(chat.messages), json.dumps(dict(chat.options)))
    table = pa.table({f"c{index}": pa.array([value], pa.string()) for index, value in enumerate(values)})
    (result,) = session.execute(_COMPLETE, binds=Binds((text(),) * len(values), table))
    said = str(result.table.column(0)[0].as_py())
    if "response_format" not in chat.options:
        said = str(json.loads(said)["choices"][0]["messages"])
    usage = result.usage
    return Reply(result.query_id, int(time.time()), chat.model, said, usage.tokens_asked, usage.tokens_answered)


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
    status = next((number for kind, number in _STATUS if isinstance(error, kind)), 400)
    return JSONResponse(shape.error(error, status), status_code=status)


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


_LEGACY = Shape(read_complete, complete_body, complete_events, _legacy_error, complete_models)
_OPENAI = Shape(read_chat, chat_body, chat_events, _openai_error, chat_models)
