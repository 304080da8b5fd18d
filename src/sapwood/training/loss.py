"""Losses of rows behind a shared prefix: examples in, sums over label tokens out, with gradients. Knows no optimiser.

The prefix is read once a pass, with gradients, in one line with the rows, which attend to it (see inference/attention.py):
the same loss and gradients as row by row, up to rounding. Only positions that foretell a label go through the vocabulary head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from transformers import PreTrainedModel

from sapwood.inference.attention import head_logits, read_rows
from sapwood.training.data import Example, cut_by_tokens

LONG_ROW = 512
"""Own tokens from which a row is read whole, without the shared prefix: its attention is then computed in blocks, where the
shared kind would hold all scores for the backward pass."""


def passes(examples: Sequence[Example], prefix: int, budget: int) -> list[tuple[bool, list[Example]]]:
    """Cut rows into passes that fit into memory; says for each whether its rows share the prefix of this many tokens."""
    short = [example for example in examples if prefix and example.tokens - prefix <= LONG_ROW]
    whole = [example for example in examples if not prefix or example.tokens - prefix > LONG_ROW]
    shared = cut_by_tokens(short, lambda example: example.tokens - prefix, budget)
    return [(True, group) for group in shared] + [
        (False, group) for group in cut_by_tokens(whole, lambda example: example.tokens, budget)
    ]


def label_logits(model: PreTrainedModel, examples: Sequence[Example], prefix: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The logits [labels, vocabulary] that foretell the rows' label tokens, in fp32, and these tokens [labels].

    `prefix` must begin each prompt, and may be empty.
    """
    ids, at, labels = _tensors(examples, len(prefix), model.device)
    hidden = read_rows(model, ids, prefix=prefix)
    logits = head_logits(model, hidden.flatten(0, 1).index_select(0, at))
    return logits if logits.dtype == torch.float64 else logits.float(), labels


def loss_sum(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum of the label tokens' cross-entropies."""
    return F.cross_entropy(logits, labels, reduction="sum")


def stray_sum(logits: Tensor, known: Tensor, margin: float) -> Tensor:
    """Sum over positions of softplus(margin - d), where d is by how many nats the `known` tokens together are likelier than all
    others: a soft hinge, almost nothing from the margin on.

    Cross-entropy stops pushing where the rows of the training data are right, which leaves the rest of the vocabulary some nats
    behind: too few for rows of another kind. Which of the known tokens is right it does not touch.
    """
    others = logits.index_fill(1, known, -math.inf).logsumexp(1)
    return F.softplus(margin + others - logits.index_select(1, known).logsumexp(1)).sum()


def label_tokens(examples: Sequence[Example]) -> int:
    """Tokens that the loss is a sum over."""
    return sum(len(example.completion) for example in examples)


def _tensors(examples: Sequence[Example], prefix: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Right-padded own token ids [B, S], the flat positions that foretell a label, and the labels."""
    rows = [(*example.prompt[prefix:], *example.completion) for example in examples]
    width = max(len(row) for row in rows)
    ids = torch.tensor([(*row, *[0] * (width - len(row))) for row in rows], device=device)
    at: list[int] = []
    labels: list[int] = []
    for number, example in enumerate(examples):
        first = number * width + len(example.prompt) - prefix - 1
        at += range(first, first + len(example.completion))
        labels += example.completion
    return ids, torch.tensor(at, device=device), torch.tensor(labels, device=device)
