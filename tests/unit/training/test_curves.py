from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sapwood.training.curves import plot_curves

LOSSES = "step,epoch,training_loss,validation_loss\n1,1,2.5,\n2,1,0.5,0.4\n3,2,0.2,0.1\n"


def width(path: Path) -> int:
    """From the header of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])[0]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "training_results.csv"
    path.write_text(LOSSES)
    return path


def test_losses_are_drawn_into_a_folder_that_is_made(tmp_path: Path, results: Path) -> None:
    plot_curves(tmp_path / "new" / "loss.png", results)
    assert width(tmp_path / "new" / "loss.png") > 300


def test_answers_have_a_panel_beside_the_losses(tmp_path: Path, results: Path) -> None:
    subjects = [("base", 0), ("linear", 0), ("epoch", 1), ("epoch", 2), ("tuned", 2)]
    facts = [
        {"subject": subject, "method": "answers", "epoch": epoch, "rows": 8, "exact_match": epoch / 2}
        for subject, epoch in subjects
    ]
    plot_curves(tmp_path / "loss.png", results)
    plot_curves(tmp_path / "both.png", results, facts)
    assert width(tmp_path / "both.png") == 2 * width(tmp_path / "loss.png")
