"""Calls of aggregate and window functions with all that stands around them: DISTINCT, ORDER BY, OVER, frames.

Comes in: a tree. Goes out: a bound value. What each function is in DuckDB is in `aggregates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from sapwood.dialect.aggregates import AGGREGATES, aggregate
from sapwood.dialect.around import Around, Key
from sapwood.dialect.binding import Binder, bind, identifier
from sapwood.dialect.coercion import comparable
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.given import Given, one_of
from sapwood.dialect.names import quoted
from sapwood.dialect.operators import duration
from sapwood.dialect.stars import starred
from sapwood.dialect.types import BOOLEAN
from sapwood.dialect.unserved import unserved
from sapwood.dialect.values import Value, combine
from sapwood.dialect.window_functions import CHANGE_EVENT, FRAMES, TRUE_EVENT, WINDOW_FUNCTIONS
from sapwood.errors import InvalidArgumentsError, ProgrammingError, UnsupportedError


def aggregated(tree: exp.Expr, names: Namespace, work: Compilation, around: Around) -> Value:
    """COUNT(*), COUNT(DISTINCT a), SUM(a) OVER (...): `tree` is the call itself."""
    name = str(tree.this).upper()
    arguments, nulls = list(tree.expressions), around.nulls
    if len(arguments) == 1 and isinstance(arguments[0], exp.IgnoreNulls):
        arguments, nulls = [arguments[0].this], " IGNORE NULLS"
    distinct = ""
    if arguments and isinstance(arguments[0], exp.Distinct):
        arguments, distinct = [*arguments[0].expressions, *arguments[1:]], "DISTINCT "
    if name == "COUNT" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    elif name == "COUNT" and len(arguments) == 1 and isinstance(arguments[0].this, exp.Star):
        arguments = _columns_of(arguments[0], names)
    elif name == "COUNT" and not arguments:
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nnot enough arguments for function [COUNT()], expected 1, got 0",
            errno=938,
        )
    if name in WINDOW_FUNCTIONS and not around.over:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nWindow function [{name}] requires an OVER clause."
        )
    inside = replace(names, groups=frozenset()) if not around.over else names
    if name == "HASH_AGG" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        values = [value for _, value in starred(arguments[0], names.fields(), names, work)]
    else:
        values = [bind(each, inside, work) for each in arguments]
    _check_nesting(values, tree, work)
    return aggregate(name, values, replace(around, distinct=distinct, nulls=nulls))


def _check_nesting(values: Sequence[Value], tree: exp.Expr, work: Compilation) -> None:
    if any(value.has_window for value in values):
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nWindow function may not be nested inside another function of a group or window.",
            hint="Select the inner one in a subquery.",
        )


def _columns_of(tree: exp.Expr, names: Namespace) -> list[exp.Expr]:
    """COUNT(t.*) counts rows in which no column is NULL."""
    qualifier = [identifier(part) for part in tree.parts[:-1]]  # type: ignore[attr-defined]
    fields = [(source, field) for source in names.sources if source.answers_to(qualifier) for field in source.fields]
    return [
        exp.column(exp.to_identifier(field.name, quoted=True), exp.to_identifier(source.alias, quoted=True))
        for source, field in fields
    ]


def _within_group(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """LISTAGG(a) WITHIN GROUP (ORDER BY b)"""
    return aggregated(_call_in(tree.this, work), names, work, _ordered(tree, Around(), names, work))


def _ordered(tree: exp.Expr, around: Around, names: Namespace, work: Compilation) -> Around:
    """What WITHIN GROUP adds to what is around a call."""
    keys = tree.expression.expressions
    order, values = order_by(keys, names, work)
    descends = [bool(key.args.get("desc")) for key in keys]
    return replace(around, order=f" {order}", keys=tuple(map(Key, values, descends)))


def _call_in(tree: exp.Expr, work: Compilation) -> exp.Expr:
    if isinstance(tree, exp.Anonymous) and str(tree.this).upper() in AGGREGATES:
        return tree
    refusal = unserved(str(tree.this).upper()) if isinstance(tree, exp.Anonymous) else None
    raise refusal or UnsupportedError(
        f"SQL compilation error: {work.place(tree)}\nUnsupported window or ordered-set function."
    )


def _window(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """f(...) [WITHIN GROUP (...)] [IGNORE NULLS] OVER (PARTITION BY ... ORDER BY ... frame)"""
    inner, around = tree.this, Around()
    while not isinstance(inner, exp.Anonymous):
        if isinstance(inner, exp.IgnoreNulls):
            around = replace(around, nulls=" IGNORE NULLS")
        elif isinstance(inner, exp.WithinGroup):
            around = _ordered(inner, around, names, work)
        elif not isinstance(inner, exp.RespectNulls):
            raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported window function.")
        inner = inner.this
    if tree.args.get("alias") is not None or tree.args.get("first") is not None:
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nNamed windows are not supported.")
    partition = [bind(each, names, work) for each in tree.args.get("partition_by") or []]
    ordered, keys = (
        order_by(tree.args["order"].expressions, names, work) if tree.args.get("order") is not None else ("", [])
    )
    _check_nesting([*partition, *keys], tree, work)
    name = str(inner.this).upper()
    frame = _frame(tree.args.get("spec"), names, work) or (FRAMES.get(name, "") if ordered else "")
    divided = f"PARTITION BY {', '.join(comparable(value).sql for value in partition)}" if partition else ""
    around = replace(around, over=_over(divided, ordered, frame))
    if name == CHANGE_EVENT:
        value = _changes(inner, around, _over(divided, ordered), names, work)
    else:
        value = aggregated(_call_in(inner, work), names, work, around)
    return replace(value, loose=value.loose.union(*(each.loose for each in (*partition, *keys))))


def _over(*pieces: str) -> str:
    return f" OVER ({' '.join(piece for piece in pieces if piece)})"


def _changes(tree: exp.Expr, around: Around, over: str, names: Namespace, work: Compilation) -> Value:
    """CONDITIONAL_CHANGE_EVENT(x): how often x was another one than in the row before, which `names.before` has."""
    (value,) = one_of(Given(CHANGE_EVENT, tuple(bind(each, names, work) for each in tree.expressions), {}), 1)
    if names.groups or value.has_aggregate or value.has_window or value.is_volatile or not over.count("ORDER BY"):
        raise UnsupportedError(
            f"SQL compilation error: {work.place(tree)}\n{CHANGE_EVENT} takes values of rows, in an order.",
            hint="Compute groups, windows and random values in a subquery, and write OVER (... ORDER BY ...).",
        )
    kept = comparable(value)
    label = f"~before{len(names.before)}"
    names.before[label] = f"lag({kept.sql}){over}"
    return aggregate(TRUE_EVENT, [combine(f"({kept.sql} <> {quoted(label)})", BOOLEAN, [value])], around)


def _frame(spec: exp.Expr | None, names: Namespace, work: Compilation) -> str:
    if spec is None:
        return ""
    if spec.args.get("exclude") is not None:
        raise UnsupportedError("SQL compilation error:\nEXCLUDE in a window frame is not supported.")
    bounds = [_bound(spec.args.get(f"{side}"), spec.args.get(f"{side}_side"), names, work) for side in ("start", "end")]
    kind = str(spec.args.get("kind") or "ROWS").upper()
    return f"{kind} BETWEEN {bounds[0]} AND {bounds[1]}"


def _bound(limit: Any, side: Any, names: Namespace, work: Compilation) -> str:
    if limit is None:
        return "CURRENT ROW"
    if isinstance(limit, str):
        return f"{limit.upper()} {str(side or '').upper()}".strip()
    distance = duration(limit, work) if isinstance(limit, exp.Interval) else bind(limit, names, work).sql
    return f"{distance} {str(side).upper()}"


def order_by(keys: Sequence[exp.Expr], names: Namespace, work: Compilation) -> tuple[str, list[Value]]:
    """ORDER BY with Snowflake's place of NULLs: they are the largest."""
    values = [bind(key.this, names, work) for key in keys]
    written = ", ".join(f"{comparable(value).sql} {direction(key)}" for key, value in zip(keys, values, strict=True))
    return f"ORDER BY {written}", values


def direction(key: exp.Expr) -> str:
    """ASC or DESC with NULLs first or last."""
    word = "DESC" if key.args.get("desc") else "ASC"
    return f"{word} NULLS {'FIRST' if key.args.get('nulls_first') else 'LAST'}"


BINDERS: Mapping[type[exp.Expr], Binder] = {exp.WithinGroup: _within_group, exp.Window: _window}
