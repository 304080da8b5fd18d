"""Aggregate functions: the list of those allowed, with the window functions, and what each is in DuckDB.

Comes in: bound arguments and the parts of the call around them. Goes out: SQL and a type. Knows no names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from sapwood.dialect.arithmetic import divide
from sapwood.dialect.around import Aggregate, Around, Key, one, sole, total
from sapwood.dialect.coercion import cast, comparable, numeric, truth
from sapwood.dialect.generators import hashed, signed
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import EACH
from sapwood.dialect.numbers import BITMAP_BITS
from sapwood.dialect.semistructured import as_json
from sapwood.dialect.types import ARRAY, BINARY, BOOLEAN, OBJECT, REAL, VARIANT, SnowType, number, text
from sapwood.dialect.values import Value, combine
from sapwood.dialect.vectors import by_element
from sapwood.dialect.window_functions import WINDOW_FUNCTIONS
from sapwood.errors import InvalidArgumentsError, UnsupportedError


def _count(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """COUNT(*) has no argument here; COUNT(a, b) counts rows where none is NULL. JSON's null counts as NULL."""
    counted = [
        f"CASE WHEN json_type({value.sql}) <> 'NULL' THEN {value.sql} END" if value.type == VARIANT else value.sql
        for value in map(comparable, values)
    ]
    if not counted:
        inner = "*"
    elif len(counted) == 1:
        inner = counted[0]
    else:
        tests = " AND ".join(f"{each} IS NOT NULL" for each in counted)
        inner = f"CASE WHEN {tests} THEN ({', '.join(counted)}) END"
    return f"CAST(count({around.distinct}{inner}){around.over} AS DECIMAL(18,0))", number(18, 0)


