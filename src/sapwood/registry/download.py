"""A model's file by its digest: from the cache, or from the first source that gives the right bytes.

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
    failures: list[str] = []
    for source in entry.sources:
        try:
            return _from_source(source, entry, cache, timeout_s=timeout_s, tell=tell)
        except SourceFailedError as error:
            failures.append(f"  {source}: {error}")
    raise ModelUnavailableError(f"model {entry.name} can't be had:\n" + "\n".join(failures), hint=_hint(entry))


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


def _from_source(
    source: Source, entry: ModelEntry, cache: ModelCache, *, timeout_s: float, tell: Callable[[Download], None] | None
) -> Path:
    folder = cache.partial(entry.sha256)
    folder.mkdir(parents=True, exist_ok=True)
    if source.kind != "path":
        there = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        part = entry.bytes // source.count if source.kind == "wheels" else 0
        check_space(folder, max(0, entry.bytes - there) + part, what=f"the download of {entry.name}")
    reporter = Reporter(tell)

    def report(phase: str) -> Callable[[int], None]:
        return lambda done: reporter(Download(entry.name, phase, done, entry.bytes))

    got = fetch(source, Fetch(folder, timeout_s, report("download")))
    found = sha256_of(got, report("verify"))
    if found != entry.sha256:
        shutil.rmtree(folder, ignore_errors=True)
        raise SourceFailedError(f"its bytes have sha256 {found} instead of {entry.sha256}")
    if source.kind == "path":
        return got
    return _keep(got, cache.file(entry.sha256), folder)


def _keep(got: Path, kept: Path, folder: Path) -> Path:
    with got.open("rb") as file:
        os.fsync(file.fileno())
    kept.parent.mkdir(parents=True, exist_ok=True)
    os.replace(got, kept)
    shutil.rmtree(folder, ignore_errors=True)
    return kept


def _hint(entry: ModelEntry) -> str:
    return (
        f"Check the network or pip's index and run it again; or bring the file with sha256 {entry.sha256} to this machine "
        f"and run: sapwood models add NAME --path FILE.gguf"
    )
