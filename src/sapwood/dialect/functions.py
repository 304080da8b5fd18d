"""The scalar functions that may be called: what is in none of these tables doesn't exist.

Comes in: a name and bound arguments. Goes out: a bound value. No DuckDB function is reached by its name. Each module of
the table knows the functions of one of the vendor's categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sapwood.dialect import (
    arrays,
    conditions,
    context,
    conversions,
    dates,
    generators,
    numbers,
    regexps,
    semistructured,
    strings,
    vectors,
)  # fmt: skip
from sapwood.dialect.given import Given, Rule
from sapwood.dialect.rows import Row, apply_row, rows_of
from sapwood.dialect.values import Value

_TABLES = (conditions.TABLE, strings.TABLE, numbers.TABLE, semistructured.TABLE, arrays.TABLE)

_RULES: Mapping[str, Rule] = {
    **arrays.RULES,
    **conditions.RULES,
    **context.RULES,
    **conversions.RULES,
    **dates.RULES,
    **generators.RULES,
    **numbers.RULES,
    **regexps.RULES,
    **semistructured.RULES,
    **strings.RULES,
    **vectors.RULES,
}


@cache
def _rows() -> Mapping[str, tuple[Row, ...]]:
    """The overloads of all tables by name."""
    return {name: rows for table in _TABLES for name, rows in rows_of(table).items()}


def is_known(name: str) -> bool:
    return name in _RULES or name in _rows()


def names() -> tuple[str, ...]:
    """All scalar functions."""
    return (*_rows(), *_RULES)


def apply(given: Given) -> Value:
    """The value of a scalar function; `is_known` says whether there is one."""
    rule = _RULES.get(given.name)
    return rule(given) if rule else apply_row(given, _rows()[given.name])
