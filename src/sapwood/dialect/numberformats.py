"""Numbers as texts of a format, such as TO_VARCHAR(x, '$99,990.00'), and back.

Comes in: a bound number or text and a constant format. Goes out: a bound value. Elements: 9 and 0 for digits, a comma for
groups of three, a point, $ in front, S or MI for the sign, FM against blanks. Others are refused by name. Source: the
vendor's page "SQL format models".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sapwood.dialect.coercion import cast, numeric
from sapwood.dialect.failures import raising
from sapwood.dialect.names import literal
from sapwood.dialect.types import SnowType, number, text
from sapwood.dialect.values import Value, combine, once, shown
from sapwood.errors import UnsupportedError

_FORM = re.compile(r"(?P<fill>FM)?(?P<sign>S)?(?P<dollar>\$)?(?P<whole>[90,]*)(?:\.(?P<rest>[90]*))?(?P<minus>MI|S)?\Z")


@dataclass(frozen=True)
class Form:
    """A format, taken apart. `width` counts digits and commas before the point, `least` the
    digits before it that are always there, `fixed_places` those behind it."""

    has_fill: bool
    sign: str
    has_dollar: bool
    is_grouped: bool
    width: int
    digits: int
    least: int
    places: int
    fixed_places: int


def form_of(form: Value, name: str) -> Form:
    """The parts of a constant format.

    >>> from sapwood.dialect.values import text_value
    >>> found = form_of(text_value("$9,990.09"), "TO_VARCHAR")
    >>> found.digits, found.least, found.places, found.fixed_places
    (4, 1, 2, 1)
    """
    found = _FORM.match(str(form.constant).upper()) if isinstance(form.constant, str) else None
    if found is None or not (found["whole"] or found["rest"]):
        raise UnsupportedError(
            f"SQL compilation error:\n{name} does not know the number format {shown(form)}.",
            hint="Elements of number formats here: 9 0 , . $ S MI FM.",
        )
    whole, rest = found["whole"], found["rest"] or ""
    digits = whole.replace(",", "")
    return Form(
        has_fill=bool(found["fill"]),
        sign="S" if "S" in (found["sign"], found["minus"]) else found["minus"] or "",
        has_dollar=bool(found["dollar"]),
        is_grouped="," in whole,
        width=len(whole),
        digits=len(digits),
        least=len(digits) - digits.index("0") if "0" in digits else 0,
        places=len(rest),
        fixed_places=rest.rindex("0") + 1 if "0" in rest else 0,
    )


def formatted(value: Value, form: Value, name: str) -> Value:
    """TO_VARCHAR(number, format)."""
    found = form_of(form, name)
    source = cast(numeric(value), number(38, min(found.places, 30)), tries=False)
    return combine(once([source.sql], lambda x: _written(x, found), is_volatile=source.is_volatile), text(), [source])


def _written(x: str, form: Form) -> str:
    whole = f"CAST(trunc(abs({x})) AS HUGEINT)"
    digits = f"CASE WHEN {whole} = 0 THEN '' ELSE CAST({whole} AS VARCHAR) END"
    padded = f"CASE WHEN length({digits}) < {form.least} THEN lpad({digits}, {form.least}, '0') ELSE {digits} END"
    shown = _grouped(padded) if form.is_grouped else padded
    fraction = _fraction(x, form)
    sign = f"CASE WHEN {x} < 0 THEN '-' ELSE {literal('+' if form.sign == 'S' else ' ')} END"
    body = f"{sign} || {literal('$' if form.has_dollar else '')} || {shown} || {fraction}"
    width = form.width + (1 + form.places if form.places else 0) + 1 + form.has_dollar
    filled = f"trim({body})" if form.has_fill else f"lpad({body}, {width}, ' ')"
    return f"CASE WHEN {x} IS NULL THEN NULL WHEN length({digits}) > {form.digits} THEN repeat('#', {width}) ELSE {filled} END"


def _grouped(digits: str) -> str:
    """A comma in front of each three digits from the end."""
    return f"reverse(regexp_replace(reverse({digits}), '(...)\\B', '\\1,', 'g'))"


def _fraction(x: str, form: Form) -> str:
    if not form.places:
        return "''"
    digits = f"right(CAST(abs({x}) AS VARCHAR), {form.places})"
    if not form.has_fill:
        return f"'.' || {digits}"
    return f"'.' || left({digits}, {form.fixed_places}) || rtrim(substr({digits}, {form.fixed_places + 1}), '0')"


def parsed(value: Value, form: Value, target: SnowType, *, tries: bool, name: str) -> Value:
    """TO_NUMBER(text, format): the text without its groups, blanks and sign of currency."""
    form_of(form, name)
    source = cast(value, text())

    def build(x: str) -> str:
        bare = f"replace(replace(trim({x}), ',', ''), '$', '')"
        found = f"TRY_CAST({bare} AS {target.duckdb()})"
        failure = raising(
            100140,
            "22007",
            literal("Can't parse '"),
            x,
            literal(f"' as number with format '{form.constant}'"),
            type_=target,
        )
        return found if tries else f"coalesce({found}, CASE WHEN {x} IS NOT NULL THEN {failure} END)"

    return combine(
        once([source.sql], build, is_volatile=source.is_volatile), target, [source], nullable=tries or source.nullable
    )
