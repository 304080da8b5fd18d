"""The rows of a finished statement, read a page at a time: a result of millions of rows costs the memory of one batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import pandas as pd
from snowflake.connector.result_batch import ArrowResultBatch, ResultBatch

PAGE_ROWS = 1000
"""Rows that a grid shows at once."""


class Rows:
    """A result's batches behind page numbers that begin with 1. `columns` are the names as the server gave them."""

    def __init__(self, batches: Sequence[ResultBatch], columns: Sequence[str]) -> None:
        self._batches = [batch for batch in batches if batch.rowcount]
        self._ends = list(accumulate(batch.rowcount for batch in self._batches))
        self._held: tuple[int, pd.DataFrame] | None = None
        self.columns = tuple(columns)
        self.count = self._ends[-1] if self._ends else 0

    @property
    def pages(self) -> int:
        """Number of pages; an empty result has one."""
        return max(1, -(-self.count // PAGE_ROWS))

    def page(self, number: int) -> pd.DataFrame:
        """The rows of one page."""
        start = (number - 1) * PAGE_ROWS
        parts = [self._slice(index, start, start + PAGE_ROWS) for index in self._touched(start, start + PAGE_ROWS)]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_distinct(self.columns))

    def csv(self) -> Iterator[str]:
        """All rows as CSV, a batch at a time; the first line has the names."""
        yield pd.DataFrame(columns=pd.Index(self.columns)).to_csv(index=False)
        for index in range(len(self._batches)):
            yield self._frame(index).to_csv(index=False, header=False)

    def _touched(self, start: int, end: int) -> list[int]:
        begins = [0, *self._ends]
        return [index for index in range(len(self._batches)) if begins[index] < end and self._ends[index] > start]

    def _slice(self, index: int, start: int, end: int) -> pd.DataFrame:
        begin = self._ends[index] - self._batches[index].rowcount
        return self._frame(index).iloc[max(0, start - begin) : end - begin]

    def _frame(self, index: int) -> pd.DataFrame:
        """One batch; the last one that was read is kept."""
        if self._held is None or self._held[0] != index:
            self._held = None
            self._held = (index, _read(self._batches[index], _distinct(self.columns)))
        return self._held[1]


def _read(batch: ResultBatch, columns: Sequence[str]) -> pd.DataFrame:
    if isinstance(batch, ArrowResultBatch):
        table = batch.to_arrow()
        return table.rename_columns(list(columns)).to_pandas()
    return pd.DataFrame(list(batch), columns=pd.Index(columns))


def _distinct(columns: Sequence[str]) -> list[str]:
    """The names, each once: a grid can't show two columns of one name."""
    seen: dict[str, int] = {}
    given: list[str] = []
    for column in columns:
        seen[column] = seen.get(column, 0) + 1
        given.append(column if seen[column] == 1 else f"{column} ({seen[column]})")
    return given
