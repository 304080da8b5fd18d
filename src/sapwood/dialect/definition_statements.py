"""Statements that define what a schema holds beside tables: functions, sequences and tags.

The values are frozen, as all of `statements`; the engine has one handler for each class here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sapwood.dialect.statements import Name, Statement, UserFunction


@dataclass(frozen=True)
class CreateFunction(Statement):
    """CREATE FUNCTION ... LANGUAGE SQL."""

    function: UserFunction
    or_replace: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True)
class CreateSequence(Statement):
    """CREATE SEQUENCE."""

    name: Name
    start: int = 1
    increment: int = 1
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str = ""


@dataclass(frozen=True)
class AlterSequence(Statement):
    """ALTER SEQUENCE: a new name, a new increment, a new comment; None stays as it is."""

    name: Name
    new_name: Name | None = None
    increment: int | None = None
    comment: str | None = None
    if_exists: bool = False


@dataclass(frozen=True)
class CreateTag(Statement):
    """CREATE TAG. `allowed` are the values that it may take; any, if there are none."""

    name: Name
    allowed: tuple[str, ...] = ()
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str = ""
