"""VECTOR: distances and similarities of two vectors of one type.

Comes in: bound values. Goes out: FLOATs, computed in 64 bits. Source: the vendor's page "Vector functions". Knows no names.
"""

from __future__ import annotations

from sapwood.dialect.given import Given, Rule, one_of
from sapwood.dialect.names import EACH
from sapwood.dialect.types import REAL
from sapwood.dialect.values import Value, combine
from sapwood.errors import InvalidArgumentsError


def _compared(sql: str) -> Rule:
    """A function of two vectors, with DuckDB's SQL over {0} and {1}."""

    def rule(given: Given) -> Value:
        left, right = one_of(given, 2)
        if left.type.name != "VECTOR" or left.type != right.type:
            raise InvalidArgumentsError(
                f"SQL compilation error:\nInvalid argument types for function '{given.name}': ({left.type}, {right.type})",
                errno=1044,
                sqlstate="42P13",
                hint="Both must be vectors of the same element type and size; cast an array with ::VECTOR(FLOAT, n).",
            )
        wide = [f"CAST({value.sql} AS DOUBLE[{value.type.length}])" for value in (left, right)]
        return combine(sql.format(*wide), REAL, [left, right])

    return rule


_L1 = f"list_sum(list_transform(list_zip({{0}}, {{1}}), lambda {EACH}: abs({EACH}[1] - {EACH}[2])))"

RULES: dict[str, Rule] = {
    "VECTOR_INNER_PRODUCT": _compared("array_inner_product({0}, {1})"),
    "VECTOR_COSINE_SIMILARITY": _compared("array_cosine_similarity({0}, {1})"),
    "VECTOR_L1_DISTANCE": _compared(_L1),
    "VECTOR_L2_DISTANCE": _compared("array_distance({0}, {1})"),
}
