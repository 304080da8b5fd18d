"""Pauses: what is set for a block is as before behind it."""

from __future__ import annotations

import gc
import sys

from sapwood.server.pauses import COLLECT_AFTER, SWITCH_S, short_pauses


def test_settings_hold_for_the_block_alone() -> None:
    before = sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()
    with short_pauses():
        assert abs(sys.getswitchinterval() - SWITCH_S) < 1e-6
        assert gc.get_threshold() == COLLECT_AFTER
        assert gc.get_freeze_count() > before[2]
    assert (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()) == before
