"""Look-ups that were made before: shown again at once, and made again behind the page once they are some seconds old.

Statements in, rows out. Knows no connection: `ask` is how a statement is run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

FRESH_S = 20.0
"""Seconds for which rows are shown without asking again."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Look:
    """A statement that was asked; `newer` is the same one, asked again."""

    rows: Future[list[Row]]
    at: float
    newer: Future[list[Row]] | None = None


class Memory:
    """What one user looked up. One statement at a time is asked, in the order in which they were wanted."""

    def __init__(self, ask: Callable[[str], list[Row]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._line = ThreadPoolExecutor(1, thread_name_prefix="studio-look")
        self._looks: dict[str, _Look] = {}

    def look(self, sql: str) -> list[Row]:
        """The rows, or those of some seconds ago while they are asked again. Raises what asking raises."""
        look = self._renewed(sql, self._looks.get(sql))
        self._looks[sql] = look
        try:
            return look.rows.result()
        except Exception:
            self._looks.pop(sql, None)
            raise

    def ahead(self, statements: Iterable[str]) -> None:
        """Begin to ask what will be wanted soon."""
        for sql in statements:
            self._looks[sql] = self._renewed(sql, self._looks.get(sql))

    def forget(self, word: str = "") -> None:
        """The look-ups with this word, or all of them, are asked again and waited for."""
        self._looks = {sql: look for sql, look in self._looks.items() if word not in sql}

    def close(self) -> None:
        """Ask nothing more."""
        self._line.shutdown(wait=False, cancel_futures=True)

    def _renewed(self, sql: str, look: _Look | None) -> _Look:
        now = self._clock()
        if look is None:
            return _Look(self._line.submit(self._ask, sql), now)
        if look.newer is not None and look.newer.done():
            return _Look(look.newer, look.at)
        if look.newer is None and now - look.at >= FRESH_S:
            return _Look(look.rows, now, self._line.submit(self._ask, sql))
        return look
