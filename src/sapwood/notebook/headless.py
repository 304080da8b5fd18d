"""Runs a notebook from its first to its last cell in a kernel of its own, through nbclient: a file in, the same with results out.

What each cell showed is in the notebook that comes back, also when a cell failed; the cells' texts stay as they were.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from traitlets.config import Config

from sapwood.errors import NotebookError
from sapwood.notebook.cells import Cell, Notebook, label_of
from sapwood.notebook.translation import translate

_CONNECT = """from sapwood.notebook.magic import install
install(get_ipython()).connect({settings!r})"""


@dataclass(frozen=True)
class Step:
    """A cell that has run: its number from 1 among so many, what it is called, and its seconds."""

    number: int
    total: int
    label: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.number:3}/{self.total}  {self.label}  {self.seconds:.1f} s"


@dataclass(frozen=True)
class Failure:
    """The cell that ended the run, and what it raised."""

    label: str
    error: str

    def __str__(self) -> str:
        return f"The cell {self.label} failed: {self.error}"


class Brake:
    """Stops a run from another thread: the cell under way is interrupted, and none follows."""

    def __init__(self) -> None:
        self.is_pulled = False
        self._kernel: Any = None

    def pull(self) -> None:
        """Stop. A statement that runs is cancelled."""
        self.is_pulled = True
        if self._kernel is not None:
            asyncio.run(self._kernel.interrupt_kernel())

    @contextmanager
    def holding(self, client: NotebookClient) -> Generator[None]:
        """For the length of a block, in which the kernel of this client runs."""
        self._kernel = client.km
        try:
            yield
        finally:
            self._kernel = None


def run(
    notebook: Notebook,
    settings: Mapping[str, Any],
    *,
    folder: Path,
    clicks: Sequence[str] = (),
    on_step: Callable[[Step], None] = lambda step: None,
    brake: Brake | None = None,
) -> Failure | None:
    """Run all cells in order and put what they show into `notebook`; stops at the first that fails, and gives it.

    `settings` are Snowpark's; they are in no file. `folder` is where the cells' paths begin. `clicks` are labels of
    buttons to press. Raises NotebookError if the server can't be reached.
    """
    brake = brake or Brake()
    played = translate(notebook, _CONNECT.format(settings=dict(settings)), clicks=clicks)
    _clear(notebook)
    client = NotebookClient(played, timeout=None, kernel_name="python3", config=_private())
    with client.setup_kernel(cwd=str(folder)), brake.holding(client):
        _connect(client, played.cells[0])
        codes = [at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
        for number, at in enumerate(codes, start=1):
            if brake.is_pulled:
                return Failure(label_of(notebook.cells[at]), "stopped before it began")
            started = time.monotonic()
            failure = _play(client, played.cells[at + 1], at + 1, notebook.cells[at], number)
            if failure is not None:
                return failure
            on_step(Step(number, len(codes), label_of(notebook.cells[at]), time.monotonic() - started))
    return None


def _private() -> Config:
    """What travels to the kernel is encrypted where the kernel can: a password is in it."""
    return Config({"KernelManager": {"transport_encryption": "auto"}})


def _clear(notebook: Notebook) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _connect(client: NotebookClient, cell: Cell) -> None:
    try:
        client.execute_cell(cell, 0, store_history=False)
    except CellExecutionError as error:
        raise NotebookError(f"The notebook can't connect: {error.evalue}") from error


def _play(client: NotebookClient, played: Cell, at: int, shown: Cell, number: int) -> Failure | None:
    """Run one cell and give what it shows to the cell that people see."""
    try:
        client.execute_cell(played, at, store_history=False)
    except CellExecutionError as error:
        return Failure(label_of(shown), f"{error.ename}: {error.evalue}")
    except DeadKernelError:
        return Failure(label_of(shown), "its process died")
    finally:
        shown.outputs = [output for output in played.outputs if not _is_blank(output)]
        shown.execution_count = number
    return None


def _is_blank(output: nbformat.NotebookNode) -> bool:
    """A line that was there while the cell ran."""
    return output.output_type == "display_data" and output.data.get("text/html") == ""
