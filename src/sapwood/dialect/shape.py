"""Shapes of bound queries: unique labels, casts of columns, and the refusal of clauses that nobody binds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sapwood.dialect.binding import spoken
from sapwood.dialect.coercion import cast, common
from sapwood.dialect.compilation import BoundQuery, Field
from sapwood.dialect.names import physical, quoted
from sapwood.dialect.types import SnowType
from sapwood.dialect.values import Value
from sapwood.errors import UnsupportedError


def refuse(tree: exp.Expr, handled: Sequence[str]) -> None:
    """Every clause that has a value must be among those that are bound."""
    for key, value in tree.args.items():
        if value and key not in handled:
            what = spoken(value) if isinstance(value, exp.Expr) else key.strip("_").upper()
            raise UnsupportedError(f"SQL compilation error:\nUnsupported clause: {what}.")


def labels_of(names: Sequence[str]) -> tuple[str, ...]:
    """Physical names of result columns, made different from one another.

    >>> labels_of(["A", "A", "b"])
    ('A', 'A~~2', 'b~1')
    """
    labels: list[str] = []
    for name in names:
        label = physical(name)
        count = sum(each == label or each.startswith(f"{label}~~") for each in labels)
        labels.append(f"{label}~~{count + 1}" if count else label)
    return tuple(labels)


def common_types(left: Sequence[Field], right: Sequence[Field]) -> list[SnowType]:
    return [common([a.type, b.type]) for a, b in zip(left, right, strict=True)]


def retyped(query: BoundQuery, types: Sequence[SnowType]) -> str:
    """The query with its columns cast, if a type changes."""
    if [each.type for each in query.fields] == list(types):
        return query.sql
    columns = [
        f"{cast(Value(quoted(label), each.type), type_, truncates=False).sql} AS {quoted(label)}"
        for each, label, type_ in zip(query.fields, query.labels, types, strict=True)
    ]
    return f"SELECT {', '.join(columns)} FROM ({query.sql}) AS {quoted('typed')}"
