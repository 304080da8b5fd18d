"""Formats of dates and times: Snowflake's elements put into DuckDB's.

Comes in: a format such as `YYYY-MM-DD HH24:MI` and SQL for a clock's reading. Goes out: SQL for its text, or the pattern by which
a text is read. An element that isn't known stands for itself, as the vendor has it. Source: the vendor's page "Date and time input
and output formats". Knows no types.
"""

from __future__ import annotations

import re
from itertools import groupby

from sapwood.dialect.names import literal
from sapwood.dialect.zones import written_offset

_ELEMENTS = {
    "YYYY": "%Y", "UUUU": "%Y", "YY": "%y", "MMMM": "%B", "MON": "%b", "MM": "%m", "DY": "%a", "DD": "%d", "HH24": "%H", "HH12": "%I",
    "HH": "%H", "MI": "%M", "SS": "%S", "AM": "%p", "PM": "%p",
}  # fmt: skip
_FRACTIONS = {"FF": "%n", "FF9": "%n", "FF6": "%f", "FF3": "%g"}
"""Digits of a second's fraction that DuckDB writes by itself."""
_ZONES = ("TZH:TZM", "TZHTZM", "TZH")
_FORMAT = re.compile("|".join([*_ZONES, r"FF\d?", *_ELEMENTS]) + r'|"[^"]*"|[A-Za-z]|[^A-Za-z"]+', re.IGNORECASE)


def elements(form: str) -> list[str]:
    """The elements of a format in upper case; a text that stands for itself begins with a quote.

    >>> elements("YYYY-MM")
    ['YYYY', '"-', 'MM']
    """
    return [_element(piece) for piece in _FORMAT.findall(form)]


def _element(piece: str) -> str:
    word = piece.upper()
    if word in _ELEMENTS or word in _ZONES or re.fullmatch(r"FF\d?", word):
        return word
    stripped = piece.strip('"')
    return f'"{stripped}'


def written(form: str, reading: str, minutes: str) -> str:
    """SQL for the text of a clock's reading (a TIMESTAMP or DATE in SQL) that is so many minutes ahead of UTC.

    >>> written("MM/DD FF1", "t", "0")
    "strftime(t, '%m/%d ') || left(strftime(t, '%n'), 1)"
    """
    pieces: list[str] = []
    for is_plain, group in groupby(elements(form), key=lambda element: _plain(element) is not None):
        if is_plain:
            pattern = "".join(_plain(element) or "" for element in group)
            pieces.append(f"strftime({reading}, {literal(pattern)})")
        else:
            pieces.extend(_special(element, reading, minutes) for element in group)
    return " || ".join(pieces) or "''"


def _plain(element: str) -> str | None:
    """An element as strftime has it; None if it has nothing like that."""
    if element.startswith('"'):
        return element[1:].replace("%", "%%")
    return _ELEMENTS.get(element) or _FRACTIONS.get(element)


def _special(element: str, reading: str, minutes: str) -> str:
    if element.startswith("FF"):
        return f"left(strftime({reading}, '%n'), {element[2:]})"
    shown = written_offset(minutes, colon=":" in element)
    return f"left({shown}, 3)" if element == "TZH" else f"({shown})"


def pattern(form: str) -> str:
    """The pattern by which strptime reads texts of a format; `%z` is in it if they have an offset.

    >>> pattern("YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM")
    '%Y-%m-%d %H:%M:%S.%f %z'
    """
    return "".join(map(_read, elements(form)))


def _read(element: str) -> str:
    if element.startswith("FF"):
        return "%f"
    return "%z" if element.startswith("TZ") else _plain(element) or ""
