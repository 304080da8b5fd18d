"""Fixtures of the wire tests."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from wire_bench import ClientPython, Server, environment, start_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One server for all tests; each works in a schema of its own where it writes."""
    server = start_server(tmp_path_factory.mktemp("wire") / "data", "--demo")
    yield server
    code = server.stop()
    assert server.process.stdout is not None
    server.process.stdout.close()
    assert code == 0


@pytest.fixture(params=["connector4", "connector5"])
def client(request: pytest.FixtureRequest, server: Server) -> ClientPython:
    """Both lines of the Python connector."""
    return ClientPython(environment(request.param), server)


@pytest.fixture
def snowpark(server: Server) -> ClientPython:
    """The environment with Snowpark."""
    return ClientPython(environment("connector4"), server)


@pytest.fixture
def cli(server: Server) -> ClientPython:
    """The environment of the `snow` CLI."""
    return ClientPython(environment("snow"), server)
