"""A server on a data directory of its own, and the official clients: a test runs a short script in a client's own Python.

The client environments are made by `make clients`; where one is absent its tests are skipped.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sapwood.server.snippets import snippet_by_client

CLIENTS = Path(__file__).parents[2] / ".clients"
PASSWORD = "Sap-And-Bark-7"
SETTINGS = """
[models.aliases]
mistral-7b = "echo"
mistral-large = "echo"
mistral-large2 = "echo"
"llama3.1-8b" = "echo"
[inference]
threads = 1
"""
PROLOGUE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import snowflake.connector
settings = json.loads(sys.argv[1])
out = {}
def connect(**more):
    return snowflake.connector.connect(**{**settings, **more})
"""
EPILOGUE = "\nprint(json.dumps(out, default=str))\n"


@dataclass(frozen=True)
class Server:
    """A running `sapwood serve`."""

    process: subprocess.Popen[str]
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def start_server(data: Path, *options: str, settings: str = SETTINGS) -> Server:
    data.mkdir(exist_ok=True)
    (data / "sapwood.toml").write_text(settings)
    command = [sys.executable, "-m", "sapwood", "serve", "--data", str(data), "--port", "0", *options]
    environment = {**os.environ, "SAPWOOD_ADMIN_PASSWORD": PASSWORD}
    log = (data / "server.log").open("a")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    log.close()
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("sapwood serves on "), (data / "server.log").read_text()
    return Server(process, data, int(first.rsplit(":", 1)[1]))


@dataclass(frozen=True)
class ClientPython:
    """A client environment's Python, pointed at a server."""

    name: str
    server: Server

    @property
    def line(self) -> int:
        """Major version of the connector."""
        return int(self.name[-1])

    def settings(self, server: Server | None = None) -> Mapping[str, Any]:
        return {
            "account": "sapwood", "host": "127.0.0.1", "port": (server or self.server).port, "protocol": "http", "user": "ADMIN",
            "password": PASSWORD, "database": "CORTEX_FINETUNING_DB", "schema": "PUBLIC", "login_timeout": 20, "network_timeout": 60,
        }  # fmt: skip

    def run(self, script: str, *, server: Server | None = None, seconds: float = 100) -> dict[str, Any]:
        """Run a script that fills `out`; it has `connect` and `settings`."""
        python = CLIENTS / self.name / "bin" / "python"
        text = PROLOGUE + textwrap.dedent(script) + EPILOGUE
        done = subprocess.run(
            [str(python), "-c", text, json.dumps(self.settings(server))],
            capture_output=True, text=True, timeout=seconds, env={"PATH": os.environ["PATH"], "HOME": str(self.server.data)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])


def pasted(server: Server, client: str) -> str:
    """What the server prints for a client, with the password put in."""
    blocks = snippet_by_client("127.0.0.1", server.port, "http")
    (text,) = [block for name, block in blocks.items() if name.startswith(client)]
    return text.replace("...", PASSWORD) + "\n"


def environment(name: str) -> str:
    """The name; the test is skipped if that environment is not there."""
    if not (CLIENTS / name / "bin" / "python").exists():
        pytest.skip(f"the client environment {name} is not there: `make clients` makes it")
    return name
