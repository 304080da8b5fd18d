"""TO_VARCHAR of dates and times with a format, and TO_DATE and its like back.

Comes in: a bound value and a constant format. Goes out: a bound value. Knows no names of columns or tables.
"""

from __future__ import annotations

from sapwood.dialect.coercion import cast
from sapwood.dialect.conventions import AUTO, DEFAULT, holding
from sapwood.dialect.stamps import read_by, text_of
from sapwood.dialect.types import SnowType, text
from sapwood.dialect.values import Value, combine, once
from sapwood.errors import UnsupportedError


def formatted(value: Value, form: Value) -> Value:
    """TO_VARCHAR of a date, time or timestamp. AUTO is what a cast does."""
    shape = _constant(form)
    if shape.upper() == AUTO:
        return cast(value, text())
    sql = once([value.sql], lambda x: text_of(x, value.type, shape), is_volatile=value.is_volatile)
    return combine(sql, text(), [value])


def parsed(value: Value, form: Value, target: SnowType, *, tries: bool) -> Value:
    """TO_DATE and its like with a format. AUTO is what a cast does, whatever the session reads by."""
    shape = _constant(form)
    if shape.upper() == AUTO:
        with holding(DEFAULT):
            return cast(value, target, tries=tries)
    source = cast(value, text())
    sql = once([source.sql], lambda x: read_by(x, target, shape, tries=tries), is_volatile=source.is_volatile)
    return combine(sql, target, [source], nullable=source.nullable or tries)


def _constant(form: Value) -> str:
    if not isinstance(form.constant, str):
        raise UnsupportedError("SQL compilation error:\nA date format must be a constant.")
    return form.constant
