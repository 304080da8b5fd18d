"""Calls of our own functions: three spellings into one Call or Command.

Comes in: a spelling and its argument trees. Goes out: a bound value that holds the call's place in DuckDB's SQL, and
the Call or Command itself in the compilation. Knows of a function what its Signature says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from sapwood.dialect.coercion import SEMI, cast
from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.dialect.names import quoted
from sapwood.dialect.statements import Call, Command, Parameter, Signature
from sapwood.dialect.types import VARIANT, SnowType, text
from sapwood.dialect.values import UNTYPED, Value, combine, text_value
from sapwood.errors import InvalidArgumentsError

Bind = Callable[[exp.Expr, Namespace, Compilation], Value]
_SCALARS = ("FIXED", "REAL", "BOOLEAN", "DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ")


@dataclass(frozen=True)
class Argument:
    """A bound argument and the parameter that it belongs to."""

    parameter: Parameter
    value: Value


def signature_of(spelling: str, signatures: Mapping[str, Signature]) -> Signature | None:
    """The function behind a dotted name in upper case; CORTEX.X stands for SNOWFLAKE.CORTEX.X."""
    full = f"SNOWFLAKE.{spelling}" if spelling.startswith("CORTEX.") else spelling
    return signatures.get(full)


def bind_call(
    tree: exp.Expr,
    arguments: Sequence[exp.Expr],
    *,
    signature: Signature,
    names: Namespace,
    work: Compilation,
    bind: Bind,
) -> Value:
    """The value of a call of ours. The same place of the text is the same site, however often it is bound."""
    inside = Namespace(refusal=_refusal(signature)) if signature.command else names
    matched = _matched(signature, arguments, work.place(tree), lambda argument: _bound(argument, inside, work, bind))
    constants = _constants(matched)
    if signature.check is not None:
        signature.check(constants)
    returns: SnowType = signature.returns_of(constants) if signature.returns_of is not None else signature.returns
    if signature.command:
        return _command(tree, signature, matched, returns, work)
    return _call(tree, signature, matched, constants=constants, returns=returns, work=work)


def _refusal(signature: Signature) -> str:
    return f"The arguments of {signature.spellings[0]} must be constants: column {{column}} can't be read there."


def _bound(tree: exp.Expr, names: Namespace, work: Compilation, bind: Bind) -> Value:
    """An argument; a base model may be written as an object's name, SNOWFLAKE.MODELS."NAME"."""
    if isinstance(tree, exp.Column) and [part.name.upper() for part in tree.parts[:-1]] == ["SNOWFLAKE", "MODELS"]:
        return text_value(f"SNOWFLAKE.MODELS.{quoted(tree.name if tree.this.quoted else tree.name.upper())}")
    return bind(tree, names, work)


# --- arguments to parameters


def _matched(
    signature: Signature, arguments: Sequence[exp.Expr], place: str, bind: Callable[[exp.Expr], Value]
) -> list[Argument]:
    found: list[Argument] = []
    for position, argument in enumerate(arguments):
        if isinstance(argument, exp.Kwarg):
            parameter = _named(signature, str(argument.this.name), place)
            value = bind(argument.expression)
        elif any(isinstance(each, exp.Kwarg) for each in arguments[:position]):
            raise _refused(signature, place, "positional arguments must come before named ones")
        else:
            value = bind(argument)
            parameter = _positional(signature, found, value, place)
        if any(each.parameter == parameter for each in found):
            raise _refused(signature, place, f"argument {parameter.name} is given twice")
        found.append(Argument(parameter, _typed(signature, parameter, value, place)))
    given = {each.parameter.name for each in found}
    for parameter in signature.parameters:
        if parameter.required and parameter.name not in given:
            raise _refused(signature, place, f"not enough arguments: {parameter.name} is missing")
    return found


def _named(signature: Signature, name: str, place: str) -> Parameter:
    for parameter in signature.parameters:
        if parameter.name.lower() == name.lower():
            return parameter
    raise _refused(
        signature,
        place,
        f"unknown argument name {name}; it takes {', '.join(each.name for each in signature.parameters)}",
    )


def _positional(signature: Signature, before: Sequence[Argument], value: Value, place: str) -> Parameter:
    """The next parameter, or one further on if those between are optional and don't take the value."""
    parameters = signature.parameters
    rest = parameters[parameters.index(before[-1].parameter) + 1 :] if before else parameters
    if not rest:
        raise _refused(signature, place, f"too many arguments, expected at most {len(parameters)}")
    for parameter in rest:
        if _takes(parameter, value):
            return parameter
        if parameter.required:
            break
    return rest[0]


