"""Answers of statements on disk: readable again by their user, from any connection and after a restart, while they live.

Each answer is a folder `results/<query id>/` with `answer.json` and, for a large result, one file a chunk. The oldest go
when they are too old, or when all together are too large. A statement that changes something is noted before it runs, by a
file with its request's mark, so that a request which is repeated after a restart does not run twice. Knows no SQL and no HTTP.
"""

from __future__ import annotations

import errno
import json
import secrets
import shutil
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sapwood.errors import StorageFullError

_ANSWER = "answer.json"
_UNFINISHED = ".part"
_MARK = "request-"
_KEY = "chunks.key"
_FULL_HINT = "Free some space on the disk of the data directory; run the statement again if it was a query."
_PRUNING_S = 60.0
"""Seconds between two looks for answers that are too old."""


@dataclass(frozen=True)
class Chunk:
    """One file of a large result."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Answer:
    """What a statement gave. `envelope` is the protocol's answer without the addresses of its chunks."""

    query_id: str
    user: str
    text: str
    started_ms: int
    finished_ms: int
    envelope: Mapping[str, Any]
    chunks: tuple[Chunk, ...] = ()

    @property
    def is_success(self) -> bool:
        return bool(self.envelope["success"])


class Results:
    """All answers of a data directory. Safe for threads."""

    def __init__(self, folder: Path, *, hours: float, megabytes: int) -> None:
        self._folder = folder
        self._seconds = hours * 3600
        self._bytes = megabytes * 1_000_000
        self._lock = threading.Lock()
        self._pruned = 0.0
        self._marks: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sizes = dict(self._found())
        self.key = _private_key(folder / _KEY)
        """A secret of this folder, as old as its answers."""

    def begin(self, query_id: str, mark: str) -> None:
        """Note that a request's statement is about to run. Ended by `keep` or `discard`; StorageFullError for a full disk."""
        part = self._part(query_id)
        with _whole(part, "the statement was not run, since its answer could not be kept"):
            part.mkdir(mode=0o700)
            (part / f"{_MARK}{mark}").touch()

    def discard(self, query_id: str) -> None:
        """Forget that a statement was begun: it changed nothing, or its answer is not to be kept."""
        shutil.rmtree(self._part(query_id), ignore_errors=True)

    def earlier(self, mark: str) -> tuple[str, bool] | None:
        """The query id of a request that an earlier process began, and whether it was answered; None for a new request."""
        name = self._marks.get(mark)
        return None if name is None else (name.removesuffix(_UNFINISHED), not name.endswith(_UNFINISHED))

    def keep(self, answer: Answer, chunks: Sequence[bytes] = ()) -> int:
        """Store an answer with its chunks: there as a whole or not at all; its bytes. StorageFullError if the disk is full."""
        part = self._part(answer.query_id)
        with _whole(part, "the statement ran, and its answer could not be kept"):
            part.mkdir(mode=0o700, exist_ok=True)
            for index, chunk in enumerate(chunks):
                (part / str(index)).write_bytes(chunk)
            body = json.dumps({**vars(answer), "chunks": [vars(chunk) for chunk in answer.chunks]}).encode()
            (part / _ANSWER).write_bytes(body)
            part.rename(self._folder / answer.query_id)
        size = len(body) + sum(map(len, chunks))
        with self._lock:
            self._sizes[answer.query_id] = size
        self._prune()
        return size

    def find(self, query_id: str, user: str) -> Answer | None:
        """The answer of a user's statement; None if there is none (any more) or it is another user's."""
        if query_id not in self._sizes:
            return None
        try:
            body = json.loads((self._folder / query_id / _ANSWER).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        chunks = tuple(Chunk(**chunk) for chunk in body.pop("chunks"))
        answer = Answer(**body, chunks=chunks)
        is_alive = answer.finished_ms / 1000 + self._seconds > time.time()
        return answer if answer.user == user and is_alive else None

    def chunk(self, query_id: str, index: int) -> Path | None:
        """The file of a chunk; None if it is not there."""
        path = self._folder / query_id / str(index)
        return path if query_id in self._sizes and path.is_file() else None

    def chunks(self, answer: Answer) -> list[Path]:
        """The files of an answer's chunks, in order."""
        return [self._folder / answer.query_id / str(index) for index in range(len(answer.chunks))]

    @property
    def size(self) -> int:
        """Bytes of all answers."""
        return sum(self._sizes.values())

    def _part(self, query_id: str) -> Path:
        return self._folder / f"{query_id}{_UNFINISHED}"

    def _found(self) -> Iterator[tuple[str, int]]:
        """What an earlier process left, oldest first; halves without a mark are taken away."""
        folders = sorted((path for path in self._folder.iterdir() if path.is_dir()), key=_made)
        for folder in folders:
            marks = [path.name.removeprefix(_MARK) for path in folder.glob(f"{_MARK}*")]
            self._marks.update(dict.fromkeys(marks, folder.name))
            if folder.suffix == _UNFINISHED and not marks:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                yield folder.name, sum(path.stat().st_size for path in folder.iterdir())

    def _prune(self) -> None:
        with self._lock:
            gone = list(self._surplus())
            if time.monotonic() - self._pruned > _PRUNING_S:
                self._pruned = time.monotonic()
                gone += self._expired()
            for query_id in gone:
                self._sizes.pop(query_id, None)
        for query_id in gone:
            shutil.rmtree(self._folder / query_id, ignore_errors=True)

    def _surplus(self) -> Iterator[str]:
        """The oldest answers, until the others fit; the newest stays in any case."""
        total = self.size
        for query_id, size in list(self._sizes.items())[:-1]:
            if total <= self._bytes:
                return
            total -= size
            yield query_id

    def _expired(self) -> Iterator[str]:
        limit = time.time() - self._seconds
        for query_id in self._sizes:
            folder = self._folder / query_id
            if not folder.exists() or _made(folder) < limit:
                yield query_id


@contextmanager
def _whole(part: Path, words: str) -> Generator[None]:
    """A block that writes into a folder, which is gone if it fails; StorageFullError with these words for a full disk."""
    try:
        yield
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFullError(f"The disk is full: {words}", hint=_FULL_HINT) from error


def _private_key(file: Path) -> bytes:
    """A key that lies in a file; made if it is not there."""
    if not file.is_file():
        made = file.with_suffix(".new")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(32))
        made.replace(file)
    return file.read_bytes()


def _made(path: Path) -> float:
    return path.stat().st_mtime
