from __future__ import annotations

import gc

import pytest

from sapwood.engine.collector import SELDOM, Seldom


def test_the_last_to_leave_puts_the_old_pace_back() -> None:
    before, collector = gc.get_threshold(), Seldom()
    with collector:
        with collector:
            assert gc.get_threshold() == SELDOM
        assert gc.get_threshold() == SELDOM
    assert gc.get_threshold() == before


def test_an_error_puts_it_back_too() -> None:
    before, collector = gc.get_threshold(), Seldom()
    with pytest.raises(KeyError), collector:
        raise KeyError
    assert gc.get_threshold() == before
