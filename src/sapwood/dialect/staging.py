"""COPY INTO, EXPORT MODEL, LIST, PUT, GET and REMOVE: statements about files in stages.

Comes in: a reader behind the first word. Goes out: one statement. Paths are taken from the raw text, since `/` and `-`
in them are no operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sapwood.dialect.creation import NO_SECRETS, Compiler, Format, format_of, known, named
from sapwood.dialect.names import quoted
from sapwood.dialect.reader import Reader, unsupported
from sapwood.dialect.stage_statements import (
    CopyInto,
    ExportModel,
    GetFiles,
    ListStage,
    PutFiles,
    RemoveFiles,
    Unload,
)
from sapwood.dialect.stagepath import stage_path
from sapwood.dialect.statements import (
    Name,
    Query,
    StagedFiles,
    StagePath,
    Statement,
)
from sapwood.dialect.types import text as text_type
from sapwood.errors import ParseError

_FILES = re.compile(r"\s*(?:'(?P<quoted>file://[^']*)'|(?P<bare>file://[^\s;]+))\s*", re.IGNORECASE)


def _place(reader: Reader, compiler: Compiler) -> StagePath:
    start = reader.offset
    source, length = stage_path(reader.text[start:], compiler.scope)
    reader.skip_to(start + length)
    return source


# --- COPY INTO


def copy_into(reader: Reader, compiler: Compiler) -> Statement:
    """COPY INTO table [(columns)] [FROM place] [options], or COPY INTO place FROM table or query.

    Without FROM it is the table's own stage.
    """
    if reader.at("FILES"):
        raise unsupported("COPY FILES", hint="GET the files and PUT them.")
    reader.expect("INTO")
    if reader.word().startswith("@") or reader.is_text():
        return _unload(reader, compiler)
    target = named(reader, compiler)
    columns = tuple(Reader(each).identifier() for each in reader.inside().split(",")) if reader.at("(") else ()
    text, source = "", StagePath(table=target)
    if reader.take("FROM"):
        text = reader.inside() if reader.at("(") else ""
        source = _place_in(text, compiler) if text else _place(reader, compiler)
    options, form = _copy_options(reader, compiler)
    files = options.pop("FILES", ())
    pattern = str(options.pop("PATTERN", ""))
    return CopyInto(
        target,
        columns,
        source,
        files=tuple(map(str, files)),
        pattern=pattern,
        format_name=form.name,
        format_options=form.options,
        options=options,
        query=_transformation(text, target, columns, StagedFiles(source, form.name, form.options), compiler)
        if text
        else None,
    )


def _place_in(text: str, compiler: Compiler) -> StagePath:
    """The stage path that a query reads."""
    reader = Reader(text)
    while not (reader.at("FROM") or reader.is_done):
        reader.skip_to(reader.offset + 1)
    reader.expect("FROM")
    start = reader.offset
    return stage_path(text[start:], compiler.scope)[0]


def _transformation(text: str, target: Name, columns: Sequence[str], files: StagedFiles, compiler: Compiler) -> Query:
    """COPY's query, cast to the types of the columns that it fills."""
    relation = known(target, compiler.scope)
    by_name = {column.name: column.type for column in relation.columns}
    types = [by_name.get(name, text_type()) for name in columns] or list(by_name.values())
    return compiler.copied(text, replace(files, is_deferred=True), types)


def _copy_options(reader: Reader, compiler: Compiler) -> tuple[dict[str, Any], Format]:
    options: dict[str, Any] = {}
    form = Format(None, {})
    while not reader.is_done:
        if reader.take(","):
            continue
        word = reader.any_word()
        if word == "HEADER" and reader.word() != "=":
            options[word] = True
            continue
        reader.expect("=")
        if word in ("CREDENTIALS", "STORAGE_INTEGRATION", "ENCRYPTION"):
            raise unsupported(f"{word} of COPY INTO", hint=NO_SECRETS)
        if word == "FILE_FORMAT":
            form = format_of(reader, compiler)
        else:
            options[word] = reader.value()
    return options, form


# --- COPY INTO a place


def _unload(reader: Reader, compiler: Compiler) -> Statement:
    """COPY INTO place FROM table | (query) [PARTITION BY (expression)] [options]."""
    target = _place(reader, compiler)
    reader.expect("FROM")
    text = reader.inside() if reader.at("(") else f"SELECT * FROM {_spelled(named(reader, compiler))}"
    partition = ""
    if reader.take("PARTITION", "BY"):
        partition = reader.inside()
    options, form = _copy_options(reader, compiler)
    if partition:
        text = f"SELECT *, CAST({partition}\n AS VARCHAR) FROM ({text}\n)"
    return Unload(target, compiler.query(text), bool(partition), form.name, form.options, options)


def _spelled(name: Name) -> str:
    return ".".join(quoted(part) for part in (name.database, name.schema, name.name))


# --- LIST, REMOVE, PUT, GET


def list_stage(reader: Reader, compiler: Compiler) -> Statement:
    return ListStage(_place(reader, compiler), _pattern(reader))


def remove_files(reader: Reader, compiler: Compiler) -> Statement:
    return RemoveFiles(_place(reader, compiler), _pattern(reader))


def export_model(reader: Reader, compiler: Compiler) -> Statement:
    """EXPORT MODEL name TO place [FORMAT = 'gguf-q8_0'] [OVERWRITE = TRUE]"""
    if not reader.take("MODEL"):
        raise unsupported(f"EXPORT {reader.word()}")
    name = named(reader, compiler)
    reader.expect("TO")
    found = ExportModel(name, _place(reader, compiler))
    while not reader.is_done:
        if reader.take("FORMAT"):
            reader.expect("=")
            found = replace(found, form=str(reader.value()).lower())
        else:
            reader.expect("OVERWRITE", "=")
            found = replace(found, overwrites=reader.value() is True)
    return found


def _pattern(reader: Reader) -> str:
    pattern = ""
    if reader.take("PATTERN"):
        reader.expect("=")
        pattern = reader.string()
    reader.end()
    return pattern


def put_files(text: str, compiler: Compiler) -> Statement:
    """PUT file://path @stage [options]; read from the text, since // would begin a comment."""
    local, rest = _local(text)
    source, length = stage_path(rest, compiler.scope)
    options = _file_options(rest[length:])
    return PutFiles(local, source, options)


def get_files(text: str, compiler: Compiler) -> Statement:
    """GET @stage/path file://folder [PATTERN = '...']"""
    text = text.strip()
    source, length = stage_path(text, compiler.scope)
    local, rest = _local(text[length:])
    return GetFiles(source, local, str(_file_options(rest).get("PATTERN", "")))


def _local(text: str) -> tuple[str, str]:
    """The path of a file:// address at the start of a text, and what follows."""
    found = _FILES.match(text)
    if found is None:
        raise ParseError("SQL compilation error:\nA local file is expected here, such as file:///tmp/data.csv.")
    address = found["quoted"] or found["bare"]
    return address[len("file://") :], text[found.end() :]


def _file_options(text: str) -> dict[str, Any]:
    reader = Reader(text) if text.strip(" \n\t;") else None
    options: dict[str, Any] = {}
    while reader is not None and not reader.is_done:
        word = reader.any_word()
        if word not in ("PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE", "PATTERN"):
            raise unsupported(f"{word} of PUT and GET")
        reader.expect("=")
        options[word] = reader.value()
    return options


RawRead = Callable[[str, Compiler], Statement]
