"""PIVOT and UNPIVOT behind a source: its rows turned, as a query over it.

Comes in: the clause's tree and the source with its SQL. Goes out: a BoundQuery. One aggregate is served. With ANY or a subquery in
place of the values, these are read when the statement is bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from sapwood.dialect.aggregates import AGGREGATES, aggregate
from sapwood.dialect.around import Around
from sapwood.dialect.binding import bind, identifier
from sapwood.dialect.coercion import cast, common, compared
from sapwood.dialect.compilation import BoundQuery, Compilation, Field, Namespace, Source
from sapwood.dialect.names import quoted
from sapwood.dialect.reader import unsupported
from sapwood.dialect.shape import labels_of, refuse
from sapwood.dialect.types import text
from sapwood.dialect.values import Value, text_value
from sapwood.errors import InvalidArgumentsError, InvalidIdentifierError, ProgrammingError


@dataclass(frozen=True)
class Turned:
    """A column of the result."""

    name: str
    value: Value


def turned(clause: exp.Expr, source: Source, sql: str, work: Compilation) -> BoundQuery:
    """The rows of a source through PIVOT or UNPIVOT."""
    names = Namespace(sources=[source])
    if len(clause.args.get("fields") or []) != 1:
        raise unsupported("PIVOT over several columns")
    return (_unpivot if clause.args.get("unpivot") else _pivot)(clause, source, sql, names, work)


def _own(fields: Sequence[Field]) -> list[Turned]:
    return [Turned(each.name, Value(each.sql, each.type, each.nullable)) for each in fields]


def _bound(columns: Sequence[Turned], tail: str) -> BoundQuery:
    labels = labels_of([column.name for column in columns])
    listed = ", ".join(f"{column.value.sql} AS {quoted(label)}" for column, label in zip(columns, labels, strict=True))
    fields = tuple(Field(column.name, column.value.type, column.value.nullable, "") for column in columns)
    return BoundQuery(f"SELECT {listed} FROM {tail}", fields, labels)


# --- PIVOT


def _pivot(clause: exp.Expr, source: Source, sql: str, names: Namespace, work: Compilation) -> BoundQuery:
    """PIVOT(sum(a) FOR m IN ('x', 'y' AS z) [DEFAULT ON NULL (0)]): one column a value."""
    refuse(
        clause,
        (
            "expressions", "fields", "alias", "columns", "default_on_null", "identify_pivot_strings", "prefixed_pivot_columns",
            "pivot_column_naming",
        ),
    )  # fmt: skip
    call, (over,) = _aggregate_of(clause), clause.args["fields"]
    listed = over.expressions
    turning = over.this
    if len(listed) == 1 and isinstance(listed[0], (exp.PivotAny, exp.Query, exp.Subquery)):
        listed = _found(listed[0], bind(turning, names, work), sql, work)
    used = {identifier(each.this) for each in (*call.find_all(exp.Column), turning)}
    kept = _own([field for field in source.fields if field.name not in used])
    missing = clause.args.get("default_on_null")
    columns = [_column(each, call, turning, missing, names, work) for each in listed]
    if not columns:
        raise ProgrammingError("SQL compilation error:\nPIVOT found no values to make columns of.")
    keys = ", ".join(each.value.sql for each in kept)
    return _bound([*kept, *columns], sql + (f" GROUP BY {keys}" if keys else ""))


def _found(wanted: exp.Expr, turning: Value, sql: str, work: Compilation) -> list[exp.Expr]:
    """The values that ANY [ORDER BY ...] or a subquery stands for."""
    if isinstance(wanted, exp.PivotAny):
        order = wanted.this
        is_descending = order is not None and bool(order.expressions[0].args.get("desc"))
        value, source = turning, sql
    else:
        query = work.bind_query(wanted, None, work)
        is_descending, source = False, f"({query.sql}) AS {quoted('wanted')}"
        value = Value(quoted(query.labels[0]), query.fields[0].type)
    if work.ctes or work.calls:
        raise unsupported(
            "PIVOT with ANY or a subquery over a CTE or a model's answers", hint="List the values: FOR m IN ('a', 'b')."
        )
    order = "DESC" if is_descending else "ASC"
    distinct = f"SELECT DISTINCT {value.sql} AS v FROM {source} WHERE {value.sql} IS NOT NULL"
    texts = work.scope.value(f"(SELECT list(CAST(v AS VARCHAR) ORDER BY v {order}) FROM ({distinct}))")
    return [exp.Literal(this=str(each), is_string=value.type.name not in ("FIXED", "REAL")) for each in texts or []]


def _aggregate_of(clause: exp.Expr) -> exp.Expr:
    calls = clause.expressions
    if len(calls) != 1 or not isinstance(calls[0], exp.Anonymous) or str(calls[0].this).upper() not in AGGREGATES:
        raise unsupported("PIVOT with something else than one aggregate function")
    return calls[0]


def _column(
    each: exp.Expr, call: exp.Expr, turning: exp.Expr, missing: exp.Expr | None, names: Namespace, work: Compilation
) -> Turned:
    """The aggregate over the rows of one value; its name is the value as written, or its alias."""
    is_aliased = isinstance(each, exp.PivotAlias)
    value = bind(each.this if is_aliased else each, names, work)
    name = identifier(each.args["alias"]) if is_aliased else _written(value)
    left, right = compared(bind(turning, names, work), value)
    arguments = [
        argument.over(f"CASE WHEN {left.sql} = {right.sql} THEN {argument.sql} END", argument.type, nullable=True)
        for argument in (bind(argument, names, work) for argument in call.expressions)
    ]
    found = aggregate(str(call.this).upper(), arguments, Around())
    if isinstance(missing, exp.Expr):
        other = cast(bind(missing.unnest(), names, work), found.type)
        found = found.over(f"coalesce({found.sql}, {other.sql})", found.type, nullable=False)
    return Turned(name, found)


def _written(value: Value) -> str:
    if not value.is_constant:
        raise InvalidArgumentsError("SQL compilation error:\nPIVOT takes constants.")
    return f"'{value.constant}'" if isinstance(value.constant, str) else str(value.constant)


# --- UNPIVOT


def _unpivot(clause: exp.Expr, source: Source, sql: str, names: Namespace, work: Compilation) -> BoundQuery:
    """UNPIVOT [INCLUDE NULLS] (v FOR m IN (a, b)): one row a column."""
    refuse(clause, ("expressions", "fields", "alias", "unpivot", "include_nulls"))
    (value,), (over,) = clause.expressions, clause.args["fields"]
    shown = {_name_of(each): _label_of(each) for each in over.expressions}
    found = [_field(name, source) for name in shown]
    type_ = common([field.type for field in found])
    pairs = ", ".join(
        f"struct_pack(n := {text_value(label).sql}, v := {cast(Value(field.sql, field.type), type_).sql})"
        for label, field in zip(shown.values(), found, strict=True)
    )
    kept = _own([field for field in source.fields if field.name not in shown])
    inner = _bound([*kept, Turned("~u", Value(f"unnest([{pairs}])", text()))], sql)
    held = [
        Turned(each.name, Value(quoted(label), each.value.type, each.value.nullable))
        for each, label in zip(kept, inner.labels, strict=False)
    ]
    unnested = quoted(inner.labels[-1])
    named = identifier(over.this.this if isinstance(over.this, exp.Column) else over.this)
    columns = [
        *held,
        Turned(named, Value(f"{unnested}.n", text(), nullable=False)),
        Turned(identifier(value), Value(f"{unnested}.v", type_)),
    ]
    where = "" if clause.args.get("include_nulls") else f" WHERE {unnested}.v IS NOT NULL"
    return _bound(columns, f"({inner.sql}) AS {quoted('turned')}{where}")


def _name_of(each: exp.Expr) -> str:
    column = each.this if isinstance(each, exp.PivotAlias) else each
    if not isinstance(column, exp.Column):
        raise unsupported("UNPIVOT of something else than columns")
    return identifier(column.this)


def _label_of(each: exp.Expr) -> str:
    """What stands in the name column: the alias as text, or the column's name."""
    if not isinstance(each, exp.PivotAlias):
        return _name_of(each)
    alias = each.args["alias"]
    return alias.name if isinstance(alias, exp.Literal) else identifier(alias)


def _field(name: str, source: Source) -> Field:
    found = next((field for field in source.fields if field.name == name), None)
    if found is None:
        raise InvalidIdentifierError(f"SQL compilation error:\ninvalid identifier '{name}'")
    return found
