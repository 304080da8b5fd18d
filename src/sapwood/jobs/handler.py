"""What a worker hands to the code that does a job, and what it gets back. Knows no kind of job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sapwood.store.records import Job, TunedModel

FINISHED = frozenset({"SUCCESS", "ERROR", "CANCELLED"})
"""States that a job does not leave by itself."""

MOVES: Mapping[str, frozenset[str]] = {
    "PENDING": frozenset({"IN_PROGRESS", "ERROR", "CANCELLED"}),
    "IN_PROGRESS": frozenset({"SUCCESS", "ERROR", "CANCELLED"}),
    "ERROR": frozenset({"PENDING"}),
    "CANCELLED": frozenset({"PENDING"}),
}
"""Where a job may go from each state that it can leave; those that ended go on only where somebody resumes them."""


class Task(Protocol):
    """A claimed job in a handler's hands. Its calls raise CancelledError once the job is cancelled, and JobError once
    another worker has taken it over: let both pass, what was checkpointed is kept."""

    @property
    def job(self) -> Job: ...
    @property
    def folder(self) -> Path:
        """The job's own folder: its data, its checkpoints, its log."""
        ...

    @property
    def data(self) -> Path:
        """The data directory."""
        ...

    def check(self) -> None:
        """Raise if the job is not this worker's to do any more. Costs nothing."""
        ...

    def report(self, progress: float, detail: str = "") -> None:
        """Show how far the job is (0..1) and what it does. Cheap enough to call at every step."""
        ...

    def checkpointed(self, **facts: Any) -> None:
        """Record that the job has a state to go on from: a worker that dies after it counts as one that got somewhere."""
        ...

    def note(self, kind: str, **facts: Any) -> None:
        """Record an event."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a job that succeeded leaves: the model to register, and the figures that DESCRIBE shows.

    `leftovers` are files that only a run that goes on would need; they go once the model is registered.
    """

    model: TunedModel
    trained_tokens: int
    training_result: Mapping[str, float]
    leftovers: Sequence[Path] = ()


Handler = Callable[[Task], Outcome]
"""Does one kind of job. Called again after a crash with the same folder; goes on from what it finds there."""
