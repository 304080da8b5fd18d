"""Expressions: a sqlglot tree into a bound value.

Comes in: a tree, the names around it, the compilation. Goes out: a Value. One small function for each kind of node, in
the table at the end; a kind that isn't there is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from sqlglot import exp

from sapwood.dialect import arithmetic, dates, functions, semistructured
from sapwood.dialect.aggregates import AGGREGATES, NEEDS_WINDOW, WHOLE_PARTITION, Around, aggregate
from sapwood.dialect.bindings import bind_placeholder
from sapwood.dialect.calls import bind_call, signature_of
from sapwood.dialect.coercion import cast, compared, numeric, truth, unified
from sapwood.dialect.compilation import Compilation, Field, Namespace, unknown_column, variable_value
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import fold, literal, qualify, spelled
from sapwood.dialect.statements import Name, UserFunction
from sapwood.dialect.typenames import type_of
from sapwood.dialect.types import (
    BOOLEAN,
    DATE,
    REAL,
    number,
    text,
)  # fmt: skip
from sapwood.dialect.userfunctions import called, fitting
from sapwood.dialect.values import (
    Value,
    array_of,
    boolean_value,
    combine,
    constant_value,
    negative,
    null,
    number_value,
    object_of,
    text_value,
)  # fmt: skip
from sapwood.errors import (
    InvalidArgumentsError,
    InvalidIdentifierError,
    ParseError,
    ProgrammingError,
    UnknownFunctionError,
    UnknownObjectError,
    UnsupportedError,
)

Binder = Callable[[exp.Expr, Namespace, Compilation], Value]


def bind(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """The value of an expression. In a grouped query, one of the grouping expressions is a value as a whole."""
    binder = _BINDERS.get(type(tree))
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


# --- names


def identifier(tree: exp.Expr) -> str:
    """An identifier's folded name."""
    return fold(tree.name, quoted=bool(tree.args.get("quoted")))


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
            return _field(found, is_outer=place is not names)
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


def _field(found: Field, *, is_outer: bool) -> Value:
    return Value(found.sql, found.type, found.nullable, loose=frozenset() if is_outer else frozenset((found.sql,)))


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
        return _field(fields[place - 1], is_outer=False)
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


# --- operators


def _both(tree: exp.Expr, names: Namespace, work: Compilation) -> tuple[Value, Value]:
    return bind(tree.this, names, work), bind(tree.expression, names, work)


