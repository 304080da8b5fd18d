"""CREATE TABLE, VIEW, FILE FORMAT, STAGE, DATABASE, SCHEMA, WAREHOUSE, ROLE and USER.

Comes in: a reader behind the word CREATE, and the compiler. Goes out: one statement. A query inside is given back to the
compiler. An option that would change a meaning and isn't served is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sapwood.dialect.names import qualify
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import (
    Column,
    CreateContainer,
    CreateFileFormat,
    CreateStage,
    CreateTable,
    CreateView,
    Key,
    Name,
    Query,
    Relation,
    Scope,
    StagedFiles,
    Statement,
    UserFunction,
)  # fmt: skip
from sapwood.dialect.types import SnowType
from sapwood.dialect.users import create_user
from sapwood.errors import ProgrammingError, UnknownObjectError


class Compiler(Protocol):
    """What reading a statement needs of the compiler."""

    @property
    def scope(self) -> Scope: ...
    def query(self, text: str) -> Query: ...
    def type_of(self, text: str) -> SnowType: ...
    def constant(self, text: str) -> Any: ...
    def copied(self, text: str, files: StagedFiles, types: Sequence[SnowType]) -> Query: ...
    def full_definition(self, text: str) -> str: ...
    def check_function(self, function: UserFunction) -> None: ...
    def check_default(self, text: str, type_: SnowType) -> None: ...


@dataclass(frozen=True)
class Head:
    """The words between CREATE and the name."""

    or_replace: bool = False
    temporary: bool = False
    if_not_exists: bool = False


def named(reader: Reader, compiler: Compiler) -> Name:
    """A name filled up from the session; `IDENTIFIER('x')` stands for one."""
    if reader.at("IDENTIFIER", "("):
        reader.take("IDENTIFIER")
        content = compiler.constant(reader.inside())
        return resolved(tuple(Reader(str(content)).dotted()), compiler.scope)
    return resolved(reader.dotted(), compiler.scope)


def resolved(given: tuple[str, ...], scope: Scope) -> Name:
    return Name(*qualify(given, database=scope.database, schema=scope.schema))


def create(reader: Reader, compiler: Compiler, more: Mapping[str, CreateReader]) -> Statement:
    """Any CREATE; `more` are kinds of object beside those of this module."""
    or_replace = reader.take("OR", "REPLACE")
    temporary = False
    while reader.word() in _KINDS_OF_TABLE:
        temporary = reader.any_word() in ("TEMP", "TEMPORARY", "VOLATILE") or temporary
    for kind, read in (_CREATES | dict(more)).items():
        if reader.take(*kind.split()):
            head = Head(or_replace, temporary, reader.take("IF", "NOT", "EXISTS"))
            if head.or_replace and head.if_not_exists:
                raise ProgrammingError("SQL compilation error:\noptions IF NOT EXISTS and OR REPLACE are incompatible.")
            return read(reader, head, compiler)
    raise unsupported(f"CREATE {reader.word()}")


CreateReader = Callable[[Reader, Head, Compiler], Statement]
_KINDS_OF_TABLE = ("TEMP", "TEMPORARY", "VOLATILE", "TRANSIENT", "SCOPED", "LOCAL", "GLOBAL", "SECURE")


# --- tables


def _table(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    name = named(reader, compiler)
    if reader.take("CLONE"):
        return _copied(name, head, named(reader, compiler), compiler, reader, with_rows=True)
    if reader.take("LIKE"):
        return _copied(name, head, named(reader, compiler), compiler, reader, with_rows=False)
    columns, keys = _columns(reader, compiler) if reader.at("(") else ((), ())
    options = _table_options(reader)
    if reader.take("AS"):
        return _as_query(name, head, columns, options, compiler.query(reader.rest_in_place()))
    reader.end()
    if not columns:
        raise reader.error()
    if any(column.type is None for column in columns):
        raise ProgrammingError(f"SQL compilation error:\nMissing column specification for table {name}.")
    made = tuple(column.made() for column in columns)
    _check_names([column.name for column in made])
    return CreateTable(
        name,
        made,
        or_replace=head.or_replace,
        if_not_exists=head.if_not_exists,
        temporary=head.temporary,
        comment=options.get("COMMENT", ""),
        keys=keys,
    )


def _copied(name: Name, head: Head, source: Name, compiler: Compiler, reader: Reader, *, with_rows: bool) -> Statement:
    options = _table_options(reader)
    reader.end()
    relation = known(source, compiler.scope)
    return CreateTable(
        name, relation.columns, like=source, with_rows=with_rows, or_replace=head.or_replace, if_not_exists=head.if_not_exists,
        temporary=head.temporary, comment=options.get("COMMENT", ""),
    )  # fmt: skip


def known(name: Name, scope: Scope) -> Relation:
    """The table or view of a name; it must be there."""
    relation = scope.relation(name)
    if relation is None:
        raise UnknownObjectError(
            f"SQL compilation error:\nObject '{name}' does not exist or not authorized.",
            hint="SHOW TABLES lists what is there.",
        )
    return relation


@dataclass(frozen=True)
class Declared:
    """A column as CREATE TABLE declares it; in front of AS it may be a bare name."""

    name: str
    type: SnowType | None
    nullable: bool = True
    default: str | None = None
    comment: str = ""
    is_identity: bool = False
    keys: tuple[Key, ...] = ()

    def made(self) -> Column:
        assert self.type is not None, "checked before"
        return Column(self.name, self.type, self.nullable, self.default, self.comment)


def _columns(reader: Reader, compiler: Compiler) -> tuple[tuple[Declared, ...], tuple[Key, ...]]:
    """(name type [options], ..., [constraints]); the columns of a primary key are NOT NULL"""
    reader.expect("(")
    columns: list[Declared] = []
    keys: list[Key] = []
    while not reader.take(")"):
        if reader.word() in ("PRIMARY", "UNIQUE", "FOREIGN", "CONSTRAINT"):
            keys.append(_constraint(reader, compiler))
        else:
            columns.append(_column(reader, compiler))
            keys += columns[-1].keys
        if not reader.take(",") and reader.word() != ")":
            raise reader.error()
    held = {name for key in keys if key.kind == "PRIMARY" for name in key.columns}
    made = tuple(replace(column, nullable=False) if column.name in held else column for column in columns)
    return made, tuple(keys)


def declared_columns(text: str, compiler: Compiler) -> tuple[Column, ...]:
    """The columns of `(name type ...)`, each with a type."""
    reader = Reader(text)
    columns, _ = _columns(reader, compiler)
    if not columns or any(column.type is None for column in columns):
        raise reader.error()
    return tuple(column.made() for column in columns)


def _constraint(reader: Reader, compiler: Compiler) -> Key:
    """[CONSTRAINT name] PRIMARY KEY | UNIQUE | FOREIGN KEY (a, b) [REFERENCES t (c, d)]"""
    name = reader.identifier() if reader.take("CONSTRAINT") else ""
    kind = next((kind for kind in ("PRIMARY", "UNIQUE", "FOREIGN") if reader.take(kind)), None)
    if kind is None:
        raise reader.error()
    if kind != "UNIQUE":
        reader.expect("KEY")
    key = Key(kind, _listed_names(reader), name)
    if kind == "FOREIGN" or reader.at("REFERENCES"):
        key = _referring(key, reader, compiler)
    _unenforced(reader)
    return key


def _listed_names(reader: Reader) -> tuple[str, ...]:
    return tuple(Reader(name).identifier() for name in reader.inside().split(","))


def _referring(key: Key, reader: Reader, compiler: Compiler) -> Key:
    """REFERENCES t [(a, b)]"""
    reader.expect("REFERENCES")
    target = named(reader, compiler)
    return replace(key, references=target, reference_columns=_listed_names(reader) if reader.at("(") else ())


def _unenforced(reader: Reader) -> None:
    """Words about constraints that nobody enforces."""
    while any(
        reader.take(*words.split())
        for words in (
            "NOT ENFORCED",
            "ENFORCED",
            "RELY",
            "NORELY",
            "DEFERRABLE",
            "INITIALLY DEFERRED",
            "ENABLE",
            "VALIDATE",
        )
    ):
        pass


def _column(reader: Reader, compiler: Compiler) -> Declared:
    column = Declared(reader.identifier(), None)
    if reader.word() in (",", ")"):
        return column
    column = replace(column, type=compiler.type_of(_type_text(reader)))
    while reader.word() not in (",", ")"):
        column = _column_option(column, reader, compiler)
    if column.default is not None and column.type is not None and not column.is_identity:
        compiler.check_default(column.default, column.type)
    return column


def _type_text(reader: Reader) -> str:
    """A type's name with its sizes: NUMBER(10, 2), DOUBLE PRECISION."""
    words = [reader.any_word()]
    for pair in ("DOUBLE PRECISION", "CHARACTER VARYING", "CHAR VARYING", "NCHAR VARYING"):
        if words[0] == pair.split()[0] and reader.take(pair.split()[1]):
            words.append(pair.split()[1])
    sizes = f"({reader.inside()})" if reader.at("(") else ""
    return " ".join(words) + sizes


