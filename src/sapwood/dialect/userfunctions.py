"""A call of a function that a user has made: its body, bound with the arguments in place of its parameters.

Comes in: the function and bound arguments. Goes out: a bound value of the function's type. The body sees its parameters
and the tables, nothing of the query that calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlglot import exp

from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import BoundQuery, Compilation, Field, Namespace, Source
from sapwood.dialect.grammar import parse
from sapwood.dialect.names import qualify, quoted
from sapwood.dialect.shape import retyped
from sapwood.dialect.statements import NOT_CONSTANT, Name, UserFunction
from sapwood.dialect.text import bare
from sapwood.dialect.types import SnowType
from sapwood.dialect.values import Value, combine
from sapwood.errors import ProgrammingError, UnsupportedError

Binder = Callable[[exp.Expr, Namespace, Compilation], Value]

_Found = TypeVar("_Found")

_DEEPEST = 32
"""Functions inside functions, at most; more is a circle."""


def fitting(functions: Sequence[UserFunction], count: int) -> UserFunction | None:
    """The function of that many arguments."""
    return next((each for each in functions if len(each.parameters) == count), None)


def called(function: UserFunction, arguments: Sequence[Value], work: Compilation, bind: Binder) -> Value:
    """The value of a call."""
    _check_depth(function, work)
    if any(value.is_volatile for value in arguments):
        raise UnsupportedError(
            f"SQL compilation error:\nAn argument of {function.name.name} differs each time it is computed.",
            hint="Select it in a subquery and call the function outside of that.",
        )
    given = [cast(value, each.type) for value, each in zip(arguments, function.parameters, strict=True)]
    tree, text = _body(function)
    holder = quoted(f"~arguments{work.depth}") if tree.find(exp.Select) is not None else ""
    names = Namespace(sources=[Source("", _parameter_fields(function, given, holder))])
    value = _within(function, text, work, lambda: bind(tree, names, work))
    if holder and given:
        value = replace(value, sql=_beside(value.sql, given, holder))
    if value.has_aggregate or value.has_window:
        raise UnsupportedError(
            f"SQL compilation error:\nThe body of {function.name.name} can't aggregate without a query."
        )
    whole = combine(value.sql, value.type, [*given, replace(value, loose=frozenset())])
    return cast(replace(whole, constant=NOT_CONSTANT), function.returns)


def _beside(body: str, given: Sequence[Value], holder: str) -> str:
    """A body with a query, its arguments in a source of their own: no table inside can take their names for its columns."""
    listed = ", ".join(f"{value.sql} AS a{place}" for place, value in enumerate(given))
    return f"(SELECT {body} FROM (SELECT {listed}) AS {holder})"


def _body(function: UserFunction) -> tuple[exp.Expr, str]:
    """The body's tree, and the text that places in it are counted in."""
    is_query = bare(function.body).split(None, 1)[:1] in (["SELECT"], ["select"], ["WITH"], ["with"])
    text = f"SELECT ({function.body})" if is_query else f"SELECT {function.body}"
    expressions = parse(text).expressions
    if len(expressions) != 1:
        raise ProgrammingError(f"SQL compilation error:\nThe body of {function.name.name} must be one expression.")
    return expressions[0], text


def _within(function: UserFunction, text: str, work: Compilation, bound: Callable[[], _Found]) -> _Found:
    """What is bound while places are counted in the body's text, whose CTEs are its own, and bare names are looked up beside the function."""
    text_before, ctes_before, scope_before = work.text, work.ctes, work.scope
    work.text, work.ctes, work.depth, work.scope = text, {}, work.depth + 1, work.scope.within(function.name)
    try:
        return bound()
    finally:
        work.text, work.ctes, work.depth, work.scope = text_before, ctes_before, work.depth - 1, scope_before


def functions_of(given: Sequence[str], work: Compilation) -> Sequence[UserFunction]:
    """The functions that users have made under a name, as it was written."""
    if work.scope.database is None or (len(given) == 1 and work.scope.schema is None):
        return ()
    return work.scope.functions(Name(*qualify(tuple(given), database=work.scope.database, schema=work.scope.schema)))


def rows_of_function(function: UserFunction, arguments: Sequence[Value], work: Compilation) -> BoundQuery:
    """The query of a function that returns a table, with the columns that it declares."""
    _check_depth(function, work)
    given = [cast(value, each.type) for value, each in zip(arguments, function.parameters, strict=True)]
    holder = "" if all(value.is_constant for value in given) else quoted(f"~arguments{work.depth}")
    fields = _parameter_fields(function, given, holder)
    tree = parse(function.body)
    query = _within(
        function, function.body, work, lambda: work.bind_query(tree, Namespace(sources=[Source("", fields)]), work)
    )
    if len(query.fields) != len(function.table):
        raise ProgrammingError(
            f"SQL compilation error:\nThe query of {function.name.name} gives {len(query.fields)} columns; it declares {len(function.table)}."
        )
    types = [column.type for column in function.table]
    columns = tuple(Field(column.name, column.type, True, "") for column in function.table)
    sql = retyped(query, types)
    if holder:
        listed = ", ".join(f"{value.sql} AS a{place}" for place, value in enumerate(given))
        sql = f"SELECT {quoted('~rows')}.* FROM (SELECT {listed}) AS {holder}, LATERAL ({sql}) AS {quoted('~rows')}"
    return BoundQuery(sql, columns, query.labels)


def _parameter_fields(function: UserFunction, given: Sequence[Value], holder: str) -> tuple[Field, ...]:
    """The parameters as columns: of the source that holds them, or the arguments themselves."""
    return tuple(
        Field(each.name, each.type, value.nullable, f"{holder}.a{place}" if holder else value.sql)
        for place, (value, each) in enumerate(zip(given, function.parameters, strict=True))
    )


def _check_depth(function: UserFunction, work: Compilation) -> None:
    if work.depth >= _DEEPEST:
        raise ProgrammingError(
            f"SQL compilation error:\nFunction '{function.name}' calls itself, or is nested too deeply."
        )


def parameter_types(function: UserFunction) -> list[SnowType]:
    return [each.type for each in function.parameters]
