from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pytest

from sapwood.jobs.durable import move_folder, read_table, write_file, write_tables


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, lambda file: file.write(b"old"))

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_file(path, fail)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_tables_come_back_as_one_and_the_digest_is_the_files(tmp_path: Path) -> None:
    table = pa.table({"prompt": ["a", "b"], "completion": ["x", "y"]})
    digest = write_tables(tmp_path / "rows.arrow", table.schema, (table.slice(at, 1) for at in range(2)))
    assert read_table(tmp_path / "rows.arrow").equals(table)
    assert digest == hashlib.sha256((tmp_path / "rows.arrow").read_bytes()).hexdigest()


def test_a_folder_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    for name, text in (("old", "1"), ("new", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(text)
        move_folder(tmp_path / name, tmp_path / "models" / "m")
    assert [path.name for path in (tmp_path / "models" / "m").iterdir()] == ["new"]
    assert not (tmp_path / "new").exists()