def _column_option(column: Declared, reader: Reader, compiler: Compiler) -> Declared:
    if reader.take("NOT", "NULL"):
        return replace(column, nullable=False)
    if reader.take("NULL"):
        return column
    if reader.take("DEFAULT"):
        return replace(
            column, default=reader.until("NOT", "NULL", "COMMENT", "PRIMARY", "UNIQUE", "COLLATE", "WITH").strip()
        )
    if reader.take("COMMENT"):
        reader.take("=")
        return replace(column, comment=reader.string())
    if reader.take("CONSTRAINT"):
        reader.identifier()
        return column
    if reader.word() in ("PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES"):
        return _column_key(column, reader, compiler)
    if reader.take("AUTOINCREMENT") or reader.take("IDENTITY"):
        return replace(column, default=_identity(reader), is_identity=True)
    if reader.word() in (
        "COLLATE",
        "MASKING",
        "AS",
        "WITH",
        "TAG",
    ):
        raise unsupported(f"{reader.word()} of a column")
    raise reader.error()


def _column_key(column: Declared, reader: Reader, compiler: Compiler) -> Declared:
    """PRIMARY KEY | UNIQUE | [FOREIGN KEY] REFERENCES t (a)"""
    kind = next((kind for kind in ("PRIMARY", "UNIQUE") if reader.take(kind)), "FOREIGN")
    if kind == "PRIMARY":
        reader.expect("KEY")
    key = Key(kind, (column.name,))
    if kind == "FOREIGN":
        reader.take("FOREIGN", "KEY")
        key = _referring(key, reader, compiler)
    _unenforced(reader)
    return replace(column, keys=(*column.keys, key))


