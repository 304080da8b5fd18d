"""The call of a table function: its arguments, and what its rows are called where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from sapwood.dialect.compilation import Compilation, Namespace
from sapwood.errors import InvalidArgumentsError


@dataclass(frozen=True)
class TableCall:
    """`given` are arguments with a name (upper case), `plain` those without. `columns` are new names for its columns."""

    name: str
    given: Mapping[str, exp.Expr]
    plain: Sequence[exp.Expr]
    alias: str
    columns: Sequence[str]
    names: Namespace
    work: Compilation

    def by_name(self, known: Sequence[str]) -> Mapping[str, exp.Expr]:
        """All arguments by name; those without one are the first of `known`. InvalidArgumentsError for a name that isn't known."""
        for name in self.given:
            if name not in known:
                raise InvalidArgumentsError(f"SQL compilation error:\n{self.name} has no argument {name}.")
        if len(self.plain) > len(known):
            raise InvalidArgumentsError(
                f"SQL compilation error:\ntoo many arguments for function [{self.name}]", errno=939
            )
        return {**dict(zip(known, self.plain, strict=False)), **self.given}
