"""Conditions that ask a model: what is cheap is held first, and the asking parts wait for an order.

Comes in: a condition's tree, its names, the compilation. Goes out: DuckDB's SQL. Where several parts ask, it holds a mark in
their place, and the parts stand in `Filter`: only while the statement runs is it known which of them is cheap and strict.

DuckDB moves parts of a condition to where a table is read, below joins and groups, and takes them in an order of its own. A CASE
keeps the order: its branches are evaluated for the rows that reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.coercion import truth
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.statements import FILTER, Filter
from sapwood.dialect.values import Value

_CALL = "sapwood_"

Bind = Callable[[exp.Expr, Namespace, Compilation], Value]


def condition(tree: exp.Expr, names: Namespace, work: Compilation, bind: Bind, *, waits: bool = False) -> Value:
    """A condition as a truth value. With `waits` a part that asks is evaluated only when all sources are joined."""
    whole = truth(bind(tree, names, work))
    if _CALL not in whole.sql:
        return whole
    parts = [truth(bind(part, names, work)) for part in _conjuncts(tree)]
    cheap = [part for part in parts if _CALL not in part.sql]
    asking = [part for part in parts if _CALL in part.sql]
    first = [f"({part.sql})" for part in cheap if not part.is_volatile] + (_joined(names) if waits else [])
    tested = _filter(asking, work)
    guarded = f"CASE WHEN {' AND '.join(first)} THEN {tested} ELSE FALSE END" if first else tested
    return replace(whole, sql=" AND ".join([*(f"({part.sql})" for part in cheap), guarded]), nullable=True)


def asked_where(test: str, value: Value) -> str:
    """DuckDB's SQL of a value that is wanted where a test holds; of one that asks a model nothing is evaluated elsewhere."""
    return f"CASE WHEN {test} THEN {value.sql} END" if _CALL in value.sql else value.sql


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    inner = tree.unnest()
    return [*_conjuncts(inner.this), *_conjuncts(inner.expression)] if isinstance(inner, exp.And) else [tree]


def _joined(names: Namespace) -> list[str]:
    """True of each row, once every source has given its part of it."""
    read = [source.fields[0].sql for source in names.sources if source.fields]
    return [f"hash({', '.join(read)}) IS NOT NULL"] if len(read) > 1 else []


def _filter(asking: Sequence[Value], work: Compilation) -> str:
    read = sorted(frozenset[str]().union(*(part.loose for part in asking)))
    row = f"hash({', '.join(read)})" if read and not any(part.has_aggregate for part in asking) else ""
    made = Filter(FILTER.format(len(work.filters)), tuple(part.sql for part in asking), row)
    work.filters.append(made)
    return made.mark