def _identity(reader: Reader) -> str:
    """[(start, increment)] | [START n INCREMENT m] [ORDER | NOORDER], as DESCRIBE writes it"""
    start, increment = 1, 1
    if reader.at("("):
        inner = Reader(reader.inside())
        start = inner.integer()
        inner.expect(",")
        increment = inner.integer()
        inner.end()
    if reader.take("START"):
        reader.take("WITH")
        start = reader.integer()
    if reader.take("INCREMENT"):
        reader.take("BY")
        increment = reader.integer()
    _ = reader.take("ORDER") or reader.take("NOORDER")
    return f"IDENTITY START {start} INCREMENT {increment} NOORDER"


def _table_options(reader: Reader) -> dict[str, Any]:
    """COMMENT = '...' and options about storage that change no result."""
    options: dict[str, Any] = {}
    while not reader.is_done and not reader.at("AS"):
        if reader.take("COPY", "GRANTS"):
            continue
        if reader.take("CLUSTER", "BY"):
            reader.inside()
            continue
        word = reader.any_word()
        if word not in _TABLE_OPTIONS:
            raise unsupported(f"{word} of a table")
        reader.expect("=")
        options[word] = reader.value()
    return options


_TABLE_OPTIONS = (
    "COMMENT",
    "DATA_RETENTION_TIME_IN_DAYS",
    "MAX_DATA_EXTENSION_TIME_IN_DAYS",
    "CHANGE_TRACKING",
    "ENABLE_SCHEMA_EVOLUTION",
)


