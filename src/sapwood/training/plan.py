"""The numbers of one fine-tuning run: options in, a plan with nothing left open out. Knows no data and no tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RANK = 16
ALPHA_BY_RANK = 2.0
"""LoRA's alpha is twice its rank, so that the learning rate needs no change with the rank."""
BATCH_ROWS = 8
FEWEST_EPOCHS, MOST_EPOCHS = 1, 10
ROW_VISITS = 800
"""Rows that training sees in all, repeats counted: fewer rows get more epochs, from FEWEST_EPOCHS to MOST_EPOCHS. What was
measured is in docs/log.md, 2026-11-23."""
RATE, WIDTH, POWER = 6e-4, 576, 0.781
"""Learning rate of LoRA for a model of this hidden size, and how it falls for wider ones: rate x (width / hidden) ^ power.
The power is Thinking Machines' for Llama ("LoRA Without Regret", 2025). The rate was measured with SmolLM2-135M on 800
support tickets in one epoch, by request families that training never saw (docs/log.md, 2026-11-23). At 1.3e-3, which the same
source would give, fewer were right (270 tickets, four epochs of a falling rate, an earlier wording: 0.82)."""
WARM_UP, COOL_DOWN = 0.05, 0.25
"""Shares of the steps in which the learning rate rises and falls. It is level between them, as in "warm-up, stable, decay" (MiniCPM,
arXiv 2404.06395; Haegele et al., arXiv 2405.18392): of few steps, none is wasted at a low rate."""
PATIENCE = 2
STRAY_MARGIN, STRAY_WEIGHT = 10.0, 1.0
"""Nats by which the tokens of labels shall be likelier than all others, and the weight of what is missing beside the cross-entropy
(loss.py). Of 200 tickets of kinds that training never saw, the one most tempted to say something else has 14 nats to spare with
these, and without them less than none for two of three seeds (docs/log.md, 2026-11-23)."""


@dataclass(frozen=True)
class Plan:
    """All settings of a run; they go into the job's events and into each checkpoint.

    `batch_rows` are rows a step, `own_tokens` the tokens (beside the shared prefix) that one pass may hold: a step is
    cut into several passes where its rows are longer. `patience` counts measurements without a new best loss. `targets` are the
    last parts of the names of the layers that are adapted, () for all; `dropout` is the share of the adapters' input that is left out.
    `stray_margin` and `stray_weight` count where completions are labels.
    """

    epochs: int
    learning_rate: float
    rank: int
    alpha: float
    batch_rows: int
    seed: int
    own_tokens: int = 1_536
    warm_up: float = WARM_UP
    cool_down: float = COOL_DOWN
    patience: int = PATIENCE
    clip: float = 1.0
    targets: tuple[str, ...] = ()
    dropout: float = 0.0
    stray_margin: float = STRAY_MARGIN
    stray_weight: float = STRAY_WEIGHT


def make_plan(options: Mapping[str, Any], *, rows: int, hidden: int) -> Plan:
    """The plan for this many training rows and a model of this hidden size; options win over our own choice.

    >>> make_plan({}, rows=800, hidden=576).epochs, make_plan({}, rows=400, hidden=576).epochs
    (1, 2)
    """
    rank = int(options.get("rank", RANK))
    return Plan(
        epochs=int(options.get("max_epochs", _epochs(rows))),
        learning_rate=float(options.get("learning_rate", _learning_rate(hidden))),
        rank=rank,
        alpha=float(options.get("alpha", ALPHA_BY_RANK * rank)),
        batch_rows=int(options.get("batch_size", BATCH_ROWS)),
        seed=int(options.get("seed", 0)),
        targets=tuple(sorted(options.get("targets", ()))),
        dropout=float(options.get("dropout", 0.0)),
    )


def rate_at(plan: Plan, step: int, steps: int) -> float:
    """The learning rate of a step (from 0) out of `steps`: a short linear warm-up, a level, a linear fall to almost nothing.

    >>> plan = make_plan({"learning_rate": 0.01}, rows=100, hidden=576)
    >>> rate_at(plan, 0, 100), rate_at(plan, 4, 100), rate_at(plan, 75, 100), round(rate_at(plan, 99, 100), 6)
    (0.002, 0.01, 0.01, 0.0004)
    """
    warm, cool = (max(1, round(share * steps)) for share in (plan.warm_up, plan.cool_down))
    return plan.learning_rate * min(1.0, (step + 1) / warm, (steps - step) / cool)


def _epochs(rows: int) -> int:
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(ROW_VISITS / max(1, rows))))


def _learning_rate(hidden: int) -> float:
    return RATE * (WIDTH / hidden) ** POWER
