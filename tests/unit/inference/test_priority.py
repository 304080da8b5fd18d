from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import os, sys
from pathlib import Path
from sapwood.inference.priority import give_way
give_way(7, autogroup=Path(sys.argv[1]))
print(os.nice(0))
"""


def level_of_a_process(autogroup: Path) -> int:
    done = subprocess.run([sys.executable, "-c", CODE, str(autogroup)], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_process_and_its_group_give_way(tmp_path: Path) -> None:
    group = tmp_path / "autogroup"
    group.write_text("/autogroup-1 nice 0\n")
    assert level_of_a_process(group) >= 7
    assert group.read_text() == "7"


def test_a_system_without_groups_is_no_error(tmp_path: Path) -> None:
    assert level_of_a_process(tmp_path / "none" / "autogroup") >= 7
