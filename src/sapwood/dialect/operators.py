"""Operators and conditions: arithmetic, comparisons, AND and OR, LIKE, IN, CASE, INTERVAL.

Comes in: a tree, the names around it, the compilation. Goes out: a bound value. Knows no functions by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from sapwood.dialect import arithmetic, dates, functions, strings
from sapwood.dialect.binding import Binder, bind, spoken
from sapwood.dialect.coercion import branches, cast, chosen, compared, numeric, truth
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.given import Given
from sapwood.dialect.names import quoted
from sapwood.dialect.types import BOOLEAN, DATE, text
from sapwood.dialect.values import Value, combine, negative
from sapwood.errors import ProgrammingError, UnsupportedError


def _both(tree: exp.Expr, names: Namespace, work: Compilation) -> tuple[Value, Value]:
    return bind(tree.this, names, work), bind(tree.expression, names, work)


def _add(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        if isinstance(tree.expression, exp.Interval):
            return _shift(bind(tree.this, names, work), tree.expression, operator, work)
        if isinstance(tree.this, exp.Interval) and operator == "+":
            return _shift(bind(tree.expression, names, work), tree.this, operator, work)
        left, right = _both(tree, names, work)
        if left.type == DATE and right.type == DATE and operator == "-":
            return arithmetic.difference_of_days(left, right)
        if left.type == DATE:
            return arithmetic.shifted_by_days(left, numeric(right), operator)
        return arithmetic.add(numeric(left), numeric(right), operator)

    return binder


def _shift(value: Value, interval: exp.Expr, operator: str, work: Compilation) -> Value:
    """A date plus INTERVAL '1 year, 2 months'."""
    return dates.interval(steps_of(interval, work), value, operator)


def duration(interval: exp.Expr, work: Compilation) -> str:
    """INTERVAL '1 day, 12 hours' by itself, as the distance of a window's frame."""
    steps = [(count, dates.unit_of(unit)) for count, unit in steps_of(interval, work)]
    if any(unit not in _LENGTHS for _, unit in steps):
        raise UnsupportedError(
            f"SQL compilation error: {work.place(interval)}\nUnsupported unit of a frame's distance."
        )
    return f"({' + '.join(f'INTERVAL ({count}) {unit}' for count, unit in steps)})"


_LENGTHS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond")
"""Units of time that a frame's distance may be given in."""


def steps_of(interval: exp.Expr, work: Compilation) -> list[tuple[int, str]]:
    """The counts and units of an INTERVAL; UnsupportedError for what is written otherwise."""
    amount, unit = interval.this, interval.args.get("unit")
    written = f"{amount.name} {unit.name if unit is not None else ''}" if isinstance(amount, exp.Literal) else ""
    parts = [_STEP.fullmatch(part) for part in written.split(",")]
    steps = [(int(part[1]), part[2] or "second") for part in parts if part is not None]
    if not steps or len(steps) < len(parts):
        raise UnsupportedError(
            f"SQL compilation error: {work.place(interval)}\nUnsupported interval; write it as INTERVAL '<n> <unit>, <n> <unit>'."
        )
    return steps


_STEP = re.compile(r"\s*([+-]?\d+)\s*([A-Za-z]*)\s*")
"""One step of an interval; seconds if nothing else is said."""


