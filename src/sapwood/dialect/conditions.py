"""Conditional functions: IFF, COALESCE, DECODE, GREATEST and their like.

Comes in: bound arguments. Goes out: bound values of the type that all results share. Source: the vendor's page
"Conditional expression functions". Knows no names of columns or tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sapwood.dialect import arithmetic
from sapwood.dialect.coercion import branches, chosen, compared, numeric, truth
from sapwood.dialect.given import Given, Rule, at_least, one_of
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import BOOLEAN
from sapwood.dialect.values import Value, combine, once

TABLE = """
BOOLAND           num,num               bool   (round({0}) <> 0 AND round({1}) <> 0)
BOOLOR            num,num               bool   (round({0}) <> 0 OR round({1}) <> 0)
BOOLXOR           num,num               bool   ((round({0}) <> 0) <> (round({1}) <> 0))
BOOLNOT           num                   bool   (round({0}) = 0)
"""


def _iff(given: Given) -> Value:
    condition, *rest = one_of(given, 3)
    return _chosen(truth(condition), f"{truth(condition).sql}", rest)


def _nvl2(given: Given) -> Value:
    tested, *rest = one_of(given, 3)
    return _chosen(tested, f"{tested.sql} IS NOT NULL", rest)


def _chosen(tested: Value, test: str, results: Sequence[Value]) -> Value:
    """The first result where the test holds, else the second."""
    (yes, no), type_ = branches(results)
    sql = f"CASE WHEN {test} THEN {yes.sql} ELSE {no.sql} END"
    return combine(chosen(sql, type_), type_, [tested, yes, no], nullable=yes.nullable or no.nullable)


def _coalesce(given: Given) -> Value:
    at_least(given, 1)
    values, type_ = branches(given.values)
    return combine(
        chosen(f"coalesce({', '.join(value.sql for value in values)})", type_),
        type_,
        values,
        nullable=all(value.nullable for value in values),
    )


def _nullif(given: Given) -> Value:
    first, second = compared(*one_of(given, 2))
    (kept,), type_ = branches(given.values[:1])
    sql = once(
        [first.sql, second.sql, kept.sql],
        lambda a, b, c: f"CASE WHEN {a} = {b} THEN NULL ELSE {c} END",
        is_volatile=first.is_volatile,
    )
    return combine(chosen(sql, type_), type_, [first, second], nullable=True)


def _equal_null(given: Given) -> Value:
    first, second = compared(*one_of(given, 2))
    return combine(f"({first.sql} IS NOT DISTINCT FROM {second.sql})", BOOLEAN, [first, second], nullable=False)


def _zero_if_null(given: Given) -> Value:
    value = numeric(one_of(given, 1)[0])
    return replace(
        value, sql=f"coalesce({value.sql}, CAST(0 AS {value.type.duckdb()}))", nullable=False, constant=NOT_CONSTANT
    )


def _null_if_zero(given: Given) -> Value:
    value = numeric(one_of(given, 1)[0])
    return replace(value, sql=f"nullif({value.sql}, 0)", nullable=True, constant=NOT_CONSTANT)


def _div0(given: Given) -> Value:
    first, second = (numeric(value) for value in one_of(given, 2))
    return arithmetic.divide(first, second, zero=f"CASE WHEN {first.sql} IS NOT NULL THEN 0.0 END")


def _div0null(given: Given) -> Value:
    """As DIV0, and a NULL divisor counts as zero."""
    first, second = (numeric(value) for value in one_of(given, 2))
    filled = replace(second, sql=f"coalesce({second.sql}, 0)", nullable=False, constant=NOT_CONSTANT)
    return _div0(replace(given, values=(first, filled)))


def _decode(given: Given) -> Value:
    """DECODE(x, s1, r1, ... [, default]): NULL matches NULL."""
    at_least(given, 3)
    tested, *rest = given.values
    pairs = [(rest[place], rest[place + 1]) for place in range(0, len(rest) - 1, 2)]
    otherwise = [rest[-1]] if len(rest) % 2 else []
    results, type_ = branches([result for _, result in pairs] + otherwise)
    matches = [compared(tested, search) for search, _ in pairs]
    arms = " ".join(
        f"WHEN {a.sql} IS NOT DISTINCT FROM {b.sql} THEN {r.sql}" for (a, b), r in zip(matches, results, strict=False)
    )
    tail = f" ELSE {results[-1].sql}" if otherwise else ""
    return combine(chosen(f"CASE {arms}{tail} END", type_), type_, [*given.values], nullable=True)


def _extreme(function: str, *, ignores_null: bool = False) -> Rule:
    """GREATEST and LEAST: NULL if any argument is, unless NULLs are ignored."""

    def rule(given: Given) -> Value:
        at_least(given, 1)
        values, type_ = branches(given.values)
        listed = ", ".join(value.sql for value in values)
        if ignores_null:
            found = chosen(f"{function}({listed})", type_)
            return combine(found, type_, values, nullable=all(value.nullable for value in values))
        tests = " OR ".join(f"{value.sql} IS NULL" for value in values)
        return combine(chosen(f"CASE WHEN {tests} THEN NULL ELSE {function}({listed}) END", type_), type_, values)

    return rule


RULES: dict[str, Rule] = {
    "IFF": _iff,
    "COALESCE": _coalesce,
    "NVL": _coalesce,
    "IFNULL": _coalesce,
    "NVL2": _nvl2,
    "NULLIF": _nullif,
    "EQUAL_NULL": _equal_null,
    "ZEROIFNULL": _zero_if_null,
    "NULLIFZERO": _null_if_zero,
    "DIV0": _div0,
    "DIV0NULL": _div0null,
    "DECODE": _decode,
    "GREATEST": _extreme("greatest"),
    "GREATEST_IGNORE_NULLS": _extreme("greatest", ignores_null=True),
    "LEAST": _extreme("least"),
    "LEAST_IGNORE_NULLS": _extreme("least", ignores_null=True),
}
