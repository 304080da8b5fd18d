"""Expressions: a sqlglot tree into a bound value; here names, literals, casts, paths and subqueries.

Comes in: a tree, the names around it, the compilation. Goes out: a Value. One small function for each kind of node; a kind
that isn't in the table at the end is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect import dates, functions, invocations, operators, semistructured, windows
from sapwood.dialect.binding import Binder, bind, identifier, value_of
from sapwood.dialect.bindings import bind_placeholder
from sapwood.dialect.coercion import STAMPS, cast
from sapwood.dialect.compilation import Compilation, Namespace, unknown_column, variable_value
from sapwood.dialect.given import Given
from sapwood.dialect.names import literal, qualify, spelled
from sapwood.dialect.statements import Name
from sapwood.dialect.typenames import type_of
from sapwood.dialect.types import BINARY, BOOLEAN, REAL, number
from sapwood.dialect.values import (
    Value,
    array_of,
    boolean_value,
    constant_value,
    null,
    number_value,
    object_of,
    once,
    text_value,
)  # fmt: skip
from sapwood.errors import (
    InvalidArgumentsError,
    InvalidIdentifierError,
    ParseError,
    ProgrammingError,
    UnknownObjectError,
    UnsupportedError,
)

# --- names


def _column(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """A column, else an alias of the same SELECT, else a column further out, else a function without parentheses."""
    parts = [identifier(part) for part in tree.parts] if isinstance(tree.this, exp.Identifier) else []  # type: ignore[attr-defined]
    if not parts:
        return _other_column(tree, names, work)
    *qualifier, name = parts
    place: Namespace | None = names
    while place is not None:
        found = place.find(name, qualifier, tree, work)
        if found is not None:
            return value_of(found, is_outer=place is not names)
        if not qualifier and name in place.items and name not in place.resolving:
            return _alias(name, place, work, is_outer=place is not names)
        if place.refusal and not (name == "NEXTVAL" and qualifier):
            raise InvalidArgumentsError(
                f"SQL compilation error: {work.place(tree)}\n{place.refusal.format(column=spelled(name))}"
            )
        place = place.parent
    if not qualifier and not tree.this.quoted and name in _NO_PARENTHESES:
        return functions.apply(Given(name, (), work.scope.context))
    if name == "NEXTVAL" and qualifier:
        return _next_value(qualifier, work)
    raise unknown_column(name, qualifier, tree, work, names)


def _next_value(given: Sequence[str], work: Compilation) -> Value:
    """sequence.NEXTVAL"""
    name = Name(*qualify(tuple(given), database=work.scope.database, schema=work.scope.schema))
    source = work.scope.sequence(name)
    if source is None:
        raise UnknownObjectError(f"SQL compilation error:\nSequence '{name}' does not exist or not authorized.")
    return Value(f"CAST(nextval({literal(source)}) AS DECIMAL(38,0))", number(38, 0), nullable=False, is_volatile=True)


def _alias(name: str, names: Namespace, work: Compilation, *, is_outer: bool) -> Value:
    """A select item by its alias: the item's own expression once more."""
    names.resolving.add(name)
    try:
        value = bind(names.items[name], names, work)
    finally:
        names.resolving.discard(name)
    if value.is_volatile:
        raise UnsupportedError(
            f"SQL compilation error:\nThe alias {spelled(name)} stands for an expression that differs each time it is computed.",
            hint="Select it in a subquery and use it outside of that.",
        )
    return replace(value, loose=frozenset()) if is_outer else value


