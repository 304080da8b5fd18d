"""Which of some labels a model would say: token ids and probabilities in, one label and the scores of all out. Knows no model.

Labels stand in a trie of their tokens, each closed by the token that ends a turn, so that one may be the beginning of
another. A label's score is the chance that the model says it if it may say nothing but labels: the product, over the places
where labels part, of the share that the label's next token has among the tokens that may come there. So

- scores sum to 1, and are what masked sampling at temperature 1 would give;
- the answer is the label with the greatest score. That is not the greedy choice token by token, which may follow a popular
  beginning that ten labels share to one that is less likely than a label of its own;
- tokens that are forced count as certain, so a long label is no less likely for its length, and they need no step unless
  labels part again behind them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sapwood.errors import InvalidOptionError

PRECISION = 1e-4
"""Greatest error of a score: a branch of less is not looked into, and its labels share it equally."""

KEPT_TRIES = 64
"""Label sets that are kept in tokens."""


@dataclass(frozen=True)
class Branch:
    """A place where labels part: the tokens that lead to it, and behind each next token a further branch or a label's number."""

    path: tuple[int, ...]
    tokens: tuple[int, ...]
    targets: tuple[Branch | int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Trie:
    """Labels by their tokens, end included. `root` is a label's number where there is but one."""

    root: Branch | int
    sequences: tuple[tuple[int, ...], ...]

    @property
    def depth(self) -> int:
        """Tokens of the longest label, without its end."""
        return max(map(len, self.sequences)) - 1


class Tries:
    """Label sets of one tokenizer; the ones not used for longest are forgotten."""

    def __init__(self, completion_ids: Callable[[str], Sequence[int]]) -> None:
        """`completion_ids` gives the tokens of a whole answer, the token that ends it included."""
        self._completion_ids = completion_ids
        self._made = lru_cache(maxsize=KEPT_TRIES)(self._make)

    def trie(self, labels: tuple[str, ...]) -> Trie:
        """Raises InvalidOptionError for labels that the tokenizer can't tell apart."""
        return self._made(labels)

    def _make(self, labels: tuple[str, ...]) -> Trie:
        sequences = tuple(tuple(self._completion_ids(label)) for label in labels)
        seen: dict[tuple[int, ...], str] = {}
        for label, sequence in zip(labels, sequences, strict=True):
            if sequence in seen:
                text = f"the labels {seen[sequence]!r} and {label!r} are the same to the model"
                raise InvalidOptionError(text, hint="Give each label once.")
            seen[sequence] = label
        return Trie(_grow(sequences, tuple(range(len(labels))), 0), sequences)


class Search:
    """One row's way through a trie. Read the tokens of `path` behind the prompt, `take` the shares of `tokens` there, go on
    until `is_done`.

    It looks into the branch with the greatest share, until no other can change the answer. With `wants_scores` it looks into
    all that have more than PRECISION, side by side in the trie, so that the fewest tokens are read.
    """

    def __init__(self, trie: Trie, *, wants_scores: bool) -> None:
        self._trie, self._wants_scores = trie, wants_scores
        self._found: dict[int, float] = {}
        self._open: list[tuple[float, tuple[int, ...], float, Branch]] = []
        self._add(trie.root, 1.0)

    @property
    def path(self) -> tuple[int, ...]:
        return self._open[0][1]

    @property
    def tokens(self) -> tuple[int, ...]:
        return self._open[0][3].tokens

    @property
    def is_done(self) -> bool:
        if not self._open or self._wants_scores:
            return not self._open
        return self._open[0][2] <= max(self._found.values(), default=0.0)

    @property
    def best(self) -> int:
        """Number of the label with the greatest score, the first of equals."""
        return min(self._found, key=lambda label: (-self._found[label], label))

    @property
    def answer(self) -> tuple[int, ...]:
        """Tokens of the best label, without the end."""
        return self._trie.sequences[self.best][:-1]

    @property
    def scores(self) -> tuple[float, ...]:
        """The labels' scores in their order; () if they were not wanted."""
        return tuple(self._found[label] for label in sorted(self._found)) if self._wants_scores else ()

    def take(self, shares: Sequence[float]) -> None:
        """Go on with the share of each of `tokens` at `path`."""
        _, _, share, branch = heapq.heappop(self._open)
        for target, part in zip(branch.targets, shares, strict=True):
            self._add(target, share * part)

    def _add(self, target: Branch | int, share: float) -> None:
        if isinstance(target, int):
            self._found[target] = share
        elif self._wants_scores and share <= PRECISION:
            self._found.update(dict.fromkeys(target.labels, share / len(target.labels)))
        else:
            heapq.heappush(self._open, (0.0 if self._wants_scores else -share, target.path, share, target))


def next_path(read: Sequence[int], path: Sequence[int]) -> list[int]:
    """The tokens that stand behind the prompt after one more step towards `path`, where `read` stand now.

    >>> next_path([1, 2, 3], [1, 4, 5])
    [1, 4]
    """
    alike = next((at for at, pair in enumerate(zip(read, path, strict=False)) if pair[0] != pair[1]), len(read))
    return list(path[: alike + 1])


def _grow(sequences: Sequence[tuple[int, ...]], labels: tuple[int, ...], depth: int) -> Branch | int:
    """The first place at `depth` or behind it where these labels part; they are alike up to there."""
    if len(labels) == 1:
        return labels[0]
    by_token: dict[int, list[int]] = {}
    for label in labels:
        by_token.setdefault(sequences[label][depth], []).append(label)
    if len(by_token) == 1:
        return _grow(sequences, labels, depth + 1)
    targets = tuple(_grow(sequences, tuple(some), depth + 1) for some in by_token.values())
    return Branch(sequences[labels[0]][:depth], tuple(by_token), targets, labels)
