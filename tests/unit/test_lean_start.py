"""What a process must not load before it is needed: each library here costs every start of a command a noticeable part of a second."""

from __future__ import annotations

import subprocess
import sys

import pytest

PRINT_LOADED = "import sys; print(*sys.modules)"
ROOMS = frozenset(
    {"sapwood.app", "sapwood.dialect", "sapwood.engine", "sapwood.office", "sapwood.server", "sapwood.store"}
)
MODEL_LIBRARIES = frozenset(
    {"torch", "transformers", "peft", "sklearn", "scipy", "matplotlib", "openai", "huggingface_hub"}
)
SERVER_LIBRARIES = frozenset({"jwt", "cryptography", "httpx", "prometheus_client"})
ENGINE_LIBRARIES = frozenset({"duckdb", "pyarrow", "sqlglot", "pandas", "numpy"})


@pytest.mark.parametrize(
    ("start", "spared"),
    [
        pytest.param("import sapwood.cli", ROOMS | MODEL_LIBRARIES | ENGINE_LIBRARIES | {"sqlalchemy", "starlette"}, id="--help"),
        pytest.param("import sapwood.office", MODEL_LIBRARIES | SERVER_LIBRARIES | ENGINE_LIBRARIES | {"starlette"}, id="jobs, a worker"),
        pytest.param("import sapwood.app", MODEL_LIBRARIES | SERVER_LIBRARIES | {"pandas"}, id="sql"),
        pytest.param("import sapwood.service", MODEL_LIBRARIES | {"httpx", "pandas"}, id="serve"),
    ],
)  # fmt: skip
def test_a_start_loads_only_what_it_needs(start: str, spared: frozenset[str]) -> None:
    command = [sys.executable, "-c", f"{start}; {PRINT_LOADED}"]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert "sapwood.errors" in loaded
    assert not loaded & spared
