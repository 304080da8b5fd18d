from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.inference import threads
from sapwood.inference.threads import SPINS, idle_share, wait_as_cores_allow, wait_without_spinning


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (threads.POLICY, threads.SPIN_COUNT):
        monkeypatch.delenv(name, raising=False)


def write_stat(folder: Path, monkeypatch: pytest.MonkeyPatch, *, after: str) -> Path:
    """A /proc/stat whose first line is another one after the first wait."""
    stat = folder / "stat"
    stat.write_text("cpu  100 0 0 900 0 0 0 0 0 0\ncpu0 1\n")
    monkeypatch.setattr(threads.time, "sleep", lambda _: stat.write_text(f"{after}\ncpu0 1\n"))
    return stat


def test_threads_sleep_at_barriers() -> None:
    assert wait_without_spinning() == {"OMP_WAIT_POLICY": "PASSIVE"}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1000")
    assert wait_without_spinning() == wait_as_cores_allow() == {}


@pytest.mark.parametrize(
    ("after", "share"), [("cpu  110 0 0 920 70 0 0 0 0 0", 0.9), ("cpu  190 0 0 905 5 0 0 0", 0.1)]
)
def test_the_idle_share_is_that_of_the_time_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str, share: float
) -> None:
    assert idle_share(write_stat(tmp_path, monkeypatch, after=after), 0.5) == pytest.approx(share)


@pytest.mark.parametrize(
    ("after", "waiting"),
    [
        ("cpu  110 0 0 990 0 0 0 0 0 0", {"GOMP_SPINCOUNT": str(SPINS)}),
        ("cpu  190 0 0 910 0 0 0 0 0 0", {"OMP_WAIT_POLICY": "PASSIVE"}),
    ],
)
def test_a_long_job_spins_only_on_idle_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str, waiting: dict[str, str]
) -> None:
    assert wait_as_cores_allow(stat=write_stat(tmp_path, monkeypatch, after=after)) == waiting


def test_where_the_system_does_not_tell_threads_sleep(tmp_path: Path) -> None:
    assert wait_as_cores_allow(stat=tmp_path / "none") == {"OMP_WAIT_POLICY": "PASSIVE"}
