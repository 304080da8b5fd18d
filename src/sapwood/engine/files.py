"""LIST, PUT, GET and REMOVE: the files of a stage."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import Any

from sapwood.dialect.stage_statements import (
    GetFiles,
    ListStage,
    PutFiles,
    RemoveFiles,
)
from sapwood.dialect.types import SnowType, number, text
from sapwood.engine.compression import BLOCK, PACKERS, kind_of
from sapwood.engine.location import Location, check_is_there, files, local_path, locate
from sapwood.engine.option import Option, choice, flag, unknown_option, whole_number
from sapwood.engine.result import Rows, listing
from sapwood.engine.storage import LocalFolder
from sapwood.engine.transfer import Transfer
from sapwood.engine.work import Work
from sapwood.errors import ProgrammingError, UnknownFileError, UnsupportedError

PUT_COLUMNS = {
    "source": text(),
    "target": text(),
    "source_size": number(19, 0),
    "target_size": number(19, 0),
    "source_compression": text(),
    "target_compression": text(),
    "status": text(),
    "message": text(),
}

GET_COLUMNS = {"file": text(), "size": number(19, 0), "status": text(), "message": text()}


def list_stage(work: Work, statement: ListStage) -> Rows:
    """LIST: name, size, md5, last_modified."""
    location = _located(work, statement.source)
    rows = [
        (file.label, file.size, file.md5, formatdate(file.modified_on, usegmt=True))
        for file in files(location, pattern=statement.pattern)
    ]
    columns = {"name": text(), "size": number(19, 0), "md5": text(), "last_modified": text()}
    return listing("LIST", columns, rows)


def put_files(work: Work, statement: PutFiles) -> Rows:
    """PUT: copy local files into an internal stage, compressed with gzip unless AUTO_COMPRESS = FALSE."""
    location = locate(work, statement.target)
    if not location.is_internal:
        raise UnsupportedError("PUT into an external stage is not supported", hint="Copy the files into its folder.")
    if work.state.is_remote:
        return _transferred("PUT", PUT_COLUMNS, _upload(location, statement))
    sources = _sources(statement.local)
    options = _put_options(statement.options)
    return listing("PUT", PUT_COLUMNS, [_put(source, location, options) for source in sources])


def get_files(work: Work, statement: GetFiles) -> Rows:
    """GET: copy a stage's files into a local folder."""
    location = _located(work, statement.source)
    if work.state.is_remote:
        return _transferred("GET", GET_COLUMNS, _download(location, statement))
    folder = _local(statement.local)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[Any, ...]] = []
    for file in files(location, pattern=statement.pattern):
        with file.open() as source, LocalFolder(folder).writing(PurePosixPath(file.name).name) as target:
            shutil.copyfileobj(source, target)
        rows.append((file.name, file.size, "DOWNLOADED", ""))
    return listing("GET", GET_COLUMNS, rows)


def _transferred(kind: str, columns: Mapping[str, SnowType], transfer: Transfer) -> Rows:
    """The client on the other machine moves the files, and makes the rows."""
    return replace(listing(kind, columns, []), transfer=transfer)


def _upload(location: Location, statement: PutFiles) -> Transfer:
    options = {name.upper(): value for name, value in statement.options.items()}
    return Transfer(True, statement.local, location.folder / location.prefix, options=options)


def _download(location: Location, statement: GetFiles) -> Transfer:
    names = tuple(file.name for file in files(location, pattern=statement.pattern))
    return Transfer(False, statement.local, location.folder, names)


def remove_files(work: Work, statement: RemoveFiles) -> Rows:
    """REMOVE: take files out of an internal stage or a bucket."""
    location = locate(work, statement.source)
    if not location.is_internal and isinstance(location.storage, LocalFolder):
        raise UnsupportedError(
            "REMOVE from an external stage is not supported", hint="Take the files out of its folder."
        )
    found = files(location, pattern=statement.pattern)
    for file in found:
        file.storage.remove(file.name)
    return listing("REMOVE", {"name": text(), "result": text()}, [(file.label, "removed") for file in found])


def _located(work: Work, place: Any) -> Location:
    location = locate(work, place)
    check_is_there(location)
    if location.notice:
        work.notices.append(location.notice)
    return location


def _local(written: str) -> Path:
    folder = local_path(written)
    if folder is None:
        raise ProgrammingError(f"'{written}' is no local path", hint="Write file:///absolute/path.")
    return folder


def _sources(written: str) -> list[Path]:
    pattern = _local(written)
    found = [Path(name) for name in sorted(glob.glob(str(pattern))) if Path(name).is_file()]
    if not found:
        raise UnknownFileError(
            f"File doesn't exist: {pattern}", hint="Write file:///absolute/path/name; * and ? are allowed."
        )
    return found


@dataclass(frozen=True)
class PutOptions:
    """How files are put. `source_compression` is AUTO_DETECT, NONE or a kind of compression."""

    compresses: bool = True
    source_compression: str = "AUTO_DETECT"
    overwrites: bool = False
    parallel: int = 4


PUT_OPTIONS: Mapping[str, Option] = {
    "PARALLEL": Option("4", "files that a client sends at once", whole_number("parallel")),
    "AUTO_COMPRESS": Option("TRUE", "pack files with gzip that are not packed", flag("compresses")),
    "SOURCE_COMPRESSION": Option(
        "AUTO_DETECT", "what the files are packed with", choice("source_compression", "AUTO_DETECT", *PACKERS)
    ),
    "OVERWRITE": Option(
        "FALSE", "put files in place of those of the same name; else those are left", flag("overwrites")
    ),
}
"""Each option with its default, its meaning, and what reads it. docs/loading.md shows this table."""


def _put_options(given: Mapping[str, Any]) -> PutOptions:
    options = PutOptions()
    for name, value in given.items():
        if name.upper() not in PUT_OPTIONS:
            raise unknown_option(name.upper(), f"Known: {', '.join(PUT_OPTIONS)}.")
        options = replace(options, **PUT_OPTIONS[name.upper()].read(name.upper(), value))
    return options


def _put(source: Path, location: Location, options: PutOptions) -> tuple[Any, ...]:
    """Copy one file, block by block; it can be seen once it is whole."""
    size, found = source.stat().st_size, options.source_compression
    if found == "AUTO_DETECT":
        with source.open("rb") as stream:
            found = kind_of(source.name, stream.read(2))
    kind = "GZIP" if options.compresses and found == "NONE" else found
    target = source.name + (".gz" if kind != found else "")
    name = location.prefix and f"{location.prefix.rstrip('/')}/"
    there = any(each.name == name + target for each in location.storage.files(name + target))
    status, packed = "SKIPPED", 0
    if options.overwrites or not there:
        status, packed = "UPLOADED", _copy(source, location, name + target, "GZIP" if kind != found else "NONE")
    return (source.name, target, size, packed, _SHOWN.get(found, found), _SHOWN.get(kind, kind), status, "")


_SHOWN = {"BZ2": "BZIP2"}
"""Kinds of compression that PUT shows under another name."""


def _copy(source: Path, location: Location, name: str, kind: str) -> int:
    """The bytes that were written."""
    packer, written = PACKERS[kind][1](), 0
    with source.open("rb") as stream, location.storage.writing(name) as target:
        while data := stream.read(BLOCK):
            written += target.write(packer.compress(data))
        return written + target.write(packer.flush())
