"""The data directory: who owns it, and where its owner can be reached.

One process owns a directory at a time, by an flock on `owner.lock`; the file holds the owner's process id and the
loopback address of its door. The door's token lies beside it, readable by the user alone. Knows nothing of what else
the directory holds.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sapwood.errors import ConfigError, DataDirectoryBusyError, Error, StorageFullError

FOLDERS = ("databases", "cache", "jobs", "models", "stages", "results")
"""What holds users' data: nobody but the user may look into them, whatever the rights on the data directory."""
LOCK = "owner.lock"
TOKEN = "owner.token"


@dataclass(frozen=True)
class Owner:
    """The process that owns a directory. `address` is 'host:port' of its door, '' while that is not open yet;
    `served` is the URL that clients of the server use, '' if it serves none."""

    pid: int
    address: str = ""
    served: str = ""


class Ownership:
    """The lock on a data directory, held until `release`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self.token = secrets.token_urlsafe(32)
        _write_private(path / TOKEN, self.token)
        self._write(Owner(os.getpid()))

    def announce(self, address: str, *, served: str = "") -> None:
        """Tell other processes where the door is, and the server if there is one."""
        self._write(Owner(os.getpid(), address, served))

    def release(self) -> None:
        """Give the directory back."""
        (self._path / TOKEN).unlink(missing_ok=True)
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _write(self, owner: Owner) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(asdict(owner)).encode(), 0)


def take(path: Path) -> Ownership:
    """Own the directory, making it if it is not there; DataDirectoryBusyError if another process does."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        owner = read_owner(path)
        raise DataDirectoryBusyError(
            f"the data directory {path} is in use by process {owner.pid if owner else 'unknown'}",
            hint="Close that process, or connect to it: `sapwood sql` and sapwood.connect do so by themselves.",
        ) from None
    try:
        _close_to_others(path)
        return Ownership(path, descriptor)
    except OSError as error:
        os.close(descriptor)
        raise _unusable(path, error) from error


def _close_to_others(path: Path) -> None:
    for name in FOLDERS:
        folder = path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)


def _unusable(path: Path, error: OSError) -> Error:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFullError(f"the disk of the data directory {path} is full")
    return ConfigError(
        f"the data directory {path} can't be used: {error.strerror}", hint="Name another one with --data DIR."
    )


def read_owner(path: Path) -> Owner | None:
    """The owner as its lock file names it; None if there is none or it is not readable."""
    try:
        return Owner(**json.loads((path / LOCK).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def read_token(path: Path) -> str | None:
    """The token of the owner's door; None if there is none or it is not ours to read."""
    try:
        return (path / TOKEN).read_text(encoding="utf-8")
    except OSError:
        return None


@contextmanager
def owned(path: Path) -> Generator[Ownership]:
    """`take` for the length of a block."""
    ownership = take(path)
    try:
        yield ownership
    finally:
        ownership.release()


def _write_private(path: Path, content: str) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
    except OSError:
        temporary.unlink()
        raise
    temporary.replace(path)
