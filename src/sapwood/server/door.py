"""The owner's door: a loopback HTTP listener through which other processes of the same user run statements.

Every request carries the directory's token. POST /sessions opens a session, POST /sessions/<id>/statements runs a text and
streams JSON lines (progress ..., then results or an error), POST /sessions/<id>/cancel stops it, DELETE ends it.
This is no public protocol: the official clients have their own, on another listener.
"""

from __future__ import annotations

import hmac
import json
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sapwood.engine.result import Progress, Result
from sapwood.errors import Error, InternalError
from sapwood.server.codec import encode_error, encode_progress, encode_result
from sapwood.server.sockets import listening_socket


class _Session(Protocol):
    def execute(self, text: str, *, describe_only: bool = False) -> list[Result]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


OpenSession = Callable[[Callable[[Progress], None]], _Session]
"""Opens a session of the engine that tells its progress to the callable."""


class Door:
    """The listener and its sessions. `address` is 'host:port'; `close` ends all sessions."""

    def __init__(self, open_session: OpenSession, token: str) -> None:
        self._open_session = open_session
        self._token = token
        self._sessions: dict[str, tuple[_Session, _Relay]] = {}
        routes = [
            Route("/sessions", self._open, methods=["POST"]),
            Route("/sessions/{id}", self._end, methods=["DELETE"]),
            Route("/sessions/{id}/statements", self._run, methods=["POST"]),
            Route("/sessions/{id}/cancel", self._cancel, methods=["POST"]),
        ]
        self._socket = listening_socket("127.0.0.1", 0)
        host, port = self._socket.getsockname()
        self.address = f"{host}:{port}"
        config = uvicorn.Config(
            Starlette(routes=routes), ws="none", log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all sessions and the listener."""
        for identity in list(self._sessions):
            self._sessions.pop(identity)[0].close()
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()

    async def _open(self, request: Request) -> Response:
        if not self._is_allowed(request):
            return _DENIED
        relay = _Relay()
        identity = secrets.token_urlsafe(16)
        self._sessions[identity] = (await run_in_threadpool(self._open_session, relay.progress), relay)
        return JSONResponse({"id": identity})

    async def _run(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _DENIED
        session, relay = found
        body = await request.json()
        run = lambda: session.execute(body["text"], describe_only=bool(body.get("describe_only")))  # noqa: E731
        return StreamingResponse(relay.stream(run), media_type="application/x-ndjson")

    async def _cancel(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _DENIED
        await run_in_threadpool(found[0].cancel)
        return JSONResponse({})

    async def _end(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return _DENIED
        del self._sessions[request.path_params["id"]]
        await run_in_threadpool(found[0].close)
        return JSONResponse({})

    def _find(self, request: Request) -> tuple[_Session, _Relay] | None:
        return self._sessions.get(request.path_params["id"]) if self._is_allowed(request) else None

    def _is_allowed(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._token}")


class _Relay:
    """Carries the progress of a session's statement from the thread that runs it into the answer's stream."""

    def __init__(self) -> None:
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def progress(self, progress: Progress) -> None:
        self._lines.put({"progress": encode_progress(progress)})

    def stream(self, run: Callable[[], list[Result]]) -> Iterator[str]:
        threading.Thread(target=self._work, args=(run,), name="statement", daemon=True).start()
        while (line := self._lines.get()) is not None:
            yield json.dumps(line) + "\n"

    def _work(self, run: Callable[[], list[Result]]) -> None:
        try:
            self._lines.put({"results": [encode_result(result) for result in run()]})
        except Error as error:
            self._lines.put({"error": encode_error(error)})
        except Exception as error:  # noqa: BLE001 - the client must get an answer whatever happens
            self._lines.put({"error": encode_error(InternalError(f"{type(error).__name__}: {error}"))})
        finally:
            self._lines.put(None)


_DENIED = JSONResponse({"error": "not allowed, or no such session"}, status_code=403)
