"""Logits in, one token a row out: greedy or sampled, within what a schema allows. A row's choice depends on that row alone."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import torch
from torch import Tensor

from sapwood.inference.request import Sampling
from sapwood.inference.schema import Matcher

REPEAT_TOKENS = 32
"""An answer's tail must be at least this long before it counts as repeating itself."""

REPEAT_BLOCKS = 4
"""How many times a block must stand in that tail."""

REPEAT_LONGEST = 64
"""Longest block, in tokens, that is looked for."""


class Choice:
    """How one row chooses, and how sure it was. Its random numbers come from its own seed, so that its neighbours do not matter."""

    def __init__(self, sampling: Sampling, matcher: Matcher | None = None, *, wants_confidence: bool = False) -> None:
        self.temperature, self.top_p, self.matcher = sampling.temperature, sampling.top_p, matcher
        self.wants_confidence = wants_confidence
        self._random = random.Random(sampling.seed) if sampling.seed is not None else random.SystemRandom()
        self._logs: list[float] = []

    @property
    def is_greedy(self) -> bool:
        return self.temperature <= 0

    @property
    def is_plain(self) -> bool:
        """Whether each token is the likeliest one, whatever came before, and no more is asked."""
        return self.is_greedy and self.matcher is None and not self.wants_confidence

    def draw(self) -> float:
        """The next random number in [0, 1)."""
        return self._random.random()

    def note(self, log_probability: float) -> None:
        """Keep how likely the chosen token was, at temperature 1 and within what is allowed."""
        self._logs.append(log_probability)

    @property
    def confidence(self) -> float | None:
        """Geometric mean of the chosen tokens' probabilities; None if it is not wanted."""
        return math.exp(sum(self._logs) / len(self._logs)) if self._logs else None


def choose(logits: Tensor, choices: Sequence[Choice]) -> list[int]:
    """One token for each row of `logits` [N, vocabulary]. The logits may be changed."""
    for at, choice in enumerate(choices):
        if choice.matcher is not None:
            logits[at].masked_fill_(~choice.matcher.allowed(logits.shape[1]).to(logits.device), float("-inf"))
    tokens = _likeliest(logits)
    sampled = [at for at, choice in enumerate(choices) if not choice.is_greedy]
    if sampled:
        drawn = _sample(logits[sampled].float(), [choices[at] for at in sampled])
        for at, token in zip(sampled, drawn, strict=True):
            tokens[at] = token
    noted = [at for at, choice in enumerate(choices) if choice.wants_confidence]
    if noted:
        for at, log in zip(noted, _log_probabilities(logits[noted], [tokens[at] for at in noted]), strict=True):
            choices[at].note(log)
    return tokens


def shares(logits: Tensor, allowed: Sequence[Sequence[int]]) -> list[list[float]]:
    """For each row of `logits` [N, vocabulary] the probabilities of some tokens, as if there were no others."""
    width = max(map(len, allowed))
    index = torch.tensor([[*some, *[some[0]] * (width - len(some))] for some in allowed], device=logits.device)
    picked = logits.gather(1, index).double().cpu()
    counts = torch.tensor([len(some) for some in allowed])
    picked.masked_fill_(torch.arange(width) >= counts[:, None], float("-inf"))
    return [row[: len(some)] for row, some in zip(picked.softmax(dim=-1).tolist(), allowed, strict=True)]


def _likeliest(logits: Tensor) -> list[int]:
    """Arg-max of each row, the first of equals. On a CPU numpy's takes a tenth of the time of torch's."""
    return (logits.float().numpy() if logits.device.type == "cpu" else logits).argmax(-1).tolist()


def _log_probabilities(logits: Tensor, tokens: Sequence[int]) -> list[float]:
    """Log of each row's probability of its token."""
    picked = logits.gather(1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0]
    return (picked.float() - logits.float().logsumexp(dim=-1)).tolist()


def _sample(logits: Tensor, choices: Sequence[Choice]) -> list[int]:
    """Draw by the inverse of the cumulated probabilities: one random number a row."""
    heat = torch.tensor([choice.temperature for choice in choices], device=logits.device)
    weights = (logits / heat[:, None]).softmax(dim=-1)
    cut = [at for at, choice in enumerate(choices) if 0 < choice.top_p < 1]
    for at in cut:
        weights[at] = _nucleus(weights[at], choices[at].top_p)
    sums = weights.double().cumsum(dim=-1)
    points = (
        torch.tensor([choice.draw() for choice in choices], dtype=torch.float64, device=logits.device)[:, None]
        * sums[:, -1:]
    )
    return torch.searchsorted(sums, points, right=True).clamp_(max=logits.shape[1] - 1)[:, 0].tolist()


def _nucleus(weights: Tensor, top_p: float) -> Tensor:
    """Keep the smallest set of likeliest tokens whose probabilities sum to at least top_p."""
    ordered, index = weights.sort(descending=True)
    before = ordered.cumsum(0) - ordered
    return torch.zeros_like(weights).scatter_(0, index, torch.where(before < top_p, ordered, 0.0))


def repeats(tokens: Sequence[int]) -> bool:
    """Whether an answer has come to only repeat itself.

    That is: its last n tokens are one block of p tokens again and again, for some p up to REPEAT_LONGEST, where n is
    REPEAT_BLOCKS * p, but at least REPEAT_TOKENS. So one token 32 times, or 20 tokens 4 times.
    """
    for period in range(1, min(REPEAT_LONGEST, len(tokens) // REPEAT_BLOCKS) + 1):
        length = max(REPEAT_TOKENS, REPEAT_BLOCKS * period)
        if length > len(tokens):
            return False
        if tokens[-1] == tokens[-1 - period] and tokens[-length:-period] == tokens[period - length :]:
            return True
    return False
