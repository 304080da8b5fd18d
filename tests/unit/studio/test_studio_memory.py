"""Look-ups that are shown again at once, and asked again behind the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.memory import FRESH_S, Memory


class Server:
    """Answers each question with how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 0.0

    def ask(self, sql: str) -> list[Any]:
        self.asked.append(sql)
        if sql == "wrong":
            raise ValueError(sql)
        return [{"N": self.asked.count(sql)}]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def memory(server: Server) -> Iterator[Memory]:
    made = Memory(server.ask, clock=lambda: server.now)
    yield made
    made.close()


def number(memory: Memory) -> int:
    return memory.look("q")[0]["N"]


def settle(memory: Memory) -> None:
    """Until what is asked behind the page is there: questions are answered in their order."""
    memory.look("the last one")


def test_within_some_seconds_nothing_is_asked_again(memory: Memory, server: Server) -> None:
    assert [number(memory), number(memory)] == [1, 1]
    server.now = FRESH_S - 1
    assert number(memory) == 1


def test_old_rows_are_shown_while_new_ones_are_asked_for(memory: Memory, server: Server) -> None:
    number(memory)
    server.now = FRESH_S
    assert number(memory) == 1
    settle(memory)
    assert number(memory) == 2
    assert server.asked.count("q") == 2


def test_after_a_change_the_rows_are_waited_for(memory: Memory) -> None:
    number(memory)
    memory.forget()
    assert number(memory) == 2


def test_what_was_asked_ahead_is_not_asked_twice(memory: Memory, server: Server) -> None:
    memory.ahead(["q"])
    assert number(memory) == 1
    assert server.asked == ["q"]


def test_an_error_is_raised_and_not_remembered(memory: Memory, server: Server) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            memory.look("wrong")
    assert server.asked == ["wrong", "wrong"]
