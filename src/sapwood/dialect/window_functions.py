"""Window functions that are no aggregates: what each is in DuckDB.

Comes in: bound arguments and the OVER behind the call. Goes out: SQL and a type. Source: the vendor's page "Window functions".
Knows no names.
"""

from __future__ import annotations

from collections.abc import Sequence

from sapwood.dialect.arithmetic import divide
from sapwood.dialect.around import Aggregate, Around, one, sole, total
from sapwood.dialect.coercion import cast, numeric, truth
from sapwood.dialect.types import REAL, SnowType, number
from sapwood.dialect.values import Value


def _ratio(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """RATIO_TO_REPORT: a value's share of the window's sum."""
    value = numeric(one(name, values))
    share = divide(value, total(value, around), zero="NULL")
    return share.sql, share.type


def _true_event(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """CONDITIONAL_TRUE_EVENT: how often it was true up to this row."""
    inner = f"CASE WHEN {truth(one(name, values)).sql} THEN 1 ELSE 0 END"
    return f"CAST(sum({inner}){around.over} AS DECIMAL(18,0))", number(18, 0)


def _nth(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    value, place = sole(name, values, 2)
    return f"nth_value({value.sql}, CAST({place.sql} AS BIGINT){around.nulls}){around.over}", value.type


def _ranking(function: str) -> Aggregate:
    """ROW_NUMBER and its like: no argument."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        sole(name, values, 0)
        return f"CAST({function}(){around.over} AS DECIMAL(18,0))", number(18, 0)

    return build


def _share(function: str) -> Aggregate:
    return lambda name, values, around: (f"{function}(){around.over}", REAL)


def _ntile(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(ntile(CAST({one(name, values).sql} AS BIGINT)){around.over} AS DECIMAL(18,0))", number(18, 0)


def _neighbour(function: str) -> Aggregate:
    """LAG, LEAD: value [, offset [, default]]."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value, *behind = sole(name, values, 1, 3)
        rest = [
            f"CAST({each.sql} AS BIGINT)" if place == 0 else cast(each, value.type).sql
            for place, each in enumerate(behind)
        ]
        return f"{function}({', '.join([value.sql, *rest])}{around.nulls}){around.over}", value.type

    return build


def _positioned(function: str) -> Aggregate:
    """FIRST_VALUE, LAST_VALUE: of the whole partition unless a frame is given."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value = one(name, values)
        return f"{function}({value.sql}{around.nulls}){around.over}", value.type

    return build


TRUE_EVENT, CHANGE_EVENT = "CONDITIONAL_TRUE_EVENT", "CONDITIONAL_CHANGE_EVENT"
_WHOLE = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"

FRAMES = {
    **dict.fromkeys(("FIRST_VALUE", "LAST_VALUE", "NTH_VALUE"), _WHOLE),
    **dict.fromkeys((TRUE_EVENT, CHANGE_EVENT), "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"),
}
"""The frames of functions whose window is ordered and has none; of all others it ends with the last row of the same rank."""

WINDOW_FUNCTIONS: dict[str, Aggregate] = {
    "ROW_NUMBER": _ranking("row_number"),
    "RANK": _ranking("rank"),
    "DENSE_RANK": _ranking("dense_rank"),
    "PERCENT_RANK": _share("percent_rank"),
    "CUME_DIST": _share("cume_dist"),
    "NTILE": _ntile,
    "LAG": _neighbour("lag"),
    "LEAD": _neighbour("lead"),
    "FIRST_VALUE": _positioned("first_value"),
    "LAST_VALUE": _positioned("last_value"),
    "NTH_VALUE": _nth,
    "RATIO_TO_REPORT": _ratio,
    TRUE_EVENT: _true_event,
}
