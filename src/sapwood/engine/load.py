"""Files into a table: one file after the other, chunk by chunk, with its faults counted and the first one told in full.

Comes in: how each file is read, and what to do with its rows. Goes out: what became of each file. ON_ERROR is decided
here: a file that it may skip is read twice, first for its faults and then for its rows, so that nothing of a skipped
file ever reaches the table. Knows no SQL and no formats.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.engine.csv_blocks import Block, CsvBlocks
from sapwood.engine.csv_columns import Chunk, CsvColumns
from sapwood.engine.csv_format import CsvFormat
from sapwood.engine.csv_reader import Fault
from sapwood.engine.file_bytes import FileBytes, wrong_encoding
from sapwood.engine.location import StageFile
from sapwood.errors import CancelledError, CopyError

CONTINUE_HINT = (
    "If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' or "
    "'CONTINUE' for the ON_ERROR option."
)
INSERT_BYTES = 32 << 20
"""Bytes of rows that are put into the table at once."""
READERS = 2
"""Blocks of a file that are read at the same time."""


class Reading(Protocol):
    """One pass over a file. `md5` is the file's digest, known once all chunks were taken."""

    @property
    def md5(self) -> str: ...

    def chunks(self) -> Iterator[Chunk]:
        """The file's records in order."""
        ...


@dataclass(frozen=True)
class OnError:
    """What faults do: ABORT the statement, CONTINUE with the other records, or SKIP the file from a number or share of them."""

    action: str = "ABORT"
    limit: float = 1
    is_percentage: bool = False

    def skips(self, parsed: int, errors: int) -> bool:
        """Whether a file with so many faults is skipped."""
        if self.action != "SKIP" or not errors:
            return False
        return 100 * errors / max(1, parsed) > self.limit if self.is_percentage else errors >= self.limit

    def shown_limit(self, parsed: int) -> int:
        """The column error_limit of a file of so many records."""
        if self.action == "SKIP" and not self.is_percentage:
            return max(1, int(self.limit))
        return 1 if self.action == "ABORT" else max(1, parsed)


@dataclass(frozen=True)
class Loaded:
    """What became of a file. `column` is the first fault's column as COPY shows it."""

    file: StageFile
    parsed: int = 0
    loaded: int = 0
    errors: int = 0
    md5: str = ""
    fault: Fault | None = None
    column: str | None = None

    @property
    def status(self) -> str:
        """LOADED, PARTIALLY_LOADED or LOAD_FAILED."""
        if not self.errors:
            return "LOADED"
        return "PARTIALLY_LOADED" if self.loaded else "LOAD_FAILED"


@dataclass(frozen=True)
class Loader:
    """How the files of one statement are loaded.

    `reading` begins a pass over a file, `insert` puts rows into the table, `column_of` names the column of a fault.
    `looks_first` has every file read before the first row goes in: inside a transaction of the user's a statement that
    fails can't be taken back alone.
    """

    reading: Callable[[StageFile], Reading]
    insert: Callable[[pa.Table], None]
    column_of: Callable[[Fault], str | None]
    on_error: OnError
    is_cancelled: Callable[[], bool]
    looks_first: bool = False

    def load(self, files: Sequence[StageFile]) -> list[Loaded]:
        """Load files; CopyError, with nothing to be kept, if ON_ERROR is ABORT and one has a fault."""
        if not self.looks_first and self.on_error.action != "SKIP":
            return [self._loaded(file) for file in files]
        seen = [self._seen(file) for file in files]
        return [each if self._is_out(each) else self._again(each) for each in seen]

    def faults(self, file: StageFile) -> Iterator[Fault]:
        """All faults of a file, with their rows counted from the file's first record."""
        parsed = 0
        for chunk in self._chunks(self.reading(file)):
            for fault in chunk.faults:
                yield replace(fault, row=fault.row + parsed)
            parsed += chunk.parsed

    def rows(self, file: StageFile) -> Iterator[pa.Table]:
        """A file's rows; CopyError at its first fault."""
        for chunk in self._chunks(self.reading(file)):
            for fault in chunk.faults:
                raise self.error(file, fault)
            yield chunk.rows

    def error(self, file: StageFile, fault: Fault) -> CopyError:
        """A fault as the error that ends a statement."""
        column = self.column_of(fault)
        place = f"File '{file.label}', line {fault.line}, character {fault.character}\n  Row {fault.row}"
        place = place if column is None else f"{place}, column {column}"
        return CopyError(f"{fault.message}\n  {place}", errno=fault.errno, sqlstate=fault.sqlstate, hint=CONTINUE_HINT)

    def _is_out(self, seen: Loaded) -> bool:
        return self.on_error.skips(seen.parsed, seen.errors)

    def _seen(self, file: StageFile) -> Loaded:
        return self._read(file, lambda _: None)

    def _again(self, seen: Loaded) -> Loaded:
        loaded = self._loaded(seen.file)
        if loaded.md5 != seen.md5:
            raise CopyError(f"The file '{seen.file.label}' was changed while it was loaded", hint="Run COPY again.")
        return loaded

    def _loaded(self, file: StageFile) -> Loaded:
        waiting = _Waiting(self.insert)
        loaded = self._read(file, waiting.put)
        waiting.flush()
        return replace(loaded, loaded=waiting.rows)

    def _read(self, file: StageFile, take: Callable[[pa.Table], None]) -> Loaded:
        reading, found = self.reading(file), Loaded(file)
        for chunk in self._chunks(reading):
            found = self._counted(found, chunk)
            take(chunk.rows)
        return replace(found, md5=reading.md5)

    def _counted(self, found: Loaded, chunk: Chunk) -> Loaded:
        fault, column = found.fault, found.column
        if fault is None and chunk.faults:
            fault = replace(chunk.faults[0], row=chunk.faults[0].row + found.parsed)
            column = self.column_of(fault)
            if self.on_error.action == "ABORT":
                raise self.error(found.file, fault)
        parsed, errors = found.parsed + chunk.parsed, found.errors + len(chunk.faults)
        return replace(found, parsed=parsed, errors=errors, fault=fault, column=column)

    def _chunks(self, reading: Reading) -> Iterator[Chunk]:
        for chunk in reading.chunks():
            if self.is_cancelled():
                raise CancelledError("SQL execution canceled")
            yield chunk


