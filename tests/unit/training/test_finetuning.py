from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pyarrow as pa
import pytest
from safetensors.torch import load_file

from sapwood.config import Config, InferenceConfig
from sapwood.errors import InvalidArgumentsError, InvalidOptionError, ModelError
from sapwood.inference.adapter import read_canary
from sapwood.inference.weights import load_tokenizer
from sapwood.jobs.durable import write_tables
from sapwood.jobs.jobs import Jobs
from sapwood.jobs.worker import work
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job, ModelVersion
from sapwood.training.finetuning import finetune_handler
from sapwood.training.train import train

PAIRS = [(f"Which is it? {word}", label) for word, label in (("aa", "X"), ("bb", "Y"), ("ab", "Z")) for _ in range(8)]
CONFIG = Config(inference=InferenceConfig(threads=1, number_type="fp32"))

WORKER = """
    import sys
    from pathlib import Path
    from sapwood.config import Config, InferenceConfig
    from sapwood.jobs import worker
    from sapwood.store.catalog import Catalog
    from sapwood.training import train
    from sapwood.training.finetuning import finetune_handler

    class Models:
        def prepare(self, version):
            return version

    worker.LEASE_MS, worker.HEARTBEAT_S, worker.REPORT_EVERY_S = 2000, 0.5, 0.0
    train.CHECKPOINT_S = 0.0
    train.train.__kwdefaults__["checkpoint_s"] = 0.0
    data = Path(sys.argv[1])
    handler = finetune_handler(Models(), Config(inference=InferenceConfig(threads=1, number_type="fp32")))
    worker.work(Catalog(f"sqlite:///{data}/catalog.sqlite"), sys.argv[2], {"finetune": handler}, data)
"""


class Ready:
    """A registry whose models are there."""

    def prepare(self, version: ModelVersion) -> ModelVersion:
        return version


def write_pairs(path: Path, columns: list[list[str]]) -> str:
    """A snapshot of prompts and completions; its digest."""
    table = pa.table(columns, names=["prompt", "completion"])
    return write_tables(path, table.schema, [table])


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def job(tmp_path: Path, model_folder: Path) -> Callable[..., Job]:
    """A job over rows in Arrow files, not stored yet."""

    def build(name: str = "j", validation: Sequence[tuple[str, str]] = (), **options: Any) -> Job:
        parts = {"train": PAIRS, **({"validation": validation} if validation else {})}
        folder = tmp_path / "jobs" / name
        folder.mkdir(parents=True)
        for part, rows in parts.items():
            columns = [[row[at] for row in rows] for at in range(2)]
            write_pairs(folder / f"{part}.arrow", columns)
        spec = {
            "model": {"database": "DB", "schema": "S", "name": "M"},
            "base": asdict(ModelVersion("tiny", "local", "basedigest", path=str(model_folder))),
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "options": {"max_epochs": 2, "batch_size": 4, "rank": 4, **options},
            "owner": "TRAINER",
            "data": {part: {"rows": len(rows), "dropped_rows": 1} for part, rows in parts.items()},
        }
        return Job(name, "finetune", "PENDING", 1, "mistral-7b", "DB.S.M", "SELECT 1", spec=spec)

    return build


def finish(catalog: Catalog, data: Path, job: Job) -> Job:
    catalog.add_job(job)
    work(catalog, job.id, {"finetune": finetune_handler(Ready(), CONFIG)}, data)
    done = catalog.job(job.id)
    assert done is not None
    return done


def events(catalog: Catalog, job_id: str, kind: str) -> list[Any]:
    return [data for _, found, data in catalog.job_events(job_id) if found == kind]


def test_a_job_makes_a_model_with_all_its_files(catalog: Catalog, tmp_path: Path, job: Callable[..., Job]) -> None:
    done = finish(catalog, tmp_path, job())
    assert (done.status, done.progress, done.model, done.error) == ("SUCCESS", 1.0, "DB.S.M", None)
    (model,) = catalog.models()
    assert model.adapter_path == "models/j"
    folder = tmp_path / model.adapter_path
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "adapter_config.json", "adapter_model.safetensors", "canary.json", "curves.png", "evaluations.json",
        "training_results.csv",
    ]  # fmt: skip
    assert model.adapter_digest == hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
    assert (model.base_model, model.base_digest, model.owner, model.job_id) == ("tiny", "basedigest", "TRAINER", "j")
    assert done.training_result is not None
    assert done.training_result["validation_loss"] == model.metrics["validation_loss"]


