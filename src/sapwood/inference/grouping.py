"""What is answered together: requests by model, and rows that are worth computing behind one shared prefix."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from sapwood.inference.request import Embed, Request

GROUP_COST = 1024
"""Tokens that a group of its own must save: about what a badly filled batch and another prefix pass cost."""

DEPTH = 8
"""Levels of the prompt tree that are looked at."""


@dataclass(frozen=True)
class Group:
    """Rows that share their first `shared` tokens; each has at least one token more."""

    shared: int
    rows: tuple[int, ...]


def model_of(request: Request | Embed) -> tuple[str, ...]:
    """What requests that one loaded model answers have in common."""
    model = request.model
    return (model.digest, model.path, model.adapter_digest, model.adapter_path)


def group_rows(prompts: Sequence[Sequence[int]]) -> list[Group]:
    """Split rows into groups so that the most tokens are shared, less GROUP_COST a group.

    Two prompts of one statement become two groups; tickets that happen to begin alike stay in one.
    """
    if not prompts:
        return []
    order = sorted(range(len(prompts)), key=lambda row: list(prompts[row]))
    sizes = [len(prompts[row]) for row in order]
    alike = [
        min(common(prompts[left], prompts[right]), len(prompts[left]) - 1, len(prompts[right]) - 1)
        for left, right in itertools.pairwise(order)
    ]
    _, groups = _split(order, alike, sizes, 0, len(order), DEPTH)
    return groups


def common(left: Sequence[object], right: Sequence[object]) -> int:
    """Elements with which both sequences, of one type, begin."""
    most = min(len(left), len(right))
    if left[:most] == right[:most]:
        return most
    low, high = 0, most
    while high - low > 1:  # the first `low` are alike, the first `high` are not
        middle = (low + high) // 2
        low, high = (middle, high) if left[:middle] == right[:middle] else (low, middle)
    return low


def _split(
    order: Sequence[int], alike: Sequence[int], sizes: Sequence[int], low: int, high: int, depth: int
) -> tuple[int, list[Group]]:
    """The best groups for the sorted rows low..high and the tokens that they save (GROUP_COST a group already taken off)."""
    count = high - low
    shared = min(alike[low : high - 1], default=sizes[low] - 1)
    whole = (count - 1) * shared - GROUP_COST, [Group(shared, tuple(order[low:high]))]
    if count < 3 or depth == 0:
        return whole
    saved, groups, rest = 0, [], []
    start = low
    for at in range(low, high):
        if at < high - 1 and alike[at] > shared:
            continue
        value, found = _split(order, alike, sizes, start, at + 1, depth - 1) if at > start else (0, [])
        if value > (at + 1 - start) * shared:
            saved, groups = saved + value, groups + found
        else:
            rest.extend(order[start : at + 1])
        start = at + 1
    if rest:
        saved, groups = saved + (len(rest) - 1) * shared - GROUP_COST, [*groups, Group(shared, tuple(rest))]
    return (saved, groups) if saved > whole[0] else whole
