"""What a statement gives back: columns with Snowflake types, an Arrow table, counts, and what models cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.dialect.types import SnowType, number, text
from sapwood.engine.arrow import arrow_type
from sapwood.engine.transfer import Transfer


@dataclass(frozen=True)
class Usage:
    """What the calls of one statement cost.

    `rows` is the number of rows that asked, `distinct` the different questions among them, `cached` those of them that
    were answered before, `failed` those without an answer. Tokens and seconds are those of the runs that made the
    answers: a cached one counts what it cost then. `tokens_computed` counts a shared prompt prefix once. `cut` answers
    ended at their limit of tokens, `repeated` ones because they only repeated themselves. `shortened` texts were longer
    than their embedding model's context.
    """

    rows: int = 0
    distinct: int = 0
    cached: int = 0
    failed: int = 0
    tokens_asked: int = 0
    tokens_answered: int = 0
    tokens_computed: int = 0
    seconds: float = 0.0
    cut: int = 0
    repeated: int = 0
    shortened: int = 0

    @property
    def tokens(self) -> int:
        """Tokens asked and answered."""
        return self.tokens_asked + self.tokens_answered

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader of the rows should know of their answers."""
        notes = (
            (self.cut, "answers ended at the limit of tokens: max_tokens, or the session parameter MAX_ANSWER_TOKENS."),
            (
                self.repeated,
                "answers only repeated themselves and were ended there: the model may be too small for this prompt.",
            ),
            (
                self.shortened,
                "texts are longer than the embedding model's context: their vectors are of the beginning.",
            ),
        )
        return tuple(f"{count} of {self.distinct} {note}" for count, note in notes if count)


@dataclass(frozen=True)
class Progress:
    """How far a statement is. `total` and `done` are distinct questions, `cached` those that were known before."""

    query_id: str
    phase: str
    model: str
    done: int
    total: int
    cached: int
    rows_per_s: float


OnProgress = Callable[[Progress], None]
OnText = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """The answer to one statement. `rowcount` is rows returned or changed, None if that says nothing.

    `transfer` is set by PUT and GET of a client on another machine, which then moves the files itself.
    """

    query_id: str
    kind: str
    columns: tuple[Column, ...]
    table: pa.Table
    rowcount: int | None = None
    usage: Usage = Usage()
    notices: tuple[str, ...] = ()
    statement: str = ""
    transfer: Transfer | None = None


@dataclass(frozen=True)
class Rows:
    """What a handler gives: the result before it has a query id."""

    kind: str
    columns: tuple[Column, ...]
    table: pa.Table
    rowcount: int | None = None
    notices: tuple[str, ...] = field(default=())
    transfer: Transfer | None = None


def status_rows(kind: str, message: str) -> Rows:
    """The one-row answer of a statement that returns no data, such as `Table T successfully created.`"""
    return listing(kind, {"status": text()}, [(message,)])


def count_rows(kind: str, counts: Mapping[str, int]) -> Rows:
    """The one-row answer of a statement that changes rows; names such as `number of rows inserted`."""
    rows = listing(kind, dict.fromkeys(counts, number(19, 0)), [tuple(counts.values())])
    return Rows(rows.kind, rows.columns, rows.table, rowcount=sum(counts.values()))


def listing(kind: str, types: Mapping[str, SnowType], rows: Sequence[Sequence[Any]]) -> Rows:
    """A result made here, from names, types and Python rows."""
    columns = tuple(Column(name, kind_of) for name, kind_of in types.items())
    arrays = [pa.array([row[index] for row in rows], arrow_type(column.type)) for index, column in enumerate(columns)]
    schema = pa.schema([pa.field(column.name, array.type) for column, array in zip(columns, arrays, strict=True)])
    return Rows(kind, columns, pa.Table.from_arrays(arrays, schema=schema), rowcount=len(rows))
