"""The rows of one call site on their way: what each still waits for, and what became of those that are done.

Comes in: rows, then completions as they come. Goes out: requests, in the end an outcome for each row. It asks
nobody itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sapwood.engine.answering import Wanted
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, completion_error
from sapwood.errors import Error
from sapwood.functions.function import Answer, Arguments, Ask, EmbedAsk, Rounds
from sapwood.inference.request import Completion

Asked = Ask | EmbedAsk | Answer | Rounds
"""What a row asks, in any of the forms that a function may give it."""


@dataclass(slots=True)
class _Single:
    """A row with one question: a statement may have thousands of them side by side, so it holds as little as it can."""

    asking: Asking
    arguments: Arguments


@dataclass(slots=True)
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
        self._rows: dict[str, list[_Row | _Single]] = {}
        self._requests: dict[str, Wanted] = {}
        self._outcomes: list[tuple[Asking, Outcome]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a row waits for an answer."""
        return bool(self._rows)

    def begin(self, asking: Asking, arguments: Arguments, ask: Callable[[Arguments], Asked]) -> None:
        """Let a row ask its first questions, or have its answer."""
        try:
            asked = ask(arguments)
        except Error as error:
            self._refuse(asking, error)
            return
        if isinstance(asked, (Ask, EmbedAsk)):
            self._wait(_Single(asking, arguments), self._request_of(asked, asking))
        elif isinstance(asked, Answer):
            self._end(asking, self._rule.succeeded(asking, asked.value))
        else:
            self._advance(_Row(asking, asked))

    def go_on(self, completions: Iterable[Completion]) -> None:
        """Hand rows their answers; one that has all of its round asks the next."""
        for completion in completions:
            for row in self._rows.pop(completion.key, ()):
                if isinstance(row, _Single):
                    self._finish(row, completion)
                    continue
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

    def _finish(self, row: _Single, completion: Completion) -> None:
        """End a row whose one question is answered."""
        if completion.error is not None:
            self._end(row.asking, self._rule.failed(row.asking, completion_error(self._rule.call.function, completion)))
            return
        try:
            value = self._rule.function.value(completion, row.arguments)
        except Error as error:
            self._refuse(row.asking, error)
        else:
            self._end(row.asking, self._rule.succeeded(row.asking, value))

    def _go_on(self, row: _Row) -> None:
        answers = [row.answers[key] for key in row.keys]
        broken = next((answer for answer in answers if answer.error is not None), None)
        if broken is None:
            self._advance(row, answers)
        else:
            self._end(row.asking, self._rule.failed(row.asking, completion_error(self._rule.call.function, broken)))

    def _advance(self, row: _Row, answers: Sequence[Completion] | None = None) -> None:
        """Take a row to its next questions, or to its end; a round without a question has its answers."""
        try:
            asks = next(row.rounds) if answers is None else row.rounds.send(answers)
            while not asks:
                asks = row.rounds.send(())
        except StopIteration as end:
            self._end(row.asking, self._rule.succeeded(row.asking, end.value))
        except Error as error:
            self._refuse(row.asking, error)
        else:
            requests = [self._request_of(ask, row.asking) for ask in asks]
            row.keys, row.answers = [request.key for request in requests], {}
            for request in {request.key: request for request in requests}.values():
                self._wait(row, request)

    def _wait(self, row: _Row | _Single, request: Wanted) -> None:
        others = self._rows.setdefault(request.key, [])
        if not others:
            self._requests[request.key] = request
        others.append(row)

    def _refuse(self, asking: Asking, error: Error) -> None:
        self.refused += 1
        self._end(asking, self._rule.failed(asking, error))

    def _end(self, asking: Asking, outcome: Outcome) -> None:
        self._outcomes.append((asking, outcome))
