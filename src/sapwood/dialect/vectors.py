"""VECTOR: distances and similarities of two vectors of one type, shorter and normalized ones, sums by element.

Comes in: bound values. Goes out: FLOATs and vectors, computed in 64 bits. Source: the vendor's page "Vector functions". Knows
no names.
"""

from __future__ import annotations

from collections.abc import Sequence

from sapwood.dialect.given import Given, Rule, one_of
from sapwood.dialect.names import EACH
from sapwood.dialect.types import REAL, SnowType, vector
from sapwood.dialect.values import Value, combine, once, shown
from sapwood.errors import InvalidArgumentsError


def _compared(sql: str) -> Rule:
    """A function of two vectors, with DuckDB's SQL over {0} and {1}."""

    def rule(given: Given) -> Value:
        left, right = one_of(given, 2)
        if left.type.name != "VECTOR" or left.type != right.type:
            raise _mismatch(
                given, "Both must be vectors of the same element type and size; cast an array with ::VECTOR(FLOAT, n)."
            )
        return combine(sql.format(_wide(left), _wide(right)), REAL, [left, right])

    return rule


def _truncated(given: Given) -> Value:
    """VECTOR_TRUNCATE(v, n): the first n elements; a type of its own, so n must be known before rows are read."""
    value, count = one_of(given, 2)
    _check_vector(given)
    if not isinstance(count.constant, int) or not 1 <= count.constant <= (value.type.length or 0):
        raise InvalidArgumentsError(
            f"SQL compilation error:\nInvalid vector dimension {shown(count)} for function '{given.name}'",
            errno=1003,
            sqlstate="42000",
            hint=f"Write a whole number from 1 to {value.type.length}.",
        )
    type_ = SnowType("VECTOR", scale=value.type.scale, length=count.constant)
    return combine(f"CAST(({value.sql})[1:{count.constant}] AS {type_.duckdb()})", type_, [value])


def _normalized(given: Given) -> Value:
    """VECTOR_NORMALIZE(v): of length 1, in FLOATs; one of zeros stays as it is."""
    (value,) = one_of(given, 1)
    _check_vector(given)
    type_ = vector(value.type.length or 0)

    def divided(wide: str) -> str:
        length = f"sqrt(array_inner_product({wide}, {wide}))"
        each = f"list_transform({wide}, lambda {EACH}: {EACH} / coalesce(nullif({length}, 0), 1))"
        return f"CAST({each} AS {type_.duckdb()})"

    return combine(once([_wide(value)], divided, is_volatile=value.is_volatile), type_, [value])


def by_element(
    function: str, name: str, values: Sequence[Value], over: str, *, gives_floats: bool
) -> tuple[str, SnowType]:
    """An aggregate of each element: vectors that are NULL are passed over, and of none it is NULL."""
    (value,) = one_of(given := Given(name, tuple(values), {}), 1)
    _check_vector(given)
    length = value.type.length or 0
    type_ = vector(length) if gives_floats else value.type
    elements = ", ".join(f"{function}(({value.sql})[{place}]){over}" for place in range(1, length + 1))
    listed = f"CASE WHEN count({value.sql}){over} > 0 THEN [{elements}] END"  # DuckDB has no CASE of arrays
    return f"CAST({listed} AS {type_.duckdb()})", type_


def _wide(value: Value) -> str:
    return f"CAST({value.sql} AS DOUBLE[{value.type.length}])"


def _check_vector(given: Given) -> None:
    """Raise InvalidArgumentsError unless the first argument is a vector."""
    if given.values[0].type.name != "VECTOR":
        raise _mismatch(given, "A vector is needed; cast an array with ::VECTOR(FLOAT, n).")


def _mismatch(given: Given, hint: str) -> InvalidArgumentsError:
    types = ", ".join(str(value.type) for value in given.values)
    return InvalidArgumentsError(
        f"SQL compilation error:\nInvalid argument types for function '{given.name}': ({types})",
        errno=1044,
        sqlstate="42P13",
        hint=hint,
    )


_L1 = f"list_sum(list_transform(list_zip({{0}}, {{1}}), lambda {EACH}: abs({EACH}[1] - {EACH}[2])))"

RULES: dict[str, Rule] = {
    "VECTOR_INNER_PRODUCT": _compared("array_inner_product({0}, {1})"),
    "VECTOR_COSINE_SIMILARITY": _compared("array_cosine_similarity({0}, {1})"),
    "VECTOR_COSINE_DISTANCE": _compared("array_cosine_similarity({0}, {1})"),  # Snowpark's name of the similarity
    "VECTOR_L1_DISTANCE": _compared(_L1),
    "VECTOR_L2_DISTANCE": _compared("array_distance({0}, {1})"),
    "VECTOR_TRUNCATE": _truncated,
    "VECTOR_TRUNC": _truncated,
    "VECTOR_NORMALIZE": _normalized,
}
