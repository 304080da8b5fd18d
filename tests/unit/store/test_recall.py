"""What is remembered of the catalogue: read once, until this process writes or a moment has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.store.catalog import Catalog
from sapwood.store.database import Database
from sapwood.store.recall import Recall
from sapwood.store.records import QueryRecord, RoleGrant


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'catalog.sqlite'}")


def test_what_was_read_is_read_again_once_something_was_written(database: Database) -> None:
    asked: list[str] = []

    def look_up(name: str) -> int:
        asked.append(name)
        return len(asked)

    recall = Recall(database, look_up)
    assert (recall("a"), recall("a"), recall("b")) == (1, 1, 2)
    with database.write(is_history=True):
        assert recall("a") == 1
    with database.write():
        pass
    assert recall("a") == 3


def test_nothing_is_remembered_for_long(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.1, 0.9, 1.1])
    monkeypatch.setattr("sapwood.store.recall.time.monotonic", lambda: next(moments))
    answers = iter("ab")
    recall = Recall(database, lambda name: next(answers))
    assert [recall("x"), recall("x"), recall("x")] == ["a", "a", "b"]


def test_a_grant_counts_at_once(tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    assert "BOSS" not in catalog.roles_of_user("ANNA")
    catalog.grant_role(RoleGrant("ROLE", "BOSS", "USER", "ANNA"))
    catalog.record_query(QueryRecord("q", "select 1", "ANNA", "BOSS", "SUCCESS", 1))
    assert "BOSS" in catalog.roles_of_user("ANNA")
    catalog.revoke_role("ROLE", "BOSS", grantee_kind="USER", grantee="ANNA")
    assert "BOSS" not in catalog.roles_of_user("ANNA")
    catalog.close()
