"""Runs a statement with a slow model until it is killed. Arguments: data directory, folder of files, log of prompts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from engine_bench import FakeBackend, open_engine

from sapwood.inference.request import Completion, Request


class LoggingBackend(FakeBackend):
    """Notes each prompt in a file as soon as it is answered."""

    def __init__(self, log: Path) -> None:
        super().__init__(seconds=0.03)
        self.log = log

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        prompts: dict[str, str] = {}

        def noted() -> Iterator[Request]:
            for request in requests:
                prompts[request.key] = request.messages[-1].content
                yield request

        for completion in super().generate(noted(), is_cancelled=is_cancelled):
            with self.log.open("a") as stream:
                stream.write(prompts[completion.key] + "\n")
            yield completion


def main(data: str, files: str, log: str) -> None:
    engine, _ = open_engine(Path(data), LoggingBackend(Path(log)))
    session = engine.open_session()
    session.execute(
        f"create stage s url = 'file://{files}/'; create table t (x varchar) comment = 'kept'; copy into t from @s"
    )
    session.execute("begin; insert into t values ('never committed')")
    other = engine.open_session()
    other.execute("create table answers as select x, snowflake.cortex.complete('echo', x) as said from t")


if __name__ == "__main__":
    main(*sys.argv[1:])
