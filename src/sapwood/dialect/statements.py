"""What the dialect makes of a text: one frozen value a statement.

Names are resolved (database, schema, name) and carry Snowflake's spelling; SQL inside is DuckDB's, with physical
names. The engine has one handler for each class here. Stages, accounts, functions and sequences have modules of their own beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sapwood.dialect.types import SnowType


@dataclass(frozen=True)
class Name:
    """A resolved object name in Snowflake's spelling (unquoted parts already upper case). Account objects have no schema."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)


@dataclass(frozen=True)
class Bindings:
    """What the `?` of a statement stand for, in order.

    `values` are one row, as Python values. Many rows lie in a table instead: `source` is what DuckDB calls it, with
    columns c0, c1, ... `is_open` stands for a statement that is only described: every `?` is NULL.
    """

    types: tuple[SnowType, ...] = ()
    values: tuple[Any, ...] = ()
    source: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table or a result. `default` is the Snowflake text of its default, None if it has none."""

    name: str
    type: SnowType
    nullable: bool = True
    default: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Relation:
    """A table or view as the catalogue knows it.

    `source` is what DuckDB calls it, quoted and ready for FROM. A view has `definition` (Snowflake text) instead,
    with the current database and schema that it was made under; names in it mean what they mean to its owner, which
    `inside` says (None: what they mean outside).
    """

    name: Name
    columns: tuple[Column, ...]
    source: str = ""
    definition: str = ""
    inside: Scope | None = field(default=None, compare=False, repr=False)


class Scope(Protocol):
    """What the dialect may ask about the session: handed in by the engine. `within` an object, bare names stand for what lies beside it."""

    @property
    def database(self) -> str | None: ...
    @property
    def schema(self) -> str | None: ...
    def within(self, name: Name) -> Scope: ...
    @property
    def variables(self) -> Mapping[str, Any]:
        """Session variables by upper-case name; values are str, int, float, Decimal, bool or None."""
        ...

    @property
    def context(self) -> Mapping[str, Any]:
        """Values of CURRENT_USER, CURRENT_ROLE, CURRENT_WAREHOUSE, CURRENT_ACCOUNT, CURRENT_VERSION, LAST_QUERY_ID ... by name."""
        ...

    def relation(self, name: Name) -> Relation | None:
        """A table or view; None if it isn't there or the role may not know of it."""
        ...

    def read(self, relation: Relation) -> None:
        """Told of each table and view whose rows the statement reads, before anything is run; raises if that is not allowed."""
        ...

    def table_function(self, name: str, arguments: Mapping[str, Any]) -> Relation | None:
        """The rows of a table function that the dialect doesn't know, None if there is no such function.

        `name` is upper case, with the dots that were written. Arguments without a name are "1", "2", ...
        """
        ...

    def staged_files(self, files: StagedFiles) -> Relation: ...

    def functions(self, name: Name) -> Sequence[UserFunction]:
        """The functions that users have made under a name."""
        ...

    def sequence(self, name: Name) -> str | None:
        """What DuckDB calls a sequence, None if there is none."""
        ...

    def ddl(self, kind: str, name: str) -> str:
        """The statement that makes an object, as GET_DDL gives it."""
        ...

    def tag(self, tag: str, name: str, kind: str) -> str | None:
        """The value of a tag of a table, or of a column, None if it has none."""
        ...

    def value(self, sql: str) -> Any:
        """The value of DuckDB's SQL that reads no columns."""
        ...


@dataclass(frozen=True)
class Parameter:
    """One parameter of a SQL function of ours. `types` are the logical type names it takes; empty means any.

    A parameter that `gathers` makes the function an aggregate: it gets the group's values that are not NULL, sorted, as
    one array of texts. `meaning` is for the documentation.
    """

    name: str
    types: tuple[str, ...] = ()
    required: bool = True
    gathers: bool = False
    meaning: str = ""


@dataclass(frozen=True)
class Signature:
    """What the dialect must know of a function of ours: names, arity, types, result.

    Arguments without a name go to the parameters in order; an optional one whose types an argument lacks is passed over.
    `spellings` are all upper-case names that it answers to, such as "SNOWFLAKE.CORTEX.COMPLETE" or "AI_COMPLETE".
    `returns` is the type of the result; where that depends on the arguments, `returns_of` gets the arguments' constant
    values by parameter name (absent if not given, `NOT_CONSTANT` if not known before rows are read) and says it.
    A `command` (FINETUNE) is run once, before the query, and its arguments must be constants. `sampled` says from the same
    mapping whether equal arguments may give different answers.
    `check` may raise for constant arguments that can't work (an unknown model, an option out of range), before a row is read.
    """

    function: str
    spellings: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    returns: SnowType
    returns_of: Any = None
    sampled: Any = None
    check: Any = None
    command: bool = False


