"""EXPLAIN: what a query reads and what it would ask of models, as rows; nothing is asked.

Comes in: a query. Goes out: a row a step. The columns up to `bytesAssigned` are those of the vendor's page "EXPLAIN"; those
behind them say what the models' part costs: see `Estimate`.
"""

from __future__ import annotations

from typing import Any

from sapwood.dialect.statements import Call, Explain, Query
from sapwood.dialect.types import REAL, number, text
from sapwood.engine.estimate import Estimate, estimate
from sapwood.engine.result import Rows, listing
from sapwood.engine.work import Work

_COUNT = number(38, 0)
_COLUMNS = {
    "step": _COUNT,
    "id": _COUNT,
    "parentOperators": text(),
    "operation": text(),
    "objects": text(),
    "alias": text(),
    "expressions": text(),
    "partitionsTotal": _COUNT,
    "partitionsAssigned": _COUNT,
    "bytesAssigned": _COUNT,
    "calls": _COUNT,
    "distinctRequests": _COUNT,
    "cachedRequests": _COUNT,
    "tokensAsked": _COUNT,
    "tokensComputed": _COUNT,
    "seconds": REAL,
    "cost": REAL,
}

Row = dict[str, Any]


def explain(work: Work, statement: Explain) -> Rows:
    """The steps of a query from the last to the first."""
    query = statement.query
    estimates = _estimates(work, query)
    steps: list[Row] = [
        {"operation": "Result", "expressions": ", ".join(f"{column.name} {column.type}" for column in query.columns)},
        *({"operation": "Command", "expressions": command.function} for command in query.commands),
        *(_asking(call, estimates.get(call.site, Estimate())) for call in query.calls),
        *({"operation": "TableScan", "objects": str(name)} for name in query.reads),
    ]
    rows = [{"operation": "GlobalStats", "partitionsTotal": 0, "partitionsAssigned": 0, "bytesAssigned": 0}]
    rows += [
        {**step, "step": 1, "id": place, "parentOperators": f"[{place - 1}]" if place else None}
        for place, step in enumerate(steps)
    ]
    return listing("EXPLAIN", _COLUMNS, [tuple(row.get(name) for name in _COLUMNS) for row in rows])


def _asking(call: Call, foreseen: Estimate) -> Row:
    """The step of a call of ours."""
    return {
        "operation": "ModelCall",
        "objects": ", ".join(foreseen.models) or None,
        "expressions": f"{call.function}({', '.join(call.arguments)})",
        "calls": foreseen.calls,
        "distinctRequests": foreseen.distinct,
        "cachedRequests": foreseen.cached,
        "tokensAsked": foreseen.asked,
        "tokensComputed": foreseen.computed,
        "seconds": foreseen.seconds,
        "cost": foreseen.cost,
    }


def _estimates(work: Work, query: Query) -> dict[int, Estimate]:
    """An estimate for each call site; none for a query with commands, which must not run."""
    if not query.calls or query.commands:
        return {}
    foreseen = work.passes.foreseen(query)
    return {
        call.site: estimate(work.batcher.batching, call, *foreseen[call.site])
        for call in query.calls
        if call.site in foreseen
    }
