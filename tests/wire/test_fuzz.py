"""Random requests and broken statements against a server of their own; the same ones each time. More by hand: fuzz_bench.py."""

from __future__ import annotations

from pathlib import Path

from fuzz_bench import SEEDS, Fuzz, sweep
from wire_bench import start_server


def test_whatever_is_sent_is_answered_and_shows_nothing_of_the_inside(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data", "--demo")
    fuzz = Fuzz(server)
    try:
        sweep(fuzz, SEEDS, examples=250, luck=None)
    finally:
        fuzz.close()
        code = server.stop()
        assert server.process.stdout is not None
        server.process.stdout.close()
    assert code == 0
