"""Aggregate and window functions: the list of those allowed, and what each is in DuckDB.

Comes in: bound arguments and the parts of the call around them. Goes out: SQL and a type. Knows no names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sapwood.dialect.arithmetic import divide
from sapwood.dialect.coercion import cast, numeric, truth
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import EACH
from sapwood.dialect.semistructured import as_json
from sapwood.dialect.types import ARRAY, BOOLEAN, OBJECT, REAL, SnowType, number, text
from sapwood.dialect.values import UNTYPED, Value, combine
from sapwood.errors import InvalidArgumentsError, UnsupportedError


@dataclass(frozen=True)
class Around:
    """What stands around the arguments, as SQL or '': DISTINCT, ORDER BY (of WITHIN GROUP), OVER (...), IGNORE NULLS."""

    distinct: str = ""
    order: str = ""
    over: str = ""
    nulls: str = ""


Aggregate = Callable[[str, Sequence[Value], Around], tuple[str, SnowType]]


def _one(name: str, values: Sequence[Value]) -> Value:
    if len(values) != 1:
        raise arity(Given(name, tuple(values), {}), 1, 1)
    return cast(values[0], text()) if values[0].type == UNTYPED else values[0]


def _count(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """COUNT(*) has no argument here; COUNT(a, b) counts rows where none is NULL."""
    if not values:
        inner = "*"
    elif len(values) == 1:
        inner = values[0].sql
    else:
        tests = " AND ".join(f"{value.sql} IS NOT NULL" for value in values)
        inner = f"CASE WHEN {tests} THEN ({', '.join(value.sql for value in values)}) END"
    return f"CAST(count({around.distinct}{inner}){around.over} AS DECIMAL(18,0))", number(18, 0)


def _sum(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    value = numeric(_one(name, values))
    type_ = REAL if value.type == REAL else number(38, value.type.scale or 0)
    return f"CAST(sum({around.distinct}{_wide(value)}){around.over} AS {type_.duckdb()})", type_


def _wide(value: Value) -> str:
    return f"CAST({value.sql} AS {value.type.duckdb()})"


def _avg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """AVG of NUMBER stays NUMBER: sum and count, divided exactly."""
    value = numeric(_one(name, values))
    if value.type == REAL:
        return f"avg({around.distinct}{value.sql}){around.over}", REAL
    scale = value.type.scale or 0
    total = Value(f"CAST(sum({around.distinct}{_wide(value)}){around.over} AS DECIMAL(38,{scale}))", number(38, scale))
    count = Value(f"CAST(count({around.distinct}{value.sql}){around.over} AS DECIMAL(18,0))", number(18, 0))
    quotient = divide(total, count, zero="NULL")
    return quotient.sql, quotient.type


def _kept(function: str) -> Aggregate:
    """Functions whose result has the type of the argument."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value = _one(name, values)
        return f"{function}({around.distinct}{value.sql}){around.over}", value.type

    return build


def _real(function: str, count: int = 1) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        if len(values) != count:
            raise arity(Given(name, tuple(values), {}), count, count)
        inner = ", ".join(cast(numeric(value), REAL).sql for value in values)
        return f"{function}({around.distinct}{inner}){around.over}", REAL

    return build


