"""A notebook that runs beside the page: a thread and a kernel of its own, how far it is, and its end.

A notebook and Snowpark's settings in; the same notebook with results out, handed to `keep` whatever happens. Knows no page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from sapwood.errors import NotebookError
from sapwood.notebook import headless
from sapwood.notebook.cells import Notebook
from sapwood.notebook.headless import Brake, Step


@dataclass
class Play:
    """One run of a notebook; `problem` is why it ended early."""

    notebook: Notebook
    steps: list[Step] = field(default_factory=list[Step])
    problem: str = ""
    started: float = field(default_factory=time.monotonic)
    seconds: float | None = None
    brake: Brake = field(default_factory=Brake)

    @property
    def is_over(self) -> bool:
        return self.seconds is not None

    def begin(self, settings: Mapping[str, Any], *, clicks: Sequence[str], keep: Callable[[Notebook], None]) -> None:
        """Run it on a thread of its own, which goes on when nobody looks; `keep` gets the notebook at the end."""
        Thread(target=self._run, args=(settings, clicks, keep), name="studio-notebook", daemon=True).start()

    def _run(self, settings: Mapping[str, Any], clicks: Sequence[str], keep: Callable[[Notebook], None]) -> None:
        try:
            with TemporaryDirectory() as folder:
                self._play(settings, clicks, Path(folder))
            keep(self.notebook)
        except Exception as error:  # noqa: BLE001  the page tells it; a thread has nobody else to tell
            self.problem = f"{self.problem} {error}".strip()
        finally:
            self.seconds = time.monotonic() - self.started

    def _play(self, settings: Mapping[str, Any], clicks: Sequence[str], folder: Path) -> None:
        try:
            failure = headless.run(
                self.notebook, settings, folder=folder, clicks=clicks, on_step=self.steps.append, brake=self.brake
            )
        except NotebookError as error:
            self.problem = error.msg
        else:
            self.problem = "" if failure is None else str(failure)
