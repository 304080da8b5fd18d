"""Answers on disk: whole or not at all, their user's alone, for some time and up to some size."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from sapwood.errors import StorageFullError
from sapwood.server.results import Answer, Chunk, Results


def answer(query_id: str, *, user: str = "ADMIN", chunks: tuple[Chunk, ...] = ()) -> Answer:
    now = int(time.time() * 1000)
    envelope: dict[str, Any] = {"success": True, "code": None, "message": None, "data": {"total": 1}}
    return Answer(query_id, user, "select 1", now, now, envelope, chunks=chunks)


def results(folder: Path, *, hours: float = 1.0, megabytes: int = 1) -> Results:
    return Results(folder, hours=hours, megabytes=megabytes)


def folders(path: Path) -> list[str]:
    return sorted(folder.name for folder in path.iterdir() if folder.is_dir())


def test_an_answer_is_found_again_by_its_user_also_by_another_process(tmp_path: Path) -> None:
    kept = answer("q1", chunks=(Chunk(2, 3),))
    results(tmp_path).keep(kept, [b"abc"])
    again = results(tmp_path)
    assert again.find("q1", "ADMIN") == kept
    assert again.find("q1", "EVE") is None
    assert again.find("q2", "ADMIN") is None
    path = again.chunk("q1", 0)
    assert path is not None and path.read_bytes() == b"abc"
    assert again.chunk("q1", 1) is None


def test_the_oldest_go_when_there_is_too_much(tmp_path: Path) -> None:
    store = results(tmp_path, megabytes=1)
    for index in range(4):
        store.keep(answer(f"q{index}", chunks=(Chunk(1, 400_000),)), [bytes(400_000)])
    assert [store.find(f"q{index}", "ADMIN") is not None for index in range(4)] == [False, False, True, True]
    assert folders(tmp_path) == ["q2", "q3"]


def test_an_answer_that_is_too_old_is_gone(tmp_path: Path) -> None:
    store = results(tmp_path, hours=0.0)
    store.keep(answer("q1"))
    time.sleep(0.01)
    assert store.find("q1", "ADMIN") is None


def test_a_half_written_answer_of_a_killed_process_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "q1.part").mkdir()
    (tmp_path / "q1.part" / "0").write_bytes(b"x")
    assert results(tmp_path).find("q1", "ADMIN") is None
    assert folders(tmp_path) == []


def test_a_request_of_a_killed_process_is_known(tmp_path: Path) -> None:
    before = results(tmp_path)
    before.begin("q1", "answered")
    before.keep(answer("q1"))
    before.begin("q2", "interrupted")
    before.begin("q3", "failed")
    before.discard("q3")
    after = results(tmp_path)
    assert after.earlier("answered") == ("q1", True)
    assert after.earlier("interrupted") == ("q2", False)
    assert after.earlier("failed") is None
    assert after.find("q1", "ADMIN") is not None
    assert after.find("q2", "ADMIN") is None
    assert results(tmp_path).earlier("interrupted") == ("q2", False)


def test_the_key_of_chunks_stays(tmp_path: Path) -> None:
    key = results(tmp_path).key
    assert results(tmp_path).key == key
    assert results(tmp_path / "other").key != key
    assert (tmp_path / "chunks.key").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = results(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(StorageFullError, match="could not be kept"):
        patch.setattr(Path, "write_bytes", full)
        store.keep(answer("q1", chunks=(Chunk(2, 3),)), [b"abc"])
    assert folders(tmp_path) == []
    store.keep(answer("q1"))
    assert store.find("q1", "ADMIN") is not None


@pytest.mark.parametrize("query_id", ["../catalog", "..", "q1/../q1", ""])
def test_an_id_is_no_path(tmp_path: Path, query_id: str) -> None:
    store = results(tmp_path / "results")
    os.makedirs(tmp_path / "catalog", exist_ok=True)
    assert store.find(query_id, "ADMIN") is None
    assert store.chunk(query_id, 0) is None
