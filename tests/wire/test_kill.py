"""A server that is killed under load: what it acknowledged is there after the restart, and no half of anything."""

from __future__ import annotations

import random
from pathlib import Path

from kill_bench import Killing


def test_what_was_acknowledged_outlives_a_kill_and_nothing_is_half(tmp_path: Path) -> None:
    """Three kills of one data directory; each takes a start of the server, so this is not quick."""
    killing = Killing(tmp_path / "data", random.Random(7))
    server = killing.begin()
    try:
        for _ in range(3):
            server = killing.round(server)
        assert sum(writer.acknowledged for writer in killing.writers) > len(killing.writers)
    finally:
        killing.end(server)
