"""Table functions in FROM: TABLE(f(...)), LATERAL f(...), IDENTIFIER(...).

Comes in: the tree of the call, the names before it. Goes out: a source. Those of the table at the end are the dialect's own,
then come functions that users have made, then those that the engine knows; DuckDB's can't be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from sapwood.dialect.binding import bind, identifier
from sapwood.dialect.compilation import Bound, Compilation, Field, Namespace, Source
from sapwood.dialect.flatten import flatten, split_to_table, strtok_split_to_table
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import duck, parts, qualify
from sapwood.dialect.relations import alias_of, query_of, relation_bound, unnamed
from sapwood.dialect.statements import Name
from sapwood.dialect.tablecall import TableCall
from sapwood.dialect.types import number
from sapwood.dialect.userfunctions import fitting, functions_of, rows_of_function
from sapwood.dialect.values import Value, constant_value
from sapwood.errors import ProgrammingError, UnknownFunctionError, UnsupportedError


def table_function(tree: exp.Expr, call: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """TABLE(f(...)), TABLE('name'), IDENTIFIER(...)."""
    name = str(call.this).upper()
    inner = call.expressions[0] if len(call.expressions) == 1 else None
    if name == "IDENTIFIER" or (name == "TABLE" and isinstance(inner, (exp.Literal, exp.Column, exp.Parameter))):
        value = bind(inner, Namespace(), work) if inner is not None else constant_value(None)
        if not isinstance(value.constant, str):
            raise ProgrammingError("SQL compilation error:\nIDENTIFIER needs a constant text.")
        return relation_bound(parts(value.constant), tree, names, work)
    if name != "TABLE" or inner is None:
        raise UnsupportedError(
            f"SQL compilation error:\nUnknown table function {name}.",
            hint="Table functions stand in TABLE(...): FLATTEN, GENERATOR.",
        )
    return _tabled(inner, tree, names, work)


def lateral(tree: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    """LATERAL FLATTEN(...), LATERAL (query)"""
    if isinstance(tree.this, exp.Anonymous):
        return _tabled(tree.this, tree, names, work)
    if not isinstance(tree.this, exp.Subquery):
        raise UnsupportedError("SQL compilation error:\nLATERAL takes FLATTEN or a query.")
    query = work.bind_query(tree.this, names, work)
    alias, columns = alias_of(tree)
    alias = alias or unnamed(names)
    return Bound(query.as_source(alias, columns=columns), f"({query.sql}) AS {duck(alias)}", is_lateral=True)


def _tabled(tree: exp.Expr, around: exp.Expr, names: Namespace, work: Compilation) -> Bound:
    name, inner = _name_of_call(tree)
    given = {str(each.this.name).upper(): each.expression for each in inner.expressions if isinstance(each, exp.Kwarg)}
    plain = [each for each in inner.expressions if not isinstance(each, exp.Kwarg)]
    alias, columns = alias_of(around)
    call = TableCall(name, given, plain, alias or unnamed(names), columns, names, work)
    return _TABLE_FUNCTIONS.get(name, _made_by_user)(call)


def _name_of_call(call: exp.Expr) -> tuple[str, exp.Expr]:
    """A function's name in upper case with its dots, and the call behind them."""
    flat = list(call.flatten()) if isinstance(call, exp.Dot) else [call]
    return ".".join([*(identifier(part) for part in flat[:-1]), str(flat[-1].this).upper()]), flat[-1]


def _made_by_user(call: TableCall) -> Bound:
    """A function that a user has made; if there is none, one that the engine knows."""
    found = [each for each in functions_of(call.name.split("."), call.work) if each.table]
    if not found:
        return _known_to_engine(call)
    function = fitting(found, len(call.plain))
    if function is None or call.given:
        counts = [len(each.parameters) for each in found]
        raise arity(Given(call.name, tuple(constant_value(None) for _ in call.plain), {}), min(counts), max(counts))
    arguments = [bind(each, call.names, call.work) for each in call.plain]
    query = rows_of_function(function, arguments, call.work)
    is_lateral = bool(call.names.sources) and not all(value.is_constant for value in arguments)
    return Bound(
        query.as_source(call.alias, columns=call.columns), f"({query.sql}) AS {duck(call.alias)}", is_lateral=is_lateral
    )


def _known_to_engine(call: TableCall) -> Bound:
    """A table function whose rows the engine gives; its arguments are constants."""
    named = {**{str(place): each for place, each in enumerate(call.plain, start=1)}, **call.given}
    refusal = f"Arguments of {call.name} can't read the column {{column}}."
    values = {key: bind(each, Namespace(refusal=refusal), call.work) for key, each in named.items()}
    return _from_engine(call, {key: _known(value, call.work) for key, value in values.items()})


def _validate(call: TableCall) -> Bound:
    """VALIDATE(table, JOB_ID => '_last' | '<query id>'): the table is a name, not a value."""
    given = call.by_name(("TABLE", "JOB_ID"))
    table, job = given.get("TABLE"), given.get("JOB_ID")
    if not isinstance(table, exp.Column) or job is None:
        raise ProgrammingError(
            "SQL compilation error:\nVALIDATE takes a table's name and JOB_ID => '<query id>' or '_last'."
        )
    written = tuple(identifier(part) for part in table.parts)
    scope = call.work.scope
    name = Name(*qualify(written, database=scope.database, schema=scope.schema))
    return _from_engine(call, {"TABLE": name, "JOB_ID": _known(bind(job, Namespace(), call.work), call.work)})


def _from_engine(call: TableCall, known: Mapping[str, Any]) -> Bound:
    relation = call.work.scope.table_function(call.name, known)
    if relation is None:
        raise UnknownFunctionError(
            f"SQL compilation error:\nUnknown table function {call.name}.",
            hint="Table functions here are FLATTEN, GENERATOR, RESULT_SCAN, INFER_SCHEMA, VALIDATE and those of INFORMATION_SCHEMA.",
        )
    query = query_of(relation, call.work)
    return Bound(query.as_source(call.alias, columns=call.columns), f"{relation.source} AS {duck(call.alias)}")


def _known(value: Value, work: Compilation) -> Any:
    """What an argument without columns is."""
    if value.is_constant:
        return value.constant
    if work.calls or work.commands:
        raise UnsupportedError("SQL compilation error:\nA model can't be asked in the arguments of a table function.")
    return work.scope.value(value.sql)


def _generator(call: TableCall) -> Bound:
    """GENERATOR(ROWCOUNT => n): n rows without columns."""
    given = call.by_name(("ROWCOUNT", "TIMELIMIT"))
    if "TIMELIMIT" in given:
        raise UnsupportedError(
            "SQL compilation error:\nGENERATOR with TIMELIMIT is not supported.", hint="Give ROWCOUNT => <number>."
        )
    count = _known(bind(given["ROWCOUNT"], Namespace(), call.work), call.work) if "ROWCOUNT" in given else None
    if not isinstance(count, int) or count < 0:
        raise ProgrammingError("SQL compilation error:\nGENERATOR takes ROWCOUNT => <number>.")
    holder = duck(call.alias)
    counter = f'{holder}."n"'
    hidden = (Field("~n", number(38, 0), False, counter),)
    return Bound(Source(call.alias, (), hidden=hidden), f'range({count}) AS {holder}("n")', row_number=counter)


_TABLE_FUNCTIONS: Mapping[str, Callable[[TableCall], Bound]] = {
    "FLATTEN": flatten,
    "GENERATOR": _generator,
    "SPLIT_TO_TABLE": split_to_table,
    "STRTOK_SPLIT_TO_TABLE": strtok_split_to_table,
    "VALIDATE": _validate,
}
