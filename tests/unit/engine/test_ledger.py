from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.engine import ledger
from sapwood.engine.ledger import Ledger, Notes, digest


def asking(*texts: str | None) -> ledger.Asking:
    return (texts, 0)


def test_values_are_found_by_asking_and_what_is_unknown_is_named(tmp_path: Path) -> None:
    kept = Ledger(tmp_path)
    kept.learn(asking("a", None), "ä, \ud800 and more")
    kept.learn(asking("b", None), None)
    values, missing = kept.values([asking("b", None), asking("c", None), asking("a", None)])
    assert values == [None, None, "ä, \ud800 and more"]
    assert list(missing.values()) == [asking("c", None)]
    kept.close()


@pytest.mark.parametrize("window", [2, 100])
def test_notes_come_back_once_and_in_order_in_memory_and_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(ledger, "WINDOW", window)
    notes = Notes(tmp_path)
    for texts in (("m", "c"), ("m", "a"), ("m", "c"), ("m", None), ("m", "b"), ("m", "a")):
        notes.add({digest(asking(*texts)): asking(*texts)})
    assert len(notes) == 4
    found = [asked for some in notes.windows() for asked in some]
    assert sorted(found, key=str) == sorted((asking("m", text) for text in ("a", "b", "c", None)), key=str)
    assert [text for (_, text), _ in found if text] == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == [], "files have no names, and the sorter takes its own away"
