"""The statements of a SQL cell, one after the other."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [notebook] is not installed")

from sapwood.notebook import statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("-- nothing\n/* at\nall */ // here", []),
        ("select 'a;b' -- why; not\n;\n-- the end", ["select 'a;b' -- why; not"]),
        (" ;; ", []),
    ],
)
def test_a_cell_is_taken_apart(monkeypatch: pytest.MonkeyPatch, text: str, expected: list[str]) -> None:
    seen: list[str] = []

    def note(_: Any, statement: str, *__: Any) -> statements.Ran:
        seen.append(statement.strip())
        return statements.Ran(f"query {len(seen)}")

    monkeypatch.setattr(statements, "_query", note)
    last = statements.run(Any, text, on_progress=lambda _: None)  # type: ignore[arg-type]  # the session is only handed on
    assert seen == expected
    assert last == (statements.Ran(f"query {len(expected)}") if expected else None)
