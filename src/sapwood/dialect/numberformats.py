"""Numbers as texts of a format, such as TO_VARCHAR(x, '$99,990.00'), and back.

Comes in: a bound number or text and a constant format. Goes out: a bound value. Elements: 9 and 0 for digits, B for no digit
instead of a zero, a comma for groups of three, a point, $ in front, S or MI for the sign, FM against blanks; X for hexadecimal
digits; TM, TM9 and TME for as many digits as there are; texts in double quotes around them. Others are refused by name. Sources: the
vendor's pages "SQL format models" and TO_CHAR.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sapwood.dialect.coercion import cast, numeric
from sapwood.dialect.failures import raising
from sapwood.dialect.names import literal
from sapwood.dialect.types import SnowType, number, text
from sapwood.dialect.values import Value, combine, once, shown, text_value
from sapwood.errors import UnsupportedError

_FORM = re.compile(
    r"(?P<fill>FM)?(?P<sign>S)?(?P<dollar>\$)?(?P<blank>B)?(?P<whole>[90,]*)(?:\.(?P<rest>[90]*))?(?P<minus>MI|S)?\Z"
)
_HEX = re.compile(r"(?P<fill>FM)?(?P<sign>S)?(?P<zeros>0?)(?P<digits>X{1,15})\Z")
_QUOTED = re.compile(r'(?P<before>(?:"[^"]*")?)(?P<form>[^"]*)(?P<behind>(?:"[^"]*")?)\Z')
"""A format and the texts around it."""


@dataclass(frozen=True)
class Form:
    """A format, taken apart. `width` counts digits and commas before the point, `least` the
    digits before it that are always there, `fixed_places` those behind it."""

    has_fill: bool
    sign: str
    has_dollar: bool
    is_blank: bool
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
            hint="Elements of number formats here: 9 0 , . $ B S MI FM X TM TM9 TME.",
        )
    whole, rest = found["whole"], found["rest"] or ""
    digits = whole.replace(",", "")
    return Form(
        has_fill=bool(found["fill"]),
        sign="S" if "S" in (found["sign"], found["minus"]) else found["minus"] or "",
        has_dollar=bool(found["dollar"]),
        is_blank=bool(found["blank"]) or not digits,
        is_grouped="," in whole,
        width=len(whole),
        digits=len(digits),
        least=len(digits) - digits.index("0") if "0" in digits else 0,
        places=len(rest),
        fixed_places=rest.rindex("0") + 1 if "0" in rest else 0,
    )


def formatted(value: Value, form: Value, name: str) -> Value:
    """TO_VARCHAR(number, format)."""
    around = _QUOTED.match(form.constant) if isinstance(form.constant, str) else None
    if around is None or not (around["before"] or around["behind"]):
        return _bare(value, form, name)
    found = _bare(value, text_value(around["form"]), name)
    before, behind = (literal(around[side].strip('"')) for side in ("before", "behind"))
    return found.over(f"({before} || {found.sql} || {behind})", text())


def _bare(value: Value, form: Value, name: str) -> Value:
    """A number in a format without texts around it."""
    number_ = numeric(value)
    written = str(form.constant).upper()
    if written in ("TM", "TM9"):
        return cast(number_, text())
    if written == "TME":
        digits = cast(number_, text())
        return digits.over(once([digits.sql], _scientific, is_volatile=digits.is_volatile), text())
    hexadecimal = _HEX.match(written)
    if hexadecimal is not None:
        source = cast(number_, number(38, 0))
        sql = once([source.sql], lambda x: _in_hex(x, hexadecimal), is_volatile=source.is_volatile)
        return combine(sql, text(), [source])
    found = form_of(form, name)
    source = cast(number_, number(38, min(found.places, 30)), tries=False)
    return combine(once([source.sql], lambda x: _written(x, found), is_volatile=source.is_volatile), text(), [source])


def _scientific(x: str) -> str:
    """The digits of a number's text that count, with a power of ten."""
    whole, rest = f"split_part(ltrim({x}, '-'), '.', 1)", f"split_part({x}, '.', 2)"
    power = (
        f"CASE WHEN {whole} <> '0' THEN length({whole}) - 1 ELSE length(ltrim({rest}, '0')) - length({rest}) - 1 END"
    )
    digits = f"rtrim(ltrim({whole} || {rest}, '0'), '0')"
    fraction = f"CASE WHEN length({digits}) > 1 THEN '.' || substr({digits}, 2) ELSE '' END"
    sign = f"CASE WHEN starts_with({x}, '-') THEN '-' ELSE '' END"
    shown = f"{sign} || left({digits}, 1) || {fraction} || 'E' || CAST({power} AS VARCHAR)"
    powered = f"regexp_replace({x}, 'e\\+?(-?)0*', 'E\\1')"  # a FLOAT's text has a power of ten already
    return f"CASE WHEN contains({x}, 'e') THEN {powered} WHEN {digits} = '' THEN '0E0' WHEN {x} IS NOT NULL THEN {shown} END"