def test_what_only_a_run_that_goes_on_needs_is_gone_at_the_end(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "__kwdefaults__", {**(train.__kwdefaults__ or {}), "checkpoint_s": 0.0})
    finish(catalog, tmp_path, job())
    assert events(catalog, "j", "checkpoint")
    assert sorted(path.name for path in (tmp_path / "jobs" / "j").iterdir()) == [
        "evaluations.json", "survey.json", "train.arrow",
    ]  # fmt: skip


def test_a_tuned_model_is_tuned_further_and_is_one_adapter_of_the_first_base(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job], model_folder: Path
) -> None:
    finish(catalog, tmp_path, job("first"))
    first = tmp_path / "models" / "first"
    base = ModelVersion("DB.S.M", "tuned", "basedigest", path=str(model_folder), adapter_path=str(first), base="tiny")
    second = job("second")
    finish(catalog, tmp_path, replace(second, spec={**second.spec, "base": asdict(base)}))
    _, model = catalog.models()
    assert (model.base_model, model.base_digest, model.metrics["tuned_from"]) == ("tiny", "basedigest", "DB.S.M")
    config = json.loads((tmp_path / "models" / "second" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (8, 8.0, "tiny")
    (before, *_), (after, *_) = (events(catalog, name, "evaluation") for name in ("first", "second"))
    assert after["loss"] < before["loss"]  # it begins where the first one ended


def test_the_results_file_has_a_row_a_step(catalog: Catalog, tmp_path: Path, job: Callable[..., Job]) -> None:
    done = finish(catalog, tmp_path, job())
    text = (tmp_path / "models" / "j" / "training_results.csv").read_text()
    assert text.splitlines()[0] == "step,epoch,training_loss,validation_loss"
    rows = list(csv.DictReader(text.splitlines()))
    steps = 6  # 24 rows less 2 for validation, 4 a step
    assert [(row["step"], row["epoch"]) for row in rows] == [
        (str(at + 1), str(at // steps + 1)) for at in range(2 * steps)
    ]
    assert [row["step"] for row in rows if row["validation_loss"]] == ["6", "12"]
    assert done.training_result is not None
    assert (
        min(float(row["validation_loss"]) for row in rows if row["validation_loss"])
        == done.training_result["validation_loss"]
    )
    assert [(event["progress"], event["loss"]) for event in events(catalog, "j", "step")] == [
        (round(int(row["step"]) / (2 * steps), 4), round(float(row["training_loss"]), 6)) for row in rows
    ]


def test_only_the_layers_that_are_named_are_adapted(catalog: Catalog, tmp_path: Path, job: Callable[..., Job]) -> None:
    finish(catalog, tmp_path, job(targets=["q_proj", "down_proj"], dropout=0.1, alpha=4))
    config = json.loads((tmp_path / "models" / "j" / "adapter_config.json").read_text())
    assert (config["target_modules"], config["lora_alpha"]) == (["down_proj", "q_proj"], 4)
    (plan,) = events(catalog, "j", "plan")
    assert (plan["targets"], plan["dropout"]) == (["down_proj", "q_proj"], 0.1)


def test_a_layer_that_the_model_has_not_is_an_error_of_the_job(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job]
) -> None:
    with pytest.raises(InvalidOptionError):
        finish(catalog, tmp_path, job(targets=["query"]))
    done = catalog.job("j")
    assert done is not None
    assert (done.status, (done.error or {})["code"]) == ("ERROR", "INVALID_PARAMETER_VALUE")
    assert "q_proj" in (done.error or {})["message"]


def test_the_plan_and_what_the_data_are_like_are_in_the_jobs_events(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job]
) -> None:
    finish(catalog, tmp_path, job(validation=[("x" * 200, "y" * 30), (PAIRS[0][0], "b")]))
    (plan,) = events(catalog, "j", "plan")
    assert (plan["epochs"], plan["batch_rows"], plan["rank"], plan["alpha"], plan["seed"]) == (2, 4, 4, 8, 0)
    assert (plan["train_rows"], plan["validation_rows"], plan["leaked_rows"]) == (24, 2, 1)
    assert plan["label_tokens"] == 4  # X, Y, Z and the end of the turn
    train, validation = events(catalog, "j", "data")
    assert (train["part"], train["rows"], train["dropped_rows"], train["cut_prompts"]) == ("train", 24, 1, 0)
    assert (train["duplicates"], train["labels"]) == (21, {"X": 8, "Y": 8, "Z": 8})
    assert (validation["part"], validation["cut_prompts"], validation["cut_completions"]) == ("validation", 1, 1)
    assert validation["warnings"][0] == "validation: 1 rows have no prompt or no completion and were dropped."


def test_the_model_is_asked_before_after_each_epoch_and_at_the_end(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job]
) -> None:
    finish(catalog, tmp_path, job())
    found = events(catalog, "j", "evaluation")
    assert [(each["subject"], each["method"], each["epoch"]) for each in found] == [
        ("base", "answers", 0), ("linear", "labels", 0), ("epoch", "answers", 1), ("epoch", "answers", 2),
        ("tuned", "answers", 2), ("tuned", "labels", 2),
    ]  # fmt: skip
    assert json.loads((tmp_path / "models" / "j" / "evaluations.json").read_text()) == found


def test_rows_that_teach_nothing_are_an_error_by_name(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job]
) -> None:
    blank = job()
    columns = [["a", "b"], ["", " "]]
    write_pairs(tmp_path / "jobs" / "j" / "train.arrow", columns)
    with pytest.raises(InvalidArgumentsError):
        finish(catalog, tmp_path, blank)
    failed = catalog.job("j")
    assert failed is not None
    assert failed.error == {
        "code": "INVALID_PARAMETER_VALUE",
        "message": "All 2 completions of the train data are blank: there is nothing to learn. "
        "Look at the column completion of the query.",
    }


