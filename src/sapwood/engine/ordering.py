"""In which order the parts of a filter ask: learned on a sample of the rows that reach it.

Comes in: a statement with filters, and a way to run its SQL. Goes out: an order of each filter's parts. The part that throws
away the most rows for its cost goes first. The sample costs at most SHARE of what the filter asks, and what it has asked
is not asked again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sapwood.dialect.statements import Call, Filter

SHARE = 0.03
"""Share of the different rows at a filter that may be asked all of its parts."""
MOST_ROWS = 300
"""Rows of a sample: from there on more of them change little."""
FEWEST_ROWS = 8
"""A smaller sample says nothing; the parts stay as they are written then."""
_SITE = re.compile(r"'\{token\}:(\d+)'")

Orders = Mapping[str, Sequence[int]]
"""The order of its parts by a filter's mark."""


class Asking(Protocol):
    """A statement that asks: a query or a change of rows."""

    @property
    def sql(self) -> str: ...
    @property
    def calls(self) -> tuple[Call, ...]: ...
    @property
    def filters(self) -> tuple[Filter, ...]: ...


@dataclass(frozen=True)
class Sample:
    """What `sapwood_probe` saw: different rows, and the truth of each part for each ('true', 'false', None)."""

    rows: Sequence[tuple[str | None, ...]]

    def selectivity(self, part: int) -> float:
        """Share of the rows that a part lets through."""
        return sum(row[part + 1] == "true" for row in self.rows) / len(self.rows)


def written(statement: Asking, orders: Orders | None = None) -> str:
    """The statement's SQL with each filter's parts in its order, as they stand where it has none."""
    return _filled(statement, {each.mark: each.in_order(_order(each, orders)) for each in statement.filters})


def written_as_true(statement: Asking) -> str:
    """The statement's SQL as if all filters let everything through; their parts are evaluated for every row."""
    tests = {each.mark: ", ".join(f"CAST({part} AS VARCHAR)" for part in each.parts) for each in statement.filters}
    return _filled(statement, {mark: f"len([{parts}]) > 0" for mark, parts in tests.items()})


def _order(wanted: Filter, orders: Orders | None) -> Sequence[int]:
    return (orders or {}).get(wanted.mark, range(len(wanted.parts)))


def _filled(statement: Asking, by_mark: dict[str, str]) -> str:
    """Filters may stand in the parts of filters that were made after them."""
    sql = statement.sql
    for mark in reversed(by_mark):
        sql = sql.replace(mark, by_mark[mark])
    return sql


def learned(
    statement: Asking, probe: Callable[[str], Sample], cost_of: Callable[[int], float]
) -> dict[str, Sequence[int]]:
    """An order for each filter. `probe` runs SQL until nothing in it is unknown; `cost_of` says what an answer of a site costs."""
    orders: dict[str, Sequence[int]] = {}
    for each in statement.filters:
        if each.row and len(each.parts) > 1 and each.mark in statement.sql:
            order = _learned(statement, each, orders, probe, cost_of)
            orders |= {each.mark: order} if order else {}
    return orders


def _learned(
    statement: Asking,
    wanted: Filter,
    orders: Orders,
    probe: Callable[[str], Sample],
    cost_of: Callable[[int], float],
) -> Sequence[int]:
    others = {each.mark: each.in_order(_order(each, orders)) for each in statement.filters}
    rows = len(probe(_filled(statement, {**others, wanted.mark: _probe(wanted, ())})).rows)
    if rows * SHARE < FEWEST_ROWS:
        return ()
    every = max(round(1 / SHARE), rows // MOST_ROWS)
    seen = _of_every(wanted, every, _probe(wanted, wanted.parts))
    sample = probe(_filled(statement, {**others, wanted.mark: seen}))
    if not sample.rows:
        return ()
    return sorted(
        range(len(wanted.parts)),
        key=lambda part: _rank(_cost(wanted.parts[part], cost_of), sample.selectivity(part)),
    )


def _probe(wanted: Filter, values: Sequence[str]) -> str:
    """False of each row, which the statement has seen then, with some values."""
    listed = ", ".join(f"CAST({value} AS VARCHAR)" for value in (wanted.row, *values))
    return f"sapwood_probe('{{token}}', [{listed}])"


def _of_every(wanted: Filter, every: int, test: str) -> str:
    """A test of every so-many-th of the different rows, chosen by their hash; false of the others."""
    return f"CASE WHEN {wanted.row} % {every} = 0 THEN {test} ELSE FALSE END" if every > 1 else test


def without_filter(statement: Asking) -> tuple[str, str]:
    """SQL of a statement without its one filter, and with a probe in its place."""
    (wanted,) = statement.filters
    return _filled(statement, {wanted.mark: "TRUE"}), _filled(statement, {wanted.mark: _probe(wanted, ())})


def windows(statement: Asking, *, rows: int, most: int) -> list[str]:
    """SQL of a statement that takes any `most` rows which its one filter lets through, of `rows` different ones: for a part of
    them, then for four times as many, at last for all."""
    (wanted,) = statement.filters
    test, times = wanted.in_order(range(len(wanted.parts))), rows / max(2 * most, 1)
    steps = int(math.log(times, 4)) if times > 1 else 0
    return [_filled(statement, {wanted.mark: _of_every(wanted, 4**step, test)}) for step in range(steps, -1, -1)]


def _cost(part: str, cost_of: Callable[[int], float]) -> float:
    return sum(cost_of(int(site)) for site in {*_SITE.findall(part)})


def _rank(cost: float, selectivity: float) -> float:
    """What it costs to be rid of a row."""
    return cost / (1 - selectivity) if selectivity < 1 else float("inf")
