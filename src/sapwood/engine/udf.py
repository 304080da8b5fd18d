"""The door from DuckDB to the calls of ours: `sapwood_call`, `sapwood_sample`, `sapwood_vector` and `sapwood_probe`,
registered once for an engine.

In SQL a call is `sapwood_call('<token>:<site>', [arguments])`. The token finds the statement's `Asked`, which knows the
answers so far. A pass over the query that meets an unknown asking notes it and goes on with NULL; or, with `at_once`, has
it answered on the spot. This module does not know who answers.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import sqltype
from duckdb.func import FunctionNullHandling, PythonUDFType

from sapwood.dialect.statements import Call
from sapwood.engine.ledger import Ledger, Notes, rows_of
from sapwood.engine.outcome import Asking, Outcome
from sapwood.errors import CancelledError, Error, InternalError
from sapwood.functions.vector_text import decoded

AnswerCalls = Callable[[Call, Iterable[Sequence[Asking]], int], Iterable[tuple[Asking, Outcome]]]
"""Answers the askings of a call, given in windows, and told how many they are in all."""


MOST_PROBED = 100_000
"""Rows that a probe takes note of."""


class Asked:
    """What one statement's calls have asked and learned.

    A pass is one run of the query. Only what was asked before any placeholder was handed out is sure to be needed: so of
    the unknown askings of a pass only those of the first site count, the rest is asked again by the next pass.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        *,
        folder: Path,
        is_cancelled: Callable[[], bool],
        answer: AnswerCalls | None = None,
    ) -> None:
        """What does not fit into memory goes to `folder`. With `answer` what is unknown is answered on the spot."""
        self.calls = {call.site: call for call in calls}
        self.failure: Error | None = None
        self.failed = 0
        self.rows = 0
        self._folder = folder
        self._answer = answer
        self._is_cancelled = is_cancelled
        self._met: dict[int, tuple[int, Notes]] | None = None
        self._lock = threading.Lock()
        self._known = {site: Ledger(folder) for site in self.calls}
        self._leader: int | None = None
        self._unknown = Notes(folder)
        self._turns: Counter[tuple[int, tuple[str | None, ...]]] = Counter()
        self._spent: dict[int, tuple[int, int]] = {}
        self.probed: dict[tuple[str | None, ...], None] = {}
        """The different rows that `sapwood_probe` saw in this pass."""

    def begin_pass(self, *, met: dict[int, tuple[int, Notes]] | None = None) -> None:
        """Forget what the last pass asked. With `met` nothing is asked: it takes the rows and askings of each site."""
        self._met = met
        self._leader = None
        self._unknown = Notes(self._folder)
        self._turns.clear()
        self.probed.clear()
        self.rows = 0

    @property
    def unknown(self) -> tuple[Call, Notes] | None:
        """The call and its askings that the last pass wants answered; None if it met nothing unknown."""
        return None if self._leader is None else (self.calls[self._leader], self._unknown)

    def learn(self, call: Call, outcomes: Iterable[tuple[Asking, Outcome]]) -> None:
        """Take answers in. The first failed row's error is kept, and how many failed."""
        for asking, outcome in outcomes:
            self._known[call.site].learn(asking, outcome.value)
            if outcome.error is not None:
                self.failed += 1
                self.failure = self.failure or outcome.error

    def values(self, site: int, arguments: Sequence[tuple[str | None, ...]], *, is_sampled: bool) -> pa.Array:
        """The values of a chunk of rows."""
        if self._is_cancelled():
            raise CancelledError("SQL execution canceled")
        with self._lock:
            self.rows += len(arguments)
            askings = [(row, self._turn(site, row) if is_sampled else 0) for row in arguments]
            values, missing = self._known[site].values(askings)
            if self._met is not None:
                rows, notes = self._met.get(site, (0, Notes(self._folder)))
                notes.add(missing)
                self._met[site] = (rows + len(arguments), notes)
            elif missing and self._meet(site, missing):
                values, _ = self._known[site].values(askings)
            return values

    def spend(self, call: Call, askings: int, tokens: int) -> None:
        """So many askings of a call cost so many tokens."""
        before = self._spent.get(call.site, (0, 0))
        self._spent[call.site] = (before[0] + askings, before[1] + tokens)

    def cost(self, site: int) -> float:
        """Tokens of an asking, as far as it is known; 1 where nothing is."""
        askings, tokens = self._spent.get(site, (0, 0))
        return max(tokens / askings, 1.0) if askings else 1.0

    def probe(self, rows: Sequence[tuple[str | None, ...]]) -> None:
        """Take note of rows, of which a sample of so many says enough."""
        if self._is_cancelled():
            raise CancelledError("SQL execution canceled")
        if len(self.probed) < MOST_PROBED:
            self.probed.update(dict.fromkeys(rows))

    def close(self) -> None:
        """Let go of what was learned."""
        for ledger in self._known.values():
            ledger.close()

    def _turn(self, site: int, row: tuple[str | None, ...]) -> int:
        turn = self._turns[site, row]
        self._turns[site, row] += 1
        return turn

    def _meet(self, site: int, missing: dict[bytes, Asking]) -> bool:
        """Note what is unknown, or have it answered; True if it is known now."""
        if self._answer is not None:
            self.learn(self.calls[site], self._answer(self.calls[site], [list(missing.values())], len(missing)))
            if self.failure is not None:
                raise self.failure
            return True
        if self._leader is None:
            self._leader = site
        if self._leader == site:
            self._unknown.add(missing)
        return False