def test_the_canary_is_a_validation_prompt(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job], model_folder: Path
) -> None:
    finish(catalog, tmp_path, job(validation=[("how so?", "b")]))
    tokens = read_canary(tmp_path / "models" / "j").tokens
    assert "how so?" in load_tokenizer(model_folder).decode(list(tokens))


def test_a_taken_name_gets_a_number(catalog: Catalog, tmp_path: Path, job: Callable[..., Job]) -> None:
    assert [finish(catalog, tmp_path, job(name)).model for name in ("a", "b")] == ["DB.S.M", "DB.S.M_2"]


def test_a_model_that_does_not_answer_as_trained_is_not_registered(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapwood.training.finetuning.fold", lambda model, folder: 0.0)
    monkeypatch.setattr("sapwood.inference.adapter.TOLERANCE", {"fp32": 1e-6, "bf16": 1e-6})
    with pytest.raises(ModelError):
        finish(catalog, tmp_path, job(learning_rate=0.05))
    failed = catalog.job("j")
    assert failed is not None
    assert failed.status == "ERROR"
    assert catalog.models() == []


def test_a_job_killed_in_mid_training_ends_with_the_same_adapter(
    catalog: Catalog, tmp_path: Path, job: Callable[..., Job]
) -> None:
    finish(catalog, tmp_path, job("whole", max_epochs=6))
    jobs = Jobs(catalog, tmp_path, [sys.executable, "-c", dedent(WORKER), str(tmp_path)])
    jobs.submit(job("killed", max_epochs=6))
    deadline = time.monotonic() + 120
    while len(events(catalog, "killed", "checkpoint")) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(int(jobs.job("killed").worker.split(":")[1]), signal.SIGKILL)
    steps_before = len(events(catalog, "killed", "checkpoint"))
    assert jobs.job("killed").status == "IN_PROGRESS"
    assert steps_before < 36
    assert jobs.wait("killed", 120).status == "SUCCESS"
    assert len(events(catalog, "killed", "launched")) == 2
    ours, theirs = (load_file(tmp_path / "models" / name / "adapter_model.safetensors") for name in ("killed", "whole"))
    assert ours.keys() == theirs.keys()
    assert all(ours[name].equal(theirs[name]) for name in ours)
    results = [(tmp_path / "models" / name / "training_results.csv").read_text() for name in ("killed", "whole")]
    assert results[0] == results[1]
    assert json.loads((tmp_path / "models" / "killed" / "adapter_config.json").read_text())["r"] == 4


def test_two_rows_are_enough(catalog: Catalog, tmp_path: Path, job: Callable[..., Job]) -> None:
    small = job()
    columns = [["same", "same"], ["X", "X"]]
    digest = write_pairs(tmp_path / "jobs" / "j" / "train.arrow", columns)
    assert digest
    done = finish(catalog, tmp_path, small)
    assert done.status == "SUCCESS"
    (plan,) = events(catalog, "j", "plan")
    assert (plan["train_rows"], plan["validation_rows"]) == (1, 1)
