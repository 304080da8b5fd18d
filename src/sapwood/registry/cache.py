"""The user's folder of base models, shared by all data directories. Everything in it is named by digest.

files/<sha256>.gguf is what was downloaded, unpacked/<sha256>-<form>/ what is loaded, partial/<sha256>/ what is on its
way, locks/<sha256>.lock is held by the one process that works on it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sapwood.errors import StorageFullError

UNPACKED_FORM = 1
"""Goes up when unpack.py makes something else of the same file."""

_SPARE = 64 * 2**20
"""Bytes that are left free."""


@dataclass(frozen=True)
class ModelCache:
    """Paths under one root, by digest; and the lock."""

    root: Path

    def file(self, digest: str) -> Path:
        return self.root / "files" / f"{digest}.gguf"

    def unpacked(self, digest: str) -> Path:
        return self.root / "unpacked" / f"{digest}-{UNPACKED_FORM}"

    def partial(self, digest: str) -> Path:
        return self.root / "partial" / digest

    @contextmanager
    def locked(self, digest: str) -> Generator[None]:
        """Wait until no other process works on this digest, then be the one. A process that dies lets go."""
        path = self.root / "locks" / f"{digest}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def remove(self, digest: str) -> int:
        """Delete all of a digest; the bytes that it took."""
        with self.locked(digest):
            places = [self.file(digest), self.unpacked(digest), self.partial(digest)]
            size = sum(_size(place) for place in places)
            for place in places:
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)
        return size


def check_space(folder: Path, wanted: int, *, what: str) -> None:
    """Raise StorageFullError if `wanted` bytes do not fit into the folder's disk."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < wanted + _SPARE:
        hint = f"Free some space there, or let SAPWOOD_CACHE name a folder on a larger disk. {folder} is what is full."
        raise StorageFullError(f"{what} needs {_megabytes(wanted)} MB, and {_megabytes(free)} MB are free", hint=hint)


def _megabytes(size: int) -> int:
    return -(-size // 10**6)


def _size(place: Path) -> int:
    if place.is_file():
        return place.stat().st_size
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
