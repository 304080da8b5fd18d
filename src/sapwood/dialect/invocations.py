"""Calls: which function a name means, and functions with a syntax of their own.

Comes in: the tree of a call. Goes out: a bound value. The order is: ours (`calls`), aggregates (`windows`), those of the
table here, the vendor's scalar functions (`functions`), functions that users have made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from sqlglot import exp

from sapwood.dialect import dates, functions, lambdas
from sapwood.dialect.aggregates import AGGREGATES
from sapwood.dialect.around import Around
from sapwood.dialect.binding import Binder, bind, identifier
from sapwood.dialect.calls import bind_call, signature_of
from sapwood.dialect.coercion import cast
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.given import Given, arity
from sapwood.dialect.names import parts
from sapwood.dialect.stars import starred
from sapwood.dialect.types import number, text
from sapwood.dialect.unserved import unserved
from sapwood.dialect.userfunctions import called, fitting, functions_of
from sapwood.dialect.values import Value, constant_value, null, text_value
from sapwood.dialect.windows import aggregated
from sapwood.errors import InvalidArgumentsError, ProgrammingError, UnknownFunctionError, UnsupportedError


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
        return aggregated(tree, names, work, Around())
    if name in _SPECIAL:
        return _SPECIAL[name](tree, names, work)
    if not functions.is_known(name):
        return _user_function(tree, (name,), names, work)
    given = Given(name, tuple(bind(each, names, work) for each in _positional(tree, name, work)), work.scope.context)
    return functions.apply(given)


def _user_function(tree: exp.Expr, given: Sequence[str], names: Namespace, work: Compilation) -> Value:
    """A function that a user has made; UnknownFunctionError if there is none."""
    known = [each for each in functions_of(given, work) if not each.table]
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


def _get_tag(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """SYSTEM$GET_TAG('tag', 'name', 'TABLE' | 'COLUMN')"""
    values = [bind(each, names, work).constant for each in _positional(tree, "SYSTEM$GET_TAG", work)]
    if len(values) != 3 or not all(isinstance(each, str) for each in values):
        raise InvalidArgumentsError(
            "SQL compilation error:\nSYSTEM$GET_TAG takes a tag, a name and a kind of object, all of them constant texts."
        )
    tag, name, kind = map(str, values)
    found = work.scope.tag(tag, name, kind.upper())
    return cast(null(), text()) if found is None else text_value(found)


def _positional(tree: exp.Expr, name: str, work: Compilation) -> Sequence[exp.Expr]:
    if name in _NAMED and any(isinstance(each, exp.Kwarg) for each in tree.expressions):
        return _in_order(tree, name, work)
    if any(isinstance(each, (exp.Kwarg, exp.Distinct, exp.Star)) for each in tree.expressions):
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nFunction {name} takes plain arguments only."
        )
    return tree.expressions


_NAMED: Mapping[str, Sequence[str]] = {"ROUND": ("EXPR", "SCALE", "ROUNDING_MODE")}
"""Scalar functions whose arguments have names."""


def _in_order(tree: exp.Expr, name: str, work: Compilation) -> Sequence[exp.Expr]:
    """Arguments that are given by name, in the order of the parameters; the first ones must be among them."""
    given = {str(each.this.name).upper(): each.expression for each in tree.expressions if isinstance(each, exp.Kwarg)}
    names = _NAMED[name][: len(given)]
    if len(given) < len(tree.expressions) or set(given) != set(names):
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\n{name} takes {', '.join(_NAMED[name])} by name."
        )
    return [given[each] for each in names]


def unknown_function(name: str, work: Compilation) -> ProgrammingError:
    """The error for a function that isn't on the list: that it is the vendor's alone, or with the names that are nearest."""
    refusal = unserved(name)
    if refusal is not None:
        return refusal
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
    """HASH(* [EXCLUDE ...]) is over all columns."""
    if len(tree.expressions) == 1 and isinstance(tree.expressions[0], exp.Star):
        values = tuple(value for _, value in starred(tree.expressions[0], names.fields(), names, work))
    else:
        values = tuple(bind(each, names, work) for each in tree.expressions)
    return functions.apply(Given("HASH", values, work.scope.context))


def _object_construct(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """OBJECT_CONSTRUCT(* [EXCLUDE ...]) takes the columns' names as keys."""
    if len(tree.expressions) == 1 and isinstance(tree.expressions[0], exp.Star):
        pairs = starred(tree.expressions[0], names.fields(), names, work)
        values = tuple(each for name, value in pairs for each in (text_value(name), value))
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


def _named(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """IDENTIFIER('a.b'): the column of that name."""
    given = bind(tree.expressions[0], names, work).constant if len(tree.expressions) == 1 else None
    if not isinstance(given, str):
        raise InvalidArgumentsError(f"SQL compilation error: {work.place(tree)}\nIDENTIFIER needs a constant text.")
    found = [exp.to_identifier(part, quoted=True) for part in parts(given)]
    return bind(exp.column(*reversed(found)), names, work)


def _getvariable(tree: exp.Expr, names: Namespace, work: Compilation) -> Value:
    """GETVARIABLE('name'): NULL if it isn't set."""
    name = bind(tree.expressions[0], names, work).constant if len(tree.expressions) == 1 else None
    if not isinstance(name, str):
        raise InvalidArgumentsError(
            f"SQL compilation error: {work.place(tree)}\nGETVARIABLE takes the name of a variable."
        )
    return constant_value(work.scope.variables.get(name.upper()))


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
    "IDENTIFIER": _named,
    **lambdas.FUNCTIONS,
    "GET_DDL": _get_ddl,
    "SYSTEM$GET_TAG": _get_tag,
}


BINDERS: Mapping[type[exp.Expr], Binder] = {
    exp.Anonymous: _function,
    exp.Dot: _dotted,
    exp.Extract: _extract,
    **lambdas.BINDERS,
}
