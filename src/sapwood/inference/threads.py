"""How torch's threads wait for one another: environment variables for a process that will import torch. Imports it not."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

POLICY, SPIN_COUNT = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"

SPINS = 2500
"""Turns, some 30 microseconds, that a thread of a lone process spins before it sleeps: a model's step has some thousand
barriers, and most waits are over by then. On two idle cores a training step took 2.9 s asleep, 2.8 with 1000 turns, 2.25 with
these and 2.15 with libgomp's own 300,000."""

IDLE_SHARE = 0.6
"""Of all cores' time, what must be idle for a process to count as alone."""


def wait_without_spinning() -> Mapping[str, str]:
    """Let OpenMP's threads sleep at a barrier instead of spinning; nothing if the user has set a policy.

    If anything else wants a core, each barrier may spin for the whole time slice of a thread that does not run: beside four
    busy processes on two cores, spinning gave 2 tickets a second and sleeping 13.
    """
    return {} if _is_set() else {POLICY: "PASSIVE"}


def wait_as_cores_allow(*, stat: Path = Path("/proc/stat"), seconds: float = 0.3) -> Mapping[str, str]:
    """For a process that works for minutes: spin a little if the cores are idle now, else not at all. Takes `seconds`."""
    if _is_set() or idle_share(stat, seconds) < IDLE_SHARE:
        return wait_without_spinning()
    return {SPIN_COUNT: str(SPINS)}


def idle_share(stat: Path, seconds: float) -> float:
    """Part of the cores' time that nothing uses, measured for so long; 0 where the system does not tell (see proc_stat(5))."""
    try:
        idle, total = _ticks(stat)
        time.sleep(seconds)
        idle_after, total_after = _ticks(stat)
    except (OSError, ValueError, IndexError):
        return 0.0
    return (idle_after - idle) / max(1, total_after - total)


def _is_set() -> bool:
    return POLICY in os.environ or SPIN_COUNT in os.environ


def _ticks(stat: Path) -> tuple[int, int]:
    """Ticks that all cores were idle (waiting for a disk counts), and all ticks, since the system started."""
    ticks = [int(text) for text in stat.read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return ticks[3] + ticks[4], sum(ticks)
