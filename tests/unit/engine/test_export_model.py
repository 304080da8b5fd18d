"""EXPORT MODEL with a stand-in for the process that writes the files, and that process with stand-ins for the command."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from sapwood.dialect.statements import Name
from sapwood.engine.engine import Engine
from sapwood.engine.export import ExportProcess
from sapwood.engine.session import Session
from sapwood.errors import (
    AccessError,
    CancelledError,
    ModelError,
    ObjectExistsError,
    ParseError,
    UnknownObjectError,
    UnsupportedError,
)
from sapwood.store.records import TunedModel

PLACE = "CORTEX_FINETUNING_DB"
MODEL = Name("DB", "S", "my model")


@pytest.fixture(autouse=True)
def stage_and_model(engine: Engine, session: Session) -> None:
    engine.parts.catalog.add_model(
        TunedModel(PLACE, "PUBLIC", "MINE", "echo", "base", "models/job", "adapter", 1_700_000_000_000)
    )
    session.execute("create stage out")


def rows(session: Session, sql: str) -> list[dict[str, object]]:
    return session.execute(sql)[-1].table.to_pylist()


def test_the_files_come_onto_the_stage_with_their_folders(session: Session, tmp_path: Path) -> None:
    assert rows(session, "export model mine to @out/support FORMAT = 'GGUF-Q8_0'") == [
        {"FILE_NAME": "out/support/asked.txt", "FILE_SIZE": len(f"{PLACE}.PUBLIC.MINE as gguf-q8_0")},
        {"FILE_NAME": "out/support/base/weights", "FILE_SIZE": 4},
    ]
    assert [row["name"] for row in rows(session, "list @out")] == ["out/support/asked.txt", "out/support/base/weights"]
    (text,) = (path.read_text() for path in tmp_path.rglob("asked.txt"))  # one copy: what lay beside is gone
    assert text == f"{PLACE}.PUBLIC.MINE as gguf-q8_0"


def test_without_a_format_it_is_the_adapter(session: Session, tmp_path: Path) -> None:
    session.execute("export model mine to @out")
    (text,) = (path.read_text() for path in tmp_path.rglob("asked.txt"))
    assert text.endswith(" as peft")


def test_files_are_replaced_only_if_that_is_said(session: Session) -> None:
    session.execute("export model mine to @out/a")
    with pytest.raises(ObjectExistsError, match="out/a/"):
        session.execute("export model mine to @out/a")
    session.execute("export model mine to @out/ab")  # another folder, whose name only begins so
    assert len(rows(session, "export model mine to @out/a overwrite = true")) == 2


def test_what_can_not_be_exported_is_told_by_name(session: Session) -> None:
    with pytest.raises(UnknownObjectError, match="YOURS"):
        session.execute("export model yours to @out")
    with pytest.raises(UnknownObjectError, match="NOWHERE"):
        session.execute("export model mine to @nowhere")
    with pytest.raises(ParseError, match="'kind'"):
        session.execute("export model mine to @out kind = peft")
    with pytest.raises(ParseError):
        session.execute("export model mine")
    with pytest.raises(UnsupportedError, match="EXPORT DATABASE"):
        session.execute("export database 'folder'")


def test_only_its_owner_may(engine: Engine, session: Session) -> None:
    session.execute(
        "create role reader; grant role reader to user admin; grant usage on database cortex_finetuning_db to role reader;"
        "grant usage on schema public to role reader; grant usage on model mine to role reader;"
        "grant write on stage out to role reader; use role reader"
    )
    with pytest.raises(AccessError, match="MINE"):
        session.execute("export model mine to @out")


def command(code: str) -> ExportProcess:
    """A process that runs `code`; sys.argv has what `sapwood models export` would get."""
    return ExportProcess((sys.executable, "-c", f"import sys, pathlib, time; {code}"))


def test_the_process_is_given_form_name_and_folder(tmp_path: Path) -> None:
    export = command("pathlib.Path(sys.argv[-1]).write_text(' '.join(sys.argv[1:-1]))")
    export(MODEL, tmp_path / "made", "peft", is_cancelled=lambda: False)
    assert (tmp_path / "made").read_text() == '--format peft -- DB.S."my model"'


def test_its_error_keeps_number_state_and_hint(tmp_path: Path) -> None:
    export = command("sys.exit('001234 (42S02): no such base\\nin two lines\\nHint: pull it')")
    with pytest.raises(ModelError, match="no such base\nin two lines") as caught:
        export(MODEL, tmp_path / "made", "peft", is_cancelled=lambda: False)
    assert (caught.value.errno, caught.value.sqlstate, caught.value.hint) == (1234, "42S02", "pull it")
    with pytest.raises(ModelError, match="could not be exported") as caught:
        command("1 / 0")(MODEL, tmp_path / "made", "peft", is_cancelled=lambda: False)
    assert caught.value.hint.endswith("ZeroDivisionError: division by zero")


def test_a_cancelled_statement_ends_the_process(tmp_path: Path) -> None:
    over = threading.Event()
    over.set()
    with pytest.raises(CancelledError):
        command("time.sleep(60)")(MODEL, tmp_path / "made", "peft", is_cancelled=over.is_set)
