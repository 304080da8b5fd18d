"""The rows of one call site on their way: what each still waits for, and what became of those that are done.

Comes in: a row's rounds, then completions by content key. Goes out: the requests of a round, in the end an outcome for
each row. It asks nobody itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sapwood.engine.answering import Wanted
from sapwood.engine.outcome import Asking, Outcome, OutcomeRule, completion_error
from sapwood.errors import Error
from sapwood.functions.function import Ask, EmbedAsk, Rounds
from sapwood.inference.request import Completion


class Dialogue:
    """All rows of a call site, side by side. `requests` are the different ones of the current round, by key."""

    def __init__(self, rule: OutcomeRule, request_of: Callable[[Ask | EmbedAsk, Asking], Wanted]) -> None:
        self.requests: dict[str, Wanted] = {}
        self.outcomes: dict[Asking, Outcome] = {}
        self.refused = 0
        """Rows that could not be asked, or whose answer was of no use."""
        self._rule = rule
        self._request_of = request_of
        self._waiting: dict[Asking, tuple[Rounds, tuple[str, ...]]] = {}

    @property
    def is_waiting(self) -> bool:
        return bool(self._waiting)

    def begin(self, asking: Asking, rounds: Rounds) -> None:
        """Let a row ask its first questions."""
        self._advance(asking, rounds, None)

    def go_on(self, completions: Mapping[str, Completion]) -> None:
        """Hand every row its answers; those that are not done ask the next round."""
        waiting, self._waiting, self.requests = self._waiting, {}, {}
        for asking, (rounds, keys) in waiting.items():
            answers = [completions[key] for key in keys]
            broken = next((answer for answer in answers if answer.error is not None), None)
            if broken is None:
                self._advance(asking, rounds, answers)
            else:
                self.outcomes[asking] = self._rule.failed(asking, completion_error(self._rule.call.function, broken))

    def _advance(self, asking: Asking, rounds: Rounds, answers: Sequence[Completion] | None) -> None:
        try:
            asks = next(rounds) if answers is None else rounds.send(answers)
        except StopIteration as end:
            self.outcomes[asking] = self._rule.succeeded(asking, end.value)
        except Error as error:
            self.outcomes[asking] = self._rule.failed(asking, error)
            self.refused += 1
        else:
            asked = [self._request_of(ask, asking) for ask in asks]
            for request in asked:
                self.requests.setdefault(request.key, request)
            self._waiting[asking] = (rounds, tuple(request.key for request in asked))
