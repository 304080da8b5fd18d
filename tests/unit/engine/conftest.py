"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import Bench, FakeBackend, close_bench, open_bench, open_engine

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def bench(tmp_path: Path, backend: FakeBackend) -> Iterator[Bench]:
    made = open_bench(tmp_path, backend)
    yield made
    close_bench(made)


@pytest.fixture
def engine(tmp_path: Path, backend: FakeBackend) -> Iterator[Engine]:
    made, close = open_engine(tmp_path, backend)
    yield made
    close()


@pytest.fixture
def session(engine: Engine) -> Session:
    return engine.open_session()
