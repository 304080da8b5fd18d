"""Who owns a data directory."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sapwood.directory import FOLDERS, LOCK, TOKEN, Owner, owned, read_owner, read_token, take
from sapwood.errors import ConfigError, DataDirectoryBusyError, StorageFullError


def test_a_directory_has_one_owner_at_a_time(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(DataDirectoryBusyError, match=f"process {os.getpid()}"):
        take(tmp_path)
    with owned(tmp_path):
        pass


def test_the_owner_says_where_its_door_is_and_leaves_a_private_token(tmp_path: Path) -> None:
    with owned(tmp_path) as ownership:
        ownership.announce("127.0.0.1:7")
        assert read_owner(tmp_path) == Owner(os.getpid(), "127.0.0.1:7")
        assert read_token(tmp_path) == ownership.token
        for name in (LOCK, TOKEN):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert read_owner(tmp_path) is None
    assert read_token(tmp_path) is None


def test_nobody_else_may_look_into_the_folders_of_a_directory_that_was_open_to_all(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "databases").mkdir()
    (tmp_path / "databases").chmod(0o755)
    with owned(tmp_path):
        assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FOLDERS} == {0o700}


def test_a_killed_owner_leaves_the_directory_free(tmp_path: Path) -> None:
    code = f"import os, signal; from sapwood.directory import take; take(__import__('pathlib').Path({str(tmp_path)!r})); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with owned(tmp_path) as ownership:
        assert read_token(tmp_path) == ownership.token


def test_a_path_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be used"):
        take(tmp_path / "file")


def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(StorageFullError, match="full"):
        patch.setattr(os, "pwrite", full)
        take(tmp_path)
    with owned(tmp_path) as ownership:  # the lock was given back
        assert read_token(tmp_path) == ownership.token