NOT_CONSTANT = object()
"""Stands for an argument whose value is not known before rows are read."""


@dataclass(frozen=True)
class Call:
    """One place in a statement where a function of ours is called.

    In the DuckDB SQL it stands as `CAST(sapwood_call('<token>:<site>', [arg1::VARCHAR, ...]) AS type)`, with
    `sapwood_sample` in place of `sapwood_call` where equal arguments may differ in their answers, and `sapwood_vector`
    where a vector comes out. `arguments` names the
    parameter behind each element of the list, in order. Objects and arrays travel as JSON text; `types` are the logical
    type names that the arguments had before (VARIANT: a text inside has lost its quotes).
    """

    site: int
    function: str
    arguments: tuple[str, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)
    returns: SnowType | None = None
    is_sampled: bool = False
    types: tuple[str, ...] = ()


FILTER = "{{token}}.filter_{}_"
"""The mark of the n-th filter in DuckDB's SQL; no text that a user writes holds it (see names.literal)."""


@dataclass(frozen=True)
class Filter:
    """Parts of a condition that all ask a model. `mark` stands for them in the DuckDB SQL; their order is the engine's to find.

    `row` is DuckDB's SQL for a hash of all columns that they read, '' where there is none.
    """

    mark: str
    parts: tuple[str, ...]
    row: str = ""

    def in_order(self, order: Sequence[int]) -> str:
        """DuckDB's SQL that evaluates the parts one after the other, each for the rows that are left."""
        sql = self.parts[order[-1]]
        for place in reversed(order[:-1]):
            sql = f"CASE WHEN {self.parts[place]} THEN {sql} ELSE FALSE END"
        return sql


@dataclass(frozen=True)
class Command:
    """A FINETUNE call: the engine evaluates `sql` (one row, DuckDB), runs the command on it and binds the answer in place of `placeholder`.

    `arguments` names the parameter behind each column of `sql`'s row. The placeholder stands in the DuckDB SQL as `$name`.
    """

    function: str
    placeholder: str
    sql: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A SELECT. `sql` is DuckDB's, its result columns are `columns` in order (compare by position, not by name)."""

    sql: str
    columns: tuple[Column, ...]
    calls: tuple[Call, ...] = ()
    commands: tuple[Command, ...] = ()
    reads: tuple[Name, ...] = ()
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Statement:
    """Base of everything that is not a query."""


