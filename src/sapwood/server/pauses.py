"""What lets a short statement through while a long one computes in Python in the same process.

Measured with SELECT 1 beside a scan of COMPLETE over the model `echo`: without this, one of a hundred waits for 0.3 s.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager

SWITCH_S = 0.0002
"""Seconds after which a thread that computes lets another one go on. A statement changes threads, or waits for the disk, some
twenty times, and would wait for as many of Python's own 5 ms. A scan is 6 % slower than with 0.5 ms."""
COLLECT_AFTER = (10_000, 20, 50)
"""How much of what is new lets Python look for cycles, by generation: often among the newest, seldom among all, since
everything stands still meanwhile."""


@contextmanager
def short_pauses() -> Generator[None]:
    """For the length of a block no thread of this process waits for others for long. What is there now is not searched for cycles."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*COLLECT_AFTER)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
