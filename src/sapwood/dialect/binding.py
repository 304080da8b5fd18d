"""What all binders of expressions share: the step from a tree to a value, names, and how a node is called.

Comes in: a tree, the names around it, the compilation. Goes out: a Value. Which binder a node has is the compilation's
table (`expressions.BINDERS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect.coercion import comparable
from sapwood.dialect.compilation import Compilation, Field, Namespace
from sapwood.dialect.names import fold
from sapwood.dialect.values import Value
from sapwood.errors import UnsupportedError

Binder = Callable[[exp.Expr, Namespace, Compilation], Value]


def bind(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """The value of an expression. In a grouped query, one of the grouping expressions is a value as a whole."""
    binder = work.binders.get(type(tree))
    if binder is None:
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported expression: {spoken(tree)}.")
    value = binder(tree, names, work)
    return _of_group(value) if value.sql in names.groups else value


def _of_group(value: Value) -> Value:
    """A grouping expression as a value of the group: of times that are equal at other offsets, one."""
    if value.type.name != "TIMESTAMP_TZ":
        return replace(value, loose=frozenset())
    sql = f"CASE WHEN grouping({comparable(value).sql}) = 0 THEN any_value({value.sql}) END"
    return replace(value, sql=sql, loose=frozenset(), has_aggregate=True)


def spoken(tree: exp.Expr) -> str:
    """A node's kind in words.

    >>> spoken(exp.MatchRecognize())
    'MATCH RECOGNIZE'
    """
    name = type(tree).__name__
    return "".join(
        f" {letter}" if letter.isupper() and place and not name[place - 1].isupper() else letter
        for place, letter in enumerate(name)
    ).upper()


def identifier(tree: exp.Expr) -> str:
    """An identifier's folded name."""
    return fold(tree.name, quoted=bool(tree.args.get("quoted")))


def value_of(found: Field, *, is_outer: bool = False) -> Value:
    """A column's value; one of a query further out is no column of this one's groups."""
    return Value(found.sql, found.type, found.nullable, loose=frozenset() if is_outer else frozenset((found.sql,)))
