from __future__ import annotations

from collections.abc import Iterator

import pytest
from dialect_bench import Database


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database()
    yield opened
    opened.connection.close()
