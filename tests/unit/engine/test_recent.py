"""Results for RESULT_SCAN: their user's alone, small ones in memory, others in files, within bounds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sapwood.dialect.statements import Column
from sapwood.dialect.types import number
from sapwood.engine.recent import SMALL_BYTES, RecentResults
from sapwood.engine.result import Result, Usage


def result(query_id: str, rows: int) -> Result:
    table = pa.table({"N": pa.array(range(rows), pa.int64())})
    return Result(query_id, "SELECT", (Column("N", number(18, 0)),), table, rows, Usage(), (), "select 1")


def test_small_and_large_results_are_found_by_their_user_alone(tmp_path: Path) -> None:
    recent = RecentResults(tmp_path / "recent")
    small, large = result("q1", 1), result("q2", SMALL_BYTES)
    recent.keep("ANNA", small)
    recent.keep("ANNA", large)
    assert recent.find("ANNA", "q1") == small
    assert recent.find("ANNA", "q2") == large
    assert recent.find("EVE", "q1") is recent.find("EVE", "q2") is recent.find("ANNA", "q3") is None
    assert [file.name for file in (tmp_path / "recent").iterdir()] == ["q2.arrow"]


def test_the_oldest_go_with_their_files(tmp_path: Path) -> None:
    recent = RecentResults(tmp_path / "recent", most_bytes=8 * 2 * SMALL_BYTES)
    for name in ("q1", "q2", "q3"):
        recent.keep("ANNA", result(name, SMALL_BYTES))
    assert recent.find("ANNA", "q1") is None
    assert recent.find("ANNA", "q3") == result("q3", SMALL_BYTES)
    assert sorted(file.name for file in (tmp_path / "recent").iterdir()) == ["q2.arrow", "q3.arrow"]
    recent.keep("ANNA", result("q4", 3 * SMALL_BYTES))
    assert recent.find("ANNA", "q4") is None


def test_a_new_process_begins_with_none(tmp_path: Path) -> None:
    RecentResults(tmp_path / "recent").keep("ANNA", result("q1", SMALL_BYTES))
    assert RecentResults(tmp_path / "recent").find("ANNA", "q1") is None
    assert not (tmp_path / "recent").exists()


def test_a_result_that_the_disk_has_no_room_for_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    recent = RecentResults(tmp_path / "file" / "below")
    recent.keep("ANNA", result("q1", SMALL_BYTES))
    assert recent.find("ANNA", "q1") is None
