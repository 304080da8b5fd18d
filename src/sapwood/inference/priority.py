"""How a process that computes for long gives way to those that answer at once."""

from __future__ import annotations

import os
from pathlib import Path

INFERENCE, TRAINING = 5, 10
"""Nice levels: a query's own work comes first, then its answers by a model, then training."""


def give_way(level: int, *, autogroup: Path = Path("/proc/self/autogroup")) -> None:
    """Lower this process to a nice level (0 to 19).

    Where Linux groups processes by session (sched(7), autogroup), a level counts only within a session, and a process
    that was started in one of its own would still get as much time as all others together: so the group gets the level too.
    """
    os.nice(max(0, level - os.nice(0)))
    try:
        autogroup.write_text(str(level), encoding="ascii")
    except OSError:
        return  # no autogroups on this system; the level of the process is what counts
