"""Asks a slow model about 2,000 rows until it is killed, again and again on the same data. Arguments: data directory, log of prompts."""

from __future__ import annotations

import sys
from pathlib import Path

from engine_bench import open_engine
from killed_process import LoggingBackend

ROWS = 2000
STATEMENT = (
    "create or replace table answers as select x, snowflake.cortex.complete('echo', x) as said"
    f" from (select 'p' || seq4() as x from table(generator(rowcount => {ROWS})))"
)


def main(data: str, log: str) -> None:
    backend = LoggingBackend(Path(log))
    backend.seconds = 0.001
    engine, close = open_engine(Path(data), backend)
    engine.open_session().execute(STATEMENT)
    close()


if __name__ == "__main__":
    main(*sys.argv[1:])
