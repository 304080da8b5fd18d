"""Turns go to who has waited longest."""

from __future__ import annotations

import threading
import time

from sapwood.inference.turns import Turns


def test_who_comes_back_waits_behind_who_was_there_before() -> None:
    turns, order = Turns(), list[str]()

    def take(name: str) -> None:
        with turns:
            order.append(name)

    others = [threading.Thread(target=take, args=(name,)) for name in ("b", "c")]
    with turns:
        for other in others:
            other.start()
            time.sleep(0.05)
        order.append("a")
    take("a again")
    for other in others:
        other.join()
    assert order == ["a", "b", "c", "a again"]
