"""CREATE of anything: its head, and FILE FORMAT, STAGE, DATABASE, SCHEMA, WAREHOUSE, ROLE and USER.

Comes in: a reader behind the word CREATE, and the compiler. Goes out: one statement. A query inside is given back to the
compiler. An option that would change a meaning and isn't served is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sapwood.dialect.names import qualify
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.stage_statements import CreateFileFormat, CreateStage
from sapwood.dialect.statements import (
    CreateContainer,
    Name,
    Query,
    Relation,
    Scope,
    StagedFiles,
    Statement,
    UserFunction,
)
from sapwood.dialect.types import SnowType
from sapwood.dialect.users import create_user
from sapwood.errors import ProgrammingError, UnknownObjectError


class Compiler(Protocol):
    """What reading a statement needs of the compiler."""

    @property
    def scope(self) -> Scope: ...
    def inside(self, name: Name) -> Compiler: ...
    def query(self, text: str) -> Query: ...
    def type_of(self, text: str) -> SnowType: ...
    def constant(self, text: str) -> Any: ...
    def copied(self, text: str, files: StagedFiles, types: Sequence[SnowType]) -> Query: ...
    def full_definition(self, text: str) -> str: ...
    def check_function(self, function: UserFunction) -> None: ...
    def full_default(self, text: str, type_: SnowType) -> str: ...


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


def known(name: Name, scope: Scope) -> Relation:
    """The table or view of a name; it must be there."""
    relation = scope.relation(name)
    if relation is None:
        raise UnknownObjectError(
            f"SQL compilation error:\nObject '{name}' does not exist or not authorized.",
            hint="SHOW TABLES lists what is there.",
        )
    return relation


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
        clone = _cloned(kind, reader, compiler.scope)
        reader.take("WITH", "MANAGED", "ACCESS")
        reader.take("WITH")
        options = options_until_end(reader)
        _check_options(kind, options)
        return CreateContainer(kind, name, head.or_replace, head.if_not_exists, str(options.get("COMMENT", "")), clone)

    return read


def _cloned(kind: str, reader: Reader, scope: Scope) -> Name | None:
    """CLONE source: a database or schema as it is now."""
    if kind not in ("DATABASE", "SCHEMA") or not reader.take("CLONE"):
        return None
    source = container_name(kind, reader, scope)
    if reader.word() in ("AT", "BEFORE"):
        raise unsupported(f"{reader.word()} of a {kind.lower()}")
    return source


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
    "FILE FORMAT": _file_format,
    "STAGE": _stage,
    "USER": _user,
    **{kind: _container(kind) for kind in ("DATABASE", "SCHEMA", "WAREHOUSE", "ROLE")},
}
