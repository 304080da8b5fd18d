"""CREATE STAGE and CREATE FILE FORMAT: checked, then kept in the catalogue."""

from __future__ import annotations

import shutil

from sapwood.dialect.names import quoted
from sapwood.dialect.statements import CreateFileFormat, CreateStage, Name
from sapwood.engine.csv_format import check_options
from sapwood.engine.location import internal_folder, local_path
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work, now_ms, unknown_object
from sapwood.errors import UnsupportedError
from sapwood.store.records import FileFormat, Stage


def create_file_format(work: Work, statement: CreateFileFormat) -> Rows:
    """CREATE FILE FORMAT; an unknown option or a bad value is an error here, not at the first COPY."""
    name = statement.name
    _check(work, name, statement.temporary, "FILE FORMAT")
    check_options(statement.options)
    made = work.parts.catalog.put_file_format(
        FileFormat(
            name.database, name.schema, name.name, statement.options, statement.comment, now_ms(), work.state.role
        ),
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )
    return _status("CREATE_FILE_FORMAT", "File format", name.name, made)


def create_stage(work: Work, statement: CreateStage) -> Rows:
    """CREATE STAGE; the folder behind it is looked for when it is read."""
    name = statement.name
    _check(work, name, statement.temporary, "STAGE")
    check_options(statement.format_options)
    if statement.format_name is not None:
        _check_format(work, statement.format_name)
    old = work.parts.catalog.stage(name.database, name.schema, name.name)
    made = work.parts.catalog.put_stage(
        Stage(
            name.database,
            name.schema,
            name.name,
            _absolute(statement.url),
            _full_name(statement.format_name),
            statement.format_options,
            statement.comment,
            now_ms(),
            work.state.role,
        ),
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )
    if made and old is not None and not old.url:
        shutil.rmtree(internal_folder(work.parts.config.data, name), ignore_errors=True)
    return _status("CREATE_STAGE", "Stage area", name.name, made)


def _check(work: Work, name: Name, is_temporary: bool, kind: str) -> None:
    if is_temporary:
        raise UnsupportedError(
            f"CREATE TEMPORARY {kind} is not supported", hint="Leave TEMPORARY out, and drop it at the end."
        )
    work.commit_open()
    work.check_schema(name.database, name.schema)


def _check_format(work: Work, name: Name) -> None:
    if work.parts.catalog.file_format(name.database, name.schema, name.name) is None:
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
