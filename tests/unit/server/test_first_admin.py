"""ADMIN's first password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sapwood.errors import AuthenticationError
from sapwood.server.authentication import Authenticator, Login
from sapwood.server.first_admin import ensure_admin_password
from sapwood.store.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield made
    made.close()


def test_a_password_is_made_up_once_and_written_for_the_owner_alone(catalog: Catalog, tmp_path: Path) -> None:
    first = ensure_admin_password(catalog, tmp_path, given=None)
    assert first is not None
    assert first.file.read_text().strip() == first.password
    assert first.file.stat().st_mode & 0o777 == 0o600
    assert first.password not in repr(first)
    principal = Authenticator(catalog, lambda: 0).verify(Login("admin", password=first.password))
    assert (principal.user, principal.role) == ("ADMIN", "ACCOUNTADMIN")
    assert ensure_admin_password(catalog, tmp_path, given=None) is None


def test_a_given_password_counts_at_the_first_start_only(catalog: Catalog, tmp_path: Path) -> None:
    assert ensure_admin_password(catalog, tmp_path, given="correct horse") is None
    assert ensure_admin_password(catalog, tmp_path, given="another horse") is None
    door = Authenticator(catalog, lambda: 0)
    assert door.verify(Login("ADMIN", password="correct horse")).user == "ADMIN"
    with pytest.raises(AuthenticationError):
        door.verify(Login("ADMIN", password="another horse"))
    assert list(tmp_path.glob("admin.*")) == []