class _Waiting:
    """Rows on their way into a table, gathered so that many are put there at once."""

    def __init__(self, insert: Callable[[pa.Table], None]) -> None:
        self._insert = insert
        self._tables: list[pa.Table] = []
        self._bytes = 0
        self.rows = 0

    def put(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        self._tables.append(rows)
        self._bytes += rows.nbytes
        self.rows += rows.num_rows
        if self._bytes >= INSERT_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._tables:
            tables, self._tables, self._bytes = self._tables, [], 0
            self._insert(pa.concat_tables(tables))


def shown_column(table: str, columns: Sequence[Column], field: int) -> str:
    """A column as COPY's errors show it, such as "T"["NAME":2]; `field` counts from 1."""
    index = min(field, len(columns))
    return f'"{table}"["{columns[index - 1].name}":{index}]'


# CSV ------------------------------------------------------------------------------------------------------------------


class CsvReading:
    """A pass over a CSV file whose fields are a table's columns, in order or by the names in the file's header."""

    def __init__(
        self, file: StageFile, columns: Sequence[Column], form: CsvFormat, *, truncates: bool, match: str
    ) -> None:
        self._file = file
        self._columns = columns
        self._form = form
        self._truncates = truncates
        self._match = match
        self._bytes = FileBytes(file, form.compression)

    @property
    def md5(self) -> str:
        return self._bytes.md5

    def chunks(self) -> Iterator[Chunk]:
        blocks = CsvBlocks(self._bytes, self._form)
        order, width = None, None
        try:
            if self._match != "NONE":
                order, width = self._by_name(blocks.header), len(blocks.header)
            made = CsvColumns(self._columns, self._form, truncates=self._truncates, order=order, width=width)
            yield from side_by_side(lambda block: list(made.chunks(block)), blocks)
        except UnicodeError:
            raise wrong_encoding(self._file, self._form.encoding) from None

    def _by_name(self, header: Sequence[str]) -> list[int | None]:
        """The field of each column."""
        fold = str.upper if self._match == "CASE_INSENSITIVE" else str
        fields = {fold(name.strip()): field for field, name in enumerate(header)}
        return [fields.get(fold(column.name)) for column in self._columns]


def side_by_side(read: Callable[[Block], list[Chunk]], blocks: Iterable[Block]) -> Iterator[Chunk]:
    """The chunks of blocks, in order, some blocks being read at once."""
    pool, waiting = ThreadPoolExecutor(READERS, thread_name_prefix="sapwood-csv"), deque[Future[list[Chunk]]]()
    try:
        for block in blocks:
            waiting.append(pool.submit(read, block))
            if len(waiting) > READERS:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