def _multiply(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    left, right = _both(tree, names, work)
    return arithmetic.multiply(numeric(left), numeric(right))


def _divide(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    left, right = _both(tree, names, work)
    return arithmetic.divide(numeric(left), numeric(right))


def _modulo(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    left, right = _both(tree, names, work)
    return arithmetic.modulo(numeric(left), numeric(right))


def _negate(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return negative(numeric(bind(tree.this, names, work)))


def _join_texts(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """a || b"""
    return strings.concat(Given("CONCAT", _both(tree, names, work), work.scope.context))


def _compare(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        if isinstance(tree.expression, (exp.Any, exp.All)):
            return _compare_with_query(tree, operator, names, work)
        if isinstance(tree.this, exp.Tuple) or isinstance(tree.expression, exp.Tuple):
            return _compare_rows(tree, operator, names, work)
        left, right = compared(*_both(tree, names, work))
        nullable = False if "DISTINCT" in operator else None
        return combine(f"({left.sql} {operator} {right.sql})", BOOLEAN, [left, right], nullable=nullable)

    return binder


def _compare_with_query(tree: exp.Expr, operator: str, names: Namespace, work: Compilation) -> Value:
    """a > ALL (query), a = ANY (query)"""
    inner, word = tree.expression.this, "ANY" if isinstance(tree.expression, exp.Any) else "ALL"
    if not isinstance(inner, (exp.Subquery, exp.Query)):
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\n{word} needs a query in parentheses.")
    if isinstance(tree.this, exp.Tuple) and (operator, word) in (("=", "ANY"), ("<>", "ALL")):
        found = _row_in_query(tree.this, inner, names, work)
        return found if word == "ANY" else found.over(f"(NOT {found.sql})", BOOLEAN)
    left, rows = _beside_query(bind(tree.this, names, work), inner, names, work)
    return combine(f"({left.sql} {operator} {word} ({rows}))", BOOLEAN, [left], nullable=True)


def _beside_query(value: Value, tree: exp.Expr, names: Namespace, work: Compilation) -> tuple[Value, str]:
    """A value and a query of one column, made comparable."""
    query = work.bind_query(tree, names, work)
    if len(query.fields) != 1:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nA query that is compared must give one column."
        )
    left, right = compared(value, Value(f'"inner".{quoted(query.labels[0])}', query.fields[0].type))
    return left, f'SELECT {right.sql} FROM ({query.sql}) AS "inner"'


def _compare_rows(tree: exp.Expr, operator: str, names: Namespace, work: Compilation) -> Value:
    """(a, b) = (1, 2)"""
    left, right = tree.this.expressions, tree.expression.expressions
    if operator not in ("=", "<>") or len(left) != len(right):
        raise UnsupportedError(
            f"SQL compilation error: {work.place(tree)}\nRows can be compared by = and <> only, with as many columns on both sides."
        )
    pairs = [compared(bind(a, names, work), bind(b, names, work)) for a, b in zip(left, right, strict=True)]
    joined = " AND ".join(f"{a.sql} = {b.sql}" for a, b in pairs)
    values = [value for pair in pairs for value in pair]
    return combine(f"({joined})" if operator == "=" else f"(NOT ({joined}))", BOOLEAN, values)


def _logic(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        left, right = (truth(value) for value in _both(tree, names, work))
        return combine(f"({left.sql} {operator} {right.sql})", BOOLEAN, [left, right])

    return binder


def _not(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    value = truth(bind(tree.this, names, work))
    return value.over(f"(NOT {value.sql})", BOOLEAN)


def _paren(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    value = bind(tree.this, names, work)
    return replace(value, sql=f"({value.sql})")


def _between(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    (value, low), (again, high) = (
        compared(bind(tree.this, names, work), bind(tree.args[side], names, work)) for side in ("low", "high")
    )
    return combine(f"({value.sql} >= {low.sql} AND {again.sql} <= {high.sql})", BOOLEAN, [value, low, high])


def _is(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    value = bind(tree.this, names, work)
    if isinstance(tree.expression, exp.Null):
        return value.over(f"({value.sql} IS NULL)", BOOLEAN, nullable=False)
    if isinstance(tree.expression, exp.Boolean):
        return value.over(
            f"({truth(value).sql} IS NOT DISTINCT FROM {'TRUE' if tree.expression.this else 'FALSE'})",
            BOOLEAN,
            nullable=False,
        )
    raise UnsupportedError(
        f"SQL compilation error: {work.place(tree)}\nUnsupported expression: IS {spoken(tree.expression)}."
    )


def _in(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    if tree.args.get("query") is not None:
        return _in_query(tree, names, work)
    if tree.args.get("field") is not None or tree.args.get("unnest") is not None:
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nIN needs a list or a query in parentheses.")
    if isinstance(tree.this, exp.Tuple):
        tests = [_compare_rows(exp.EQ(this=tree.this, expression=row), "=", names, work) for row in tree.expressions]
        return combine(f"({' OR '.join(test.sql for test in tests)})", BOOLEAN, tests)
    value = bind(tree.this, names, work)
    pairs = [compared(value, bind(each, names, work)) for each in tree.expressions]
    if len({left.sql for left, _ in pairs}) == 1:
        sql = f"({pairs[0][0].sql} IN ({', '.join(right.sql for _, right in pairs)}))"
    else:
        sql = f"({' OR '.join(f'{left.sql} = {right.sql}' for left, right in pairs)})"
    return combine(sql, BOOLEAN, [value, *(right for _, right in pairs)])


def _row_in_query(row: exp.Expr, rows: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """(a, b) IN (query): true if a row is the same, else NULL if one may be, for what is NULL."""
    values = [bind(each, names, work) for each in row.expressions]
    query = work.bind_query(rows, names, work)
    if len(query.fields) != len(values):
        raise ProgrammingError(
            f"SQL compilation error: {work.place(row)}\nThe query behind IN must give {len(values)} columns, found {len(query.fields)}."
        )
    inner = [
        Value(f'"inner".{quoted(label)}', field.type) for label, field in zip(query.labels, query.fields, strict=True)
    ]
    pairs = [compared(left, right) for left, right in zip(values, inner, strict=True)]
    found = f'(SELECT 1 FROM ({query.sql}) AS "inner" WHERE '
    same = " AND ".join(f"{left.sql} = {right.sql}" for left, right in pairs)
    alike = " AND ".join(f"({left.sql} = {right.sql}) IS NOT FALSE" for left, right in pairs)
    sql = f"CASE WHEN EXISTS {found}{same}) THEN TRUE WHEN EXISTS {found}{alike}) THEN NULL ELSE FALSE END"
    return combine(f"({sql})", BOOLEAN, values, nullable=True)


def _in_query(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    if isinstance(tree.this, exp.Tuple):
        return _row_in_query(tree.this, tree.args["query"], names, work)
    left, rows = _beside_query(bind(tree.this, names, work), tree.args["query"], names, work)
    return combine(f"({left.sql} IN ({rows}))", BOOLEAN, [left], nullable=True)


def _case(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    tested = bind(tree.this, names, work) if tree.this is not None else None
    arms = tree.args["ifs"]
    conditions = [bind(arm.this, names, work) for arm in arms]
    default = tree.args.get("default")
    raw = [bind(arm.args["true"], names, work) for arm in arms] + (
        [bind(default, names, work)] if default is not None else []
    )
    results, type_ = branches(raw)
    tests = [_test(tested, condition) for condition in conditions]
    written = " ".join(f"WHEN {test} THEN {result.sql}" for test, result in zip(tests, results, strict=False))
    tail = f" ELSE {results[-1].sql}" if default is not None else ""
    nullable = default is None or any(result.nullable for result in results)
    asked = [*([tested] if tested else []), *conditions, *results]
    return combine(chosen(f"CASE {written}{tail} END", type_), type_, asked, nullable=nullable)


def _test(tested: Value | None, condition: Value) -> str:
    if tested is None:
        return truth(condition).sql
    left, right = compared(tested, condition)
    return f"{left.sql} = {right.sql}"


def _like(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        return _likeness(tree, operator, "", names, work)

    return binder


def _escape(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """a LIKE b ESCAPE c"""
    operators: dict[type[exp.Expr], str] = {exp.Like: "LIKE", exp.ILike: "ILIKE"}
    return _likeness(
        tree.this, operators[type(tree.this)], f" ESCAPE {bind(tree.expression, names, work).sql}", names, work
    )


def _likeness(tree: exp.Expr, operator: str, escape: str, names: Namespace, work: Compilation) -> Value:
    subject = cast(bind(tree.this, names, work), text())
    pattern = tree.expression
    if isinstance(pattern, (exp.Any, exp.All)):
        inner = pattern.this.unnest()
        patterns = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
        word = " OR " if isinstance(pattern, exp.Any) else " AND "
    else:
        patterns, word = [pattern], " OR "
    bound = [cast(bind(each, names, work), text()) for each in patterns]
    sql = word.join(f"{subject.sql} {operator} {each.sql}{escape}" for each in bound)
    return combine(f"({sql})", BOOLEAN, [subject, *bound])


def _rlike(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return functions.apply(Given("RLIKE", _both(tree, names, work), work.scope.context))


BINDERS: Mapping[type[exp.Expr], Binder] = {
    exp.Add: _add("+"),
    exp.Sub: _add("-"),
    exp.Mul: _multiply,
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Neg: _negate,
    exp.DPipe: _join_texts,
    exp.EQ: _compare("="),
    exp.NEQ: _compare("<>"),
    exp.LT: _compare("<"),
    exp.LTE: _compare("<="),
    exp.GT: _compare(">"),
    exp.GTE: _compare(">="),
    exp.NullSafeEQ: _compare("IS NOT DISTINCT FROM"),
    exp.NullSafeNEQ: _compare("IS DISTINCT FROM"),
    exp.And: _logic("AND"),
    exp.Or: _logic("OR"),
    exp.Not: _not,
    exp.Paren: _paren,
    exp.Between: _between,
    exp.Is: _is,
    exp.In: _in,
    exp.Case: _case,
    exp.Like: _like("LIKE"),
    exp.ILike: _like("ILIKE"),
    exp.Escape: _escape,
    exp.RegexpLike: _rlike,
}