def _as_query(
    name: Name, head: Head, declared: tuple[Declared, ...], options: Mapping[str, Any], query: Query
) -> CreateTable:
    """CTAS: the columns are the query's, perhaps with new names and types; only a declared NOT NULL is one."""
    if declared and len(declared) != len(query.columns):
        raise ProgrammingError(
            f"SQL compilation error:\nInvalid column definition list: {len(declared)} names for {len(query.columns)} columns."
        )
    columns = tuple(replace(column, nullable=True, default=None, comment="") for column in query.columns)
    if declared:
        columns = tuple(
            Column(new.name, new.type or old.type, new.nullable, new.default, new.comment)
            for new, old in zip(declared, columns, strict=True)
        )
    _check_names([column.name for column in columns])
    return CreateTable(
        name, columns, query=query, or_replace=head.or_replace, if_not_exists=head.if_not_exists, temporary=head.temporary,
        comment=options.get("COMMENT", ""),
    )  # fmt: skip


def _check_names(names: list[str]) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ProgrammingError(
                f"SQL compilation error:\nduplicate column name '{name}'",
                errno=2025,
                sqlstate="42S21",
                hint="Give one of them an alias.",
            )


# --- views


def _view(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    name = named(reader, compiler)
    declared = _view_columns(reader) if reader.at("(") else []
    comment = ""
    while not reader.at("AS"):
        if reader.take("COMMENT"):
            reader.take("=")
            comment = reader.string()
        elif not reader.take("COPY", "GRANTS"):
            raise unsupported(f"{reader.word()} of a view") if reader.word() else reader.error()
    reader.expect("AS")
    text = reader.rest_in_place()
    query = compiler.query(text)
    if query.commands:
        raise ProgrammingError("SQL compilation error:\nA view can't run FINETUNE.")
    if declared and len(declared) != len(query.columns):
        raise ProgrammingError(
            f"SQL compilation error:\nInvalid column definition list: {len(declared)} names for {len(query.columns)} columns."
        )
    columns = tuple(
        replace(old, name=declared[place].name, comment=declared[place].comment) if declared else old
        for place, old in enumerate(query.columns)
    )
    _check_names([column.name for column in columns])
    definition = compiler.full_definition(text).strip()
    return CreateView(name, columns, definition, head.or_replace, head.if_not_exists, comment, head.temporary)


def _view_columns(reader: Reader) -> list[Declared]:
    reader.expect("(")
    columns: list[Declared] = []
    while not reader.take(")"):
        column = Declared(reader.identifier(), None)
        if reader.take("COMMENT"):
            reader.take("=")
            column = replace(column, comment=reader.string())
        columns.append(column)
        if not reader.take(",") and reader.word() != ")":
            raise reader.error()
    return columns


# --- file formats and stages


def options_until_end(reader: Reader) -> dict[str, Any]:
    """NAME = value pairs, separated by blanks or commas, in any order."""
    options: dict[str, Any] = {}
    while not reader.is_done:
        if reader.take(","):
            continue
        word = reader.any_word()
        reader.expect("=")
        options[word] = reader.value()
    return options


def bracketed_options(reader: Reader) -> dict[str, Any]:
    """(NAME = value ...)"""
    inner = Reader(reader.inside())
    return options_until_end(inner)


def _file_format(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    name = named(reader, compiler)
    options = options_until_end(reader)
    comment = str(options.pop("COMMENT", ""))
    return CreateFileFormat(
        name,
        options,
        or_replace=head.or_replace,
        if_not_exists=head.if_not_exists,
        temporary=head.temporary,
        comment=comment,
    )


@dataclass(frozen=True)
class Format:
    """FILE_FORMAT = name | 'name' | (FORMAT_NAME = name ...) | (TYPE = CSV ...)."""

    name: Name | None
    options: Mapping[str, Any]


def format_of(reader: Reader, compiler: Compiler) -> Format:
    """A file format behind FILE_FORMAT =."""
    if reader.at("("):
        inner = Reader(reader.inside())
        return _format_inside(inner, compiler)
    return Format(_format_name(reader, compiler), {})


def _format_inside(reader: Reader, compiler: Compiler) -> Format:
    name: Name | None = None
    options: dict[str, Any] = {}
    while not reader.is_done:
        if reader.take(","):
            continue
        word = reader.any_word()
        reader.expect("=")
        if word == "FORMAT_NAME":
            name = _format_name(reader, compiler)
        else:
            options[word] = reader.value()
    return Format(name, options)


def _format_name(reader: Reader, compiler: Compiler) -> Name:
    if reader.is_text():
        return resolved(Reader(reader.string()).dotted(), compiler.scope)
    return named(reader, compiler)


NO_SECRETS = (
    "Secrets never stand in SQL: whoever runs the server puts a section for the URL into the file that the setting "
    "stages.credentials names."
)


def _stage(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    stage = CreateStage(
        named(reader, compiler), or_replace=head.or_replace, if_not_exists=head.if_not_exists, temporary=head.temporary
    )
    while not reader.is_done:
        if not reader.take(","):
            stage = _stage_option(stage, reader, compiler)
    return stage


def _stage_option(stage: CreateStage, reader: Reader, compiler: Compiler) -> CreateStage:
    word = reader.any_word()
    reader.expect("=")
    match word:
        case "FILE_FORMAT":
            form = format_of(reader, compiler)
            return replace(stage, format_name=form.name, format_options=form.options)
        case "URL":
            return replace(stage, url=reader.string())
        case "COMMENT":
            return replace(stage, comment=reader.string())
        case "DIRECTORY" | "ENCRYPTION":
            reader.inside()
            return stage
        case "STORAGE_INTEGRATION" | "CREDENTIALS" | "ENDPOINT":
            raise unsupported(f"{word} of a stage", hint=NO_SECRETS)
        case _:
            raise unsupported(f"{word} of a stage")


# --- containers


def _container(kind: str) -> Callable[[Reader, Head, Compiler], Statement]:
    """CREATE DATABASE, SCHEMA, WAREHOUSE, ROLE; options about cost and size are read and have no meaning here."""

    def read(reader: Reader, head: Head, compiler: Compiler) -> Statement:
        name = container_name(kind, reader, compiler.scope)
        if reader.at("CLONE"):
            raise unsupported(f"CLONE of a {kind.lower()}")
        reader.take("WITH", "MANAGED", "ACCESS")
        reader.take("WITH")
        options = options_until_end(reader)
        _check_options(kind, options)
        return CreateContainer(kind, name, head.or_replace, head.if_not_exists, str(options.get("COMMENT", "")))

    return read


def container_name(kind: str, reader: Reader, scope: Scope) -> Name:
    """The name of a database, schema, warehouse or role in the fields of Name."""
    *holder, name = reader.dotted()
    if len(holder) > (kind == "SCHEMA"):
        raise reader.error()
    if kind == "SCHEMA":
        return Name(holder[0] if holder else qualify(("",), database=scope.database, schema="")[0], name, "")
    return Name(name, "", "") if kind == "DATABASE" else Name("", "", name)


def _check_options(kind: str, options: Mapping[str, Any]) -> None:
    known_ones = _CONTAINER_OPTIONS.get(kind, ())
    for option in options:
        if option != "COMMENT" and option not in known_ones:
            raise unsupported(f"{option} of a {kind.lower()}")


_CONTAINER_OPTIONS = {
    "WAREHOUSE": (
        "WAREHOUSE_SIZE", "WAREHOUSE_TYPE", "MAX_CLUSTER_COUNT", "MIN_CLUSTER_COUNT", "SCALING_POLICY", "AUTO_SUSPEND", "AUTO_RESUME",
        "INITIALLY_SUSPENDED", "RESOURCE_MONITOR", "ENABLE_QUERY_ACCELERATION", "QUERY_ACCELERATION_MAX_SCALE_FACTOR", "MAX_CONCURRENCY_LEVEL",
        "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", "STATEMENT_TIMEOUT_IN_SECONDS", "GENERATION",
    ),
    "DATABASE": ("DATA_RETENTION_TIME_IN_DAYS", "MAX_DATA_EXTENSION_TIME_IN_DAYS"),
    "SCHEMA": ("DATA_RETENTION_TIME_IN_DAYS", "MAX_DATA_EXTENSION_TIME_IN_DAYS"),
}  # fmt: skip


def _user(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    return create_user(reader, or_replace=head.or_replace, if_not_exists=head.if_not_exists)


_CREATES: dict[str, Callable[[Reader, Head, Compiler], Statement]] = {
    "TABLE": _table,
    "VIEW": _view,
    "FILE FORMAT": _file_format,
    "STAGE": _stage,
    "USER": _user,
    **{kind: _container(kind) for kind in ("DATABASE", "SCHEMA", "WAREHOUSE", "ROLE")},
}
