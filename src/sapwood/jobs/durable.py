"""Files that are either whole or not there, also after a power cut. Knows no content but tables of texts."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside `path`, sync it, and move it into place."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def move_folder(made: Path, place: Path) -> None:
    """Sync a finished folder's files and move it into `place`; a folder that is there already is replaced."""
    for path in made.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(made)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        shutil.rmtree(place)
    made.rename(place)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_tables(path: Path, schema: Any, tables: Iterable[Any]) -> str:
    """Write an Arrow file of tables of that schema, one after the other, durably; returns the sha256 of the file."""

    def write(file: BinaryIO) -> None:
        with pa.ipc.new_file(file, schema) as writer:
            for table in tables:
                writer.write_table(table)

    write_file(path, write)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_table(path: Path) -> Any:
    """Read an Arrow file whole."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
