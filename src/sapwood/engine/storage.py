"""Where a stage's files lie: a local folder, or a bucket of an object store behind pyarrow.fs.

Names go in and out as posix paths below the folder or bucket. No name climbs out, neither by `..` nor by a link. A file
that is being written can't be seen until it is whole. Knows no SQL and no settings.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, cast

from sapwood.errors import AccessError, UnknownFileError

PART = ".part"
"""Suffix of a file that is being written; its name starts with a dot."""
FETCHED_AT_ONCE = 4 << 20
"""Bytes of an object that are fetched at once, and kept in memory before they go to a file."""
PART_S = 86_400
"""Seconds after which a part is one that was left behind."""


@dataclass(frozen=True)
class Stored:
    """A file of a storage: its name, bytes, and when it was last changed, in epoch seconds."""

    name: str
    size: int
    modified_on: float


class Storage(Protocol):
    """A place with files."""

    def exists(self) -> bool:
        """Whether the place itself is there."""
        ...

    def files(self, prefix: str) -> Iterator[Stored]:
        """The files whose names start so, by name."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """A file for reading. It can be read from any place."""
        ...

    def writing(self, name: str) -> Any:
        """A context with a stream; the file is there once it ends well, and not at all if it does not."""
        ...

    def remove(self, name: str) -> None:
        """Take a file away; nothing happens if it is gone."""
        ...


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    path: Path

    def exists(self) -> bool:
        return self.path.is_dir()

    def files(self, prefix: str) -> Iterator[Stored]:
        root = self.path.resolve()
        for path in sorted((self.path / _folder_of(prefix)).rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if (
                name.startswith(prefix)
                and not _is_part(path)
                and path.is_file()
                and path.resolve().is_relative_to(root)
            ):
                found = path.stat()
                yield Stored(name, found.st_size, found.st_mtime)

    def open(self, name: str) -> IO[bytes]:
        return self._below(name).open("rb")

    @contextmanager
    def writing(self, name: str) -> Generator[IO[bytes]]:
        target = self._below(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target.parent)
        part = target.with_name(f".{uuid.uuid4().hex}{PART}")
        try:
            with part.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        self._below(name).unlink(missing_ok=True)

    def _below(self, name: str) -> Path:
        path = self.path / name
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise AccessError(f"The path '{name}' leads out of its stage", hint="Leave the link out.")
        return path


def _folder_of(prefix: str) -> str:
    """The folder below which all names with a prefix lie."""
    return prefix.rpartition("/")[0]


def _is_part(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(PART)


def _sweep(folder: Path) -> None:
    """Take away what a process left that was killed while it wrote."""
    oldest = time.time() - PART_S
    for path in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


@dataclass(frozen=True)
class Bucket:
    """A bucket of an object store. `filesystem` is pyarrow's; `name` is the bucket's name there."""

    filesystem: Any
    name: str

    def exists(self) -> bool:
        return True

    def files(self, prefix: str) -> Iterator[Stored]:
        from pyarrow import fs

        folder = f"{self.name}/{_folder_of(prefix)}".rstrip("/")
        selector = fs.FileSelector(folder, allow_not_found=True, recursive=True)
        with told(self.name):
            found = sorted(self.filesystem.get_file_info(selector), key=lambda info: info.path)
        for each in found:
            name = each.path.removeprefix(f"{self.name}/")
            if each.type == fs.FileType.File and name.startswith(prefix):
                yield Stored(name, each.size, (each.mtime_ns or 0) / 1e9)

    def open(self, name: str) -> IO[bytes]:
        path = f"{self.name}/{name}"
        with told(self.name):
            if self.filesystem.type_name == "gcs":
                return self._fetched(path)
            return self.filesystem.open_input_file(path)

    def _fetched(self, path: str) -> IO[bytes]:
        """A copy of an object, gone once it is closed.

        pyarrow's GCS file for reading from any place opens a stream as soon as it is asked whether it is closed, and keeps Python's
        lock while it waits for the network: all other threads would wait, too. Its streams do not.
        """
        copy = tempfile.SpooledTemporaryFile(FETCHED_AT_ONCE)  # noqa: SIM115 - the caller closes it
        with self.filesystem.open_input_stream(path, compression=None) as stream:
            while piece := stream.read(FETCHED_AT_ONCE):
                copy.write(piece)
        copy.seek(0)
        return cast(IO[bytes], copy)

    @contextmanager
    def writing(self, name: str) -> Generator[IO[bytes]]:
        """An object is there once its upload is closed; an upload that fails is never closed."""
        with told(self.name):
            stream = self.filesystem.open_output_stream(f"{self.name}/{name}", compression=None)
            yield stream
            stream.close()

    def remove(self, name: str) -> None:
        with told(self.name), contextlib.suppress(FileNotFoundError):
            self.filesystem.delete_file(f"{self.name}/{name}")


@contextmanager
def told(name: str) -> Generator[None]:
    """What an object store answers as one of our errors; its own text may hold names that nobody should see."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        code = re.search(r"AWS Error (\w+)", str(error))
        raise UnknownFileError(
            f"The object store '{name}' can't be reached or refuses{f' ({code[1]})' if code else ''}",
            hint="Look at its section in the file that stages.credentials names.",
        ) from error
