"""The state of one compilation: what is asked about names, and what is found on the way.

Comes in: the scope and the signatures of our functions. Goes out: calls, commands and names read, filled in while the
statement is bound. `Namespace` is what names mean at one place of a query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlglot import exp

from sapwood.dialect.names import physical, quoted, spelled
from sapwood.dialect.statements import Bindings, Call, Command, Filter, Name, Scope, Signature, StagedFiles
from sapwood.dialect.text import place_of
from sapwood.dialect.types import SnowType
from sapwood.dialect.values import Value
from sapwood.errors import AmbiguousColumnError, InvalidIdentifierError, ProgrammingError


@dataclass(frozen=True)
class Field:
    """A column of a source. `sql` is how DuckDB reads it here."""

    name: str
    type: SnowType
    nullable: bool
    sql: str


@dataclass(frozen=True)
class Source:
    """A table, view, subquery or CTE in FROM. `hidden` fields are found by name only, never by `*`.

    `carried` are the columns that hold it where FROM has become one query (`flatten.spread`), none while it is a table there.
    """

    alias: str
    fields: tuple[Field, ...]
    name: Name | None = None
    hidden: tuple[Field, ...] = ()
    carried: tuple[str, ...] = ()

    def answers_to(self, given: Sequence[str]) -> bool:
        """Whether a qualifier, one to three parts, means this source."""
        if len(given) == 1:
            return given[0] == self.alias
        return self.name is not None and (self.name.database, self.name.schema, self.name.name)[-len(given) :] == tuple(
            given
        )


@dataclass(frozen=True)
class BoundQuery:
    """A query in DuckDB's SQL; its columns have unique physical names in `labels`, in order."""

    sql: str
    fields: tuple[Field, ...]
    labels: tuple[str, ...]

    def as_source(self, alias: str, *, name: Name | None = None, columns: Sequence[str] = ()) -> Source:
        """The query as something to select from, under an alias and perhaps new column names."""
        if columns and len(columns) != len(self.fields):
            raise ProgrammingError(
                f"SQL compilation error:\ninvalid number of column aliases for '{alias}': expected {len(self.fields)}, got {len(columns)}"
            )
        holder = quoted(physical(alias))
        renamed = columns or [each.name for each in self.fields]
        fields = zip(renamed, self.fields, self.labels, strict=True)
        return Source(
            alias,
            tuple(Field(new, each.type, each.nullable, f"{holder}.{quoted(label)}") for new, each, label in fields),
            name,
        )


@dataclass(frozen=True)
class Elements:
    """What a table function makes of each row before it, as DuckDB's list of structs: one row an element.

    `source` is what it was made of (THIS), `column` is what the names of the columns that hold it begin with.
    """

    sql: str
    source: str
    column: str
    is_outer: bool = False


@dataclass(frozen=True)
class Bound:
    """A source with its SQL for FROM; `elements` are spread over the sources before it instead.

    `more` are further sources in the same parentheses, `merged` their columns of USING. `row_number` counts its rows from 0.
    """

    source: Source
    sql: str = ""
    is_lateral: bool = False
    row_number: str = ""
    merged: tuple[tuple[str, Field], ...] = ()
    more: tuple[Source, ...] = ()
    elements: Elements | None = None


QueryBinder = Callable[[exp.Expr, "Namespace | None", "Compilation"], BoundQuery]
Binders = Mapping[type[exp.Expr], Callable[[exp.Expr, "Namespace", "Compilation"], Value]]


@dataclass
class Compilation:
    """One statement's work. `text` is the source that places of errors are counted in, `binders` are those of each kind of node.

    `copied` says how a COPY reads the files in FROM: their format stands behind the query.
    """

    scope: Scope
    signatures: Mapping[str, Signature]
    text: str
    bind_query: QueryBinder
    binders: Binders
    calls: list[Call] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    reads: dict[Name, None] = field(default_factory=dict)
    sites: dict[int, Value] = field(default_factory=dict)
    ctes: dict[str, BoundQuery] = field(default_factory=dict)
    kept: list[exp.Expr] = field(default_factory=list)
    views: dict[Name, exp.Expr] = field(default_factory=dict)
    depth: int = 0
    bindings: Bindings | None = None
    copied: StagedFiles | None = None

    def place(self, tree: exp.Expr) -> str:
        """`error line 1 at position 7` of the first name in a tree."""
        starts = [int(node.meta["start"]) for node in tree.walk() if "start" in node.meta]
        line, position = place_of(self.text, min(starts, default=0))
        return f"error line {line} at position {position}"


@dataclass
class Namespace:
    """Names at one place: the sources of FROM, the columns merged by USING, the select items by alias, what is further out.

    `before` are values of the rows before each one, by label: they are computed over the rows of FROM and WHERE, for windows
    that read them.
    """

    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Field] = field(default_factory=dict)
    items: dict[str, exp.Expr] = field(default_factory=dict)
    parent: Namespace | None = None
    groups: frozenset[str] = frozenset()
    resolving: set[str] = field(default_factory=set)
    row_number: str = ""
    refusal: str = ""
    before: dict[str, str] = field(default_factory=dict)

    def fields(self) -> list[Field]:
        """All columns of `*`, in order: merged ones first."""
        rest = [each for source in self.sources for each in source.fields if each.name not in self.merged]
        return [*self.merged.values(), *rest]

    def find(self, name: str, qualifier: Sequence[str], tree: exp.Expr, work: Compilation) -> Field | None:
        """The column, None if there is none here; an error if there are several."""
        if not qualifier and name in self.merged:
            return self.merged[name]
        sources = [source for source in self.sources if not qualifier or source.answers_to(qualifier)]
        found = [each for source in sources for each in (*source.fields, *source.hidden) if each.name == name]
        if len(found) > 1:
            raise AmbiguousColumnError(
                f"SQL compilation error: {work.place(tree)}\nambiguous column name '{name}'",
                hint=f"Write the table before it, as in {spelled(sources[0].alias)}.{spelled(name)}.",
            )
        return found[0] if found else None


def unknown_column(
    name: str, qualifier: Sequence[str], tree: exp.Expr, work: Compilation, names: Namespace
) -> InvalidIdentifierError:
    """The error for a column that isn't there, with the names that are nearest."""
    written = ".".join(spelled(part) for part in (*qualifier, name))
    near = _near(name, [each.name for each in names.fields()])
    hint = (
        f"Did you mean {' or '.join(spelled(each) for each in near)}?"
        if near
        else "DESCRIBE TABLE lists the columns of a table."
    )
    return InvalidIdentifierError(
        f"SQL compilation error: {work.place(tree)}\ninvalid identifier '{written}'", hint=hint
    )


def _near(name: str, known: Sequence[str]) -> list[str]:
    folded: dict[str, str] = {each.upper(): each for each in known}
    return [folded[each] for each in get_close_matches(name.upper(), list(folded), n=2, cutoff=0.6)]


def variable_value(work: Compilation, name: str) -> Any:
    """The value of a session variable."""
    if name not in work.scope.variables:
        raise ProgrammingError(
            f"SQL compilation error: error line 1 at position 7\nSession variable '${name}' does not exist",
            hint="SET it first.",
        )
    return work.scope.variables[name]
