"""Argument tuples to answers: distinct questions, the durable cache, the backends, one outcome a tuple.

Comes in: one call site and the argument tuples that a pass asked for, some at a time. Goes out: a value or an error for
each. It knows no SQL and no DuckDB.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from sapwood.dialect.statements import Call
from sapwood.engine.account import Account
from sapwood.engine.answered import Answered
from sapwood.engine.batching import Batching
from sapwood.engine.budget import Budget
from sapwood.engine.exchange import Exchange
from sapwood.engine.key import ContentKeys
from sapwood.engine.outcome import Asking, Outcome
from sapwood.engine.report import Report


class Batcher:
    """Answers the askings of one statement. `account` says what they cost."""

    def __init__(self, batching: Batching) -> None:
        self.batching = batching
        self.account = Account()
        self._lock = threading.Lock()
        self._answered = Answered(batching.folder)
        self._keys = ContentKeys(batching.backend.version)
        self._budget = Budget(batching.spending, batching.models)

    def answer(self, call: Call, windows: Iterable[Sequence[Asking]], total: int) -> Iterator[tuple[Asking, Outcome]]:
        """An outcome for each asking of the windows, of which there are `total`; CancelledError once what was finished is stored."""
        batching = self.batching
        with self._lock:
            exchange = Exchange(
                call,
                batching,
                keys=self._keys,
                answered=self._answered,
                account=self.account,
                budget=self._budget,
                report=Report(batching.query_id, batching.on_progress, total),
            )
            yield from exchange.outcomes(windows)

    def close(self) -> None:
        """Let go of what the statement was answered."""
        self._answered.close()
