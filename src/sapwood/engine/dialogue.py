"""The rows of one call site on their way: what each still waits for, and what became of those that are done.

Comes in: a row's rounds, then completions as they come. Goes out: requests, in the end an outcome for each row. It asks
nobody itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sapwood.engine.answering import Wanted
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, completion_error
from sapwood.errors import Error
from sapwood.functions.function import Ask, EmbedAsk, Rounds
from sapwood.inference.request import Completion


@dataclass
class _Row:
    """A row at its current round: the keys of its questions, and the answers that have come."""

    asking: Asking
    rounds: Rounds
    keys: Sequence[str] = ()
    answers: dict[str, Completion] = field(default_factory=dict[str, Completion])


class Dialogue:
    """All rows of a call site, side by side."""

    def __init__(self, rule: OutcomeRule, request_of: Callable[[Ask | EmbedAsk, Asking], Wanted]) -> None:
        self.refused = 0
        """Rows that could not be asked, or whose answer was of no use."""
        self._rule = rule
        self._request_of = request_of
        self._rows: dict[str, list[_Row]] = {}
        self._requests: dict[str, Wanted] = {}
        self._outcomes: list[tuple[Asking, Outcome]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a row waits for an answer."""
        return bool(self._rows)

    def begin(self, asking: Asking, rounds: Rounds) -> None:
        """Let a row ask its first questions."""
        self._advance(_Row(asking, rounds))

    def go_on(self, completions: Iterable[Completion]) -> None:
        """Hand rows their answers; one that has all of its round asks the next."""
        for completion in completions:
            for row in self._rows.pop(completion.key, ()):
                row.answers[completion.key] = completion
                if all(key in row.answers for key in row.keys):
                    self._go_on(row)

    def take_requests(self) -> dict[str, Wanted]:
        """Requests by key that were not given yet, and for which no row waited already."""
        requests, self._requests = self._requests, {}
        return requests

    def take_outcomes(self) -> list[tuple[Asking, Outcome]]:
        """Outcomes that were not given yet."""
        outcomes, self._outcomes = self._outcomes, []
        return outcomes

    def _go_on(self, row: _Row) -> None:
        answers = [row.answers[key] for key in row.keys]
        broken = next((answer for answer in answers if answer.error is not None), None)
        if broken is None:
            self._advance(row, answers)
        else:
            self._end(row, self._rule.failed(row.asking, completion_error(self._rule.call.function, broken)))

    def _advance(self, row: _Row, answers: Sequence[Completion] | None = None) -> None:
        """Take a row to its next questions, or to its end; a round without a question has its answers."""
        try:
            asks = next(row.rounds) if answers is None else row.rounds.send(answers)
            while not asks:
                asks = row.rounds.send(())
        except StopIteration as end:
            self._end(row, self._rule.succeeded(row.asking, end.value))
        except Error as error:
            self.refused += 1
            self._end(row, self._rule.failed(row.asking, error))
        else:
            self._wait(row, [self._request_of(ask, row.asking) for ask in asks])

    def _wait(self, row: _Row, requests: Sequence[Wanted]) -> None:
        row.keys, row.answers = [request.key for request in requests], {}
        for request in {request.key: request for request in requests}.values():
            others = self._rows.setdefault(request.key, [])
            if not others:
                self._requests[request.key] = request
            others.append(row)

    def _end(self, row: _Row, outcome: Outcome) -> None:
        self._outcomes.append((row.asking, outcome))
