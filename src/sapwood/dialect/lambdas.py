"""Functions of arrays that take a function: FILTER, TRANSFORM, REDUCE.

Comes in: the tree of a call whose last argument is x -> expression. Goes out: a bound value. Inside, the parameters are
VARIANTs and hide columns of their names. Source: the vendor's page "Higher-order functions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.binding import Binder, bind, identifier
from sapwood.dialect.coercion import truth
from sapwood.dialect.compilation import Compilation, Field, Namespace, Source
from sapwood.dialect.names import duck
from sapwood.dialect.rows import elements
from sapwood.dialect.semistructured import as_json
from sapwood.dialect.types import ARRAY, VARIANT, SnowType
from sapwood.dialect.values import Value, combine
from sapwood.errors import InvalidArgumentsError, UnsupportedError


def _over_elements(function: str) -> Binder:
    """FILTER(array, x -> condition), TRANSFORM(array, x -> expression)"""

    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        array, body = _with_lambda(tree, 2, 1, work)
        holder = elements(bind(array, names, work))
        value = _body(body, [VARIANT], names, work)
        made = truth(value) if function == "list_filter" else as_json(value)
        name = _parameter(body, 0)
        nulls = f"lambda {name}: CASE WHEN json_type({name}) <> 'NULL' THEN {name} END"  # inside, null is NULL
        sql = f"to_json({function}(list_transform({holder.sql}, {nulls}), lambda {name}: {made.sql}))"
        return combine(sql, ARRAY, [holder, replace(value, loose=frozenset())])

    return binder


def _reduce(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """REDUCE(array, start, (sum, x) -> expression)"""
    array, body = _with_lambda(tree, 3, 2, work)
    holder, start = elements(bind(array, names, work)), bind(tree.expressions[1], names, work)
    value = _body(body, [VARIANT, VARIANT], names, work)
    step = f"lambda {_parameter(body, 0)}, {_parameter(body, 1)}: {as_json(value).sql}"
    made = f"list_reduce({holder.sql}, {step}, {as_json(start).sql})"
    return combine(made, VARIANT, [holder, start], nullable=True)


def _with_lambda(tree: exp.Expr, count: int, parameters: int, work: Compilation) -> tuple[exp.Expr, exp.Expr]:
    """The array and the function, which is the last argument."""
    *_, last = tree.expressions or [exp.null()]
    if len(tree.expressions) != count or not isinstance(last, exp.Lambda) or len(last.expressions) != parameters:
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\n{str(tree.this).upper()} takes an array and a function such as x -> x + 1."
        )
    return tree.expressions[0], last


def _parameter(body: exp.Expr, place: int) -> str:
    return duck(f"{identifier(body.expressions[place])}~{place}")


def _body(body: exp.Expr, types: Sequence[SnowType], names: Namespace, work: Compilation) -> Value:
    """A lambda's body; its parameters hide columns of their names."""
    fields = tuple(
        Field(identifier(each), type_, True, _parameter(body, place))
        for place, (each, type_) in enumerate(zip(body.expressions, types, strict=True))
    )
    inside = Namespace(sources=[Source("", fields)], parent=names)
    value = bind(body.this, inside, work)
    if value.has_aggregate or value.has_window or "sapwood_" in value.sql:
        raise UnsupportedError(
            f"SQL compilation error: {work.place(body)}\nA function of elements can't aggregate or ask a model."
        )
    return value


def _lambda_parameter(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """A parameter inside a lambda: sqlglot leaves it as a bare name."""
    return bind(exp.column(tree.copy()), names, work)


FUNCTIONS: Mapping[str, Binder] = {
    "FILTER": _over_elements("list_filter"),
    "TRANSFORM": _over_elements("list_transform"),
    "REDUCE": _reduce,
}
BINDERS: Mapping[type[exp.Expr], Binder] = {exp.Identifier: _lambda_parameter}
