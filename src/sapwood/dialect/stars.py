"""What * stands for: columns, but those that EXCLUDE and ILIKE leave out, with RENAME and REPLACE.

Comes in: the tree of a star and the columns around it. Goes out: names and bound values in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from sapwood.dialect.binding import bind, identifier, value_of
from sapwood.dialect.compilation import Compilation, Field, Namespace
from sapwood.dialect.names import spelled
from sapwood.dialect.shape import refuse
from sapwood.dialect.values import Value
from sapwood.errors import InvalidIdentifierError, ParseError


def starred(tree: exp.Expr, fields: Sequence[Field], names: Namespace, work: Compilation) -> list[tuple[str, Value]]:
    """The columns that * stands for; InvalidIdentifierError if it names one that isn't there."""
    refuse(tree, ("except_", "rename", "replace", "ilike"))
    excluded = {
        identifier(each.this if isinstance(each, exp.Column) else each) for each in tree.args.get("except_") or []
    }
    renamed = {identifier(each.this): new for new, each in _aliased(tree, "rename")}
    replaced = dict(_aliased(tree, "replace"))
    known = {each.name for each in fields}
    for name in (*excluded, *renamed, *replaced):
        if name not in known:
            raise InvalidIdentifierError(
                f"SQL compilation error: {work.place(tree)}\ninvalid identifier '{spelled(name)}'"
            )
    kept = [each for each in fields if each.name not in excluded and _is_like(each.name, tree.args.get("ilike"))]
    return [
        (
            renamed.get(each.name, each.name),
            bind(replaced[each.name], names, work) if each.name in replaced else value_of(each),
        )
        for each in kept
    ]


def _aliased(tree: exp.Expr, word: str) -> Iterator[tuple[str, exp.Expr]]:
    """The items of RENAME or REPLACE: each one's new name, and what it stands for."""
    for each in tree.args.get(word) or []:
        if not isinstance(each, exp.Alias):
            raise ParseError(f"SQL compilation error:\nsyntax error: each item of {word.upper()} needs AS <name>.")
        yield identifier(each.args["alias"]), each.this


def _is_like(name: str, pattern: exp.Expr | None) -> bool:
    if pattern is None:
        return True
    steps = {"%": ".*", "_": "."}
    written = "".join(steps.get(letter, re.escape(letter)) for letter in pattern.name)
    return re.fullmatch(written, name, re.IGNORECASE | re.DOTALL) is not None
