"""Rows of prompt and completion as token ids, made once: truncation, split, shared prefix, batches. Knows no model weights.

What is too long is cut, as Cortex does. Of a prompt the end of the user's text goes: the instruction stands at its start,
and the chat's own frame around it stays whole, so the completion still follows where the assistant speaks. A completion
that is cut loses its end-of-turn token: the model is not taught that an answer may stop there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sapwood.inference.chat import Chat
from sapwood.inference.request import Message

VALIDATION_SHARE = 0.1
MOST_VALIDATION_ROWS = 500
"""Rows that a validation split, or a measurement, takes at most."""
POOL_BATCHES = 16
"""Batches whose rows are sorted by length together: enough to waste little padding, few enough to keep batches mixed."""


@dataclass(frozen=True)
class Example:
    """One row in tokens. The loss is on `completion` only."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.completion)


@dataclass(frozen=True)
class Encoded:
    """Rows in tokens, and how many of them were cut."""

    examples: tuple[Example, ...]
    cut_prompts: int
    cut_completions: int


@dataclass(frozen=True)
class Dataset:
    """What a run trains on and measures by. `prefix` is how all prompts of both parts begin, in tokens."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    prefix: tuple[int, ...]


def encode(pairs: Sequence[tuple[str, str]], chat: Chat, *, prompt_tokens: int, completion_tokens: int) -> Encoded:
    """Render and tokenize pairs of prompt and completion, each cut to its part of the context."""
    cut_prompts = cut_completions = 0
    examples: list[Example] = []
    tail = _frame_tail(chat)
    for prompt, completion in pairs:
        asked = chat.prompt_ids([Message("user", prompt)])
        answer = chat.completion_ids(completion)
        if len(asked) > prompt_tokens:
            asked = [*asked[: prompt_tokens - len(tail)], *tail]
            cut_prompts += 1
        if len(answer) > completion_tokens:
            answer = answer[:completion_tokens]
            cut_completions += 1
        examples.append(Example(tuple(asked), tuple(answer)))
    return Encoded(tuple(examples), cut_prompts, cut_completions)


def split(examples: Sequence[Example], seed: int) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Training and validation part: a tenth for validation, at least one row and never all of two or more."""
    rows = len(examples)
    held_out = min(max(1, round(rows * VALIDATION_SHARE)), MOST_VALIDATION_ROWS, rows - 1)
    chosen = set(random.Random(seed).sample(range(rows), held_out))
    train = tuple(example for at, example in enumerate(examples) if at not in chosen)
    return train, tuple(example for at, example in enumerate(examples) if at in chosen)


def make_dataset(train: Sequence[Example], validation: Sequence[Example], seed: int) -> Dataset:
    """Put both parts together; a long validation part is measured by a seeded sample of it."""
    measured = tuple(validation)
    if len(measured) > MOST_VALIDATION_ROWS:
        measured = tuple(random.Random(seed).sample(measured, MOST_VALIDATION_ROWS))
    return Dataset(tuple(train), measured, shared_prefix([*train, *measured]))


def shared_prefix(examples: Sequence[Example]) -> tuple[int, ...]:
    """How all prompts begin, in tokens; each keeps at least its last token for itself, since that one foretells the completion."""
    prompts = [example.prompt for example in examples]
    least, greatest = min(prompts), max(prompts)  # what these two share, all prompts between them share
    return least[: min(_shared(least, greatest), min(len(prompt) for prompt in prompts) - 1)]


def epoch_batches(examples: Sequence[Example], *, rows: int, seed: int, epoch: int) -> list[list[Example]]:
    """The epoch's batches in their order: seeded shuffle, neighbours in length together, batches shuffled again.

    The same seed and epoch always give the same batches.
    """
    draw = random.Random(f"{seed}/{epoch}")
    shuffled = list(examples)
    draw.shuffle(shuffled)
    pool = rows * POOL_BATCHES
    batches: list[list[Example]] = []
    for at in range(0, len(shuffled), pool):
        near = sorted(shuffled[at : at + pool], key=lambda example: example.tokens)
        batches += [near[start : start + rows] for start in range(0, len(near), rows)]
    draw.shuffle(batches)
    return batches


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
