from __future__ import annotations

import struct
from pathlib import Path

from sapwood.quickstart.plots import plot_confusion


def size(path: Path) -> tuple[int, int]:
    """Width and height from the header of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_confusion_has_a_panel_a_model(tmp_path: Path) -> None:
    table = [[3, 0, 0], [1, 2, 0]]
    plot_confusion(tmp_path / "one.png", {"tuned": table}, ("red", "green"), "(other)")
    plot_confusion(tmp_path / "two.png", {"large": table, "tuned": table}, ("red", "green"), "(other)")
    assert size(tmp_path / "two.png")[0] > 1.5 * size(tmp_path / "one.png")[0]


def test_an_empty_table_can_be_drawn(tmp_path: Path) -> None:
    plot_confusion(tmp_path / "empty.png", {"tuned": [[0, 0, 0], [0, 0, 0]]}, ("red", "green"), "(other)")
    assert size(tmp_path / "empty.png")[0] > 100
