"""A function call as a rule sees it, and what it says when the arguments are too few or too many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.dialect.values import Value
from sapwood.errors import InvalidArgumentsError


@dataclass(frozen=True)
class Given:
    """Name in upper case, bound arguments, and the session's values by name (CURRENT_USER ...)."""

    name: str
    values: tuple[Value, ...]
    context: Mapping[str, Any]


Rule = Callable[[Given], Value]


def one_of(given: Given, *counts: int) -> tuple[Value, ...]:
    """The arguments, if there are as many as the smallest to the largest of these."""
    if not min(counts) <= len(given.values) <= max(counts):
        raise arity(given, min(counts), max(counts))
    return given.values


def at_least(given: Given, count: int) -> None:
    if len(given.values) < count:
        raise arity(given, count, count)


def arity(given: Given, least: int, most: int) -> InvalidArgumentsError:
    """The error for a wrong number of arguments."""
    found = len(given.values)
    few = found < least
    return InvalidArgumentsError(
        f"SQL compilation error:\n{'not enough' if few else 'too many'} arguments for function [{given.name}], "
        f"expected {least if few else most}, got {found}",
        errno=938 if few else 939,
    )
