from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sapwood.inference import threads
from sapwood.inference.threads import idle_share, wait_as_cores_allow, wait_without_spinning


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, "")  # so that monkeypatch puts back what the test sets
        monkeypatch.delenv(name)


def test_threads_sleep_at_barriers() -> None:
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_a_spin_count_of_the_user_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    wait_without_spinning()
    assert "OMP_WAIT_POLICY" not in os.environ


@pytest.fixture
def cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """First lines that /proc/stat shows, one after the other: the second one is written while the first half second passes."""
    stat, lines = tmp_path / "stat", ["cpu  100 0 0 900 0 0 0 0 0 0"]
    stat.write_text(lines[0] + "\ncpu0 1\n")
    monkeypatch.setattr(threads.time, "sleep", lambda _: stat.write_text(lines[-1] + "\ncpu0 1\n"))
    yield lines


@pytest.mark.parametrize(
    ("after", "share"), [("cpu  110 0 0 920 70 0 0 0 0 0", 0.9), ("cpu  190 0 0 905 5 0 0 0", 0.1)]
)
def test_the_idle_share_is_that_of_the_time_between(cores: list[str], tmp_path: Path, after: str, share: float) -> None:
    cores.append(after)
    assert idle_share(tmp_path / "stat", 0.5) == pytest.approx(share)


def test_a_long_job_spins_only_on_idle_cores(cores: list[str], tmp_path: Path) -> None:
    cores.append("cpu  110 0 0 990 0 0 0 0 0 0")
    wait_as_cores_allow(stat=tmp_path / "stat")
    assert "OMP_WAIT_POLICY" not in os.environ
    assert os.environ["GOMP_SPINCOUNT"] == str(threads.SPINS)


def test_a_long_job_sleeps_where_cores_are_busy_or_unknown(cores: list[str], tmp_path: Path) -> None:
    cores.append("cpu  190 0 0 910 0 0 0 0 0 0")
    wait_as_cores_allow(stat=tmp_path / "stat")
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    assert idle_share(tmp_path / "none", 0.0) == 0.0