def _sum(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    found = total(numeric(one(name, values)), around)
    return found.sql, found.type


def _avg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """AVG of NUMBER stays NUMBER: sum and count, divided exactly."""
    value = numeric(one(name, values))
    if value.type == REAL:
        return f"avg({around.distinct}{value.sql}){around.over}", REAL
    count = Value(f"CAST(count({around.distinct}{value.sql}){around.over} AS DECIMAL(18,0))", number(18, 0))
    quotient = divide(total(value, around), count, zero="NULL")
    return quotient.sql, quotient.type


def _kept(function: str) -> Aggregate:
    """Functions whose result has the type of the argument."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value = one(name, values)
        return f"{function}({around.distinct}{value.sql}){around.over}", value.type

    return build


def _real(function: str, count: int = 1) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        inner = ", ".join(cast(numeric(value), REAL).sql for value in sole(name, values, count))
        return f"{function}({around.distinct}{inner}){around.over}", REAL

    return build


def _regr_count(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """REGR_COUNT(y, x): rows in which neither is NULL."""
    return _count(name, sole(name, values, 2), around)


def _median(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return _between(numeric(one(name, values)), "0.5", around)


def _between(value: Value, share: str, around: Around) -> tuple[str, SnowType]:
    """The value at a share of the ordered ones, between two of them if need be: a NUMBER gets three more places."""
    type_ = REAL if value.type == REAL else number(38, min(37, (value.type.scale or 0) + 3))
    inner = f"CAST({value.sql} AS {type_.duckdb()})"
    return f"CAST(quantile_cont({inner}, {share}){around.over} AS {type_.duckdb()})", type_


def _percentile_cont(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """PERCENTILE_CONT(share) WITHIN GROUP (ORDER BY x)"""
    share, key = _share_of(name, values, around)
    return _between(numeric(key.value), str(1 - share if key.descends else share), around)


def _percentile_disc(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """PERCENTILE_DISC(share) WITHIN GROUP (ORDER BY x): one of the values, of whatever type."""
    share, key = _share_of(name, values, around)
    if key.descends and not share:  # DuckDB counts from the end where a share is below zero, and -0 is not
        return f"max({key.value.sql}){around.over}", key.value.type
    return f"quantile_disc({key.value.sql}, {'-' if key.descends else ''}{share}){around.over}", key.value.type


def _share_of(name: str, values: Sequence[Value], around: Around) -> tuple[Decimal, Key]:
    """The constant share, and what the values are ordered by."""
    share = one(name, values).constant
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1 or len(around.keys) != 1:
        raise InvalidArgumentsError(
            f"SQL compilation error:\n{name} takes a constant from 0 to 1 and WITHIN GROUP (ORDER BY <one expression>)."
        )
    return Decimal(str(share)), around.keys[0]


def _count_if(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(count(CASE WHEN {truth(one(name, values)).sql} THEN 1 END){around.over} AS DECIMAL(18,0))", number(
        18, 0
    )


def _approx_count(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(approx_count_distinct({comparable(one(name, values)).sql}){around.over} AS DECIMAL(18,0))", number(
        18, 0
    )


def _boolean(function: str) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        return f"{function}({truth(one(name, values)).sql}){around.over}", BOOLEAN

    return build


def _exclusive(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """BOOLXOR_AGG: whether exactly one is true."""
    return f"(sum(CAST({truth(one(name, values)).sql} AS INTEGER)){around.over} = 1)", BOOLEAN


def _listagg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """LISTAGG(x [, separator]): an empty text where there is nothing to join."""
    source, *rest = sole(name, values, 1, 2)
    joined = cast(source, source.type if source.type.name == "TEXT" else text())
    if around.distinct and any(key.value.sql != source.sql for key in around.keys):
        raise InvalidArgumentsError(
            f"SQL compilation error:\n{name} of DISTINCT values can be ordered by those values only.",
            hint="WITHIN GROUP (ORDER BY ...) takes the expression that is joined.",
        )
    separator = rest[0].sql if rest else "''"
    return f"coalesce(string_agg({around.distinct}{joined.sql}, {separator}{around.order}){around.over}, '')", text()


def _array_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """ARRAY_AGG leaves NULLs out and gives an empty array where nothing is left."""
    source = one(name, values)
    value = as_json(source)
    if around.distinct and around.keys:
        return _distinct_in_order(source, around)
    listed = f"list({around.distinct}{value.sql}{around.order})"
    if around.over:
        return _array(f"list_filter({listed}{around.over}, lambda {EACH}: {EACH} IS NOT NULL)")
    return _array(f"{listed} FILTER (WHERE {value.sql} IS NOT NULL)")


def _array(listed: str) -> tuple[str, SnowType]:
    """A list of JSON as ARRAY; NULL is an empty one."""
    return f"coalesce(to_json({listed}), CAST('[]' AS JSON))", ARRAY


def _distinct_in_order(source: Value, around: Around) -> tuple[str, SnowType]:
    """ARRAY_AGG(DISTINCT x) WITHIN GROUP (ORDER BY x): ordered as what they are, JSON afterwards."""
    key = around.keys[0]
    if len(around.keys) != 1 or key.value.sql != source.sql:
        raise InvalidArgumentsError(
            "SQL compilation error:\nARRAY_AGG of DISTINCT values can be ordered by those values only."
        )
    order = "DESC" if key.descends else "ASC"
    listed = f"list_sort(list(DISTINCT {source.sql}){around.over}, '{order}', 'NULLS LAST')"
    each = as_json(replace(source, sql=EACH)).sql
    return _array(f"list_transform(list_filter({listed}, lambda {EACH}: {EACH} IS NOT NULL), lambda {EACH}: {each})")


def _object_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    first, second = sole(name, values, 2)
    key, value = cast(first, text()), as_json(second)
    pair = f"CAST(to_json({key.sql}) AS VARCHAR) || ':' || CAST({value.sql} AS VARCHAR)"
    return f"CAST('{{' || coalesce(string_agg({pair}, ','){around.over}, '') || '}}' AS JSON)", OBJECT


def _unique(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """ARRAY_UNIQUE_AGG: distinct values, no NULLs."""
    value = as_json(one(name, values))
    return _array(f"list(DISTINCT {value.sql}) FILTER (WHERE {value.sql} IS NOT NULL){around.over}")


def _union(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """ARRAY_UNION_AGG: each value as often as in the array that has it most often."""
    array = cast(one(name, values), ARRAY)
    elements = f"list_filter(json_extract({array.sql}, '$[*]'), lambda {EACH}: json_type({EACH}) <> 'NULL')"
    counted = (
        f'list_transform({elements}, lambda {EACH}, "~i": struct_pack(v := {EACH}, '
        f'n := len(list_filter({elements}[1:"~i"], lambda "~o": "~o" = {EACH}))))'
    )
    met = f"list_sort(list_distinct(flatten(list({counted}){around.over})))"
    return _array(f"list_transform({met}, lambda {EACH}: {EACH}.v)")


def _top(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """APPROX_TOP_K(x [, k [, counters]]): [value, count] of the most frequent values, counted exactly."""
    value, *sizes = sole(name, values, 1, 3)
    counts = [size.constant for size in sizes]
    if not all(isinstance(count, int) and count > 0 for count in counts):
        raise InvalidArgumentsError(f"SQL compilation error:\n{name} takes constants above zero behind its value.")
    pairs = f"map_entries(histogram({as_json(value).sql}){around.over})"
    ordered = (
        f"list_reverse_sort(list_transform({pairs}, lambda {EACH}: struct_pack(n := {EACH}.value, v := {EACH}.key)))"
    )
    shown = f"lambda {EACH}: json_array({EACH}.v, {EACH}.n)"
    return _array(f"list_transform({ordered}[1:{counts[0] if counts else 1}], {shown})")


def _bits(function: str) -> Aggregate:
    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        inner = f"CAST({numeric(one(name, values)).sql} AS BIGINT)"
        return f"CAST({function}({around.distinct}{inner}){around.over} AS DECIMAL(38,0))", number(38, 0)

    return build


def _bitmap(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """BITMAP_CONSTRUCT_AGG(position): 32,768 bits, of which those at the positions are set."""
    place = f"CAST({numeric(one(name, values)).sql} AS INTEGER)"
    return f"CAST(bitstring_agg({place}, 0, {BITMAP_BITS - 1}){around.over} AS BLOB)", BINARY


def _bitmap_or(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    return f"CAST(bit_or(CAST({cast(one(name, values), BINARY).sql} AS BIT)){around.over} AS BLOB)", BINARY


def _approx_percentile(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """APPROX_PERCENTILE(x, share)"""
    if len(values) != 2 or not isinstance(values[1].constant, (int, float)) or not 0 <= values[1].constant <= 1:
        raise InvalidArgumentsError(f"SQL compilation error:\n{name} takes a number and a constant from 0 to 1.")
    return f"approx_quantile({cast(numeric(values[0]), REAL).sql}, {values[1].constant}){around.over}", REAL


def _hash_agg(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """One number for all rows in whatever order."""
    one = hashed(values) if values else "hash(1)"
    return signed(f"coalesce(bit_xor({one}){around.over}, 0::UBIGINT)"), number(19, 0)


def _grouping(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
    """GROUPING(a, b): which of the keys a row is not grouped by, as bits."""
    if not values:
        raise arity(Given(name, (), {}), 1, 1)
    return f"CAST(grouping({', '.join(comparable(value).sql for value in values)}) AS DECIMAL(38,0))", number(38, 0)


def _vector(function: str, *, gives_floats: bool = False) -> Aggregate:
    """VECTOR_SUM and its like: a function of each element."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        if around.distinct:
            raise UnsupportedError(f"SQL compilation error:\n{name} of DISTINCT vectors is not supported.")
        return by_element(function, name, values, around.over, gives_floats=gives_floats)

    return build


def _by(function: str) -> Aggregate:
    """MAX_BY(x, key [, n]): x of the row with the largest key; with n an ARRAY of those of n rows, the largest first."""

    def build(name: str, values: Sequence[Value], around: Around) -> tuple[str, SnowType]:
        value, key, *most = sole(name, values, 2, 3)
        if not most:
            return f"{_KEEPING_NULL[function]}({value.sql}, {key.sql}){around.over}", value.type
        count = most[0].constant
        if not isinstance(count, int) or not 1 <= count <= _MOST_BY:
            raise InvalidArgumentsError(
                f"SQL compilation error:\n{name} takes a constant from 1 to {_MOST_BY} as its third argument."
            )
        rows = f"struct_pack(v := {as_json(value).sql})"
        listed = f"{function}({rows}, {key.sql}, {count}){around.over}"
        return f"to_json(list_transform({listed}, lambda {EACH}: coalesce({EACH}.v, CAST('null' AS JSON))))", ARRAY

    return build


_KEEPING_NULL = {"max_by": "arg_max_null", "min_by": "arg_min_null"}
"""DuckDB's functions that don't pass over rows whose value is NULL."""
_MOST_BY = 1000
"""Rows that MAX_BY and MIN_BY give, at most. Source: the vendor's pages."""

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
    "ARRAY_UNION_AGG": _union,
    "APPROX_TOP_K": _top,
    **dict.fromkeys(("BITAND_AGG", "BITANDAGG", "BIT_AND_AGG", "BIT_ANDAGG"), _bits("bit_and")),
    **dict.fromkeys(("BITOR_AGG", "BITORAGG", "BIT_OR_AGG", "BIT_ORAGG"), _bits("bit_or")),
    **dict.fromkeys(("BITXOR_AGG", "BITXORAGG", "BIT_XOR_AGG", "BIT_XORAGG"), _bits("bit_xor")),
    "BITMAP_CONSTRUCT_AGG": _bitmap,
    "BITMAP_OR_AGG": _bitmap_or,
    "KURTOSIS": _real("kurtosis"),
    "SKEW": _real("skewness"),
    **{
        f"REGR_{name}": _real(f"regr_{name.lower()}", 2)
        for name in ("SLOPE", "INTERCEPT", "R2", "AVGX", "AVGY", "SXX", "SXY", "SYY")
    },
    "REGR_COUNT": _regr_count,
    "BOOLAND_AGG": _boolean("bool_and"),
    "BOOLOR_AGG": _boolean("bool_or"),
    "BOOLXOR_AGG": _exclusive,
    "STDDEV": _real("stddev_samp"),
    "STDDEV_SAMP": _real("stddev_samp"),
    "STDDEV_POP": _real("stddev_pop"),
    "VARIANCE": _real("var_samp"),
    "VAR_SAMP": _real("var_samp"),
    "VARIANCE_SAMP": _real("var_samp"),
    "VAR_POP": _real("var_pop"),
    "VARIANCE_POP": _real("var_pop"),
    "CORR": _real("corr", 2),
    "COVAR_SAMP": _real("covar_samp", 2),
    "COVAR_POP": _real("covar_pop", 2),
    "PERCENTILE_CONT": _percentile_cont,
    "PERCENTILE_DISC": _percentile_disc,
    "LISTAGG": _listagg,
    "STRING_AGG": _listagg,
    **dict.fromkeys(("ARRAY_AGG", "ARRAYAGG"), _array_agg),
    **dict.fromkeys(("OBJECT_AGG", "OBJECTAGG"), _object_agg),
    "MIN_BY": _by("min_by"),
    "MAX_BY": _by("max_by"),
    "VECTOR_SUM": _vector("sum"),
    "VECTOR_MIN": _vector("min"),
    "VECTOR_MAX": _vector("max"),
    "VECTOR_AVG": _vector("avg", gives_floats=True),
    **WINDOW_FUNCTIONS,
}


def aggregate(name: str, values: Sequence[Value], around: Around) -> Value:
    """The value of an aggregate or window function; `name` is in AGGREGATES."""
    sql, type_ = AGGREGATES[name](name, values, around)
    nullable = name not in NEVER_NULL
    whole = combine(sql, type_, values, nullable=nullable)
    if around.over:
        return Value(sql, type_, nullable, loose=whole.loose, has_aggregate=whole.has_aggregate, has_window=True)
    return Value(sql, type_, nullable, has_aggregate=True, is_volatile=whole.is_volatile)
