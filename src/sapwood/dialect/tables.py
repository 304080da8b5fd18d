"""CREATE TABLE and VIEW: columns, defaults, keys, and tables made from queries or other tables.

Comes in: a reader behind those words, and the compiler. Goes out: one statement. A query inside is given back to the compiler.
An option that would change a meaning and isn't served is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sapwood.dialect.creation import Compiler, CreateReader, Head, known, named
from sapwood.dialect.definitions import type_text
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.statements import Column, CreateTable, CreateView, Key, Name, Query, Statement, TagValue
from sapwood.dialect.tags import declared_tags
from sapwood.dialect.types import SnowType
from sapwood.errors import ProgrammingError

# --- tables


def _table(reader: Reader, head: Head, compiler: Compiler) -> Statement:
    name = named(reader, compiler)
    if reader.take("CLONE"):
        return _copied(name, head, named(reader, compiler), compiler, reader, with_rows=True)
    if reader.take("LIKE"):
        return _copied(name, head, named(reader, compiler), compiler, reader, with_rows=False)
    columns, keys = _columns(reader, compiler) if reader.at("(") else ((), ())
    options = _table_options(reader, compiler)
    tags = (*options.get("TAG", ()), *(tag for column in columns for tag in column.tags))
    if reader.take("AS"):
        made = _as_query(name, head, columns, options, compiler.query(reader.rest_in_place()))
        return replace(made, tags=tags)
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
        tags=tags,
    )


def _copied(name: Name, head: Head, source: Name, compiler: Compiler, reader: Reader, *, with_rows: bool) -> Statement:
    options = _table_options(reader, compiler)
    reader.end()
    relation = known(source, compiler.scope)
    return CreateTable(
        name, relation.columns, like=source, with_rows=with_rows, or_replace=head.or_replace, if_not_exists=head.if_not_exists,
        temporary=head.temporary, comment=options.get("COMMENT", ""), tags=options.get("TAG", ()),
    )  # fmt: skip


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
    tags: tuple[TagValue, ...] = ()

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
            keys.append(declared_key(reader, compiler))
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


def declared_key(reader: Reader, compiler: Compiler) -> Key:
    """[CONSTRAINT name] PRIMARY KEY | UNIQUE | FOREIGN KEY (a, b) [REFERENCES t (c, d)]"""
    name = reader.identifier() if reader.take("CONSTRAINT") else ""
    kind = next((kind for kind in ("PRIMARY", "UNIQUE", "FOREIGN") if reader.take(kind)), None)
    if kind is None:
        raise reader.error()
    if kind != "UNIQUE":
        reader.expect("KEY")
    key = Key(kind, listed_names(reader), name)
    if kind == "FOREIGN" or reader.at("REFERENCES"):
        key = _referring(key, reader, compiler)
    _unenforced(reader)
    return key


def listed_names(reader: Reader) -> tuple[str, ...]:
    """(a, b)"""
    return tuple(Reader(name).identifier() for name in reader.inside().split(","))


def _referring(key: Key, reader: Reader, compiler: Compiler) -> Key:
    """REFERENCES t [(a, b)]"""
    reader.expect("REFERENCES")
    target = named(reader, compiler)
    return replace(key, references=target, reference_columns=listed_names(reader) if reader.at("(") else ())


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
    column = replace(column, type=compiler.type_of(type_text(reader)))
    while reader.word() not in (",", ")"):
        column = _column_option(column, reader, compiler)
    if column.default is not None and column.type is not None and not column.is_identity:
        return replace(column, default=compiler.full_default(column.default, column.type))
    return column


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
    if tags := declared_tags(reader, compiler):
        return replace(column, tags=tuple(replace(tag, column=column.name) for tag in tags))
    if reader.take("AUTOINCREMENT") or reader.take("IDENTITY"):
        return replace(column, default=_identity(reader), is_identity=True)
    if reader.word() in (
        "COLLATE",
        "MASKING",
        "AS",
        "WITH",
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


def _table_options(reader: Reader, compiler: Compiler) -> dict[str, Any]:
    """COMMENT = '...', [WITH] TAG (...), and options about storage that change no result."""
    options: dict[str, Any] = {}
    while not reader.is_done and not reader.at("AS"):
        if reader.take("COPY", "GRANTS"):
            continue
        if reader.take("CLUSTER", "BY"):
            reader.inside()
            continue
        if tags := declared_tags(reader, compiler):
            options["TAG"] = tags
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
    text, inside = reader.rest_in_place(), compiler.inside(name)
    query = inside.query(text)
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
    definition = inside.full_definition(text).strip()
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


CREATES: Mapping[str, CreateReader] = {"TABLE": _table, "VIEW": _view}
