"""CREATE STAGE and CREATE FILE FORMAT: checked, then kept in the catalogue."""

from __future__ import annotations

import shutil
from typing import TypeVar

from sapwood.dialect.names import quoted
from sapwood.dialect.stage_statements import CreateFileFormat, CreateStage
from sapwood.dialect.statements import (
    Name,
)
from sapwood.engine.document_format import check_options
from sapwood.engine.location import internal_folder, local_path, stage_folder
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work, exists, now_ms, unknown_object
from sapwood.store.records import FileFormat, Stage

Kept = TypeVar("Kept", Stage, FileFormat)


def create_file_format(work: Work, statement: CreateFileFormat) -> Rows:
    """CREATE FILE FORMAT; an unknown option or a bad value is an error here, not at the first COPY."""
    name = statement.name
    _check(work, name)
    check_options(statement.options)
    form = FileFormat(
        name.database, name.schema, name.name, statement.options, statement.comment, now_ms(), work.state.role
    )
    if statement.temporary:
        made = _put_temporary(work.state.temporary_formats, name, form, statement)
    else:
        made = work.parts.catalog.put_file_format(
            form, or_replace=statement.or_replace, if_not_exists=statement.if_not_exists
        )
    return _status("CREATE_FILE_FORMAT", "File format", name.name, made)


def create_stage(work: Work, statement: CreateStage) -> Rows:
    """CREATE STAGE; the folder behind it is looked for when it is read."""
    name = statement.name
    _check(work, name)
    check_options(statement.format_options)
    if statement.format_name is not None:
        _check_format(work, statement.format_name)
    stage = Stage(
        name.database,
        name.schema,
        name.name,
        _absolute(statement.url),
        _full_name(statement.format_name),
        statement.format_options,
        statement.comment,
        now_ms(),
        work.state.role,
    )
    made = _put_temporary_stage(work, stage, statement) if statement.temporary else _put_stage(work, stage, statement)
    return _status("CREATE_STAGE", "Stage area", name.name, made)


def _put_stage(work: Work, stage: Stage, statement: CreateStage) -> bool:
    name = statement.name
    old = work.parts.catalog.stage(name.database, name.schema, name.name)
    made = work.parts.catalog.put_stage(stage, or_replace=statement.or_replace, if_not_exists=statement.if_not_exists)
    if made and old is not None and not old.url:
        shutil.rmtree(internal_folder(work.parts.config.data, name), ignore_errors=True)
    return made


def _put_temporary_stage(work: Work, stage: Stage, statement: CreateStage) -> bool:
    made = _put_temporary(work.state.temporary_stages, statement.name, stage, statement)
    if made:
        shutil.rmtree(stage_folder(work, statement.name), ignore_errors=True)
    return made


def _put_temporary(known: dict[Name, Kept], name: Name, made: Kept, statement: CreateStage | CreateFileFormat) -> bool:
    """Keep an object for the session; False if there is one and it stays."""
    if name in known and statement.if_not_exists:
        return False
    if name in known and not statement.or_replace:
        raise exists(name)
    known[name] = made
    return True


def _check(work: Work, name: Name) -> None:
    work.commit_open()
    work.check_schema(name.database, name.schema)


def _check_format(work: Work, name: Name) -> None:
    if work.file_format(name) is None:
        raise unknown_object("File format", name, sqlstate="02000")


def _absolute(url: str) -> str:
    """A relative local path would mean another folder in another process."""
    local = local_path(url) if url else None
    if local is None or url.startswith("file://"):
        return url
    return str(local) + ("/" if url.endswith("/") else "")


def _full_name(name: Name | None) -> str:
    return "" if name is None else ".".join(quoted(part) for part in (name.database, name.schema, name.name))


def _status(kind: str, what: str, name: str, made: bool) -> Rows:
    return status_rows(
        kind, f"{what} {name} successfully created." if made else f"{name} already exists, statement succeeded."
    )
