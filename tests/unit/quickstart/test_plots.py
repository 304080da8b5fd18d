from __future__ import annotations

import struct
from pathlib import Path

from sapwood.quickstart.plots import plot_confusion, plot_losses

LOSSES = "step,epoch,training_loss,validation_loss\n1,1,2.5,\n2,1,0.5,0.4\n3,2,0.2,0.1\n"


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


def test_losses_are_drawn_into_a_folder_that_is_made(tmp_path: Path) -> None:
    results = tmp_path / "training_results.csv"
    results.write_text(LOSSES)
    plot_losses(tmp_path / "new" / "loss.png", results)
    assert size(tmp_path / "new" / "loss.png")[0] > 300
