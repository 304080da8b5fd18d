"""Statements that run now, and how far each is: for whoever asks from another session.

Comes in: a statement's beginning, its progress, its end. Goes out: what stands at the moment. Nothing of it outlives the process.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sapwood.engine.result import Progress


@dataclass(frozen=True)
class RunningStatement:
    """A statement under way; `started` in epoch milliseconds, `progress` None as long as no model is asked."""

    id: str
    text: str
    user: str
    role: str
    session: str
    started: int
    progress: Progress | None = None


class Running:
    """All statements of an engine that run now. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, RunningStatement] = {}

    @contextmanager
    def during(self, statement: RunningStatement) -> Generator[None]:
        """The time in which a statement runs."""
        with self._lock:
            self._by_id[statement.id] = statement
        try:
            yield
        finally:
            with self._lock:
                del self._by_id[statement.id]

    def tell(self, progress: Progress) -> None:
        """How far a statement is now."""
        with self._lock:
            known = self._by_id.get(progress.query_id)
            if known is not None:
                self._by_id[known.id] = replace(known, progress=progress)

    @property
    def statements(self) -> tuple[RunningStatement, ...]:
        """Those that run, newest first."""
        with self._lock:
            return tuple(reversed(self._by_id.values()))