@dataclass(frozen=True)
class Key:
    """A key that a table declares: PRIMARY, UNIQUE or FOREIGN, the latter with what it refers to."""

    kind: str
    columns: tuple[str, ...]
    name: str = ""
    references: Name | None = None
    reference_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagValue:
    """A tag of a table, or of its column `column`, with its value; None takes the tag away."""

    tag: Name
    value: str | None
    column: str = ""


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE TABLE with columns, AS query (`query`; `columns` then holds the result's), LIKE or CLONE (`like`)."""

    name: Name
    columns: tuple[Column, ...]
    query: Query | None = None
    like: Name | None = None
    with_rows: bool = False
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    comment: str = ""
    keys: tuple[Key, ...] = ()
    tags: tuple[TagValue, ...] = ()


@dataclass(frozen=True)
class CreateView(Statement):
    """CREATE VIEW: `definition` is the query's Snowflake text with every table name written in full."""

    name: Name
    columns: tuple[Column, ...]
    definition: str
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str = ""
    temporary: bool = False


@dataclass(frozen=True)
class UserFunction:
    """A function in SQL that a user has made. `body` is an expression or a query of one value, in Snowflake's text.

    One that returns a table has its columns in `table`, and a query as its body.
    """

    name: Name
    parameters: tuple[Column, ...]
    returns: SnowType
    body: str
    comment: str = ""
    table: tuple[Column, ...] = ()


@dataclass(frozen=True)
class CreateContainer(Statement):
    """CREATE DATABASE | SCHEMA | WAREHOUSE | ROLE: `kind` is that word; `clone` is the database or schema that it copies."""

    kind: str
    name: Name
    or_replace: bool = False
    if_not_exists: bool = False
    comment: str = ""
    clone: Name | None = None


@dataclass(frozen=True)
class Drop(Statement):
    """DROP of any kind: TABLE, VIEW, SCHEMA, DATABASE, STAGE, FILE FORMAT, MODEL, WAREHOUSE, ROLE, USER."""

    kind: str
    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class Dml(Statement):
    """INSERT, UPDATE, DELETE, MERGE or TRUNCATE. `sql` is DuckDB's. `source` is the part that can be run for reading alone.

    For INSERT, `source` gives the rows to insert with `columns` naming the target's columns in that order, already cast
    to the target's types; the engine checks lengths and NULLs against the target and inserts. `overwrite` empties first.
    Of a MERGE, `sql` gives the action of each changed row, `guard` a row if one would be changed twice, and `actions` are
    those that it has.
    """

    kind: str
    target: Name
    sql: str = ""
    source: Query | None = None
    columns: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    overwrite: bool = False
    guard: str = ""
    actions: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class AlterTable(Statement):
    """One action on a table: RENAME (`new_name`), ADD COLUMN (`column`), DROP COLUMN, RENAME COLUMN, SET COMMENT, CLUSTER, TAG (`tags`).

    Of a column: COMMENT, TYPE (`type`), NOT NULL, NULL and DROP DEFAULT. `more` are done after it, in the same commit. `is_lenient` passes
    over a column that is there, or gone, already. ADD KEY and DROP KEY have a `key`; what is dropped, by what is said of it.
    """

    name: Name
    action: str
    new_name: Name | None = None
    column: Column | None = None
    column_name: str = ""
    new_column_name: str = ""
    comment: str = ""
    if_exists: bool = False
    type: SnowType | None = None
    is_lenient: bool = False
    tags: tuple[TagValue, ...] = ()
    key: Key | None = None
    more: tuple[AlterTable, ...] = ()


@dataclass(frozen=True)
class AlterWarehouse(Statement):
    """ALTER WAREHOUSE: nothing but its name counts here."""

    name: Name


@dataclass(frozen=True)
class SetComment(Statement):
    """COMMENT ON <kind> <name> IS '...'; for COLUMN, `column` is set."""

    kind: str
    name: Name
    comment: str
    column: str = ""
    if_exists: bool = False


@dataclass(frozen=True)
class StagePath:
    """A place in a stage: @stage/path, @%table/path (`table`), @~/path (`user`), or a bare URL."""

    stage: Name | None = None
    table: Name | None = None
    user: bool = False
    url: str = ""
    path: str = ""


@dataclass(frozen=True)
class StagedFiles:
    """Files of a stage as something to select from.

    `width` is the highest `$n` that the statement reads. `is_deferred` leaves the reading to COPY, which knows what is
    loaded already.
    """

    place: StagePath
    format_name: Name | None = None
    format_options: Mapping[str, Any] = field(default_factory=dict)
    pattern: str = ""
    width: int = 1
    is_deferred: bool = False


@dataclass(frozen=True)
class Use(Statement):
    """USE DATABASE | SCHEMA | WAREHOUSE | ROLE | SECONDARY ROLES."""

    kind: str
    name: Name


@dataclass(frozen=True)
class SetVariable(Statement):
    """SET name = expression (`sql` is a one-row DuckDB SELECT of all values)."""

    names: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class UnsetVariable(Statement):
    """UNSET name."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class AlterSession(Statement):
    """ALTER SESSION | ACCOUNT SET/UNSET of parameters; a value None means UNSET."""

    scope: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Show(Statement):
    """SHOW <kind> [LIKE '...'] [IN ...]: `kind` is plural and upper case, such as TABLES, MODELS, FILE FORMATS.

    `table` is set by SHOW COLUMNS IN TABLE, and is the model of SHOW VERSIONS IN MODEL.
    """

    kind: str
    like: str = ""
    database: str = ""
    schema: str = ""
    in_account: bool = False
    terse: bool = False
    starts_with: str = ""
    limit: int | None = None
    after: str = ""
    table: str = ""


@dataclass(frozen=True)
class Describe(Statement):
    """DESCRIBE of an object, or of a place: what it holds."""

    kind: str
    name: Name


@dataclass(frozen=True)
class AlterModel(Statement):
    """ALTER MODEL: RENAME (`new_name`), SET COMMENT, SET DEFAULT_VERSION, VERSION v SET ALIAS, ADD VERSION v (a copy of version
    `value` of the model `source`) or DROP VERSION v.
    """

    name: Name
    action: str
    new_name: Name | None = None
    value: str = ""
    version: str = ""
    source: Name | None = None
    if_exists: bool = False


@dataclass(frozen=True)
class Transaction(Statement):
    """BEGIN, COMMIT or ROLLBACK."""

    action: str


@dataclass(frozen=True)
class Explain(Statement):
    """EXPLAIN of a query: nothing is asked of a model."""

    query: Query