def _refused(signature: Signature, place: str, why: str) -> InvalidArgumentsError:
    shown = ", ".join(each.name if each.required else f"[{each.name}]" for each in signature.parameters)
    return InvalidArgumentsError(
        f"SQL compilation error: {place}\n{why} in function {signature.spellings[0]}",
        hint=f"{signature.spellings[0]}({shown})",
    )


def _takes(parameter: Parameter, value: Value) -> bool:
    takes, given = parameter.types, value.type.name
    is_scalar_text = "TEXT" in takes and given in _SCALARS
    is_number = {given, *takes} >= {"FIXED", "REAL"}
    return value.type in (UNTYPED, VARIANT) or not takes or given in takes or is_scalar_text or is_number


def _typed(signature: Signature, parameter: Parameter, value: Value, place: str) -> Value:
    """The value as its parameter takes it: texts as texts, objects and arrays as JSON."""
    takes = parameter.types
    if not _takes(parameter, value):
        raise InvalidArgumentsError(
            f"SQL compilation error: {place}\nInvalid argument types for function '{signature.spellings[0]}': "
            f"{parameter.name} takes {' or '.join(takes)}, found {value.type}",
            errno=1044,
            sqlstate="42P13",
        )
    if value.type == UNTYPED:
        return cast(value, text())
    if "TEXT" in takes and value.type.name not in takes and value.type.name in _SCALARS:
        made = cast(value, text())
        return replace(made, constant=str(value.constant)) if value.is_constant else made
    return value


def _constants(matched: Sequence[Argument]) -> dict[str, Any]:
    """Constant values by parameter; a repeated parameter has a tuple of them."""
    constants: dict[str, Any] = {}
    for each in matched:
        name = each.parameter.name
        is_repeated = sum(other.parameter == each.parameter for other in matched) > 1
        constants[name] = (*constants.get(name, ()), each.value.constant) if is_repeated else each.value.constant
    return constants


# --- into DuckDB's SQL


def _as_text(value: Value) -> str:
    """An argument as VARCHAR; a text inside a VARIANT loses its quotes."""
    if value.type.name == "VARIANT":
        return f"({value.sql} ->> '$')"
    return f"CAST({cast(value, text()).sql if value.type.name not in SEMI else value.sql} AS VARCHAR)"


def _handed(argument: Argument) -> str:
    """What the call gets of an argument: its text, or the texts of the group as a sorted array."""
    content = _as_text(argument.value)
    if not argument.parameter.gathers:
        return content
    return f"CAST(to_json(list({content} ORDER BY {content}) FILTER (WHERE {content} IS NOT NULL)) AS VARCHAR)"


def _call(
    tree: exp.Expr,
    signature: Signature,
    matched: Sequence[Argument],
    *,
    constants: Mapping[str, Any],
    returns: SnowType,
    work: Compilation,
) -> Value:
    known = work.sites.get(id(tree))
    site = known.constant if known else len(work.calls)
    is_sampled = bool(signature.sampled(constants)) if signature.sampled is not None else False
    if known is None:
        work.sites[id(tree)] = Value("", returns, constant=site)
        work.kept.append(tree)
        names = tuple(each.parameter.name for each in matched)
        types = tuple(each.value.type.name for each in matched)
        work.calls.append(Call(site, signature.function, names, constants, returns, is_sampled, types))
    listed = ", ".join(_handed(each) for each in matched)
    function = "sapwood_vector" if returns.name == "VECTOR" else "sapwood_sample" if is_sampled else "sapwood_call"
    sql = f"CAST({function}('{{token}}:{site}', [{listed}]) AS {returns.duckdb()})"
    whole = combine(sql, returns, [_gathered(each) for each in matched], nullable=True)
    return replace(whole, is_volatile=whole.is_volatile or is_sampled)


def _gathered(argument: Argument) -> Value:
    """The argument's value as the query around the call sees it: of a group's values no column is read outside."""
    value = argument.value
    return replace(value, has_aggregate=True, loose=frozenset()) if argument.parameter.gathers else value


def _command(
    tree: exp.Expr, signature: Signature, matched: Sequence[Argument], returns: SnowType, work: Compilation
) -> Value:
    known = work.sites.get(id(tree))
    if known is None:
        if "sapwood_" in " ".join(each.value.sql for each in matched if not each.value.is_constant):
            raise InvalidArgumentsError(
                f"SQL compilation error: {work.place(tree)}\nThe arguments of {signature.spellings[0]} can't call a model."
            )
        placeholder = f"command_{len(work.commands)}"
        listed = ", ".join(f"{_as_text(each.value)} AS a{place}" for place, each in enumerate(matched))
        known = Value(f"CAST(${placeholder} AS {returns.duckdb()})", returns)
        work.sites[id(tree)] = known
        work.kept.append(tree)
        work.commands.append(
            Command(signature.function, placeholder, f"SELECT {listed}", tuple(each.parameter.name for each in matched))
        )
    return known
