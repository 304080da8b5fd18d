"""Which rows are the same: DISTINCT and set operations, where times that are equal at other offsets count as one.

Comes in: the SQL of queries and the values of their columns. Goes out: SQL. Knows no trees but the kinds of set operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.coercion import comparable
from sapwood.dialect.names import quoted
from sapwood.dialect.values import Value

_WORDS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def distinct_word(values: Sequence[Value]) -> str:
    """DISTINCT, before a select list of these values."""
    keys = [comparable(value).sql for value in values]
    return "DISTINCT " if keys == [value.sql for value in values] else f"DISTINCT ON ({', '.join(keys)}) "


def united(kind: type[exp.Expr], left: str, right: str, *, values: Sequence[Value], is_distinct: bool) -> str:
    """UNION, INTERSECT or EXCEPT of two queries with the same columns, which are `values` outside of the first."""
    word, distinct = _WORDS[kind], distinct_word(values)
    if not is_distinct:
        return f"({left}) {word} ALL ({right})"
    if distinct == "DISTINCT ":
        return f"({left}) {word} ({right})"
    if kind is exp.Union:
        return f"SELECT {distinct}* FROM (({left}) UNION ALL ({right})) AS {quoted('rows')}"
    is_there = f"EXISTS ({_same_row(right, values)})"
    test = is_there if kind is exp.Intersect else f"NOT {is_there}"
    return f"SELECT {distinct}* FROM ({left}) AS {quoted('rows')} WHERE {test}"


def _same_row(query: str, values: Sequence[Value]) -> str:
    """A query of the rows that are the same as the one outside; NULLs are the same."""
    names = [f"c{place}" for place in range(len(values))]
    others = [replace(value, sql=f"{quoted('others')}.{name}") for value, name in zip(values, names, strict=True)]
    same = [
        f"{comparable(one).sql} IS NOT DISTINCT FROM {comparable(other).sql}"
        for one, other in zip(values, others, strict=True)
    ]
    return f"SELECT 1 FROM ({query}) AS {quoted('others')}({', '.join(names)}) WHERE {' AND '.join(same)}"