def _median(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    value = numeric(_one(name, values))
    if value.type == REAL:
        return f"median({value.sql}){around.over}", REAL
    type_ = number(38, min(37, (value.type.scale or 0) + 3))
    return f"CAST(median(CAST({value.sql} AS {type_.duckdb()})){around.over} AS {type_.duckdb()})", type_


def _percentile(function: str) -> Aggregate:
    """PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY x)."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        share = _one(name, values)
        ordered = around.order.removeprefix(" ORDER BY ").removesuffix(" NULLS LAST").removesuffix(" ASC")
        if not ordered or not isinstance(share.constant, (int, float)) or ordered.endswith("DESC NULLS FIRST"):
            raise UnsupportedError(
                f"SQL compilation error:\n{name} needs a constant and WITHIN GROUP (ORDER BY ... ASC)."
            )
        return f"CAST({function}(CAST({ordered} AS DOUBLE), {share.constant}){around.over} AS DOUBLE)", REAL

    return build


def _count_if(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(count(CASE WHEN {truth(_one(name, values)).sql} THEN 1 END){around.over} AS DECIMAL(18,0))", number(
        18, 0
    )


def _approx_count(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(approx_count_distinct({_one(name, values).sql}){around.over} AS DECIMAL(18,0))", number(18, 0)


def _boolean(function: str) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        return f"{function}({truth(_one(name, values)).sql}){around.over}", BOOLEAN

    return build


def _listagg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """LISTAGG(x [, separator]): an empty text where there is nothing to join."""
    if not 1 <= len(values) <= 2:
        raise arity(Given(name, tuple(values), {}), 1, 2)
    joined = cast(values[0], values[0].type if values[0].type.name == "TEXT" else text())
    if around.distinct and around.order and not around.order.startswith(f" ORDER BY {values[0].sql} "):
        raise InvalidArgumentsError(
            f"SQL compilation error:\n{name} of DISTINCT values can be ordered by those values only.",
            hint="WITHIN GROUP (ORDER BY ...) takes the expression that is joined.",
        )
    separator = values[1].sql if len(values) == 2 else "''"
    return f"coalesce(string_agg({around.distinct}{joined.sql}, {separator}{around.order}){around.over}, '')", text()


def _array_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """ARRAY_AGG leaves NULLs out and gives an empty array where nothing is left."""
    value = as_json(_one(name, values))
    listed = f"list({around.distinct}{value.sql}{around.order})"
    if around.over:
        return (
            f"coalesce(to_json(list_filter({listed}{around.over}, lambda {EACH}: {EACH} IS NOT NULL)), CAST('[]' AS JSON))",
            ARRAY,
        )
    return f"coalesce(to_json({listed} FILTER (WHERE {value.sql} IS NOT NULL)), CAST('[]' AS JSON))", ARRAY


def _object_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    if len(values) != 2:
        raise arity(Given(name, tuple(values), {}), 2, 2)
    key, value = cast(values[0], text()), as_json(values[1])
    pair = f"CAST(to_json({key.sql}) AS VARCHAR) || ':' || CAST({value.sql} AS VARCHAR)"
    return f"CAST('{{' || coalesce(string_agg({pair}, ','){around.over}, '') || '}}' AS JSON)", OBJECT


def _unique(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """ARRAY_UNIQUE_AGG: distinct values, no NULLs."""
    value = as_json(_one(name, values))
    found = f"list(DISTINCT {value.sql}) FILTER (WHERE {value.sql} IS NOT NULL){around.over}"
    return f"coalesce(to_json({found}), CAST('[]' AS JSON))", ARRAY


def _bits(function: str) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        inner = f"CAST({numeric(_one(name, values)).sql} AS BIGINT)"
        return f"CAST({function}({around.distinct}{inner}){around.over} AS DECIMAL(38,0))", number(38, 0)

    return build


def _approx_percentile(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """APPROX_PERCENTILE(x, share)"""
    if len(values) != 2 or not isinstance(values[1].constant, (int, float)) or not 0 <= values[1].constant <= 1:
        raise InvalidArgumentsError(f"SQL compilation error:\n{name} takes a number and a constant from 0 to 1.")
    return f"approx_quantile({cast(numeric(values[0]), REAL).sql}, {values[1].constant}){around.over}", REAL


def _hash_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """One number for all rows in whatever order."""
    listed = ", ".join(value.sql for value in values) or "1"
    found = f"coalesce(bit_xor(hash({listed})){around.over}, 0::UBIGINT)"
    return f"CAST(CAST({found} AS HUGEINT) - 9223372036854775808 AS DECIMAL(19,0))", number(19, 0)


def _grouping(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """GROUPING(a, b): which of the keys a row is not grouped by, as bits."""
    if not values:
        raise arity(Given(name, (), {}), 1, 1)
    return f"CAST(grouping({', '.join(value.sql for value in values)}) AS DECIMAL(38,0))", number(38, 0)


def _ratio(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """RATIO_TO_REPORT: a value's share of the window's sum."""
    value = numeric(_one(name, values))
    total_type = REAL if value.type == REAL else number(38, value.type.scale or 0)
    total = Value(f"CAST(sum({_wide(value)}){around.over} AS {total_type.duckdb()})", total_type)
    share = divide(value, total, zero="NULL")
    return share.sql, share.type


def _true_event(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """CONDITIONAL_TRUE_EVENT: how often it was true up to this row."""
    inner = f"CASE WHEN {truth(_one(name, values)).sql} THEN 1 ELSE 0 END"
    return f"CAST(sum({inner}){around.over} AS DECIMAL(18,0))", number(18, 0)


def _nth(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    if len(values) != 2:
        raise arity(Given(name, tuple(values), {}), 2, 2)
    return f"nth_value({values[0].sql}, CAST({values[1].sql} AS BIGINT){around.nulls}){around.over}", values[0].type


def _by(function: str) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        if len(values) != 2:
            raise arity(Given(name, tuple(values), {}), 2, 2)
        return f"{function}({values[0].sql}, {values[1].sql}){around.over}", values[0].type

    return build


def _ranking(function: str) -> Aggregate:
    """ROW_NUMBER and its like: no argument, needs OVER."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        if values or not around.over:
            raise (
                arity(Given(name, tuple(values), {}), 0, 0)
                if values
                else UnsupportedError(f"SQL compilation error:\n{name} needs OVER (...).")
            )
        return f"CAST({function}(){around.over} AS DECIMAL(18,0))", number(18, 0)

    return build


def _share(function: str) -> Aggregate:
    return lambda name, values, around: (f"{function}(){around.over}", REAL)


def _ntile(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(ntile(CAST({_one(name, values).sql} AS BIGINT)){around.over} AS DECIMAL(18,0))", number(18, 0)


def _neighbour(function: str) -> Aggregate:
    """LAG, LEAD: value [, offset [, default]]."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value = values[0]
        rest = [
            f"CAST({each.sql} AS BIGINT)" if place == 0 else cast(each, value.type).sql
            for place, each in enumerate(values[1:3])
        ]
        return f"{function}({', '.join([value.sql, *rest])}{around.nulls}){around.over}", value.type

    return build


def _positioned(function: str) -> Aggregate:
    """FIRST_VALUE, LAST_VALUE: of the whole partition unless a frame is given."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value = _one(name, values)
        return f"{function}({value.sql}{around.nulls}){around.over}", value.type

    return build


WHOLE_PARTITION = ("FIRST_VALUE", "LAST_VALUE", "NTH_VALUE")
"""Functions whose window without a frame is the whole partition."""

NEEDS_WINDOW = (
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "PERCENT_RANK",
    "CUME_DIST",
    "NTILE",
    "LAG",
    "LEAD",
    "RATIO_TO_REPORT",
    "CONDITIONAL_TRUE_EVENT",
    *WHOLE_PARTITION,
)
"""Functions that are no aggregates: they make no sense without OVER."""

NEVER_NULL = (
    "COUNT",
    "COUNT_IF",
    "APPROX_COUNT_DISTINCT",
    "LISTAGG",
    "ARRAY_AGG",
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "NTILE",
)

AGGREGATES: dict[str, Aggregate] = {
    "COUNT": _count,
    "SUM": _sum,
    "AVG": _avg,
    "MIN": _kept("min"),
    "MAX": _kept("max"),
    "ANY_VALUE": _kept("any_value"),
    "MODE": _kept("mode"),
    "MEDIAN": _median,
    "COUNT_IF": _count_if,
    "APPROX_COUNT_DISTINCT": _approx_count,
    "HLL": _approx_count,
    "APPROX_PERCENTILE": _approx_percentile,
    "HASH_AGG": _hash_agg,
    "GROUPING": _grouping,
    "GROUPING_ID": _grouping,
    "ARRAY_UNIQUE_AGG": _unique,
    "BITAND_AGG": _bits("bit_and"),
    "BITOR_AGG": _bits("bit_or"),
    "BITXOR_AGG": _bits("bit_xor"),
    "KURTOSIS": _real("kurtosis"),
    "SKEW": _real("skewness"),
    **{
        f"REGR_{name}": _real(f"regr_{name.lower()}", 2)
        for name in ("SLOPE", "INTERCEPT", "R2", "AVGX", "AVGY", "SXX", "SXY", "SYY")
    },
    "BOOLAND_AGG": _boolean("bool_and"),
    "BOOLOR_AGG": _boolean("bool_or"),
    "STDDEV": _real("stddev_samp"),
    "STDDEV_SAMP": _real("stddev_samp"),
    "STDDEV_POP": _real("stddev_pop"),
    "VARIANCE": _real("var_samp"),
    "VAR_SAMP": _real("var_samp"),
    "VAR_POP": _real("var_pop"),
    "VARIANCE_POP": _real("var_pop"),
    "CORR": _real("corr", 2),
    "COVAR_SAMP": _real("covar_samp", 2),
    "COVAR_POP": _real("covar_pop", 2),
    "PERCENTILE_CONT": _percentile("quantile_cont"),
    "PERCENTILE_DISC": _percentile("quantile_disc"),
    "LISTAGG": _listagg,
    "STRING_AGG": _listagg,
    "ARRAY_AGG": _array_agg,
    "OBJECT_AGG": _object_agg,
    "MIN_BY": _by("min_by"),
    "MAX_BY": _by("max_by"),
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
    "CONDITIONAL_TRUE_EVENT": _true_event,
}


def aggregate(name: str, values: Sequence[Value], around: Around) -> Value:
    """The value of an aggregate or window function; `name` is in AGGREGATES."""
    sql, type_ = AGGREGATES[name](name, values, around)
    nullable = name not in NEVER_NULL
    whole = combine(sql, type_, values, nullable=nullable)
    if around.over:
        return Value(sql, type_, nullable, loose=whole.loose, has_aggregate=whole.has_aggregate, has_window=True)
    return Value(sql, type_, nullable, has_aggregate=True, is_volatile=whole.is_volatile)
