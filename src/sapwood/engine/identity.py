"""AUTOINCREMENT and IDENTITY columns: a sequence without a name of the user's, as the column's default.

The sequence's name says where it starts and by what it grows, so that DESCRIBE can tell it. It stays when its table
goes: a clone may count on with it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace

from sapwood.dialect.definition_statements import CreateSequence
from sapwood.dialect.names import quoted, spelled, unquote
from sapwood.dialect.statements import (
    Column,
    Name,
)
from sapwood.engine.definition import create_sequence
from sapwood.engine.work import Work

PREFIX = "~identity_"
_DECLARED = re.compile(r"IDENTITY START (-?\d+) INCREMENT (-?\d+) NOORDER")
_SEQUENCE = re.compile(r'"(?:[^"]|"")+"(?=(?:\."(?:[^"]|"")+"){0,2}\.nextval$)', re.IGNORECASE)
"""A part of the full name of a sequence that is the whole default."""
_KEPT = re.compile(rf"{PREFIX}(-?\d+)_(-?\d+)_")


def with_sequences(work: Work, table: Name, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a new table, each declared identity with a sequence of its own."""
    return tuple(_with_sequence(work, table, column) for column in columns)


def _with_sequence(work: Work, table: Name, column: Column) -> Column:
    declared = _DECLARED.fullmatch(column.default or "")
    if declared is None:
        return column
    start, increment = int(declared[1]), int(declared[2])
    name = replace(table, name=f"{PREFIX}{start}_{increment}_{uuid.uuid4().hex}")
    create_sequence(work, CreateSequence(name, start, increment))
    full = ".".join(map(quoted, (name.database, name.schema, name.name)))
    return replace(column, default=f"{full}.NEXTVAL")


def shown_default(default: str | None) -> str | None:
    """A column's default as DESCRIBE shows it.

    >>> shown_default('"DB"."S"."~identity_5_1_ab".NEXTVAL'), shown_default("1")
    ('IDENTITY START 5 INCREMENT 1 NOORDER', '1')
    >>> shown_default('"DB"."my s"."IDS".nextval')
    'DB."my s".IDS.nextval'
    """
    if default is None:
        return None
    return shown_identity(default) or _SEQUENCE.sub(lambda name: spelled(unquote(name[0])), default)


def shown_identity(default: str | None) -> str | None:
    """How an identity column counts; None for another column."""
    kept = _KEPT.search(default or "")
    return None if kept is None else f"IDENTITY START {kept[1]} INCREMENT {kept[2]} NOORDER"
