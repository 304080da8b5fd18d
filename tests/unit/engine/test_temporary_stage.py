"""Temporary stages and file formats belong to one session and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.location import session_folder
from sapwood.engine.session import Session
from sapwood.errors import UnknownObjectError


def test_its_files_are_seen_by_its_session_only(engine: Engine, session: Session, tmp_path: Path) -> None:
    local = tmp_path / "a.csv"
    local.write_text("1\n")
    session.execute(f"create temp stage mine; put file://{local} @mine auto_compress = false")
    (listed,) = session.execute("list @mine")
    assert listed.table.column("name").to_pylist() == ["mine/a.csv"]
    with pytest.raises(UnknownObjectError):
        engine.open_session().execute("list @mine")


def test_its_files_go_with_the_session(engine: Engine, session: Session, tmp_path: Path) -> None:
    local = tmp_path / "a.csv"
    local.write_text("1\n")
    session.execute(f"create temp stage mine; put file://{local} @mine")
    folder = session_folder(engine.parts.config.data, session.state.id)
    assert folder.is_dir()
    session.close()
    assert not folder.exists()


def test_a_dropped_schema_takes_it_along(session: Session) -> None:
    session.execute(
        "create schema s; create temp stage mine; create temp file format form; drop schema s; create schema s"
    )
    for statement in ("list @mine", "describe file format form"):
        with pytest.raises(UnknownObjectError):
            session.execute(statement)
