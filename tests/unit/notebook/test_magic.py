"""The magics, with a companion that only notes what it is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("IPython", reason="the extra [notebook] is not installed")
pytest.importorskip("vl_convert", reason="the extra [notebook] is not installed")

from sapwood.errors import NotebookError
from sapwood.notebook import magic


class Noting:
    """A companion without a server."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.has_left, self.state = settings, False, {}

    def leave(self) -> None:
        self.has_left = True

    def answer(self, sql: str) -> str | None:
        return f"rows of {sql}" if "select" in sql else None


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Noting]:
    """Each companion that came with a connection."""
    seen: list[Noting] = []

    def accompany(_: Any, settings: dict[str, Any]) -> Noting:
        seen.append(Noting(settings))
        return seen[-1]

    monkeypatch.setattr(magic, "accompany", accompany)
    return seen


def magics() -> tuple[magic.Magics, dict[str, Any]]:
    shell = SimpleNamespace(user_ns={})
    return magic.Magics(shell), shell.user_ns


def test_rows_stay_under_their_name(connected: list[Noting]) -> None:
    made, names = magics()
    made.sapwood("--connection mine")
    made.sql("-r counts", "select 1")
    made.sql("-r nothing", "-- only words")
    made.sql("", "select 2")
    assert connected[0].settings == {"connection_name": "mine"}
    assert names == {"counts": "rows of select 1"}


def test_a_second_connection_takes_the_place_of_the_first(connected: list[Noting]) -> None:
    made, _ = magics()
    made.sapwood("")
    made.sapwood("")
    assert [companion.has_left for companion in connected] == [True, False]


def test_without_a_connection_a_cell_is_told_what_to_do() -> None:
    made, _ = magics()
    with pytest.raises(NotebookError, match="Run `%sapwood --connection NAME` first"):
        made.sql("", "select 1")
    with pytest.raises(NotebookError, match="not connected"):
        made.streamlit("", "1")


def test_a_mistake_behind_a_magic_is_told(connected: list[Noting]) -> None:
    made, _ = magics()
    with pytest.raises(NotebookError, match="%%sql: unrecognized arguments: --name x\nHint: usage: %%sql"):
        made.sql("--name x", "select 1")