def _add(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        if isinstance(tree.expression, exp.Interval):
            return _shift(bind(tree.this, names, work), tree.expression, operator, work)
        left, right = _both(tree, names, work)
        if left.type == DATE and right.type == DATE and operator == "-":
            return arithmetic.difference_of_days(left, right)
        if left.type == DATE:
            return arithmetic.shifted_by_days(left, numeric(right), operator)
        return arithmetic.add(numeric(left), numeric(right), operator)

    return binder


def _shift(value: Value, interval: exp.Expr, operator: str, work: Compilation) -> Value:
    """A date plus INTERVAL '1 month'."""
    amount, unit = interval.this, interval.args.get("unit")
    if not isinstance(amount, exp.Literal) or unit is None or not amount.name.lstrip("-").isdigit():
        raise UnsupportedError(
            f"SQL compilation error: {work.place(interval)}\nUnsupported interval; write it as INTERVAL '<n> <unit>'."
        )
    count = int(amount.name) * (1 if operator == "+" else -1)
    return dates.shifted(dates.unit_of(unit.name), constant_value(count), value)


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
    return functions.concat(Given("CONCAT", _both(tree, names, work), work.scope.context))


def _compare(operator: str) -> Binder:
    def binder(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
        if isinstance(tree.this, exp.Tuple) or isinstance(tree.expression, exp.Tuple):
            return _compare_rows(tree, operator, names, work)
        left, right = compared(*_both(tree, names, work))
        nullable = False if "DISTINCT" in operator else None
        return combine(f"({left.sql} {operator} {right.sql})", BOOLEAN, [left, right], nullable=nullable)

    return binder


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


def _in_query(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    query = work.bind_query(tree.args["query"], names, work)
    if len(query.fields) != 1:
        raise ProgrammingError(f"SQL compilation error: {work.place(tree)}\nA query after IN must give one column.")
    value = bind(tree.this, names, work)
    inner = Value('"inner".' + f'"{query.labels[0]}"', query.fields[0].type)
    left, right = compared(value, inner)
    sql = f'({left.sql} IN (SELECT {right.sql} FROM ({query.sql}) AS "inner"))'
    return combine(sql, BOOLEAN, [value], nullable=True)


def _case(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    tested = bind(tree.this, names, work) if tree.this is not None else None
    arms = tree.args["ifs"]
    conditions = [bind(arm.this, names, work) for arm in arms]
    default = tree.args.get("default")
    raw = [bind(arm.args["true"], names, work) for arm in arms] + (
        [bind(default, names, work)] if default is not None else []
    )
    results, type_ = unified(raw)
    tests = [_test(tested, condition) for condition in conditions]
    written = " ".join(f"WHEN {test} THEN {result.sql}" for test, result in zip(tests, results, strict=False))
    tail = f" ELSE {results[-1].sql}" if default is not None else ""
    nullable = default is None or any(result.nullable for result in results)
    return combine(
        f"CASE {written}{tail} END", type_, [*([tested] if tested else []), *conditions, *results], nullable=nullable
    )


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


# --- casts and paths


def _cast(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return cast(bind(tree.this, names, work), type_of(tree.args["to"]))


def _try_cast(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return cast(bind(tree.this, names, work), type_of(tree.args["to"]), tries=True)


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


# --- functions


def _function(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return _called(tree, str(tree.this).upper(), names, work)


def _dotted(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """SNOWFLAKE.CORTEX.X(...): only ours have dots."""
    flat = list(tree.flatten()) if isinstance(tree, exp.Dot) else []
    last = flat[-1] if flat else tree
    if not isinstance(last, exp.Anonymous) or not all(isinstance(part, exp.Identifier) for part in flat[:-1]):
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported name with dots.")
    spelling = ".".join([*(identifier(part) for part in flat[:-1]), str(last.this).upper()])
    signature = signature_of(spelling, work.signatures)
    if signature is None:
        return _user_function(last, tuple(spelling.split(".")), names, work)
    return bind_call(last, last.expressions, signature=signature, names=names, work=work, bind=bind)


def _called(tree: exp.Expr, name: str, names: Namespace, work: Compilation) -> Value:
    signature = signature_of(name, work.signatures)
    if signature is not None:
        return bind_call(tree, tree.expressions, signature=signature, names=names, work=work, bind=bind)
    if name in AGGREGATES:
        return _aggregated(tree, names, work, Around())
    if name in _SPECIAL:
        return _SPECIAL[name](tree, names, work)
    if not functions.is_known(name):
        return _user_function(tree, (name,), names, work)
    given = Given(name, tuple(bind(each, names, work) for each in _positional(tree, name, work)), work.scope.context)
    return functions.apply(given)


def _user_function(tree: exp.Expr, given: Sequence[str], names: Namespace, work: Compilation) -> Value:
    """A function that a user has made; UnknownFunctionError if there is none."""
    known: Sequence[UserFunction] = ()
    if work.scope.database is not None and (len(given) > 1 or work.scope.schema is not None):
        name = Name(*qualify(tuple(given), database=work.scope.database, schema=work.scope.schema))
        known = work.scope.functions(name)
    if not known:
        raise unknown_function(".".join(given), work)
    arguments = [bind(each, names, work) for each in _positional(tree, given[-1], work)]
    function = fitting(known, len(arguments))
    if function is None:
        counts = [len(each.parameters) for each in known]
        raise arity(Given(given[-1], tuple(arguments), work.scope.context), min(counts), max(counts))
    return called(function, arguments, work, bind)


def _get_ddl(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """GET_DDL('TABLE', 'name' [, TRUE])"""
    values = [bind(each, names, work).constant for each in _positional(tree, "GET_DDL", work)]
    if len(values) not in (2, 3) or not all(isinstance(each, str) for each in values[:2]):
        raise InvalidArgumentsError(
            "SQL compilation error:\nGET_DDL takes a kind of object and a name, both constant texts."
        )
    return text_value(work.scope.ddl(str(values[0]).upper(), str(values[1])))


def _positional(tree: exp.Expr, name: str, work: Compilation) -> Sequence[exp.Expr]:
    if any(isinstance(each, (exp.Kwarg, exp.Distinct, exp.Star)) for each in tree.expressions):
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nFunction {name} takes plain arguments only."
        )
    return tree.expressions


def unknown_function(name: str, work: Compilation) -> UnknownFunctionError:
    """The error for a function that isn't on the list, with the names that are nearest."""
    known = [*functions.names(), *AGGREGATES, *_SPECIAL, *work.signatures]
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    hint = f"Did you mean {near[0]}?" if near else "Only functions that sapwood serves can be called."
    return UnknownFunctionError(f"SQL compilation error:\nUnknown function {name}.", hint=hint)


# --- functions with a syntax of their own


def _date_function(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """DATEADD(day, 1, d): the unit may be a bare word."""
    first, *rest = tree.expressions or [exp.null()]
    is_word = isinstance(first, exp.Column) and not first.table
    unit = text_value(first.name) if is_word else bind(first, names, work)
    values = (unit, *(bind(each, names, work) for each in rest))
    return functions.apply(Given(str(tree.this).upper(), values, work.scope.context))


def _extract(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    return dates.part_of(dates.unit_of(tree.this.name), bind(tree.expression, names, work))


def _position(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """POSITION(a IN b)"""
    first = tree.expressions[0] if tree.expressions else None
    if isinstance(first, exp.In) and first.args.get("field") is not None:
        values = (bind(first.this, names, work), bind(_as_column(first.args["field"]), names, work))
        return functions.apply(Given("POSITION", values, work.scope.context))
    return functions.apply(
        Given("POSITION", tuple(bind(each, names, work) for each in tree.expressions), work.scope.context)
    )


def _as_column(tree: exp.Expr) -> exp.Expr:
    return exp.column(tree) if isinstance(tree, exp.Identifier) else tree


def _hash(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """HASH(*) is over all columns."""
    if len(tree.expressions) == 1 and isinstance(tree.expressions[0], exp.Star):
        values = tuple(_field(each, is_outer=False) for each in names.fields())
    else:
        values = tuple(bind(each, names, work) for each in tree.expressions)
    return functions.apply(Given("HASH", values, work.scope.context))


def _object_construct(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """OBJECT_CONSTRUCT(*) takes the columns' names as keys."""
    if len(tree.expressions) == 1 and isinstance(tree.expressions[0], exp.Star):
        pairs = [(text_value(each.name), _field(each, is_outer=False)) for each in names.fields()]
        values = tuple(value for pair in pairs for value in pair)
    else:
        values = tuple(bind(each, names, work) for each in tree.expressions)
    return functions.apply(Given(str(tree.this).upper(), values, work.scope.context))


def _sequence(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """SEQ4() and its like: 0, 1, 2 ..."""
    sql = names.row_number or "row_number() OVER () - 1"
    return Value(f"CAST({sql} AS DECIMAL(19,0))", number(19, 0), nullable=False, has_window=not names.row_number)


def _current_place(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    found = work.scope.database if str(tree.this).upper() == "CURRENT_DATABASE" else work.scope.schema
    return constant_value(found) if found is not None else cast(null(), text())


def _getvariable(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """GETVARIABLE('name'): NULL if it isn't set."""
    name = bind(tree.expressions[0], names, work).constant if len(tree.expressions) == 1 else None
    if not isinstance(name, str):
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nGETVARIABLE takes the name of a variable."
        )
    return constant_value(work.scope.variables.get(name.upper()))


# --- aggregates and windows


def _aggregated(tree: exp.Expr, names: Namespace, work: Compilation, around: Around) -> Value:
    """COUNT(*), COUNT(DISTINCT a), SUM(a) OVER (...): `tree` is the call itself."""
    name = str(tree.this).upper()
    arguments, nulls = list(tree.expressions), around.nulls
    if len(arguments) == 1 and isinstance(arguments[0], exp.IgnoreNulls):
        arguments, nulls = [arguments[0].this], " IGNORE NULLS"
    distinct = ""
    if arguments and isinstance(arguments[0], exp.Distinct):
        arguments, distinct = [*arguments[0].expressions, *arguments[1:]], "DISTINCT "
    if name == "COUNT" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        arguments = []
    elif name == "COUNT" and not arguments:
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nnot enough arguments for function [COUNT()], expected 1, got 0",
            errno=938,
        )
    if name in NEEDS_WINDOW and not around.over:
        raise ProgrammingError(
            f"SQL compilation error: {work.place(tree)}\nWindow function [{name}] requires an OVER clause."
        )
    inside = replace(names, groups=frozenset()) if not around.over else names
    values = [bind(each, inside, work) for each in arguments]
    return aggregate(name, values, replace(around, distinct=distinct, nulls=nulls))


def _within_group(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """LISTAGG(a) WITHIN GROUP (ORDER BY b)"""
    order, _ = order_by(tree.expression.expressions, names, work)
    return _aggregated(_call_in(tree.this, work), names, work, Around(order=f" {order}"))


def _call_in(tree: exp.Expr, work: Compilation) -> exp.Expr:
    if isinstance(tree, exp.Anonymous) and str(tree.this).upper() in AGGREGATES:
        return tree
    raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported window or ordered-set function.")


def _window(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """f(...) [WITHIN GROUP (...)] [IGNORE NULLS] OVER (PARTITION BY ... ORDER BY ... frame)"""
    inner, order, nulls = tree.this, "", ""
    while not isinstance(inner, exp.Anonymous):
        if isinstance(inner, exp.IgnoreNulls):
            nulls = " IGNORE NULLS"
        elif isinstance(inner, exp.WithinGroup):
            order = f" {order_by(inner.expression.expressions, names, work)[0]}"
        elif not isinstance(inner, exp.RespectNulls):
            raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nUnsupported window function.")
        inner = inner.this
    if tree.args.get("alias") is not None or tree.args.get("first") is not None:
        raise UnsupportedError(f"SQL compilation error: {work.place(tree)}\nNamed windows are not supported.")
    partition = [bind(each, names, work) for each in tree.args.get("partition_by") or []]
    ordered, keys = (
        order_by(tree.args["order"].expressions, names, work) if tree.args.get("order") is not None else ("", [])
    )
    name = str(inner.this).upper()
    frame = _frame(tree.args.get("spec"), names, work) or (_WHOLE if name in WHOLE_PARTITION and ordered else "")
    divided = f"PARTITION BY {', '.join(value.sql for value in partition)}" if partition else ""
    over = f" OVER ({' '.join(piece for piece in (divided, ordered, frame) if piece)})"
    value = _aggregated(_call_in(inner, work), names, work, Around(order=order, over=over, nulls=nulls))
    return replace(value, loose=value.loose.union(*(each.loose for each in (*partition, *keys))))


_WHOLE = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"


def _frame(spec: exp.Expr | None, names: Namespace, work: Compilation) -> str:
    if spec is None:
        return ""
    if spec.args.get("exclude") is not None:
        raise UnsupportedError("SQL compilation error:\nEXCLUDE in a window frame is not supported.")
    bounds = [_bound(spec.args.get(f"{side}"), spec.args.get(f"{side}_side"), names, work) for side in ("start", "end")]
    kind = str(spec.args.get("kind") or "ROWS").upper()
    return f"{kind} BETWEEN {bounds[0]} AND {bounds[1]}"


def _bound(limit: Any, side: Any, names: Namespace, work: Compilation) -> str:
    if limit is None:
        return "CURRENT ROW"
    if isinstance(limit, str):
        return f"{limit.upper()} {str(side or '').upper()}".strip()
    return f"{bind(limit, names, work).sql} {str(side).upper()}"


def order_by(keys: Sequence[exp.Expr], names: Namespace, work: Compilation) -> tuple[str, list[Value]]:
    """ORDER BY with Snowflake's place of NULLs: they are the largest."""
    values = [bind(key.this, names, work) for key in keys]
    written = ", ".join(f"{value.sql} {direction(key)}" for key, value in zip(keys, values, strict=True))
    return f"ORDER BY {written}", values


def direction(key: exp.Expr) -> str:
    """ASC or DESC with NULLs first or last."""
    word = "DESC" if key.args.get("desc") else "ASC"
    return f"{word} NULLS {'FIRST' if key.args.get('nulls_first') else 'LAST'}"


# --- the table

_NO_PARENTHESES = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "LOCALTIME", "LOCALTIMESTAMP")

_SPECIAL: dict[str, Binder] = {
    **dict.fromkeys(
        ("DATEADD", "TIMEADD", "TIMESTAMPADD", "DATEDIFF", "TIMEDIFF", "TIMESTAMPDIFF", "DATE_PART", "DATE_TRUNC"),
        _date_function,
    ),
    "POSITION": _position,
    "HASH": _hash,
    "OBJECT_CONSTRUCT": _object_construct,
    "OBJECT_CONSTRUCT_KEEP_NULL": _object_construct,
    **dict.fromkeys(("SEQ1", "SEQ2", "SEQ4", "SEQ8"), _sequence),
    "CURRENT_DATABASE": _current_place,
    "CURRENT_SCHEMA": _current_place,
    "GETVARIABLE": _getvariable,
    "GET_DDL": _get_ddl,
}

_BINDERS: dict[type[exp.Expr], Binder] = {
    exp.Column: _column,
    exp.Parameter: _parameter,
    exp.Literal: _literal,
    exp.Placeholder: _placeholder,
    exp.RawString: lambda tree, names, work: text_value(str(tree.this)),
    exp.Boolean: _boolean,
    exp.Null: lambda tree, names, work: null(),
    exp.Struct: _object,
    exp.Array: _array,
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
    exp.Cast: _cast,
    exp.TryCast: _try_cast,
    exp.JSONExtract: _path,
    exp.Bracket: _bracket,
    exp.Subquery: _scalar_query,
    exp.Exists: _exists,
    exp.Anonymous: _function,
    exp.Dot: _dotted,
    exp.Extract: _extract,
    exp.WithinGroup: _within_group,
    exp.Window: _window,
}
