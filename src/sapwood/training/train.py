"""The training loop: a frozen model and a dataset in, an adapter and its losses out. Reads from top to bottom.

AdamW on LoRA matrices, linear warm-up and decay, loss on label tokens only. What is measured and kept are averages of the
matrices over the last steps, the best of them by validation loss.
Every step follows from the plan's seed, so a run that goes on from a checkpoint ends with the same bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel

from sapwood.training import lora as adapters
from sapwood.training.averages import Averages
from sapwood.training.checkpoint import Best, Record, State, load_state, save_state
from sapwood.training.data import Dataset, Example, epoch_batches
from sapwood.training.loss import label_logits, label_tokens, loss_sum, passes, stray_sum
from sapwood.training.plan import Plan, rate_at

CHECKPOINT_S = 20.0
"""Seconds between checkpoints."""
STEPS_BETWEEN_MEASURES = 500
"""An epoch of more steps than this is measured on the way too."""


class Observer(Protocol):
    """Who watches a run. Each call may raise to stop it."""

    def report(self, progress: float, detail: str, *, loss: float) -> None:
        """A step is done; `loss` is that of its batch."""
        ...

    def checkpointed(self, step: int) -> None: ...

    def measured(self, epoch: int, validation_loss: float) -> None:
        """An epoch (from 1) is over; the model is the one that was measured."""
        ...


@dataclass(frozen=True)
class Trained:
    """A finished run. `tokens` are input tokens times epochs; `stop_reason` is epochs or early_stop."""

    lora: dict[str, Tensor]
    validation_loss: float
    training_loss: float
    epochs: int
    tokens: int
    stop_reason: str
    records: tuple[Record, ...]


def train(
    model: PreTrainedModel,
    dataset: Dataset,
    plan: Plan,
    *,
    folder: Path,
    observer: Observer,
    checkpoint_s: float = CHECKPOINT_S,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train an adapter, from the folder's checkpoint if there is one. Leaves the best adapter attached to `model`."""
    layers = adapters.attach(
        model, rank=plan.rank, alpha=plan.alpha, seed=plan.seed, targets=plan.targets, dropout=plan.dropout
    )
    matrices = adapters.parameters(layers)
    optimizer = torch.optim.AdamW(matrices, lr=plan.learning_rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True)

    steps_per_epoch = -(-len(dataset.train) // plan.batch_rows)
    steps = steps_per_epoch * plan.epochs
    measured_at = _measures(steps_per_epoch)

    found = load_state(folder, asdict(plan))
    if found is not None:
        adapters.load_state(layers, found.averages)
    averages = Averages(matrices)
    if found is not None:
        adapters.load_state(layers, found.lora)
        optimizer.load_state_dict(found.optimizer)
    step = found.step if found else 0
    records = list(found.records) if found else []
    best = found.best if found else None
    saved_at = clock()
    batches: Sequence[list[Example]] = []

    while step < steps and not _is_over(best, plan):
        epoch, at = divmod(step, steps_per_epoch)
        if at == 0 or not batches:
            batches = epoch_batches(dataset.train, rows=plan.batch_rows, seed=plan.seed, epoch=epoch)

        for group in optimizer.param_groups:
            group["lr"] = rate_at(plan, step, steps)
        torch.manual_seed(plan.seed + step)  # for what dropout draws, so that a checkpoint need not hold it
        loss = _backward(model, batches[at], dataset, plan)
        torch.nn.utils.clip_grad_norm_(matrices, plan.clip)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        averages.follow(step)

        record = Record(step, epoch + 1, loss)
        if at + 1 in measured_at:
            with averages.taken():
                measured = evaluate(model, dataset.validation, dataset.prefix, plan.own_tokens)
                best = _better(best, measured, layers, step)
                if at + 1 == steps_per_epoch:
                    record = replace(record, validation_loss=measured)
                    observer.measured(epoch + 1, measured)
        records.append(record)

        detail = f"epoch {epoch + 1} of {plan.epochs}, step {step} of {steps}, loss {loss:.4f}"
        observer.report(step / steps, detail, loss=loss)
        if clock() - saved_at >= checkpoint_s:
            with averages.taken():
                averaged = adapters.copy_state(layers)
            lora, state = adapters.copy_state(layers), optimizer.state_dict()
            save_state(folder, State(asdict(plan), step, lora, averaged, state, tuple(records), best))
            observer.checkpointed(step)
            saved_at = clock()

    if best is None:
        raise AssertionError("a run has at least one step, and its last one is measured")
    adapters.load_state(layers, best.lora)
    return Trained(
        lora=best.lora,
        validation_loss=best.validation_loss,
        training_loss=_mean_loss(records, records[best.step - 1].epoch),
        epochs=records[-1].epoch,
        tokens=dataset.tokens * step // steps_per_epoch,
        stop_reason="epochs" if step == steps else "early_stop",
        records=tuple(records),
    )


def evaluate(model: PreTrainedModel, examples: tuple[Example, ...], prefix: tuple[int, ...], own_tokens: int) -> float:
    """Mean cross-entropy of the rows' label tokens."""
    total = 0.0
    with torch.no_grad():
        for is_shared, group in passes(examples, len(prefix), own_tokens):
            total += loss_sum(*label_logits(model, group, prefix if is_shared else ())).item()
    return total / label_tokens(examples)


def _backward(model: PreTrainedModel, batch: list[Example], dataset: Dataset, plan: Plan) -> float:
    """Add the gradients of the batch's mean loss, in as many passes as memory asks for; gives its mean cross-entropy."""
    tokens = label_tokens(batch)
    known = torch.tensor(dataset.known, device=model.device)
    total = 0.0
    for is_shared, group in passes(batch, len(dataset.prefix), plan.own_tokens):
        logits, labels = label_logits(model, group, dataset.prefix if is_shared else ())
        loss = entropy = loss_sum(logits, labels) / tokens
        if dataset.known:
            loss = entropy + plan.stray_weight * stray_sum(logits, known, plan.stray_margin) / tokens
        loss.backward()
        total += entropy.item()
    return total


def _measures(steps_per_epoch: int) -> frozenset[int]:
    """Steps within an epoch (from 1) after which validation loss is measured; the last one always."""
    count = max(1, round(steps_per_epoch / STEPS_BETWEEN_MEASURES))
    return frozenset(-(-steps_per_epoch * part // count) for part in range(1, count + 1))


def _better(best: Best | None, loss: float, layers: adapters.Lora, step: int) -> Best:
    if best is None or loss < best.validation_loss:
        return Best(adapters.copy_state(layers), loss, step)
    return replace(best, stale=best.stale + 1)


def _is_over(best: Best | None, plan: Plan) -> bool:
    return best is not None and best.stale >= plan.patience


def _mean_loss(records: list[Record], epoch: int) -> float:
    losses = [record.training_loss for record in records if record.epoch == epoch]
    return sum(losses) / len(losses)
