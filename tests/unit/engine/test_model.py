from __future__ import annotations

from pathlib import Path

import pytest

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.errors import ObjectExistsError, ProgrammingError, UnknownObjectError
from sapwood.store.records import TunedModel


@pytest.fixture
def tuned(engine: Engine, tmp_path: Path) -> TunedModel:
    folder = tmp_path / "models" / "job"
    folder.mkdir(parents=True)
    (folder / "training_results.csv").write_text("step,epoch,training_loss,validation_loss\n1,1,2.5,\n")
    model = TunedModel(
        "CORTEX_FINETUNING_DB", "PUBLIC", "MINE", "echo", "base", "models/job", "adapter", 1_700_000_000_000
    )
    return engine.parts.catalog.add_model(model)


def rows(session: Session, sql: str) -> list[dict[str, object]]:
    return session.execute(sql)[-1].table.to_pylist()


def test_show_models_has_tuned_and_base_models_and_what_answers(session: Session, tuned: TunedModel) -> None:
    found = {str(row["name"]): row for row in rows(session, "show models")}
    assert {name: row["model_type"] for name, row in found.items()} == {
        "MINE": "CORTEX_FINETUNED",
        "ECHO": "CORTEX_BASE",
        "MISTRAL-7B": "CORTEX_BASE",
        "MISTRAL-LARGE": "CORTEX_BASE",
    }
    assert (found["MINE"]["versions"], found["MINE"]["default_version_name"]) == ('["V1"]', "V1")
    assert found["MINE"]["aliases"] == '{"DEFAULT": "V1", "FIRST": "V1", "LAST": "V1"}'
    assert (found["MISTRAL-7B"]["answered_by"], found["MISTRAL-7B"]["schema_name"]) == ("echo", "MODELS")
    assert found["ECHO"]["tuning_bytes"] is None  # echo has no weights
    assert [row["name"] for row in rows(session, "show models in schema public")] == ["MINE"]
    assert [row["name"] for row in rows(session, "show models like 'mistral%' in schema snowflake.models")] == [
        "MISTRAL-7B",
        "MISTRAL-LARGE",
    ]
    assert len(rows(session, "show cortex base models")) == 3


def test_alter_and_drop_model(session: Session, tuned: TunedModel, tmp_path: Path) -> None:
    session.execute(
        "alter model mine set comment = 'about it'; alter model mine version v1 set alias = prod; alter model mine rename to yours"
    )
    (row,) = rows(session, "show models in schema public")
    assert (row["name"], row["comment"]) == ("YOURS", "about it")
    assert '"PROD": "V1"' in str(row["aliases"])
    with pytest.raises(ProgrammingError, match="Version 'V9'"):
        session.execute("alter model yours set default_version = 'V9'")
    assert (tmp_path / "models" / "job").is_dir()
    assert rows(session, "drop model yours") == [{"status": "YOURS successfully dropped."}]
    assert not (tmp_path / "models" / "job").exists()
    with pytest.raises(UnknownObjectError):
        session.execute("drop model yours")


def test_a_model_does_not_take_a_taken_name(engine: Engine, session: Session, tuned: TunedModel) -> None:
    engine.parts.catalog.add_model(TunedModel("CORTEX_FINETUNING_DB", "PUBLIC", "OTHER", "echo", "b", "", "a", 1))
    with pytest.raises(ObjectExistsError):
        session.execute("alter model mine rename to other")


NEWER = TunedModel(
    "CORTEX_FINETUNING_DB", "PUBLIC", "NEWER", "echo", "base", "models/newer", "newer", 1_700_000_001_000
)


@pytest.fixture
def two_versions(engine: Engine, session: Session, tuned: TunedModel, tmp_path: Path) -> Path:
    """MINE has version V2, whose files are those that NEWER had; the folder of these."""
    folder = tmp_path / "models" / "newer"
    folder.mkdir()
    engine.parts.catalog.add_model(NEWER)
    session.execute("alter model mine add version v2 from model newer; drop model newer")
    return folder


def test_versions_of_a_model(session: Session, two_versions: Path) -> None:
    (row,) = rows(session, "show models in schema public")
    assert (row["versions"], row["default_version_name"]) == ('["V1", "V2"]', "V1")
    assert row["aliases"] == '{"DEFAULT": "V1", "FIRST": "V1", "LAST": "V2"}'
    session.execute("alter model mine version last set alias = best; alter model mine set default_version = best")
    shown = rows(session, "show versions in model mine")
    assert [(row["name"], row["aliases"], row["is_default_version"]) for row in shown] == [
        ("V1", '["FIRST"]', False),
        ("V2", '["DEFAULT", "LAST", "BEST"]', True),
    ]
    assert [row["name"] for row in rows(session, "show versions like '%2' in model mine")] == ["V2"]
    with pytest.raises(UnknownObjectError, match="NOTHING"):
        session.execute("show versions in model nothing")


def test_the_default_version_answers(engine: Engine, session: Session, two_versions: Path) -> None:
    def digest() -> str:
        model = engine.parts.catalog.model("CORTEX_FINETUNING_DB", "PUBLIC", "MINE")
        assert model is not None
        return model.adapter_digest

    session.execute("alter model mine set default_version = v2")
    assert digest() == "newer"
    assert rows(session, "list 'snow://model/mine/versions/v2/'") == []
    session.execute("alter model mine set default_version = 'FIRST'")
    assert digest() == "adapter"


def test_files_go_with_the_last_version_that_has_them(session: Session, two_versions: Path) -> None:
    assert two_versions.is_dir(), "NEWER is gone, its files are V2's"
    session.execute(
        "alter model mine version v2 set alias = best; alter model mine add version v3 from model mine version best"
    )
    session.execute("alter model mine drop version best")
    assert two_versions.is_dir(), "V3 shares them"
    assert '"BEST"' not in str(rows(session, "show models in schema public")[0]["aliases"])
    session.execute("alter model mine drop version v3")
    assert not two_versions.exists()


def test_a_version_that_can_not_be_made_or_dropped(session: Session, two_versions: Path) -> None:
    with pytest.raises(ObjectExistsError, match="Version 'V2'"):
        session.execute("alter model mine add version v2 from model mine")
    with pytest.raises(ObjectExistsError, match="Version 'LAST'"):
        session.execute("alter model mine add version last from model mine")
    with pytest.raises(UnknownObjectError, match="NEWER"):
        session.execute("alter model mine add version v3 from model newer")
    with pytest.raises(ProgrammingError, match="is the default version"):
        session.execute("alter model mine drop version first")


def test_training_results_can_be_listed_and_got(session: Session, tuned: TunedModel, tmp_path: Path) -> None:
    listed = rows(session, "list 'snow://model/mine/versions/v1/'")
    assert [row["name"] for row in listed] == ["snow://model/mine/versions/v1/training_results.csv"]
    target = tmp_path / "out"
    got = rows(session, f"get 'snow://model/mine/versions/last/training_results.csv' file://{target}/")
    assert [(row["file"], row["status"]) for row in got] == [("training_results.csv", "DOWNLOADED")]
    assert (target / "training_results.csv").read_text().startswith("step,epoch,training_loss")
    with pytest.raises(ProgrammingError, match="Version 'v2'"):
        session.execute("list 'snow://model/mine/versions/v2/'")
