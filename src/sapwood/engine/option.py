"""An option of a statement as a table has it: its default, its meaning, and what reads its value.

A reader gets the option's name and its value as written, and gives fields of the value that the options make up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sapwood.errors import ProgrammingError

OptionReader = Callable[[str, Any], dict[str, Any]]


@dataclass(frozen=True)
class Option:
    """One option. `default` and `meaning` are for readers of the docs."""

    default: str
    meaning: str
    read: OptionReader


def flag(field: str, *, negated: bool = False) -> OptionReader:
    """TRUE or FALSE."""

    def read(name: str, value: Any) -> dict[str, Any]:
        if str(value).upper() not in ("TRUE", "FALSE"):
            raise invalid_value(name, value)
        return {field: (str(value).upper() == "TRUE") is not negated}

    return read


def whole_number(field: str) -> OptionReader:
    """A number without a sign."""

    def read(name: str, value: Any) -> dict[str, Any]:
        if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
            raise invalid_value(name, value)
        return {field: int(value)}

    return read


def text_value(field: str) -> OptionReader:
    """Any text."""
    return lambda name, value: {field: str(value)}


def choice(field: str, *choices: str) -> OptionReader:
    """One of some words."""

    def read(name: str, value: Any) -> dict[str, Any]:
        if str(value).upper() not in choices:
            raise invalid_value(name, value)
        return {field: str(value).upper()}

    return read


def no_meaning(name: str, value: Any) -> dict[str, Any]:
    """An option that changes nothing here."""
    return {}


def invalid_value(name: str, value: Any) -> ProgrammingError:
    """The error of a value that an option does not have."""
    return ProgrammingError(
        f"SQL compilation error:\ninvalid value [{value}] for parameter '{name}'", errno=1008, sqlstate="22023"
    )


def unknown_option(name: str, hint: str | None = None) -> ProgrammingError:
    """The error of an option that there is none of."""
    return ProgrammingError(
        f"SQL compilation error:\ninvalid parameter '{name}'", errno=1006, sqlstate="22023", hint=hint
    )
