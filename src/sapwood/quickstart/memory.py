"""The most memory that this process and all that belong to it held at one time. Reads /proc; elsewhere there is no figure."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
SECONDS = 0.5


@dataclass(frozen=True)
class Process:
    """One running process; `resident` in bytes."""

    pid: int
    parent: int
    resident: int
    command: str


class PeakMemory:
    """Looks twice a second while it is used in a `with` block; `megabytes` is None where there is no /proc.

    Counts resident memory, so that pages which two processes share count for each. A training job's worker belongs to
    us even if an earlier run started it: give its job id to `watch`.
    """

    def __init__(self) -> None:
        self.megabytes: float | None = None
        self._marks: tuple[str, ...] = ()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peak-memory", daemon=True)

    def watch(self, mark: str) -> None:
        """Count each process that has this text in its command line."""
        self._marks = (*self._marks, mark)

    def look(self) -> None:
        """Take the figure now."""
        found = processes()
        if os.getpid() in found:
            total = resident(found, os.getpid(), self._marks) / 1e6
            self.megabytes = max(self.megabytes or 0.0, total)

    def _run(self) -> None:
        while not self._ended.wait(SECONDS):
            self.look()

    def __enter__(self) -> PeakMemory:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.look()


def processes() -> dict[int, Process]:
    """All processes by number; those that end meanwhile are left out."""
    found = (_read(folder) for folder in PROC.glob("[0-9]*"))
    return {process.pid: process for process in found if process}


def resident(found: Mapping[int, Process], root: int, marks: tuple[str, ...] = ()) -> int:
    """Bytes of `root`, of what descends from it, and of what has a mark in its command line or descends from that."""
    own = {root} | {pid for pid, process in found.items() if any(mark in process.command for mark in marks)}
    while more := {pid for pid, process in found.items() if process.parent in own and pid not in own}:
        own |= more
    return sum(found[pid].resident for pid in own if pid in found)


def _read(folder: Path) -> Process | None:
    try:
        parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        pages = int((folder / "statm").read_text().split()[1])
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (OSError, ValueError, IndexError):
        return None
    return Process(int(folder.name), parent, pages * os.sysconf("SC_PAGE_SIZE"), command)
