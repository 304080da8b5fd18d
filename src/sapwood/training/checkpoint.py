"""All that a run needs to go on to the same bits: one file, replaced whole. Knows no jobs and no model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sapwood.jobs.durable import write_file

FILE = "checkpoint.pt"

FORMAT = 4
"""What is in it: since 2, one pair of matrices for all layers that read the same input; since 3, no state of random numbers; since 4,
averages of the matrices."""


@dataclass(frozen=True)
class Record:
    """One step of the run as training_results.csv shows it; steps and epochs count from 1."""

    step: int
    epoch: int
    training_loss: float
    validation_loss: float | None = None


@dataclass(frozen=True)
class Best:
    """The adapter with the lowest validation loss so far. `stale` counts the measurements since."""

    lora: dict[str, Tensor]
    validation_loss: float
    step: int
    stale: int = 0


@dataclass(frozen=True)
class State:
    """A run between two steps. The data order, the learning rate and what dropout draws follow from the plan and `step`, the steps done."""

    plan: dict[str, Any]
    step: int
    lora: dict[str, Tensor]
    averages: dict[str, Tensor]
    optimizer: dict[str, Any]
    records: tuple[Record, ...] = ()
    best: Best | None = None


def save_state(folder: Path, state: State) -> None:
    """Replace the folder's checkpoint, durably."""
    values = {**state.__dict__, "format": FORMAT, "records": [asdict(record) for record in state.records]}
    values["best"] = None if state.best is None else dict(state.best.__dict__)
    write_file(folder / FILE, lambda file: torch.save(values, file))


def load_state(folder: Path, plan: dict[str, Any]) -> State | None:
    """The folder's checkpoint; None if there is none, or if it was made under another plan or by an older version."""
    path = folder / FILE
    if not path.is_file():
        return None
    values: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if values.pop("format", None) != FORMAT or values["plan"] != plan:
        return None
    values["records"] = tuple(Record(**record) for record in values["records"])
    values["best"] = None if values["best"] is None else Best(**values["best"])
    return State(**values)
