"""LIST, PUT, GET and REMOVE: the files of a stage."""

from __future__ import annotations

import glob
import gzip
import shutil
from collections.abc import Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import Any

from sapwood.dialect.statements import GetFiles, ListStage, PutFiles, RemoveFiles
from sapwood.dialect.types import SnowType, number, text
from sapwood.engine.location import Location, check_is_there, files, local_path, locate
from sapwood.engine.result import Rows, listing
from sapwood.engine.transfer import Transfer
from sapwood.engine.work import Work
from sapwood.errors import ProgrammingError, UnknownFileError, UnsupportedError

COMPRESSED = {".gz": "GZIP", ".bz2": "BZIP2", ".zst": "ZSTD", ".br": "BROTLI", ".deflate": "DEFLATE"}
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
    folder = location.folder / location.prefix
    folder.mkdir(parents=True, exist_ok=True)
    return listing("PUT", PUT_COLUMNS, [_put(source, folder, options=statement.options) for source in sources])


def get_files(work: Work, statement: GetFiles) -> Rows:
    """GET: copy a stage's files into a local folder."""
    location = _located(work, statement.source)
    if work.state.is_remote:
        return _transferred("GET", GET_COLUMNS, _download(location, statement))
    folder = _local(statement.local)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[Any, ...]] = []
    for file in files(location, pattern=statement.pattern):
        with file.open() as source, (folder / PurePosixPath(file.name).name).open("wb") as target:
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
    """REMOVE: take files out of an internal stage."""
    location = locate(work, statement.source)
    if not location.is_internal:
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


def _put(source: Path, folder: Path, *, options: Mapping[str, Any]) -> tuple[Any, ...]:
    given = {name.upper(): value for name, value in options.items()}
    compression = COMPRESSED.get(source.suffix.lower(), "NONE")
    compresses = str(given.get("AUTO_COMPRESS", True)).upper() == "TRUE" and compression == "NONE"
    target = folder / (source.name + ".gz" if compresses else source.name)
    target_compression = "GZIP" if compresses else compression
    if target.exists() and str(given.get("OVERWRITE", False)).upper() != "TRUE":
        return (source.name, target.name, source.stat().st_size, 0, compression, target_compression, "SKIPPED", "")
    part = target.with_name(f".{target.name}.part")
    data = source.read_bytes()
    part.write_bytes(gzip.compress(data, mtime=0) if compresses else data)
    part.replace(target)
    return (source.name, target.name, len(data), target.stat().st_size, compression, target_compression, "UPLOADED", "")
