"""`snowflake.cortex.complete` in Python (snowflake-ml-python).

Asked with a text rather than a column, that function calls the REST API by https at the connection's host, and leaves out
the connection's port: it reaches a server on port 443 only.
"""

from __future__ import annotations

import socket
from collections.abc import Generator

import pytest
from certificates import make_certificates
from wire_bench import ClientPython, environment, start_server

TLS = """
import os
os.environ["REQUESTS_CA_BUNDLE"] = AUTHORITY
settings |= {"host": "localhost", "protocol": "https", "disable_ocsp_checks": True}
"""


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[ClientPython, str]]:
    """A client of a server on port 443, and the beginning of its scripts."""
    name, place = environment("connector4"), tmp_path_factory.mktemp("tls")
    try:
        socket.create_server(("127.0.0.1", 443)).close()
    except OSError as error:
        pytest.skip(f"port 443 can't be had: {error}")
    made = make_certificates(place)
    server = start_server(
        place / "data", "--demo", "--port", "443", "--tls-cert", str(made.cert), "--tls-key", str(made.key)
    )
    yield ClientPython(name, server), f"AUTHORITY = {str(made.authority)!r}\n" + TLS
    assert server.stop() == 0
    assert server.process.stdout is not None
    server.process.stdout.close()


def test_texts_are_completed(secured: tuple[ClientPython, str]) -> None:
    client, prologue = secured
    out = client.run(
        prologue
        + """
from snowflake import cortex
from snowflake.snowpark import Session
session = Session.builder.configs(settings).create()
out["text"] = cortex.complete("mistral-7b", "it's one two three")
out["options"] = cortex.complete("mistral-7b", "one two three", options={"max_tokens": 2, "temperature": 0.5, "top_p": 0.9})
out["talk"] = cortex.complete("mistral-7b", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}])
out["stream"] = "".join(cortex.complete("mistral-7b", "hello there", stream=True, timeout=30))
schema = {"type": "object", "properties": {"label": {"type": "string", "enum": ["slow"]}}, "required": ["label"]}
out["schema"] = json.loads(cortex.complete("mistral-7b", "which?", options={"response_format": {"type": "json", "schema": schema}}))
try:
    cortex.complete("nonesuch", "hello")
except Exception as error:
    out["error"] = "400" in str(error)
session.close()
"""
    )
    assert out == {
        "text": "it's one two three", "options": "one two", "talk": "hello", "stream": "hello there", "schema": {"label": "slow"}, "error": True,
    }  # fmt: skip
