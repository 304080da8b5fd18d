"""The wire protocol of the official clients: requests in, answers out. Source: the public connector and driver sources.

Each endpoint is one method. Statements run on threads beside the event loop; a request waits for its statement for some
time, then says 'still running' and the client asks again.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from sapwood import __version__
from sapwood.config import ServerConfig
from sapwood.engine.parameter import PARAMETERS
from sapwood.errors import Error, InternalError, ProgrammingError
from sapwood.server.authentication import Login, PasswordExpiredError, Principal
from sapwood.server.bindings import read_binds
from sapwood.server.client_program import read_client
from sapwood.server.envelope import failed, failure, read_body, success
from sapwood.server.login import fold, read_login
from sapwood.server.results import Answer, Results
from sapwood.server.sessions import (
    MASTER_S,
    SESSION_S,
    EngineSession,
    SessionGoneError,
    Sessions,
    Tokens,
    WireSession,
)
from sapwood.server.statements import Order, Statement, Statements, told_parameters
from sapwood.server.transfers import Transfers

log = logging.getLogger("sapwood.server")

_TOKEN = re.compile(r'Snowflake Token="([^"]{1,200})"')
_KEY = "x-sapwood-key"
"""Header that opens a chunk."""
RUNNING, ACCEPTED = "333333", "333334"
"""Codes of a statement that goes on: asked for by a waiting client, or by one that does not wait."""


@dataclass(frozen=True)
class Wanted:
    """Where a client wants its session to begin; None is not named."""

    database: str | None
    schema: str | None
    warehouse: str | None


class Verifier(Protocol):
    """Knows who somebody is; AuthenticationError if that is not proven. `is_welcome` tells whether their session may go on."""

    def verify(self, login: Login) -> Principal: ...
    def is_welcome(self, principal: Principal) -> bool: ...


class OpenSession(Protocol):
    """Opens a session of the engine for somebody who has logged in, at the place that they named."""

    def __call__(self, principal: Principal, wanted: Wanted) -> EngineSession: ...


@dataclass(frozen=True)
class Inside:
    """What the protocol stands on."""

    config: ServerConfig
    authenticator: Verifier
    open_session: OpenSession
    sessions: Sessions
    statements: Statements
    results: Results
    transfers: Transfers


Handler = Callable[[Request], Awaitable[Response]]


class Wire:
    """The endpoints."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._limit = inside.config.body_megabytes * 1_000_000
        self._logins = ThreadPoolExecutor(_LOGINS, thread_name_prefix="login")

    def routes(self) -> list[Route]:
        """All endpoints of the protocol but those of stages."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "/session/v1/login-request", self._log_in),
            ("POST", "/session/token-request", self._renew),
            ("POST", "/session/heartbeat", self._heartbeat),
            ("POST", "/session", self._end),
            ("POST", "/queries/v1/query-request", self._query),
            ("POST", "/queries/v1/abort-request", self._abort_request),
            ("POST", "/queries/{query_id}/abort-request", self._abort_query),
            ("GET", "/queries/{query_id}/result", self._result),
            ("GET", "/monitoring/queries/{query_id}", self._monitor),
            ("POST", "/telemetry/send", self._telemetry),
            ("POST", "/telemetry/send/sessionless", self._telemetry),
        )
        return [Route(path, guarded(handler), methods=[method]) for method, path, handler in table] + [
            Route("/results/{query_id}/{index:int}", self._chunk, methods=["GET"])
        ]

    # Sessions --------------------------------------------------------------------------------------------------------

    async def _log_in(self, request: Request) -> Response:
        body = await read_body(request, limit=min(self._limit, _LOGIN_BYTES), timeout_s=_LOGIN_S)
        login = read_login(body, request.query_params, peer=request.client.host if request.client else "")
        loop = asyncio.get_running_loop()
        try:
            session, tokens = await loop.run_in_executor(self._logins, self._admit, request, login, body)
        except PasswordExpiredError as error:
            envelope = failed(error)
            envelope["data"].update(nextAction="PWD_CHANGE", inFlightCtx=error.ticket)
            return JSONResponse(envelope)
        return success(_login_answer(session, tokens))

    def _admit(self, request: Request, login: Login, body: Mapping[str, Any]) -> tuple[WireSession, Tokens]:
        principal = self._inside.authenticator.verify(login)
        query = request.query_params
        names = (fold(query.get(name, "")) or None for name in ("databaseName", "schemaName", "warehouse"))
        engine = self._inside.open_session(principal, Wanted(*names))
        wanted = _object(_object(body, "data"), "SESSION_PARAMETERS")
        try:
            engine.set_parameters({name: value for name, value in wanted.items() if name.upper() in PARAMETERS})
        except Error:
            engine.close()
            raise
        return self._inside.sessions.open(engine, principal, read_client(request.headers.get("user-agent", "")))

    async def _renew(self, request: Request) -> Response:
        session, tokens = self._inside.sessions.renew(session_token(request))
        return success(
            {
                "sessionToken": tokens.session,
                "validityInSecondsST": SESSION_S,
                "masterToken": tokens.master,
                "validityInSecondsMT": MASTER_S,
                "sessionId": session.id,
            }
        )

    async def _heartbeat(self, request: Request) -> Response:
        self._inside.sessions.touch(self._session(request))
        return success()

    async def _end(self, request: Request) -> Response:
        session = self._session(request)
        if request.query_params.get("delete"):
            await run_in_threadpool(self._close, session)
        return success()

    def _close(self, session: WireSession) -> None:
        self._inside.statements.abort_all(session)
        self._inside.sessions.end(session)

    def _session(self, request: Request) -> WireSession:
        session = self._inside.sessions.find(session_token(request))
        if not self._inside.authenticator.is_welcome(session.principal):
            raise SessionGoneError("Session no longer exists.  New login required to access the service.")
        return session

    # Statements ------------------------------------------------------------------------------------------------------

    async def _query(self, request: Request) -> Response:
        session = self._session(request)
        body = await read_body(request, limit=self._limit)
        request_id = request.query_params.get("requestId", "")
        is_large = bool(body.get("bindings"))  # rows by the thousand
        order = await run_in_threadpool(read_order, body, request_id) if is_large else read_order(body, request_id)
        statement = self._inside.statements.start(session, order)
        if order.is_async:
            return _running(statement, ACCEPTED)
        return await self._answer(request, session, statement)

    async def _result(self, request: Request) -> Response:
        session, query_id = self._session(request), request.path_params["query_id"]
        statement = self._inside.statements.find(query_id, session.principal.user)
        if statement is not None:
            return await self._answer(request, session, statement)
        return await self._kept(request, session, query_id)

    async def _answer(self, request: Request, session: WireSession, statement: Statement) -> Response:
        """The answer once there is one, or the word that the statement goes on."""
        await asyncio.wait([asyncio.wrap_future(statement.done)], timeout=self._inside.config.wait_s)
        if not statement.done.done():
            return _running(statement, RUNNING)
        if statement.transfer is not None:
            transfers, base = self._inside.transfers, str(request.base_url).rstrip("/")
            return JSONResponse(transfers.answer(statement.transfer, statement.id, session.client, base=base))
        if statement.envelope is not None:
            return JSONResponse(statement.envelope)
        answer, statement.unsent = statement.unsent, None
        if answer is not None:
            return JSONResponse(self._with_addresses(request, answer))
        return await self._kept(request, session, statement.id)

    async def _kept(self, request: Request, session: WireSession, query_id: str) -> Response:
        answer = await run_in_threadpool(self._inside.results.find, query_id, session.principal.user)
        if answer is None:
            raise _no_result(query_id)
        return JSONResponse(self._with_addresses(request, answer))

    def _with_addresses(self, request: Request, answer: Answer) -> dict[str, Any]:
        envelope = dict(answer.envelope)
        if not answer.chunks:
            return envelope
        base = str(request.base_url).rstrip("/")
        chunks = [
            {
                "url": f"{base}/results/{answer.query_id}/{index}",
                "rowCount": chunk.rows,
                "uncompressedSize": chunk.bytes,
                "compressedSize": chunk.bytes,
            }
            for index, chunk in enumerate(answer.chunks)
        ]
        headers = {_KEY: self._key(answer.query_id)}
        envelope["data"] = {**envelope["data"], "chunks": chunks, "chunkHeaders": headers}
        return envelope

    async def _chunk(self, request: Request) -> Response:
        query_id, index = request.path_params["query_id"], request.path_params["index"]
        if not hmac.compare_digest(request.headers.get(_KEY, ""), self._key(query_id)):
            return Response(status_code=403)
        path = self._inside.results.chunk(query_id, index)
        return FileResponse(path, media_type="application/octet-stream") if path else Response(status_code=404)

    def _key(self, query_id: str) -> str:
        return hmac.new(self._inside.results.key, query_id.encode(), sha256).hexdigest()

    async def _abort_request(self, request: Request) -> Response:
        session = self._session(request)
        body = await read_body(request, limit=_LOGIN_BYTES)
        return await self._abort(self._inside.statements.of_request(session, str(body.get("requestId", ""))))

    async def _abort_query(self, request: Request) -> Response:
        user = self._session(request).principal.user
        return await self._abort(self._inside.statements.find(request.path_params["query_id"], user))

    async def _abort(self, statement: Statement | None) -> Response:
        if statement is None:
            raise ProgrammingError("Identified SQL statement is not currently executing.", errno=605, sqlstate="02000")
        await run_in_threadpool(self._inside.statements.abort, statement)
        return success()

    async def _monitor(self, request: Request) -> Response:
        session, query_id = self._session(request), request.path_params["query_id"]
        user = session.principal.user
        statement = self._inside.statements.find(query_id, user)
        if statement is not None:
            return success({"queries": [_status_of(statement)]})
        answer = await run_in_threadpool(self._inside.results.find, query_id, user)
        return success({"queries": [_status_of_kept(answer)] if answer else []})

    async def _telemetry(self, request: Request) -> Response:
        return success("Log Received")


_LOGINS = 4
"""Logins that are checked side by side; a password costs memory and time on purpose."""
_LOGIN_S = 20.0
"""Seconds in which a login must have come: nobody knows yet who sends it."""
_LOGIN_BYTES = 1_000_000


def guarded(handler: Handler) -> Handler:
    """The handler, whose errors are answers as clients raise them; a defect is logged and is an answer too."""

    async def run(request: Request) -> Response:
        try:
            return await handler(request)
        except Error as error:
            return failure(error)
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception:
            log.exception("a defect at %s", request.url.path)
            return failure(InternalError("Internal error", hint="This is a defect: the server's log says more."))

    return run


def session_token(request: Request) -> str:
    """The session token of a request; SessionGoneError if it has none."""
    found = _TOKEN.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise SessionGoneError("Session token not found in the request data.", errno=390101)
    return found[1]


def _object(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _login_answer(session: WireSession, tokens: Tokens) -> dict[str, Any]:
    state = session.engine.state
    parameters = {**_CLIENT_PARAMETERS, **dict(told_parameters(session.engine))}
    return {
        "token": tokens.session,
        "validityInSeconds": SESSION_S,
        "masterToken": tokens.master,
        "masterValidityInSeconds": MASTER_S,
        "displayUserName": session.principal.user,
        "serverVersion": __version__,
        "firstLogin": False,
        "remMeToken": None,
        "remMeValidityInSeconds": 0,
        "healthCheckInterval": 45,
        "newClientForUpgrade": None,
        "sessionId": session.id,
        "parameters": [{"name": name, "value": value} for name, value in parameters.items()],
        "sessionInfo": {
            "databaseName": state.database,
            "schemaName": state.schema,
            "warehouseName": state.warehouse,
            "roleName": state.role,
        },
        "idToken": None,
        "idTokenValidityInSeconds": 0,
        "responseData": None,
        "mfaToken": None,
        "mfaTokenValidityInSeconds": 0,
    }


_CLIENT_PARAMETERS: Mapping[str, Any] = {
    "CLIENT_PREFETCH_THREADS": 4,
    "CLIENT_RESULT_CHUNK_SIZE": 48,
    "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 3600,
    "CLIENT_TELEMETRY_ENABLED": False,
    "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False,
    "BINARY_OUTPUT_FORMAT": "HEX",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "ENABLE_STAGE_S3_PRIVATELINK_FOR_US_EAST_1": False,
}
"""What clients are told of how to behave."""


def read_order(body: Mapping[str, Any], request_id: str) -> Order:
    """What a query-request asks for."""
    text = body.get("sqlText")
    if not isinstance(text, str):
        raise ProgrammingError("SQL compilation error:\nEmpty SQL statement.", errno=900, sqlstate="42601")
    given = {name.upper(): value for name, value in _object(body, "parameters").items()}
    count = given.get("MULTI_STATEMENT_COUNT", 1)
    return Order(
        text,
        request_id=request_id[:100],
        is_async=bool(body.get("asyncExec")),
        describe_only=bool(body.get("describeOnly")),
        count=int(count) if str(count).isdigit() else 1,
        binds=read_binds(_object(body, "bindings")),
        bind_stage=bind_stage if isinstance(bind_stage := body.get("bindStage"), str) else "",
        parameters={name: value for name, value in given.items() if name in PARAMETERS},
    )


def _running(statement: Statement, code: str) -> Response:
    data = {
        "queryId": statement.id,
        "getResultUrl": f"/queries/{statement.id}/result",
        "queryAbortsAfterSecs": 300,
        "progressDesc": None,
    }
    return success(data, code=code, message=_PROGRESS[code])


_PROGRESS = {
    RUNNING: "Query execution in progress.",
    ACCEPTED: "Query execution in progress. Asynchronous query.",
}


def _no_result(query_id: str) -> Error:
    return ProgrammingError(
        f"Result for query {query_id} has expired",
        errno=612,
        sqlstate="02000",
        hint="Run the statement again. Results are kept for the hours that server.result_hours says, for their user alone.",
    )


def _status_of(statement: Statement) -> dict[str, Any]:
    status = "RUNNING" if not statement.done.done() else "FAILED_WITH_ERROR" if statement.error else "SUCCESS"
    found = _status(statement.id, status, statement.order.text, statement.started_ms)
    if statement.error is not None:
        found.update(errorCode=f"{statement.error.errno:06d}", errorMessage=str(statement.error))
    return {**found, "sessionId": statement.session.id}


def _status_of_kept(answer: Answer) -> dict[str, Any]:
    status = "SUCCESS" if answer.is_success else "FAILED_WITH_ERROR"
    found = {**_status(answer.query_id, status, answer.text, answer.started_ms), "endTime": answer.finished_ms}
    if not answer.is_success:
        found.update(errorCode=answer.envelope["code"], errorMessage=answer.envelope["message"])
    return found


def _status(query_id: str, status: str, text: str, started_ms: int) -> dict[str, Any]:
    return {
        "id": query_id,
        "status": status,
        "state": status,
        "sqlText": text,
        "startTime": started_ms,
        "errorCode": None,
        "errorMessage": None,
    }
