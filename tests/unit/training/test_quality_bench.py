"""What bench/quality.py remembers between two starts, and what it draws; without a model."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))
    import quality  # pyright: ignore[reportMissingImports]

    yield quality
    for name in ("quality", "inference"):
        sys.modules.pop(name, None)


def test_a_stopped_run_goes_on_with_what_is_left(quality: Any, tmp_path: Path) -> None:
    path, about = tmp_path / "results" / "q.json", {"bench": "quality", "test": 3}
    first, second = quality.Point("lora", 50, 0), quality.Point("lora", 50, 1)
    notes = quality.Notes(path, about)
    notes.begin(first, "job-1")
    assert quality.Notes(path, about).job(first) == "job-1"
    notes.end(first, quality.Score(0.5, 0.6, 12.0, 100))
    again = quality.Notes(path, about)
    assert (again.has(first), again.has(second), again.job(first)) == (True, False, None)
    with pytest.raises(SystemExit, match="something else"):
        quality.Notes(path, {**about, "test": 4})


def test_small_sets_come_first_and_none_is_larger_than_the_data(quality: Any) -> None:
    points = quality.points(Namespace(rows=(1_000, 50, 900), seeds=(0,)), 200)
    assert [(point.rows, point.method) for point in points] == [
        (50, "linear"),
        (50, "lora"),
        (200, "linear"),
        (200, "lora"),
    ]


def test_a_line_of_the_table_is_a_mean_over_seeds(quality: Any) -> None:
    done = [
        {"method": "lora", "rows": 50, "seed": seed, "greedy": greedy, "labels": 1.0, "seconds": 60.0, "tokens": 1}
        for seed, greedy in ((0, 0.5), (1, 0.7))
    ]
    _, line = quality.table(done)
    assert line.split() == ["50", "lora", "2", "0.6000", "1.0000", "1.0"]
