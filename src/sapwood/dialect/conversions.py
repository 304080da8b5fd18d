"""TO_VARCHAR, TO_NUMBER, TO_DATE and their like, with TRY_ before them too.

Comes in: bound arguments, formats as constants. Goes out: bound values. Source: the vendor's page "Conversion functions".
Knows no names of columns or tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sapwood.dialect import dateformats, dates, numberformats
from sapwood.dialect.coercion import STAMPS, cast, decoded
from sapwood.dialect.conventions import current
from sapwood.dialect.given import Given, Rule, arity, at_least, one_of
from sapwood.dialect.types import (
    ARRAY,
    BINARY,
    BOOLEAN,
    DATE,
    OBJECT,
    REAL,
    TIME,
    TIMESTAMP_LTZ,
    TIMESTAMP_NTZ,
    TIMESTAMP_TZ,
    VARIANT,
    SnowType,
    number,
    text,
)  # fmt: skip
from sapwood.dialect.values import Value, combine, once, shown
from sapwood.errors import InvalidArgumentsError, UnsupportedError

_MOMENTS = (*STAMPS, "DATE", "TIME")


def _to_varchar(given: Given) -> Value:
    value, *form = one_of(given, 1, 2)
    if not form:
        return cast(value, text())
    if value.type.name in _MOMENTS:
        return dateformats.formatted(value, form[0])
    if value.type.name == "BINARY":
        return combine(_of_bytes(form[0]).format(value.sql), text(), [value])
    return numberformats.formatted(value, form[0], given.name)


def _of_bytes(form: Value) -> str:
    """DuckDB's SQL for bytes as text."""
    known = {"HEX": "hex({0})", "BASE64": "base64({0})", "UTF-8": "decode({0})", "UTF8": "decode({0})"}
    return known[_chosen(form, known)]


def _to_binary(*, tries: bool) -> Rule:
    """TO_BINARY(text [, 'HEX' | 'BASE64' | 'UTF-8'])"""
    known: dict[str, Callable[[str], str]] = {
        "HEX": lambda x: decoded(x, "hex", tries=tries),
        "BASE64": lambda x: decoded(x, "base64", tries=tries),
        **dict.fromkeys(("UTF-8", "UTF8"), "encode({0})".format),
    }

    def rule(given: Given) -> Value:
        value, *form = one_of(given, 1, 2)
        if value.type == BINARY:
            return value
        encoding = _chosen(form[0], known) if form else "HEX"
        source = cast(value, text())
        sql = once([source.sql], lambda x: known[encoding](x), is_volatile=source.is_volatile)
        return combine(sql, BINARY, [source], nullable=True if tries else None)

    return rule


def _chosen(form: Value, known: Collection[str]) -> str:
    """The name of a binary format."""
    found = str(form.constant).upper()
    if found not in known:
        raise UnsupportedError(
            f"SQL compilation error:\nThe binary format {shown(form)} is not supported.",
            hint=f"Served: {', '.join(known)}.",
        )
    return found


def _to_number(*, tries: bool) -> Rule:
    """TO_NUMBER(x [, format] [, precision [, scale]])"""

    def rule(given: Given) -> Value:
        at_least(given, 1)
        value, *rest = one_of(given, 1, 4)
        form = rest.pop(0) if rest and rest[0].type.name == "TEXT" else None
        sizes = [size.constant for size in rest]
        if not all(isinstance(size, int) for size in sizes) or len(sizes) > 2:
            raise InvalidArgumentsError(f"SQL compilation error:\n{given.name} takes constants as precision and scale.")
        precision, scale = (*sizes, *(38, 0)[len(sizes) :])
        if not (1 <= precision <= 38 and 0 <= scale <= min(37, precision)):
            raise InvalidArgumentsError(
                f"SQL compilation error:\ninvalid size of a data type: NUMBER({precision},{scale})"
            )
        target = number(precision, scale)
        if form is not None:
            return numberformats.parsed(value, form, target, tries=tries, name=given.name)
        return cast(value, target, tries=tries)

    return rule


def _conversion(wanted: SnowType | None, *, tries: bool = False) -> Rule:
    """TO_<type>(x); without a type, to what TIMESTAMP means."""

    def rule(given: Given) -> Value:
        value, *form = one_of(given, 1, 2)
        target = SnowType(current().timestamp, scale=9) if wanted is None else wanted
        is_counted = target.name in STAMPS and value.type.name == "FIXED"
        if form and is_counted:
            return dates.from_epoch(value, target, scale=_scale(form[0], given.name))
        if form and target.name in _MOMENTS:
            return dateformats.parsed(value, form[0], target, tries=tries)
        if form:
            raise arity(given, 1, 1)
        return dates.from_epoch(value, target, scale=0) if is_counted else cast(value, target, tries=tries)

    return rule


def _scale(value: Value, name: str) -> int:
    if not isinstance(value.constant, int) or not 0 <= value.constant <= 9:
        raise InvalidArgumentsError(f"SQL compilation error:\nThe scale of {name} is a constant from 0 to 9.")
    return value.constant


RULES: dict[str, Rule] = {
    "TO_VARCHAR": _to_varchar,
    "TO_CHAR": _to_varchar,
    **dict.fromkeys(("TO_NUMBER", "TO_DECIMAL", "TO_NUMERIC"), _to_number(tries=False)),
    **dict.fromkeys(("TRY_TO_NUMBER", "TRY_TO_DECIMAL", "TRY_TO_NUMERIC"), _to_number(tries=True)),
    "TO_DOUBLE": _conversion(REAL),
    "TRY_TO_DOUBLE": _conversion(REAL, tries=True),
    "TO_BOOLEAN": _conversion(BOOLEAN),
    "TRY_TO_BOOLEAN": _conversion(BOOLEAN, tries=True),
    "TO_DATE": _conversion(DATE),
    "DATE": _conversion(DATE),
    "TRY_TO_DATE": _conversion(DATE, tries=True),
    "TO_TIME": _conversion(TIME),
    "TIME": _conversion(TIME),
    "TRY_TO_TIME": _conversion(TIME, tries=True),
    "TO_TIMESTAMP": _conversion(None),
    "TO_TIMESTAMP_NTZ": _conversion(TIMESTAMP_NTZ),
    "TO_TIMESTAMP_LTZ": _conversion(TIMESTAMP_LTZ),
    "TO_TIMESTAMP_TZ": _conversion(TIMESTAMP_TZ),
    "TRY_TO_TIMESTAMP": _conversion(None, tries=True),
    "TRY_TO_TIMESTAMP_NTZ": _conversion(TIMESTAMP_NTZ, tries=True),
    "TRY_TO_TIMESTAMP_LTZ": _conversion(TIMESTAMP_LTZ, tries=True),
    "TRY_TO_TIMESTAMP_TZ": _conversion(TIMESTAMP_TZ, tries=True),
    "TO_BINARY": _to_binary(tries=False),
    "TRY_TO_BINARY": _to_binary(tries=True),
    "TO_VARIANT": _conversion(VARIANT),
    "TO_ARRAY": _conversion(ARRAY),
    "TO_OBJECT": _conversion(OBJECT),
}
