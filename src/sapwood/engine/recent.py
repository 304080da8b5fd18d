"""Results of the last statements, for RESULT_SCAN: each is found by its user only, the oldest go when they are too many.

Small ones are held in memory; others lie in files of a folder, which begins empty, and are mapped when they are asked for.
What is gone is told as gone.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from sapwood.engine.result import Result

MOST_BYTES = 2**30
"""Bytes of all results that are kept; a larger one is not kept at all."""
MOST_RESULTS = 1000
SMALL_BYTES = 16 * 2**10
"""A result up to this size is held in memory."""


@dataclass(frozen=True)
class _Kept:
    """A result of a user; if it has a file, its rows are there alone."""

    user: str
    result: Result
    bytes: int
    file: Path | None

    def read(self) -> Result:
        if self.file is None:
            return self.result
        with pa.memory_map(str(self.file)) as source:
            return replace(self.result, table=pa.ipc.open_file(source).read_all())


class RecentResults:
    """The last results of all sessions of an engine. Safe for threads."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def keep(self, user: str, result: Result) -> None:
        """Keep a result under its query id; one that the disk has no room for is not kept."""
        size = result.table.nbytes
        if size > self._most_bytes:
            return
        try:
            kept = _Kept(user, result, size, None) if size <= SMALL_BYTES else self._filed(user, result, size)
        except OSError:
            return
        with self._lock:
            self._kept[result.query_id] = kept
            self._bytes += size
            while self._bytes > self._most_bytes or len(self._kept) > MOST_RESULTS:
                self._forget_oldest()

    def find(self, user: str, query_id: str) -> Result | None:
        """The result of a query of this user; None if there is none any more."""
        with self._lock:
            kept = self._kept.get(query_id)
            return kept.read() if kept is not None and kept.user == user else None

    def _filed(self, user: str, result: Result, size: int) -> _Kept:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{result.query_id}.arrow"
        try:
            with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, result.table.schema) as writer:
                writer.write_table(result.table)
        except OSError:
            file.unlink(missing_ok=True)
            raise
        return _Kept(user, replace(result, table=result.table.schema.empty_table()), size, file)

    def _forget_oldest(self) -> None:
        _, oldest = self._kept.popitem(last=False)
        self._bytes -= oldest.bytes
        if oldest.file is not None:
            oldest.file.unlink(missing_ok=True)
