"""Progress bars on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from sapwood.engine.result import Progress as Step

PHASES = {"download": "fetching", "verify": "checking", "unpack": "unpacking", "inference": "asking"}
"""What each phase of a statement is called on the bar."""


class Bars:
    """Progress bars on stderr, one a phase and model; nothing is shown where stderr is no terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress: Progress | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __call__(self, step: Step) -> None:
        if not self._console.is_terminal:
            return
        if self._progress is None:
            self._progress = Progress(
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                console=self._console, transient=True,
            )  # fmt: skip
            self._progress.start()
        key = (step.phase, step.model)
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{PHASES.get(step.phase, step.phase)} {step.model}", total=None)
        unit = 1_000_000 if step.phase in ("download", "verify", "unpack") else 1
        self._progress.update(self._tasks[key], completed=step.done // unit, total=max(step.total // unit, 1))

    def stop(self) -> None:
        """Take the bars away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._tasks.clear()
