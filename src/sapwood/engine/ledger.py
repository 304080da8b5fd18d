"""What one call site has asked, and what became of it, however many rows ask: digests in memory, texts in files without a name.

Comes in: askings, then a value for each. Goes out: the different ones in windows, in the order of their texts, so that
what begins alike is asked together; and values by asking. A file without a name is gone when the process is, however that
ends. This module asks nobody.
"""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from sapwood.engine.outcome import Asking

WINDOW = 4096
"""Askings that are held in memory, and handed out together."""
_SORTER = {"memory_limit": "256MB", "threads": "1"}
_UNKNOWN = -1


def spill_folder(data: Path) -> Path:
    """Where statements put what does not fit into memory. The engine empties it when it starts."""
    return data / "cache" / "spill"


class Texts:
    """Texts in a file without a name, each found again by the number that `add` gave it: a column that grows."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  it lives as long as this does
        self._ends = array("q", [0])
        self._column: pa.Array | None = None

    def add(self, text: str) -> int:
        """Keep a text; its number. Half of a surrogate pair, which is no character, becomes a question mark."""
        content = text.encode("utf-8", "replace")
        self._column = None
        self._file.write(content)
        self._ends.append(self._ends[-1] + len(content))
        return len(self._ends) - 2

    def take(self, numbers: Sequence[int | None]) -> pa.Array:
        """The texts of numbers, NULL for None."""
        return self._whole().take(pa.array(numbers, pa.int64()))

    def close(self) -> None:
        """Let go of the texts."""
        self._column = None
        self._file.close()

    def _whole(self) -> pa.Array:
        """All texts as a column whose content stays in the file."""
        if self._column is None:
            self._file.flush()
            size = self._ends[-1]
            content = mmap(self._file.fileno(), size, access=ACCESS_READ) if size else b""
            buffers = [None, pa.py_buffer(self._ends), pa.py_buffer(content)]
            self._column = pa.Array.from_buffers(pa.large_string(), len(self._ends) - 1, buffers)
        return self._column


class Ledger:
    """The values of one call site by what was asked."""

    def __init__(self, folder: Path) -> None:
        self._texts = Texts(folder)
        self._numbers: dict[bytes, int | None] = {}

    def learn(self, asking: Asking, value: str | None) -> None:
        """Take a value in."""
        self._numbers[digest(asking)] = None if value is None else self._texts.add(value)

    def values(self, askings: Sequence[Asking]) -> tuple[pa.Array, dict[bytes, Asking]]:
        """A value for each asking, NULL where none is known; and the askings without one, by digest."""
        missing: dict[bytes, Asking] = {}
        numbers: list[int | None] = []
        for asking in askings:
            key = digest(asking)
            number = self._numbers.get(key, _UNKNOWN)
            if number == _UNKNOWN:
                missing[key] = asking
                number = None
            numbers.append(number)
        return self._texts.take(numbers), missing

    def close(self) -> None:
        """Let go of the values."""
        self._texts.close()


class Notes:
    """Different askings without an outcome. All but the newest lie in a file, so that their number does not matter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[bytes] = set()
        self._newest: list[Asking] = []
        self._file: IO[bytes] | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, missing: dict[bytes, Asking]) -> None:
        """Note askings by digest; those that are noted already do not count."""
        self._newest += [asking for key, asking in missing.items() if key not in self._seen]
        self._seen.update(missing)
        if len(self._newest) > WINDOW:
            self._write()

    def windows(self, is_cancelled: Callable[[], bool] = lambda: False) -> Iterator[list[Asking]]:
        """All of them, once, in the order of their texts, or only some if it is cancelled; nothing can be noted any more."""
        self._seen.clear()
        if self._file is None or self._writer is None:
            yield sorted(self._newest, key=lambda asking: [text or "" for text in asking[0]])
            return
        self._write()
        self._writer.close()
        with self._file:
            self._file.seek(0)
            spilled = itertools.takewhile(lambda batch: not is_cancelled(), pa.ipc.open_stream(self._file))
            yield from _in_order(pa.RecordBatchReader.from_batches(_SPILLED, spilled), self._folder)

    def _write(self) -> None:
        arguments, turns = zip(*self._newest, strict=True) if self._newest else ((), ())
        batch = pa.record_batch([pa.array(arguments, _ARGUMENTS), pa.array(turns, pa.int64())], schema=_SPILLED)
        if self._writer is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  it lives as long as this does
            self._writer = pa.ipc.new_stream(self._file, _SPILLED)
        self._writer.write_batch(batch)
        self._newest = []


def _in_order(spilled: pa.RecordBatchReader, folder: Path) -> Iterator[list[Asking]]:
    """Sorted by a DuckDB of its own, which spills what it can't hold, and in which no transaction of the user's is open."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        duckdb.connect(config={**_SORTER, "temp_directory": place}) as sorter,
    ):
        sorter.register("spilled", spilled)
        for batch in sorter.execute("SELECT * FROM spilled ORDER BY arguments, turn").to_arrow_reader(WINDOW):
            yield list(zip(rows_of(batch.column(0)), batch.column(1).to_pylist(), strict=True))


_ARGUMENTS = pa.list_(pa.string())
_SPILLED = pa.schema([("arguments", _ARGUMENTS), ("turn", pa.int64())])


def rows_of(lists: pa.ListArray | pa.ChunkedArray) -> list[tuple[str | None, ...]]:
    """Lists of equally many texts as tuples."""
    if not len(lists):
        return []
    flat = pc.call_function("list_flatten", [lists]).to_numpy(zero_copy_only=False).tolist()
    width = len(flat) // len(lists)
    return list(zip(*[iter(flat)] * width, strict=True)) if width else [()] * len(lists)


def digest(asking: Asking) -> bytes:
    """16 bytes that stand for an asking."""
    return hashlib.blake2b(repr(asking).encode("utf-8", "surrogatepass"), digest_size=16).digest()
