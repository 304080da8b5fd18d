"""Values that a client sends beside the text: what `?` and `:1` stand for.

One row of values, or, for a bulk INSERT, many rows that lie in a table of the engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import BoundQuery, Compilation, Field
from sapwood.dialect.conventions import DEFAULT, holding
from sapwood.dialect.names import quoted
from sapwood.dialect.statements import Bindings
from sapwood.dialect.text import tokens
from sapwood.dialect.types import BINARY, SnowType
from sapwood.dialect.values import Value, constant_value, null, text_value
from sapwood.errors import ProgrammingError, UnsupportedError

MANY = "SAPWOOD BINDINGS"
"""What a bulk INSERT calls the table of its rows; it stands for that statement alone."""


def bind_placeholder(tree: exp.Expr, work: Compilation) -> Value:
    """The value of `?` (by its place in the text) or `:1` (by its number)."""
    bindings = work.bindings
    number = tree.args.get("this")
    place = _place(tree, work) if number is None else int(number) - 1 if str(number).isdecimal() else -1
    if bindings is not None and bindings.is_open:
        return null()
    if bindings is None or not 0 <= place < len(bindings.types):
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nBind variable {f':{number}' if number else '?'} not set.",
            errno=2049,
            sqlstate="42601",
        )
    kind = bindings.types[place]
    if bindings.source:
        sql = f"{quoted(MANY)}.c{place}"
        return Value(sql, kind, loose=frozenset((sql,)))
    return _value(bindings.values[place], kind)


def _place(tree: exp.Expr, work: Compilation) -> int:
    """How many `?` stand before this one in the statement."""
    start = int(tree.meta.get("start", 0))
    return sum(token.token_type == TokenType.PLACEHOLDER for token in tokens(work.text) if token.start < start)


def written_in(text: str, bindings: Bindings) -> str:
    """A statement whose `?` are replaced by literals: for statements whose readers want names and options, not values.

    >>> written_in("drop table identifier(?)", Bindings((BINARY,), ("a b",)))
    "drop table identifier('a b')"
    """
    marks = [token.start for token in tokens(text) if token.token_type == TokenType.PLACEHOLDER]
    pairs = zip(bindings.types, bindings.values, strict=True)
    literals = ["NULL"] * len(marks) if bindings.is_open else [_literal(content, kind) for kind, content in pairs]
    for start, literal in reversed(list(zip(marks, literals, strict=False))):
        text = text[:start] + literal + text[start + 1 :]
    return text


def _literal(content: Any, kind: SnowType) -> str:
    match content:
        case None:
            return "NULL"
        case bool() | int() | float() | Decimal():
            return str(content)
        case bytes():
            return f"TO_BINARY('{content.hex()}')"
        case str():
            return "'" + content.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case _:
            return f"'{content}'::{kind}"


def placeholders(text: str) -> int:
    """How many values a statement wants: one for each `?`, or as many as the largest number of `:1`, `:2` ...

    >>> placeholders("select ?, '?' -- ?"), placeholders("insert into t values (:1, :2, ':3')")
    (1, 2)
    """
    found = tokens(text)
    marks = sum(token.token_type == TokenType.PLACEHOLDER for token in found)
    numbers = [after.text for before, after in pairwise(found) if before.token_type == TokenType.COLON]
    return marks or max((int(number) for number in numbers if number.isdecimal()), default=0)


def _value(content: Any, kind: SnowType) -> Value:
    if content is None:
        return cast(null(), kind)
    make = _MAKERS.get(kind.name)
    if make is not None:
        return make(content)
    with holding(DEFAULT):  # what a client's own types are written as
        return cast(text_value(str(content)), kind)


_MAKERS: Mapping[str, Callable[[Any], Value]] = {
    "FIXED": constant_value,
    "REAL": lambda content: constant_value(float(content)),
    "TEXT": text_value,
    "BOOLEAN": constant_value,
    "BINARY": lambda content: Value(f"from_hex('{content.hex()}')", BINARY, nullable=False),
}


def over_rows(tree: exp.Expr, work: Compilation) -> exp.Expr:
    """The VALUES of a bulk INSERT as a SELECT over its rows; any other tree as it is."""
    bindings = work.bindings
    if bindings is None or not bindings.source:
        return tree
    fields = tuple(Field(f"C{index}", kind, True, "") for index, kind in enumerate(bindings.types))
    work.ctes[MANY] = BoundQuery("", fields, tuple(f"c{index}" for index in range(len(fields))))
    rows = exp.From(this=exp.Table(this=exp.to_identifier(MANY, quoted=True)))
    if isinstance(tree, exp.Values) and len(tree.expressions) == 1:
        row = tree.expressions[0]
        return exp.Select(expressions=list(row.expressions if isinstance(row, exp.Tuple) else [row]), from_=rows)
    if isinstance(tree, exp.Select) and tree.args.get("from_") is None:
        tree.set("from_", rows)
        return tree
    raise UnsupportedError(
        "SQL compilation error:\nMany rows of values are bound to INSERT ... VALUES (?, ...) or INSERT ... SELECT ?, ... only."
    )