class CallDoor:
    """The registered functions, and which statement is behind each token."""

    def __init__(self) -> None:
        self._open: dict[str, Asked] = {}

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the functions known to every cursor of the connection."""
        for name, is_sampled, kind, made in _FUNCTIONS:
            connection.create_function(
                name,
                self._function(is_sampled, made),
                [sqltype("VARCHAR"), sqltype("VARCHAR[]")],
                sqltype(kind),
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
                side_effects=is_sampled,
            )

        connection.create_function(
            "sapwood_probe",
            self._probe,
            [sqltype("VARCHAR"), sqltype("VARCHAR[]")],
            sqltype("BOOLEAN"),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )

    def open(self, token: str, asked: Asked) -> None:
        """Let a statement's calls in."""
        self._open[token] = asked

    def close(self, token: str) -> None:
        """Forget a statement."""
        self._open.pop(token, None)

    def _probe(self, tokens: Any, rows: Any) -> pa.Array:
        """False of each row, and the statement has seen it."""
        self._asked(str(tokens[0])).probe(rows_of(rows))
        return pa.array([False] * len(rows))

    def _asked(self, token: str) -> Asked:
        asked = self._open.get(token)
        if asked is None:
            raise InternalError("a call without its statement")
        return asked

    def _function(self, is_sampled: bool, made: Callable[[pa.Array], pa.Array]) -> Callable[[Any, Any], pa.Array]:
        def call(places: Any, arguments: Any) -> pa.Array:
            token, _, site = str(places[0]).rpartition(":")
            return made(self._asked(token).values(int(site), rows_of(arguments), is_sampled=is_sampled))

        return call


def _texts(values: pa.Array) -> pa.Array:
    return values


def _vectors(values: pa.Array) -> pa.Array:
    """Vectors of 32-bit floats, from their texts."""
    none = np.zeros(0, "<f4")
    vectors = [none if value is None else decoded(value) for value in values.to_pylist()]
    ends = np.cumsum([0, *(len(vector) for vector in vectors)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(np.concatenate([none, *vectors])), mask=values.is_null())


_FUNCTIONS = (
    ("sapwood_call", False, "VARCHAR", _texts),
    ("sapwood_sample", True, "VARCHAR", _texts),
    ("sapwood_vector", False, "FLOAT[]", _vectors),
)
"""Name, whether equal arguments may differ in their answers, what it gives, and how that is made of values' texts."""
