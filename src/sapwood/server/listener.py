"""The server as a whole: all routes in one application, and uvicorn around it until it is told to stop."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sapwood import __version__
from sapwood.config import ServerConfig
from sapwood.engine.result import Result
from sapwood.errors import ConfigError
from sapwood.server.cortex import Cortex
from sapwood.server.impatience import ImpatientProtocol
from sapwood.server.journal import note_end
from sapwood.server.measures import CONTENT_TYPE, Measures
from sapwood.server.pauses import short_pauses
from sapwood.server.protocol import Inside, OpenSession, Verifier, Wire
from sapwood.server.results import Results
from sapwood.server.sessions import ResumeSession, Sessions, Shelf
from sapwood.server.sockets import is_loopback, listening_socket
from sapwood.server.statements import Statement, Statements
from sapwood.server.transfers import Transfers

_SLASHES = re.compile("//+")


class Edge:
    """Everything behind the port: sessions, statements, results and their routes."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        data: Path,
        authenticator: Verifier,
        open_session: OpenSession,
        resume_session: ResumeSession,
        shelf: Shelf,
    ) -> None:
        self._config = config
        self._pool = ThreadPoolExecutor(config.threads, thread_name_prefix="statement")
        self.sessions = Sessions(self._pool, shelf, resume_session)
        results = Results(data / "results", hours=config.result_hours, megabytes=config.result_megabytes)
        self.statements = Statements(results, remember=self.sessions.remember, on_end=self._ended)
        self._measures = Measures(
            sessions=lambda: len(self.sessions.all()),
            running=lambda: len(self.statements.running()),
            result_bytes=lambda: results.size,
        )
        transfers = Transfers(data / "stages" / "uploads")
        wire = Wire(Inside(config, authenticator, open_session, self.sessions, self.statements, results, transfers))
        routes = [
            *wire.routes(),
            *transfers.routes(),
            *Cortex(authenticator, self.sessions, open_session).routes(),
            Route("/healthz", self._health, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]
        self.app: ASGIApp = SingleSlashes(Starlette(routes=routes))

    def close(self) -> None:
        """Give what runs its time, then close all sessions; they go on when the next process is asked."""
        self.statements.drain(self._config.grace_s)
        self.sessions.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    async def _metrics(self, request: Request) -> Response:
        return Response(self._measures.text(), media_type=CONTENT_TYPE)

    def _ended(self, statement: Statement, results: tuple[Result, ...]) -> None:
        seconds = max(0.0, time.time() - statement.started_ms / 1000)
        self._measures.count(statement, results, seconds)
        note_end(statement, results, seconds)


class SingleSlashes:
    """Paths with doubled slashes, as some clients send them, mean those with single ones."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "//" in scope["path"]:
            scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
        await self._app(scope, receive, send)


class Listener:
    """A socket with a server behind it. `port` is the real one if 0 was asked for."""

    def __init__(self, config: ServerConfig, edge: Edge) -> None:
        self._edge = edge
        _check_reach(config)
        self._socket = listening_socket(config.host, config.port)
        self.host, self.port = self._socket.getsockname()[:2]
        settings = uvicorn.Config(
            edge.app,
            http=ImpatientProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
            server_header=False,
            ssl_certfile=config.tls_cert or None,
            ssl_keyfile=config.tls_key or None,
        )
        self._server = _Server(settings, edge.close)

    @property
    def protocol(self) -> str:
        """What clients are to set: http or https."""
        return "https" if self._server.config.is_ssl else "http"

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM, or until `stop`."""
        with short_pauses():
            self._server.run([self._socket])

    def start(self) -> threading.Thread:
        """Serve on a thread of its own."""
        thread = threading.Thread(target=self.run, name="listener", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Take no more on, let statements end, and return from `run`."""
        self._server.should_exit = True


def _check_reach(config: ServerConfig) -> None:
    """Passwords and rows cross a network in TLS only, unless it is said that they may not be hidden."""
    if bool(config.tls_cert) != bool(config.tls_key):
        raise ConfigError("TLS needs a certificate and its key", hint="Give both --tls-cert and --tls-key.")
    for name in (config.tls_cert, config.tls_key):
        if name and not Path(name).is_file():
            raise ConfigError(f"there is no file {name}", hint="Name the PEM files of certificate and key.")
    if not config.tls_cert and not config.is_plain_allowed and not is_loopback(config.host):
        raise ConfigError(
            f"{config.host} can be reached from other machines, and passwords would cross the network in clear text",
            hint="Give --tls-cert and --tls-key, or --allow-plain if something before this server speaks TLS.",
        )


class _Server(uvicorn.Server):
    """uvicorn, which gives running statements their time before it closes connections."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._drain = drain

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGINT and SIGTERM end the serving, not the process: its owner has still to put things away."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await run_in_threadpool(self._drain)
        await asyncio.sleep(0)
        await super().shutdown(sockets)
