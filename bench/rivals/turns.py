"""How a trainer takes turns with others: one step of training a line of stdin. Knows no library.

The first line that a trainer writes says that it is warm, after WARM_UP steps; each line behind it is one step. All have the same
keys: {"seconds": of the step, "peak_mb": of the process so far, "versions": {...}}.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

WARM_UP = 2
"""Steps that are thrown away."""


@dataclass(frozen=True)
class Row:
    """What a model is taught to answer."""

    prompt: str
    completion: str


def read_rows(path: str) -> Sequence[Row]:
    """The rows of a file with a JSON object a line."""
    return [Row(**json.loads(line)) for line in Path(path).read_text(encoding="utf-8").splitlines()]


class Turns:
    """Holds a training loop up until it is its turn. What a library prints goes to stderr."""

    def __init__(self, libraries: Iterable[str]) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self._versions = {name: version(name) for name in libraries}
        self._steps, self._since = 0, time.perf_counter()

    def stepped(self) -> None:
        """Tell of the step that has just ended, and wait for the next turn; SystemExit if there is none."""
        seconds = time.perf_counter() - self._since
        self._steps += 1
        if self._steps >= WARM_UP:
            self._tell(seconds)
            if not sys.stdin.readline():
                raise SystemExit(0)
        self._since = time.perf_counter()

    def _tell(self, seconds: float) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        told = {"seconds": seconds, "peak_mb": peak, "versions": self._versions}
        print(json.dumps(told), file=self._out, flush=True)
