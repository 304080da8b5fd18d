"""kill -9 in the middle of a load, and of an unload: all of it is there or nothing is, and the history says the same.

`python tests/unit/engine/test_load_kill.py 20` kills that many loads, each at another moment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from engine_bench import FakeBackend, open_engine

HERE = Path(__file__).parent
ROWS = 150_000
NOTHING = "Copy executed with 0 files processed."


def write_rows(folder: Path) -> None:
    folder.mkdir()
    for part in range(2):
        lines = (f"{number},some text of number {number}\n" for number in range(part, ROWS, 2))
        (folder / f"{part}.csv").write_text("".join(lines), encoding="utf-8")


def kill_load(data: Path, files: Path, *, after_s: float) -> bool:
    """Start a load and kill it; whether it had ended by then."""
    path = os.pathsep.join([str(HERE), *sys.path])
    command = [sys.executable, str(HERE / "killed_load.py"), str(data), str(files)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        time.sleep(after_s)
        process.kill()
        return "end" in process.stdout.read()


def check_agreement(data: Path, *, has_ended: bool) -> int:
    """The rows that are there; a second COPY loads all that are not, and none twice."""
    engine, close = open_engine(data, FakeBackend())
    session = engine.open_session()
    (counted,) = session.execute("select count(*) as n from t")
    rows = counted.table.to_pylist()[0]["N"]
    (again,) = session.execute("copy into t from @s")
    is_loaded = again.table.to_pylist() == [{"status": NOTHING}]
    assert rows == (ROWS if is_loaded else 0)
    assert is_loaded or not has_ended
    (counted,) = session.execute("select count(*) as n, count(distinct n) as d from t")
    assert counted.table.to_pylist() == [{"N": ROWS, "D": ROWS}]
    close()
    return rows


@pytest.mark.parametrize("after_s", [0.2])
def test_a_load_that_is_killed_is_there_as_a_whole_or_not_at_all(tmp_path: Path, after_s: float) -> None:
    files = tmp_path / "files"
    write_rows(files)
    has_ended = kill_load(tmp_path / "data", files, after_s=after_s)
    check_agreement(tmp_path / "data", has_ended=has_ended)


def main(times: int) -> None:
    found: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        write_rows(files)
        for turn in range(times):
            data = Path(folder) / f"data{turn}"
            has_ended = kill_load(data, files, after_s=0.05 + 1.5 * turn / times)
            found.append(check_agreement(data, has_ended=has_ended))
    sys.stdout.write(f"{times} loads killed: {found.count(0)} left nothing, {found.count(ROWS)} were whole\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
