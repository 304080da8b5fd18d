"""What stands around the arguments of an aggregate or window function, and how such a function is written down.

Knows no function's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sapwood.dialect.coercion import cast
from sapwood.dialect.given import Given, arity
from sapwood.dialect.types import REAL, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value


@dataclass(frozen=True)
class Key:
    """What WITHIN GROUP orders by, and whether it goes down."""

    value: Value
    descends: bool


@dataclass(frozen=True)
class Around:
    """What stands around the arguments, as SQL or '': DISTINCT, ORDER BY (of WITHIN GROUP), OVER (...), IGNORE NULLS."""

    distinct: str = ""
    order: str = ""
    keys: tuple[Key, ...] = ()
    over: str = ""
    nulls: str = ""


Aggregate = Callable[[str, Sequence[Value], Around], tuple[str, SnowType]]
"""From a name, the arguments and what is around them to SQL and a type."""


def one(name: str, values: Sequence[Value]) -> Value:
    """The only argument."""
    return sole(name, values, 1)[0]


def sole(name: str, values: Sequence[Value], least: int, most: int | None = None) -> list[Value]:
    """The arguments, if they are as many as that; a bare NULL is a text."""
    if not least <= len(values) <= (most or least):
        raise arity(Given(name, tuple(values), {}), least, most or least)
    return [cast(value, text()) if value.type == UNTYPED else value for value in values]


def total(value: Value, around: Around) -> Value:
    """The exact sum of a NUMBER, or the sum of a FLOAT."""
    type_ = REAL if value.type == REAL else number(38, value.type.scale or 0)
    summed = f"sum({around.distinct}CAST({value.sql} AS {value.type.duckdb()})){around.over}"
    return Value(f"CAST({summed} AS {type_.duckdb()})", type_)
