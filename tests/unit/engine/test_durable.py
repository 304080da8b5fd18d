"""kill -9 in the middle of a statement, and a disk that is full: what was finished is kept, nothing else changed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bench import FakeBackend, open_engine

from sapwood.errors import StorageFullError, UnknownObjectError

HERE = Path(__file__).parent


def wait_for_lines(log: Path, count: int) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = log.read_text().splitlines() if log.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.02)
    raise AssertionError("the process asked too little in a minute")


def test_kill_9_in_a_statement_costs_at_most_a_second_of_answers(tmp_path: Path, backend: FakeBackend) -> None:
    data, files, log = tmp_path / "data", tmp_path / "files", tmp_path / "log"
    data.mkdir()
    files.mkdir()
    (files / "t.csv").write_text("".join(f"p{number}\n" for number in range(300)))
    command = [sys.executable, str(HERE / "killed_process.py"), str(data), str(files), str(log)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])})
    try:
        wait_for_lines(log, 120)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = set(log.read_text().splitlines())
    engine, close = open_engine(data, backend)
    session = engine.open_session()
    with pytest.raises(UnknownObjectError):
        session.execute("select * from answers")
    (counted,) = session.execute("select count(*) as n, max(x) as x from t")
    assert counted.table.to_pylist() == [{"N": 300, "X": "p99"}]
    assert session.execute("show tables")[0].table.column("comment").to_pylist() == ["kept"]
    assert session.execute("copy into t from @s")[0].table.to_pylist() == [
        {"status": "Copy executed with 0 files processed."}
    ]
    (result,) = session.execute("create table answers as select x, snowflake.cortex.complete('echo', x) as said from t")
    again = finished & set(backend.asked)
    assert len(again) <= 45, f"{len(again)} finished answers were asked again; a second makes 33"
    assert len(set(backend.asked) | finished) == 300
    assert result.usage.distinct == 300
    assert result.usage.cached == 300 - len(backend.asked)
    close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 4 MiB, where this user may make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a small file system can't be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_changes_nothing(small_disk: Path, backend: FakeBackend) -> None:
    engine, close = open_engine(small_disk, backend)
    session = engine.open_session()
    session.execute("create table t as select 'kept' as x")
    with pytest.raises(StorageFullError) as caught:
        session.execute(
            "create table big as select repeat(uuid_string(), 30) as x from table(generator(rowcount => 40000))"
        )
    assert (caught.value.errno, caught.value.sqlstate) == (100090, "53100")
    assert session.execute("select x from t")[0].table.to_pylist() == [{"X": "kept"}]
    close()
    engine, close = open_engine(small_disk, backend)
    assert engine.open_session().execute("select x from t")[0].table.to_pylist() == [{"X": "kept"}]
    close()


def test_a_disk_that_fills_up_while_answers_are_stored_is_named(
    tmp_path: Path, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, close = open_engine(tmp_path, backend)
    session = engine.open_session()

    def full(answers: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(engine.parts.answers, "put_many", full)
    with pytest.raises(StorageFullError):
        session.execute("select snowflake.cortex.complete('echo', 'a')")
    monkeypatch.undo()
    assert session.execute("select snowflake.cortex.complete('echo', 'a') as x")[0].table.to_pylist() == [{"X": "A"}]
    close()