def _other_column(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    if isinstance(tree.this, exp.Parameter):
        return _parameter(tree.this, names, work)
    raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nA star can't stand here.")


def _parameter(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """$1 is a column by its place, $name a session variable."""
    if isinstance(tree.this, exp.Literal):
        fields = names.fields()
        place = int(tree.this.name)
        if not 1 <= place <= len(fields):
            raise InvalidIdentifierError(f"SQL compilation error: {work.place(tree)}\ninvalid identifier '${place}'")
        return value_of(fields[place - 1])
    return constant_value(variable_value(work, tree.this.name.upper()))


def _placeholder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return bind_placeholder(tree, work)


# --- literals


def _literal(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    if tree.is_string:
        return text_value(tree.name)
    if "e" in tree.name.lower():
        return Value(f"CAST({tree.name} AS DOUBLE)", REAL, nullable=False, constant=float(tree.name))
    if sum(map(str.isdigit, tree.name)) > 38:
        raise ParseError(
            f"SQL compilation error:\nNumeric value '{tree.name}' is out of range: NUMBER holds 38 digits."
        )
    return number_value(tree.name)


def _binary(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """x'0A0B'"""
    digits = str(tree.this)
    if len(digits) % 2 or not re.fullmatch("[0-9A-Fa-f]*", digits):
        raise ParseError(
            f"SQL compilation error: {work.place(tree)}\nInvalid hexadecimal digits in the binary literal x'{digits}'."
        )
    return Value(f"unhex('{digits}')", BINARY, nullable=False)


def _boolean(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return boolean_value(bool(tree.this))


def _object(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """{'key': value, ...}"""
    pairs = tree.expressions
    if not all(isinstance(pair, exp.PropertyEQ) for pair in pairs):
        raise UnsupportedError(
            f"SQL compilation error: {work.place(tree)}\nOnly pairs of a key and a value are supported in an object literal."
        )
    keys = [text_value(pair.this.name) for pair in pairs]
    return object_of(keys, [semistructured.as_json(bind(pair.expression, names, work)) for pair in pairs])


def _array(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return array_of([semistructured.as_json(bind(each, names, work)) for each in tree.expressions])


# --- casts and paths


def _cast(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """CAST and ::, where a number may become a timestamp too: seconds since 1970."""
    value, target = bind(tree.this, names, work), type_of(tree.args["to"])
    if value.type.name == "FIXED" and target.name in STAMPS:
        return dates.from_epoch(value, target, scale=0)
    return cast(value, target)


def _try_cast(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """TRY_CAST: NULL instead of an error, and instead of a text that is too long."""
    value, target = bind(tree.this, names, work), type_of(tree.args["to"])
    found = cast(value, target, tries=True, truncates=False)
    if target.name != "TEXT" or target.length is None or (found.sql == value.sql and value.type == target):
        return found
    sql = once(
        [found.sql], lambda x: f"CASE WHEN length({x}) <= {target.length} THEN {x} END", is_volatile=found.is_volatile
    )
    return found.over(sql, target, nullable=True)


def _path(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """x:a.b[0]"""
    keys: list[str | int] = []
    for part in tree.expression.expressions:
        if isinstance(part, (exp.JSONPathKey, exp.JSONPathSubscript)) and isinstance(part.this, (str, int)):
            keys.append(part.this)
        elif not isinstance(part, exp.JSONPathRoot):
            raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported step in a path.")
    return semistructured.path(bind(tree.this, names, work), keys)


def _bracket(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """x['a'], x[0]"""
    if len(tree.expressions) != 1:
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nOne key is needed in brackets.")
    return semistructured.get(bind(tree.this, names, work), bind(tree.expressions[0], names, work))


# --- subqueries


def _scalar_query(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    query = work.bind_query(tree, names, work)
    if len(query.fields) != 1:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nA subquery that stands for a value must give one column."
        )
    return Value(f"({query.sql})", query.fields[0].type)


def _exists(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return Value(f"EXISTS ({work.bind_query(tree.this, names, work).sql})", BOOLEAN, nullable=False)


_NO_PARENTHESES = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "LOCALTIME", "LOCALTIMESTAMP")
"""Functions that are called without parentheses too."""

BINDERS: Mapping[type[exp.Expr], Binder] = {
    exp.Column: _column,
    exp.Parameter: _parameter,
    exp.Placeholder: _placeholder,
    exp.Literal: _literal,
    exp.RawString: lambda tree, names, work: text_value(str(tree.this)),
    exp.HexString: _binary,
    exp.Boolean: _boolean,
    exp.Null: lambda tree, names, work: null(),
    exp.Struct: _object,
    exp.Array: _array,
    exp.Cast: _cast,
    exp.TryCast: _try_cast,
    exp.JSONExtract: _path,
    exp.Bracket: _bracket,
    exp.Subquery: _scalar_query,
    exp.Exists: _exists,
    **operators.BINDERS,
    **invocations.BINDERS,
    **windows.BINDERS,
}
