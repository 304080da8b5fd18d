"""Pages of a result, read from batches."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.rows import PAGE_ROWS, Rows


class Batch:
    """Some numbers as the rows of a result; counts how often they were read."""

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers
        self.rowcount = len(numbers)
        self.reads = 0

    def __iter__(self) -> Any:
        self.reads += 1
        return iter([(number,) for number in self._numbers])


def rows_of(*batches: Batch) -> Rows:
    return Rows(batches, ["N"])  # type: ignore[arg-type]


def test_a_page_reaches_over_two_batches() -> None:
    rows = rows_of(Batch(range(600)), Batch(range(600, 2500)))
    assert (rows.count, rows.pages) == (2500, 3)
    assert rows.page(1)["N"].tolist() == list(range(PAGE_ROWS))
    assert rows.page(3)["N"].tolist() == list(range(2000, 2500))


def test_only_the_batch_of_the_page_is_read() -> None:
    first, second = Batch(range(5000)), Batch(range(5000, 10000))
    rows = rows_of(first, second)
    assert rows.page(7)["N"].tolist() == list(range(6000, 7000))
    rows.page(8)
    assert (first.reads, second.reads) == (0, 1)


def test_no_rows_are_one_empty_page() -> None:
    rows = rows_of(Batch(range(0)))
    assert (rows.count, rows.pages) == (0, 1)
    assert list(rows.page(1).columns) == ["N"]


def test_all_rows_are_written_as_csv() -> None:
    assert "".join(rows_of(Batch(range(2)), Batch(range(2, 3))).csv()) == "N\n0\n1\n2\n"
