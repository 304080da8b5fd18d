"""Loads a file and says when it begins and ends, until it is killed. Arguments: data directory, folder of files."""

from __future__ import annotations

import sys
from pathlib import Path

from engine_bench import FakeBackend, open_engine


def main(data: str, files: str) -> None:
    engine, _ = open_engine(Path(data), FakeBackend())
    session = engine.open_session()
    session.execute(
        f"create table if not exists t (n int, x varchar); create stage if not exists s url = 'file://{files}/'"
    )
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    session.execute("copy into t from @s on_error = continue")
    sys.stdout.write("end\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
