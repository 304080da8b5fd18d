"""What rows of prompt and completion are like before they are trained on: texts in, counts out. Knows no tokens and no model.

Texts are compared by digests of eight bytes, so that ten million rows take 160 MB. Of completions, the most frequent are
counted by name as long as they are few enough to be labels.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

MOST_LABELS = 512
"""Different completions up to which they are counted as labels; more are free text."""
LONGEST_LABEL = 200
"""Characters of a label; a longer completion is free text."""
FEW_ROWS = 3
"""Rows below which a label is told of: a model learns little from them."""
MOST_NEW = 0.01
"""Share of rows to come with a new completion, up to which the labels are taken to be all there are."""


@dataclass(frozen=True)
class Survey:
    """The counts of one part. `labels` has rows by completion, the most frequent first; it is empty for free text.

    `duplicates` are rows that stood there before; `contradictions` prompts that have more than one completion, and
    `contradictory_rows` the rows of these.
    """

    rows: int
    dropped_rows: int = 0
    cut_prompts: int = 0
    cut_completions: int = 0
    duplicates: int = 0
    contradictions: int = 0
    contradictory_rows: int = 0
    blank_completions: int = 0
    labels: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def has_all_labels(self) -> bool:
        """Whether rows to come will hardly have a completion that is none of `labels`. How many will is Good and Turing's
        estimate (Biometrika 40, 1953): the share of rows whose completion stands there once."""
        once = sum(rows == 1 for rows in self.labels.values())
        return bool(self.labels) and once <= MOST_NEW * self.rows

    @property
    def facts(self) -> dict[str, Any]:
        """The counts as JSON-able values."""
        return {**asdict(self), "labels": dict(self.labels)}

    def warnings(self, part: str) -> Iterator[str]:
        """What a user should know of, one sentence each; `part` is train or validation."""
        for name, sentence in _SENTENCES.items():
            if count := getattr(self, name):
                yield f"{part}: " + sentence.format(count=count, rows=self.rows)
        rare = [label for label, rows in self.labels.items() if rows < FEW_ROWS]
        if rare and part == "train":
            yield f"{part}: {len(rare)} of {len(self.labels)} labels have fewer than {FEW_ROWS} rows, such as {rare[0]!r}."


_SENTENCES: Mapping[str, str] = {
    "dropped_rows": "{count} rows have no prompt or no completion and were dropped.",
    "cut_prompts": "{count} of {rows} prompts are longer than the model's part for them and were cut.",
    "cut_completions": "{count} of {rows} completions are longer than the model's part for them and were cut.",
    "duplicates": "{count} of {rows} rows stand there more than once.",
    "contradictory_rows": "{count} of {rows} rows have a prompt that stands there with another completion, too.",
    "blank_completions": "{count} of {rows} completions are blank: the model learns to say nothing.",
}


class Surveyor:
    """Counts rows as they pass."""

    def __init__(self) -> None:
        self._prompts, self._pairs = array("Q"), array("Q")
        self._labels: Counter[str] | None = Counter()
        self._blank = 0

    def watch(self, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Hand rows on, and count them."""
        for prompt, completion in pairs:
            asked = _digest(prompt)
            self._prompts.append(asked)
            self._pairs.append(_digest(completion) ^ (asked * _ODD & _MASK))
            self._blank += not completion.strip()
            self._count_label(completion)
            yield prompt, completion

    def survey(self, **counts: int) -> Survey:
        """The counts of what has passed, and `counts` of those who handled it."""
        prompts = np.array(self._prompts, np.uint64)
        _, firsts, repeats = np.unique(np.array(self._pairs, np.uint64), return_index=True, return_counts=True)
        _, inverse, answers = np.unique(prompts[firsts], return_inverse=True, return_counts=True)
        is_contradictory = answers > 1
        return Survey(
            rows=len(prompts),
            duplicates=len(prompts) - len(firsts),
            contradictions=int(is_contradictory.sum()),
            contradictory_rows=int(repeats[is_contradictory[inverse]].sum()),
            blank_completions=self._blank,
            labels=dict(self._labels.most_common()) if self._labels else {},
            **counts,
        )

    def _count_label(self, completion: str) -> None:
        if self._labels is None:
            return
        self._labels[completion] += 1
        if len(self._labels) > MOST_LABELS or len(completion) > LONGEST_LABEL:
            self._labels = None


_ODD, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
"""An odd factor that spreads a digest over 64 bits, so that a pair's digest is not that of its halves swapped."""


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
