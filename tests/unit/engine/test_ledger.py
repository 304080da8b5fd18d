from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from engine_bench import FakeBackend, open_engine

from sapwood.engine import ledger
from sapwood.engine.ledger import Ledger, Notes, digest
from sapwood.inference.request import Completion, Request


def asking(*texts: str | None) -> ledger.Asking:
    return (texts, 0)


def test_values_are_found_by_asking_and_what_is_unknown_is_named(tmp_path: Path) -> None:
    kept = Ledger(tmp_path)
    kept.learn(asking("a", None), "ä, \ud800 and more")
    kept.learn(asking("b", None), None)
    values, missing = kept.values([asking("b", None), asking("c", None), asking("a", None)])
    assert values.to_pylist() == [None, None, "ä, ? and more"]
    assert list(missing.values()) == [asking("c", None)]
    kept.close()


class PrefixCounter(FakeBackend):
    """Counts the characters that it is asked, and those that the prompt before does not begin with: what a model would compute."""

    characters = computed = 0

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        last = ""
        for request in requests:
            prompt = request.messages[-1].content
            self.characters += len(prompt)
            alike = (a == b for a, b in zip(prompt, last, strict=False))
            self.computed += len(prompt) - sum(1 for _ in itertools.takewhile(bool, alike))
            last = prompt
            yield Completion(request.key, "said")


@pytest.mark.parametrize("window", [300, 5000])
def test_rows_of_a_wide_table_share_a_fifth_and_less_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(ledger, "WINDOW", window)
    backend = PrefixCounter()
    engine, close = open_engine(tmp_path, backend)
    session = engine.open_session()
    session.execute(
        "create table reviews as select 'Film ' || mod(seq4(), 50) as film, repeat('What happens in ' || film || '. ', 15) as plot,"
        " 'I saw it ' || seq4() || ' times, and liked it less each time.' as review from table(generator(rowcount => 1000))"
    )
    session.execute("select snowflake.cortex.complete('echo', 'Judge: ' || film || plot || review) from reviews")
    assert backend.computed < backend.characters / 5
    close()


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


def test_a_statement_that_is_cancelled_does_not_wait_for_its_questions_to_be_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "WINDOW", 1)
    notes = Notes(tmp_path)
    for number in range(20):
        notes.add({digest(asked): asked for asked in (asking(f"{number} a"), asking(f"{number} b"))})
    looks = iter(range(100))
    found = [asked for some in notes.windows(lambda: next(looks) >= 3) for asked in some]
    assert len(found) == 6, "three batches of two were read"
