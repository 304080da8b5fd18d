"""kill -9 in the middle of a statement, and a disk that is full: what was finished is kept, nothing else changed."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import killed_asking
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


KILLS = int(os.environ.get("SAPWOOD_KILLS", "3"))
"""Moments at which the statement is killed; by hand with SAPWOOD_KILLS=20."""


def asked_until_killed(data: Path, log: Path, seconds: float) -> tuple[bool, set[str]]:
    """Start the statement and kill it that long after its first question; whether it ended by itself, and what it asked."""
    log.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "killed_asking.py"), str(data), str(log)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])})
    while process.poll() is None and not log.exists():
        time.sleep(0.01)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    process.wait()
    prompts = log.read_text().splitlines()
    assert len(prompts) == len(set(prompts)), "a row was asked twice by one process"
    return process.returncode == 0, set(prompts)


def stored(data: Path) -> set[str]:
    """The prompts whose answers are durable: the fake model says them in upper case."""
    with contextlib.closing(sqlite3.connect(data / "cache" / "answers.sqlite")) as connection:
        return {text.lower() for (text,) in connection.execute("SELECT text FROM answers")}


def test_kills_at_random_moments_ask_no_durable_row_again_and_change_nothing(
    tmp_path: Path, backend: FakeBackend
) -> None:
    moments, log = random.Random(5), tmp_path / "log"
    durable: set[str] = set()
    for _ in range(KILLS):
        has_ended, asked = asked_until_killed(tmp_path, log, moments.uniform(0, 4 / KILLS))
        assert not durable & asked, "a durable row was asked again"
        durable = stored(tmp_path)
        if has_ended:
            break
    assert durable, "something was finished before the last kill"
    engine, close = open_engine(tmp_path, backend)
    session = engine.open_session()
    session.execute(killed_asking.STATEMENT)
    assert set(backend.asked) == {f"p{row}" for row in range(killed_asking.ROWS)} - durable
    (table,) = session.execute(
        "select count(*) as n, count(distinct x) as x, count_if(said = upper(x)) as good from answers"
    )
    assert table.table.to_pylist() == [dict.fromkeys(("N", "X", "GOOD"), killed_asking.ROWS)]
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
