"""A server and Studio on it, for the length of a block."""

from __future__ import annotations

import runpy
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sapwood.studio.launch import Studio, start_studio

WIRE = Path(__file__).parents[1] / "wire" / "wire_bench.py"


@contextmanager
def running_server(data: Path, **settings: str) -> Generator[Any]:
    """A server on a fresh data directory, and its orderly end."""
    server = runpy.run_path(str(WIRE))["start_server"](data, **settings)
    yield server
    server.process.stdout.close()
    assert server.stop() == 0


@contextmanager
def running_studio(url: str) -> Generator[Studio]:
    """Studio on a free port."""
    studio = start_studio(url, host="127.0.0.1", port=free_port())
    yield studio
    studio.stop()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