def _in_hex(x: str, form: re.Match[str]) -> str:
    """Hexadecimal digits; below zero the complement of two, or with S the sign and the digits without it."""
    places = len(form["zeros"] + form["digits"])
    bound = 16**places
    size = f"abs({x})" if form["sign"] else f"CASE WHEN {x} < 0 THEN {x} + {bound} ELSE {x} END"
    digits = f"to_hex(CAST({size} AS HUGEINT))"
    padded = f"lpad({digits}, {places}, '0')" if form["zeros"] else digits
    filled = padded if form["fill"] or form["zeros"] else f"lpad({digits}, {places}, ' ')"
    sign = f"CASE WHEN {x} < 0 THEN '-' ELSE '+' END || " if form["sign"] else ""
    fits = f"{x} BETWEEN -{bound - 1} AND {bound - 1}" if form["sign"] else f"{x} BETWEEN -{bound // 2} AND {bound - 1}"
    return f"CASE WHEN {fits} THEN {sign}{filled} WHEN {x} IS NOT NULL THEN '{'#' * (places + bool(form['sign']))}' END"


def _written(x: str, form: Form) -> str:
    whole = f"CAST(trunc(abs({x})) AS HUGEINT)"
    zero = (
        f"CASE WHEN {x} = 0 THEN '' ELSE '0' END" if form.is_blank and form.digits else "''" if form.is_blank else "'0'"
    )
    digits = f"CASE WHEN {whole} = 0 THEN {zero} ELSE CAST({whole} AS VARCHAR) END"
    padded = f"CASE WHEN length({digits}) < {form.least} THEN lpad({digits}, {form.least}, '0') ELSE {digits} END"
    shown = _grouped(padded) if form.is_grouped else padded
    fraction = _fraction(x, form)
    sign = f"CASE WHEN {x} < 0 THEN '-' ELSE {literal('+' if form.sign == 'S' else ' ')} END"
    body = f"{sign} || {literal('$' if form.has_dollar else '')} || {shown} || {fraction}"
    width = form.width + (1 + form.places if form.places else 0) + 1 + form.has_dollar
    filled = f"trim({body})" if form.has_fill else body if form.has_dollar else f"lpad({body}, {width}, ' ')"
    return f"CASE WHEN {x} IS NULL THEN NULL WHEN length({digits}) > {form.digits} THEN repeat('#', {width}) ELSE {filled} END"


def _grouped(digits: str) -> str:
    """A comma in front of each three digits from the end."""
    return f"reverse(regexp_replace(reverse({digits}), '(...)\\B', '\\1,', 'g'))"


def _fraction(x: str, form: Form) -> str:
    if not form.places:
        return "''"
    digits = f"right(CAST(abs({x}) AS VARCHAR), {form.places})"
    kept = f"left({digits}, {form.fixed_places}) || rtrim(substr({digits}, {form.fixed_places + 1}), '0')"
    return f"'.' || {kept}" if form.has_fill else f"'.' || rpad({kept}, {form.places}, ' ')"


def parsed(value: Value, form: Value, target: SnowType, *, tries: bool, name: str) -> Value:
    """TO_NUMBER(text, format): the text without its groups, blanks and sign of currency."""
    written = str(form.constant).upper()
    is_hex = _HEX.match(written) is not None
    if not is_hex and written not in ("TM", "TM9", "TME"):
        form_of(form, name)
    source = cast(value, text())

    def build(x: str) -> str:
        bare = f"trim({x})" if is_hex else f"replace(replace(trim({x}), ',', ''), '$', '')"
        found = f"TRY_CAST({f'TRY_CAST(concat(chr(48), chr(120), {bare}) AS BIGINT)' if is_hex else bare} AS {target.duckdb()})"
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
