"""Rows of prompt and completion as token ids: truncation, split, shared prefix, batches. Knows no model weights.

What is too long is cut, as Cortex does. Of a prompt the end of the user's text goes: the instruction stands at its start,
and the chat's own frame around it stays whole, so the completion still follows where the assistant speaks. A completion
that is cut loses its end-of-turn token: the model is not taught that an answer may stop there.

Rows may lie on disk (rows.py): nothing here holds more of them in memory than a batch, and some numbers for each.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from sapwood.inference.chat import Chat
from sapwood.inference.request import Message
from sapwood.training.rows import Example, Selection, lengths

__all__ = ["Dataset", "Encoder", "Example", "cut_by_tokens", "epoch_batches", "make_dataset", "shared_prefix", "split"]

VALIDATION_SHARE = 0.1
MOST_VALIDATION_ROWS = 500
"""Rows that a validation split, or a measurement, takes at most."""
POOL_BATCHES = 16
"""Batches whose rows are sorted by length together: enough to waste little padding, few enough to keep batches mixed."""


@dataclass(frozen=True)
class Dataset:
    """What a run trains on and measures by. `prefix` is how all prompts of both parts begin, in tokens; `known` are the tokens of
    which all completions consist if these are labels, else ()."""

    train: Sequence[Example]
    validation: tuple[Example, ...]
    prefix: tuple[int, ...]
    known: tuple[int, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens that one epoch reads."""
        return int(lengths(self.train).sum(dtype=np.int64))

    def leaked_rows(self) -> int:
        """Rows to measure by whose prompt is one of the training rows': the figures flatter the model."""
        asked = Counter(row.prompt for row in self.validation)
        known = {row.prompt for row in self.train if row.prompt in asked}
        return sum(asked[prompt] for prompt in known)


class Encoder:
    """Renders and tokenizes pairs of prompt and completion, each cut to its part of the context; counts what it cut."""

    def __init__(self, chat: Chat, *, prompt_tokens: int, completion_tokens: int) -> None:
        self._chat, self._tail = chat, _frame_tail(chat)
        self._prompt_tokens, self._completion_tokens = prompt_tokens, completion_tokens
        self.cut_prompts = self.cut_completions = 0

    def example(self, prompt: str, completion: str) -> Example:
        asked = self._chat.prompt_ids([Message("user", prompt)])
        answer = self._chat.completion_ids(completion)
        if len(asked) > self._prompt_tokens:
            asked = [*asked[: self._prompt_tokens - len(self._tail)], *self._tail]
            self.cut_prompts += 1
        if len(answer) > self._completion_tokens:
            answer = answer[: self._completion_tokens]
            self.cut_completions += 1
        return Example(tuple(asked), tuple(answer))


def split(examples: Sequence[Example], seed: int) -> tuple[Sequence[Example], Sequence[Example]]:
    """Training and validation part: a tenth for validation, at least one row and never all of two or more."""
    rows = len(examples)
    held_out = min(max(1, round(rows * VALIDATION_SHARE)), MOST_VALIDATION_ROWS, rows - 1)
    chosen = np.array(sorted(random.Random(seed).sample(range(rows), held_out)), np.int32)
    train = np.delete(np.arange(rows, dtype=np.int32), chosen)
    return Selection(examples, train), Selection(examples, chosen)


def make_dataset(
    train: Sequence[Example], validation: Sequence[Example], seed: int, *, known: Iterable[int] = ()
) -> Dataset:
    """Put both parts together; a long validation part is measured by a seeded sample of it. `known` are the labels' tokens."""
    numbers: Sequence[int] = range(len(validation))
    if len(validation) > MOST_VALIDATION_ROWS:
        numbers = random.Random(seed).sample(numbers, MOST_VALIDATION_ROWS)
    measured = tuple(validation[number] for number in numbers)
    return Dataset(train, measured, _narrowed(shared_prefix(train), measured), tuple(sorted(set(known))))


def shared_prefix(examples: Iterable[Example]) -> tuple[int, ...]:
    """How all prompts begin, in tokens; each keeps at least its last token for itself, since that one foretells the completion."""
    source = iter(examples)
    return _narrowed(next(source).prompt[:-1], source)


def _narrowed(prefix: tuple[int, ...], examples: Iterable[Example]) -> tuple[int, ...]:
    """The part of a prefix that other prompts begin with, too."""
    for example in examples:
        if len(example.prompt) <= len(prefix) or example.prompt[: len(prefix)] != prefix:
            prefix = prefix[: min(_shared(prefix, example.prompt), len(example.prompt) - 1)]
    return prefix


class Batches(Sequence[list[Example]]):
    """An epoch's batches in their order, each read when it is asked for. `numbers` are those of all rows, batch after batch."""

    def __init__(self, rows: Sequence[Example], numbers: NDArray[np.int32], order: Sequence[int], size: int) -> None:
        self._rows, self._numbers, self._order, self._size = rows, numbers, order, size

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> list[Example]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[list[Example]]: ...
    def __getitem__(self, index: int | slice) -> list[Example] | Sequence[list[Example]]:
        if isinstance(index, slice):
            return Batches(self._rows, self._numbers, self._order[index], self._size)
        start = self._order[index] * self._size
        return [self._rows[number] for number in self._numbers[start : start + self._size].tolist()]


def epoch_batches(examples: Sequence[Example], *, rows: int, seed: int, epoch: int) -> Batches:
    """The epoch's batches in their order: seeded shuffle, neighbours in length together, batches shuffled again.

    The same seed and epoch always give the same batches.
    """
    draw = random.Random(f"{seed}/{epoch}")
    shuffled = array("i", range(len(examples)))
    draw.shuffle(shuffled)
    numbers = np.frombuffer(shuffled, np.int32)
    tokens = lengths(examples)
    pool = rows * POOL_BATCHES
    for at in range(0, len(numbers), pool):
        near = numbers[at : at + pool]
        near[:] = near[np.argsort(tokens[near], kind="stable")]
    order = array("i", range(-(-len(numbers) // rows)))
    draw.shuffle(order)
    return Batches(examples, numbers, order, rows)


def cut_by_tokens(examples: Sequence[Example], length: Callable[[Example], int], budget: int) -> list[list[Example]]:
    """Cut rows, in order of length, into groups whose padded size stays under the budget; a longer row stands alone."""
    groups: list[list[Example]] = []
    for example in sorted(examples, key=length):
        if groups and (len(groups[-1]) + 1) * length(example) <= budget:
            groups[-1].append(example)
        else:
            groups.append([example])
    return groups


def _frame_tail(chat: Chat) -> list[int]:
    """The tokens that the chat template puts behind the user's text."""
    one, other = (chat.prompt_ids([Message("user", text)]) for text in ("0", "A"))
    return one[len(one) - _shared(one[::-1], other[::-1]) :]


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    at = 0
    while at < min(len(one), len(other)) and one[at] == other[at]:
        at += 1
    return at
