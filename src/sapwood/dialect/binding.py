"""What all binders of expressions share: the step from a tree to a value, names, and how a node is called.

Comes in: a tree, the names around it, the compilation. Goes out: a Value. Which binder a node has is the compilation's
table (`expressions.BINDERS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

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
    return replace(value, loose=frozenset()) if value.sql in names.groups else value


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
