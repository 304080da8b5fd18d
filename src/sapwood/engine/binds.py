"""Values beside a statement's text: one row of them, or many rows for a bulk INSERT.

Comes in: an Arrow table with one column for each `?`, and what Snowflake calls the columns' types. Goes out: what the
dialect binds, with many rows registered where DuckDB reads them.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from sapwood.dialect.bindings import MANY
from sapwood.dialect.statements import Bindings
from sapwood.dialect.types import SnowType
from sapwood.engine.arrow import python_value
from sapwood.engine.result import OnText
from sapwood.engine.work import Work


@dataclass(frozen=True)
class Binds:
    """The values of a statement's `?`, in order. `is_many` says that the statement runs over all rows of `table`."""

    types: tuple[SnowType, ...]
    table: pa.Table
    is_many: bool = False


@dataclass(frozen=True)
class Asking:
    """How a statement is to be run."""

    describe_only: bool = False
    binds: Binds | None = None
    on_text: OnText | None = None

    @contextmanager
    def bound(self, work: Work) -> Generator[Bindings | None]:
        """The bindings for the dialect; many rows lie where it says for the length of the block."""
        binds = self.binds
        if binds is None:
            yield Bindings(is_open=True) if self.describe_only else None
            return
        if not binds.is_many:
            row = tuple(python_value(column[0].as_py()) for column in binds.table.columns)
            yield Bindings(binds.types, row, is_open=self.describe_only)
            return
        work.cursor.register(MANY, binds.table.rename_columns([f"c{index}" for index in range(len(binds.types))]))
        try:
            yield Bindings(binds.types, source=MANY)
        finally:
            work.cursor.unregister(MANY)
