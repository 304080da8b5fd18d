from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from sapwood.training.data import epoch_batches, split
from sapwood.training.rows import BATCH, Example, Rows, write_rows


def examples(count: int) -> list[Example]:
    draw = random.Random(0)
    return [
        Example(tuple(draw.choices(range(100), k=draw.randrange(9))), tuple(range(at % 3 + 1))) for at in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 7])
def test_rows_come_back_as_they_were_written(tmp_path: Path, count: int) -> None:
    written = examples(count)
    write_rows(tmp_path / "rows", iter(written))
    rows = Rows(tmp_path / "rows")
    assert list(rows) == written
    assert rows.lengths.tolist() == [row.tokens for row in written]
    if count:
        assert rows[-1] == written[-1]


def test_a_number_that_no_row_has_is_an_index_error(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", examples(3))
    with pytest.raises(IndexError):
        Rows(tmp_path / "rows")[3]


def test_rows_on_disk_make_the_same_batches_as_rows_in_memory(tmp_path: Path) -> None:
    written = examples(200)
    write_rows(tmp_path / "rows", written)
    ours, theirs = (split(rows, seed=1)[0] for rows in (Rows(tmp_path / "rows"), written))
    assert list(ours) == list(theirs)
    assert list(epoch_batches(ours, rows=8, seed=2, epoch=1)) == list(epoch_batches(theirs, rows=8, seed=2, epoch=1))


MANY = """
    import resource, sys
    from pathlib import Path
    from sapwood.training.data import epoch_batches
    from sapwood.training.rows import Example, Rows, write_rows

    path, count, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    write_rows(path, [Example((1,), (2,))])  # what is imported on the way counts for nobody
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()  # data, without mapped files
    resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
    write_rows(path, (Example((at % 1000,) * 50, (7,) * 3) for at in range(count)))
    rows = Rows(path)
    batches = epoch_batches(rows, rows=16, seed=0, epoch=0)
    print(sum(len(batches[at]) for at in range(0, len(batches), 50)), len(rows), path.stat().st_size)
"""


def test_more_rows_than_memory_are_written_and_read(tmp_path: Path) -> None:
    """150,000 rows of 53 tokens, 33 MB on disk, under a limit of 32 MB: Python's tuples alone would take 70 MB."""
    count, limit = 150_000, 32 << 20
    command = [sys.executable, "-c", dedent(MANY), str(tmp_path / "rows"), str(count), str(limit)]
    plain = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "ARROW_IO_THREADS": "1"}  # pools and stacks are large
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=plain)
    assert done.returncode == 0, done.stderr
    read, rows, size = map(int, done.stdout.split())
    assert (read, rows) == (188 * 16, count)  # each fiftieth of 9,375 batches
    assert size > 30 << 20
