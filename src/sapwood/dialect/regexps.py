"""Regular expressions: REGEXP_LIKE, _COUNT, _INSTR, _SUBSTR, _REPLACE.

Comes in: bound arguments. Goes out: bound values. The expressions are RE2's, which has no backreferences and no
lookaround. Source: the vendor's page "String functions (regular expressions)". Knows no names of columns or tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from sapwood.dialect.given import Given, Rule, arity
from sapwood.dialect.names import literal
from sapwood.dialect.rows import TAKES
from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.dialect.types import ARRAY, BOOLEAN, number, text
from sapwood.dialect.values import Value, combine
from sapwood.errors import InvalidArgumentsError, UnsupportedError


@dataclass(frozen=True)
class Search:
    """What all of these functions have: the text from its start position on, the pattern, and options as DuckDB's."""

    source: str
    pattern: str
    options: str
    group: int
    values: tuple[Value, ...]


def _constant(given: Given, place: int, default: object) -> object:
    """The constant argument at a place, or its default."""
    if place >= len(given.values):
        return default
    found = given.values[place].constant
    if found is NOT_CONSTANT:
        raise UnsupportedError(f"SQL compilation error:\n{given.name} takes a constant as argument {place + 1}.")
    return default if found is None else found


def _number(given: Given, place: int, default: int, least: int) -> int:
    found = _constant(given, place, default)
    if not isinstance(found, int) or found < least:
        raise InvalidArgumentsError(
            f"SQL compilation error:\nInvalid argument {place + 1} of {given.name}: a number from {least} on is needed."
        )
    return found


def _search(given: Given, *, most: int, start: int = 99, flags: int = 99, group: int = 99) -> Search:
    """The parts of a call. `start`, `flags` and `group` are the places of those arguments."""
    if not 2 <= len(given.values) <= most:
        raise arity(given, 2, most)
    subject, pattern = (TAKES["text"](value) for value in given.values[:2])
    first = _number(given, start, 1, 1)
    letters = str(_constant(given, flags, "c"))
    for letter in letters:
        if letter not in "cimnse":
            raise InvalidArgumentsError(
                f"SQL compilation error:\nInvalid regular expression parameters: '{letters}' ({given.name} takes c, i, m, n, s and e)."
            )
    wanted = _number(given, group, 1 if "e" in letters else 0, 0)
    options = ("i" if letters.rfind("i") > letters.rfind("c") else "c") + ("s" if "s" in letters else "n")
    source = subject.sql if first == 1 else f"substr({subject.sql}, {first})"
    mode = "(?m)" if "m" in letters else ""
    written = f"{literal(mode)} || {pattern.sql}" if mode else pattern.sql
    return Search(source, written, literal(options), wanted, (subject, pattern))


def _all(search: Search, group: int = 0) -> str:
    return f"regexp_extract_all({search.source}, {search.pattern}, {group}, {search.options})"


def _letters_before(search: Search, occurrence: int, *, with_match: bool = False) -> str:
    """How many letters stand before a match, or with it."""
    between = f"regexp_split_to_array({search.source}, {search.pattern}, {search.options})[1:{occurrence}]"
    matched = f"{_all(search)}[1:{occurrence - 1 + with_match}]"
    return f"(length(array_to_string({between}, '')) + length(array_to_string({matched}, '')))"


def like(given: Given) -> Value:
    """REGEXP_LIKE(text, pattern [, parameters]): of the whole text."""
    search = _search(given, most=3, flags=2)
    return combine(f"regexp_full_match({search.source}, {search.pattern}, {search.options})", BOOLEAN, search.values)


def _count(given: Given) -> Value:
    """REGEXP_COUNT(text, pattern [, position [, parameters]])"""
    search = _search(given, most=4, start=2, flags=3)
    return combine(f"CAST(length({_all(search)}) AS DECIMAL(18,0))", number(18, 0), search.values)


def _substr(given: Given) -> Value:
    """REGEXP_SUBSTR(text, pattern [, position, occurrence, parameters, group])"""
    search = _search(given, most=6, start=2, flags=4, group=5)
    occurrence = _number(given, 3, 1, 1)
    return combine(f"{_all(search, search.group)}[{occurrence}]", text(), search.values, nullable=True)


def _substr_all(given: Given) -> Value:
    search = _search(given, most=6, start=2, flags=4, group=5)
    skipped = _number(given, 3, 1, 1)
    return combine(f"to_json({_all(search, search.group)}[{skipped}:])", ARRAY, search.values)


def _replace(given: Given) -> Value:
    """REGEXP_REPLACE(text, pattern [, replacement, position, occurrence, parameters]); occurrence 0 is all of them."""
    search = _search(given, most=6, start=3, flags=5)
    replacement = TAKES["text"](given.values[2]) if len(given.values) > 2 else None
    occurrence = _number(given, 4, 0, 0)
    options = literal(search.options.strip("'") + ("" if occurrence else "g"))
    written = replacement.sql if replacement is not None else "''"

    def replaced(source: str) -> str:
        return f"regexp_replace({source}, {search.pattern}, {written}, {options})"

    if occurrence > 1:
        letters = _letters_before(search, occurrence)
        rest = replaced(f"substr({search.source}, {letters} + 1)")
        later = f"left({search.source}, {letters}) || {rest}"
        whole = f"CASE WHEN length({_all(search)}) >= {occurrence} THEN {later} ELSE {search.source} END"
    else:
        whole = replaced(search.source)
    first = _number(given, 3, 1, 1)
    kept = f"left({search.values[0].sql}, {first - 1}) || " if first > 1 else ""
    values = [*search.values, *([replacement] if replacement is not None else [])]
    return combine(f"({kept}{whole})" if kept else whole, text(), values)


def _instr(given: Given) -> Value:
    """REGEXP_INSTR(text, pattern [, position, occurrence, option, parameters]): where a match begins, or with option 1 what is behind it."""
    search = _search(given, most=7, start=2, flags=5, group=6)
    if search.group:
        raise UnsupportedError("SQL compilation error:\nREGEXP_INSTR finds whole matches, not parts of them ('e').")
    occurrence, option, first = _number(given, 3, 1, 1), _number(given, 4, 0, 0), _number(given, 2, 1, 1)
    if option > 1:
        raise InvalidArgumentsError("SQL compilation error:\nThe option of REGEXP_INSTR is 0 or 1.")
    letters = _letters_before(search, occurrence, with_match=bool(option))
    sql = f"CASE WHEN length({_all(search)}) >= {occurrence} THEN {letters} + {first} WHEN {search.source} IS NOT NULL THEN 0 END"
    return combine(f"CAST({sql} AS DECIMAL(18,0))", number(18, 0), search.values)


RULES: dict[str, Rule] = {
    "REGEXP_LIKE": like,
    "RLIKE": like,
    "REGEXP_COUNT": _count,
    "REGEXP_SUBSTR": _substr,
    "REGEXP_SUBSTR_ALL": _substr_all,
    "REGEXP_EXTRACT_ALL": _substr_all,
    "REGEXP_REPLACE": _replace,
    "REGEXP_INSTR": _instr,
}
