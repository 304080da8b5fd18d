"""Rows in tokens on disk: written once, read by number through a memory map. Knows no texts and no model.

A file holds Arrow batches of BATCH rows. Of each row only its length stands in memory, four bytes; its tokens are the page
cache's to keep or to let go.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sapwood.jobs.durable import write_file

BATCH = 4_096
"""Rows of one Arrow batch: the most that are in memory while a file is written."""
SCHEMA = pa.schema([("prompt", pa.list_(pa.int32())), ("completion", pa.list_(pa.int32()))])


@dataclass(frozen=True)
class Example:
    """One row in tokens. The loss is on `completion` only."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]

    @property
    def tokens(self) -> int:
        return len(self.prompt) + len(self.completion)


def write_rows(path: Path, examples: Iterable[Example]) -> None:
    """Write a file of rows, durably."""
    source = iter(examples)

    def write(file: BinaryIO) -> None:
        with pa.ipc.new_file(file, SCHEMA) as writer:
            while some := list(islice(source, BATCH)):
                columns = [[row.prompt for row in some], [row.completion for row in some]]
                arrays = [pa.array(column, pa.list_(pa.int32())) for column in columns]
                writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))

    write_file(path, write)


@dataclass(frozen=True)
class _Column:
    """One column of a batch: the tokens of all its rows, and where each row's begin."""

    starts: NDArray[np.int32]
    tokens: NDArray[np.int32]

    def row(self, at: int) -> tuple[int, ...]:
        return tuple(self.tokens[self.starts[at] : self.starts[at + 1]].tolist())

    @property
    def lengths(self) -> NDArray[np.int32]:
        return np.diff(self.starts)


class Rows(Sequence[Example]):
    """The rows of a file that `write_rows` wrote. `lengths` are the tokens of each."""

    def __init__(self, path: Path) -> None:
        file = pa.ipc.open_file(pa.memory_map(str(path)))
        batches = [file.get_batch(at) for at in range(file.num_record_batches)]
        self._columns = [(_column(batch.column(0)), _column(batch.column(1))) for batch in batches]
        self._firsts = [0, *np.cumsum([batch.num_rows for batch in batches]).tolist()]
        parts = [prompt.lengths + completion.lengths for prompt, completion in self._columns]
        self.lengths: NDArray[np.int32] = np.concatenate([np.empty(0, np.int32), *parts])

    def __len__(self) -> int:
        return self._firsts[-1]

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return Selection(self, np.arange(len(self), dtype=np.int32)[index])
        at = range(len(self))[index]
        batch = bisect_right(self._firsts, at) - 1
        prompt, completion = self._columns[batch]
        return Example(prompt.row(at - self._firsts[batch]), completion.row(at - self._firsts[batch]))


class Selection(Sequence[Example]):
    """Some of other rows, by their numbers."""

    def __init__(self, rows: Sequence[Example], numbers: NDArray[np.int32]) -> None:
        self._rows, self._numbers = rows, numbers

    @property
    def lengths(self) -> NDArray[np.int32]:
        return lengths(self._rows)[self._numbers]

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return Selection(self._rows, self._numbers[index])
        return self._rows[int(self._numbers[index])]


def lengths(rows: Sequence[Example]) -> NDArray[np.int32]:
    """Tokens of each row."""
    if isinstance(rows, (Rows, Selection)):
        return rows.lengths
    return np.fromiter((row.tokens for row in rows), np.int32, len(rows))


def _column(array: Any) -> _Column:
    return _Column(array.offsets.to_numpy(), array.values.to_numpy())
