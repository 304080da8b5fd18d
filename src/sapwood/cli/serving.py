"""`sapwood serve` and `sapwood studio`: a data directory behind a port, and pages in a browser on it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sapwood.cli.extras import need_extra
from sapwood.cli.options import Connection, Data, Settings, flags
from sapwood.errors import ConfigError
from sapwood.terminal import messages

if TYPE_CHECKING:
    from sapwood.server.first_admin import FirstPassword
    from sapwood.studio.launch import Studio

STUDIO_PORT = 8501


def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on, 0 for a free one. Default: 8085.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the quickstart's tickets, if they are not there.")] = False,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate (PEM): clients connect by https.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="The certificate's key (PEM).")] = None,
    allow_plain: Annotated[bool, typer.Option("--allow-plain", help="Let other machines connect without TLS.")] = False,
    with_studio: Annotated[bool, typer.Option("--studio", help="Start Studio beside it, on port 8501.")] = False,
    settings: Settings = None,
) -> None:
    """Serve a data directory to the official Snowflake clients, until Ctrl-C or SIGTERM.

    Example: `sapwood serve --data tickets --demo`. Users are managed in SQL and by `sapwood user`.
    """
    from sapwood import service
    from sapwood.server.journal import start_log
    from sapwood.server.snippets import snippets

    chosen = {
        **flags(settings),
        "server.host": host,
        "server.port": port,
        "server.tls_cert": tls_cert and str(tls_cert),
        "server.tls_key": tls_key and str(tls_key),
        "server.is_plain_allowed": allow_plain or None,
    }
    running = service.serve(data, flags=chosen, demo=demo)
    start_log(running.app.office.config.server.log_level)
    _tell(running.first_password)
    listener = running.listener
    typer.echo(snippets(listener.host, listener.port, listener.protocol))
    sys.stdout.flush()
    with _studio(running.url, port=STUDIO_PORT) if with_studio else nullcontext():
        running.run()


def studio(
    data: Data = None,
    port: Annotated[int, typer.Option("--port", help="Port of the pages.")] = STUDIO_PORT,
    connection: Connection = None,
) -> None:
    """Open Studio, pages in a browser: worksheet, playground, fine-tuning without code, jobs. Until Ctrl-C.

    Serves the data directory meanwhile, if nothing does. Sign in with the users of the server.
    """
    if connection is not None:
        with _studio(connection, port=port) as running:
            running.wait()
        return
    from sapwood import service

    with service.serving(data) as (url, first_password), _studio(url, port=port) as running:
        _tell(first_password)
        running.wait()


@contextmanager
def _studio(place: str, *, port: int) -> Generator[Studio]:
    """Studio's process for the length of a block; Ctrl-C and SIGTERM end the block."""
    from sapwood.studio.launch import StudioError, start_studio

    need_extra("studio", "streamlit", "altair", "snowflake")
    try:
        running = start_studio(place, host="127.0.0.1", port=port)
    except StudioError as error:
        raise ConfigError(f"Studio does not start: {error}") from error
    typer.echo(f"Studio is on {running.url}")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield running
    except KeyboardInterrupt:
        pass
    finally:
        running.stop()


def _tell(first_password: FirstPassword | None) -> None:
    if first_password is not None:
        messages.notice(f"ADMIN's password is {first_password.password} (kept in {first_password.file}).")
