"""How much of a run is done, its evaluations counted: the loop's progress in, a share of the whole out. Knows no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

READ = 1 / 3
"""What a row that is only read costs, in rows trained on: one of the three products of a weight."""


@dataclass(frozen=True)
class Effort:
    """The work of a run in rows: those trained on in an epoch, and those only read after each epoch and at the end."""

    rows: int
    epochs: int
    read_after_epoch: int
    read_at_end: int

    def share(self, progress: float) -> float:
        """The share of all work that is done when the loop has done `progress` of its steps.

        >>> effort = Effort(rows=90, epochs=2, read_after_epoch=30, read_at_end=0)
        >>> effort.share(0.25), effort.share(0.5), effort.share(1.0)
        (0.225, 0.5, 1.0)
        """
        trained = self.rows * self.epochs
        epochs = math.floor(progress * self.epochs + 1e-9)
        whole = trained + READ * (self.read_after_epoch * self.epochs + self.read_at_end)
        return (progress * trained + READ * self.read_after_epoch * epochs) / whole
