"""Answers that come again: what rows of one batch have said so far, as guesses at what a row will say. Token ids only.

A guess costs a few tokens in a pass that is made anyway, and saves a pass for each token that was right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

LONGEST = 16
"""Answers of more tokens are not kept: they hardly come twice."""

SHARE = 0.5
"""Of the answers that began as a row's does, the part that must have gone on alike before it is guessed."""


class Drafts:
    """Finished answers, counted by all their beginnings."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[int, ...]] = Counter()
        self._begun: Counter[tuple[int, ...]] = Counter()
        self._likeliest: dict[tuple[int, ...], tuple[int, ...]] = {}

    def add(self, answer: Sequence[int]) -> None:
        """Keep a finished answer."""
        whole = tuple(answer)
        if len(whole) > LONGEST:
            return
        self._answers[whole] += 1
        for beginning in (whole[:end] for end in range(1, len(whole) + 1)):
            self._begun[beginning] += 1
            if self._answers[whole] > self._answers[self._likeliest.get(beginning, ())]:
                self._likeliest[beginning] = whole

    def guess(self, answer: Sequence[int], *, most: int) -> tuple[int, ...]:
        """At most `most` tokens that may come behind `answer`; () if none is likely."""
        beginning = tuple(answer[: LONGEST + 1])
        likeliest = self._likeliest.get(beginning, ())
        if self._answers[likeliest] < SHARE * self._begun[beginning]:
            return ()
        return likeliest[len(beginning) :][: max(0, most)]
