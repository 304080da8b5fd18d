from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sapwood.errors import (
    AccessError,
    CancelledError,
    Error,
    InvalidArgumentsError,
    InvalidOptionError,
    JobError,
    NoCurrentSchemaError,
    ParseError,
    UnknownFileError,
    UnknownModelError,
    UnknownObjectError,
)
from sapwood.functions.finetune import SIGNATURE, finetune_command, model_name
from sapwood.functions.function import CommandContext
from sapwood.jobs.durable import read_table
from sapwood.jobs.jobs import Jobs
from sapwood.store.catalog import Catalog
from sapwood.store.records import Job, ModelVersion

Rows = list[tuple[Any, Any]]
GOOD: Rows = [("a", "x"), ("b", "y"), ("c", "x")]


@dataclass(frozen=True)
class FakeBase:
    version: ModelVersion
    prompt_tokens: int = 6000
    completion_tokens: int = 2000
    max_rows: int | None = None
    parameters: int = 135_000_000
    licence: str = "Apache-2.0"
    owner: str = ""


class FakeRegistry:
    """One base model, mistral-7b; `limited` is one with a row limit of 9 for one epoch."""

    def base_model(self, name: str, *, database: str | None = None, schema: str | None = None) -> FakeBase:
        if name == "tuned":
            return FakeBase(ModelVersion("DB.PUBLIC.TUNED", "tuned", "d1", base="small"), owner="TRAINER")
        if name not in ("mistral-7b", "limited"):
            raise UnknownModelError(f"unknown model {name}")
        return FakeBase(ModelVersion("smollm2-135m-instruct", "local", "d1"), max_rows=9 if name == "limited" else None)


def check_schema(database: str, schema: str) -> None:
    """There is no NOWHERE."""
    if "NOWHERE" in (database, schema):
        raise UnknownObjectError(f"Schema '{database}.{schema}' does not exist or not authorized.")


class Finetune:
    """FINETUNE as a session calls it, with a worker command that does nothing."""

    def __init__(self, catalog: Catalog, data: Path) -> None:
        self.jobs = Jobs(catalog, data, [sys.executable, "-c", "pass"])
        self.catalog = catalog
        self.tables: dict[str, Rows | Exception] = {"train": GOOD, "eval": GOOD}
        self.files: dict[str, list[str]] = {}
        self.queries: list[str] = []
        self.notices: list[str] = []
        self.is_own: Callable[[str], bool] = lambda owner: True
        self._run = finetune_command(self.jobs, FakeRegistry(), data)

    def __call__(self, *values: Any, database: str | None = "DB", schema: str | None = "PUBLIC") -> str:
        arguments = dict(zip([parameter.name for parameter in SIGNATURE.parameters], values, strict=False))
        context = CommandContext(
            database, schema, "TRAINER", self._query, self._documents, check_schema, self.notices.append, self.is_own
        )
        return self._run(arguments, context)

    def create(self, **tables: Rows | Exception) -> Job:
        self.tables.update(tables)
        return self.jobs.job(self("CREATE", "m", "mistral-7b", "train", "eval" if "eval" in tables else None))

    def describe(self, job_id: str) -> str:
        return self("DESCRIBE", job_id)

    def _documents(self, written: str) -> pa.ChunkedArray:
        if written not in self.files:
            raise UnknownFileError(f"{written} was not found")
        return pa.chunked_array([self.files[written]], pa.string())

    def _query(self, sql: str) -> Iterator[pa.Table]:
        """The rows one by one, as a long query gives them in portions."""
        self.queries.append(sql)
        found = re.fullmatch(r'SELECT "PROMPT", "COMPLETION" FROM \((\w+)\)', sql)
        assert found is not None
        rows = self.tables[found[1]]
        if isinstance(rows, Exception):
            raise rows
        for row in rows:
            yield pa.table([[row[at]] for at in range(2)], names=["PROMPT", "COMPLETION"])


@pytest.fixture
def finetune(tmp_path: Path) -> Iterator[Finetune]:
    catalog = Catalog(f"sqlite:///{tmp_path}/catalog.sqlite")
    yield Finetune(catalog, tmp_path)
    catalog.close()


def test_create_answers_a_job_id_and_stores_all_that_a_worker_needs(finetune: Finetune) -> None:
    job_id = finetune("CREATE", "m", "mistral-7b", "train", "eval", '{"max_epochs": 3}')
    assert re.fullmatch(
        r"CortexFineTuningWorkflow_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", job_id
    )
    job = finetune.jobs.job(job_id)
    assert (job.status, job.base_model, job.model_name) == ("PENDING", "mistral-7b", "DB.PUBLIC.M")
    assert (job.training_data, job.validation_data, job.options) == ("train", "eval", {"max_epochs": 3})
    assert job.spec["model"] == {"database": "DB", "schema": "PUBLIC", "name": "M"}
    assert (job.spec["base"]["name"], job.spec["base"]["digest"]) == ("smollm2-135m-instruct", "d1")
    assert (job.spec["prompt_tokens"], job.spec["completion_tokens"]) == (6000, 2000)
    assert (job.spec["owner"], job.spec["options"]) == ("TRAINER", {"max_epochs": 3})
    assert finetune.queries == [
        'SELECT "PROMPT", "COMPLETION" FROM (train)',
        'SELECT "PROMPT", "COMPLETION" FROM (eval)',
    ]


def test_the_rows_are_kept_as_they_were_when_create_returned(finetune: Finetune) -> None:
    job = finetune.create(train=[("a", "x"), (None, "y"), ("c", None), ("d", "z")])
    rows = read_table(finetune.jobs.folder(job.id) / "train.arrow")
    assert rows.to_pydict() == {"prompt": ["a", "d"], "completion": ["x", "z"]}
    assert (job.spec["data"]["train"]["rows"], job.spec["data"]["train"]["dropped_rows"]) == (2, 2)
    assert not (finetune.jobs.folder(job.id) / "validation.arrow").exists()


def test_numbers_become_texts(finetune: Finetune) -> None:
    job = finetune.create(train=[("a", 1), ("b", 2)])
    assert read_table(finetune.jobs.folder(job.id) / "train.arrow").column("completion").to_pylist() == ["1", "2"]


@pytest.mark.parametrize("options", ['{"max_epochs":3}', {"max_epochs": 3}])
def test_options_come_as_text_or_as_an_object(finetune: Finetune, options: Any) -> None:
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "train", None, options))
    assert job.options == {"max_epochs": 3}
    assert job.validation_data == ""


def test_the_adapter_has_options_of_its_own(finetune: Finetune) -> None:
    options = {"rank": 8, "alpha": 4.5, "dropout": 0.1, "targets": ["q_proj", "v_proj"]}
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "train", None, json.dumps(options)))
    assert job.spec["options"] == options


def test_missing_parts_may_be_null(finetune: Finetune) -> None:
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "train", None, None))
    assert (job.validation_data, job.options) == ("", None)


@pytest.mark.parametrize(
    "options",
    [
        "{",
        "[]",
        "3",
        '{"max_epochs": 0}',
        '{"max_epochs": 11}',
        '{"max_epochs": 2.5}',
        '{"max_epochs": "3"}',
        '{"max_epochs": true}',
        '{"max_epochs": null}',
        '{"epochs": 3}',
        '{"learning_rate": 1}',
        '{"rank": 0}',
        '{"seed": -1}',
        '{"dropout": 1}',
        '{"alpha": 0}',
        '{"targets": "q_proj"}',
        '{"targets": []}',
        '{"targets": [7]}',
        '{"targets": ["q_proj", "q_proj"]}',
    ],
)
def test_a_bad_option_is_an_error_of_the_statement_and_makes_no_job(finetune: Finetune, options: str) -> None:
    with pytest.raises(InvalidOptionError):
        finetune("CREATE", "m", "mistral-7b", "train", None, options)
    assert finetune.jobs.jobs() == []


@pytest.mark.parametrize(
    "name", ["1abc", "a-b", "a b", "", "a.b.c.d", "a..b", ".a", "a.", '"a', '""', 'a"b"', "x" * 256]
)
def test_a_bad_name_is_an_error_of_the_statement_and_makes_no_job(finetune: Finetune, name: str) -> None:
    with pytest.raises(InvalidArgumentsError):
        finetune("CREATE", name, "mistral-7b", "train")
    assert finetune.jobs.jobs() == []


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("m", ("DB", "PUBLIC", "M")),
        ("s.m", ("DB", "S", "M")),
        ("d.s.m_2", ("D", "S", "M_2")),
        ('"my-Model"', ("DB", "PUBLIC", "my-Model")),
        ('d."s.t"."say ""hi"""', ("D", "s.t", 'say "hi"')),
    ],
)
def test_names_are_read_as_sql_reads_them(written: str, full: tuple[str, str, str]) -> None:
    assert model_name(written, "DB", "PUBLIC") == full


def test_a_quoted_name_stays_quoted_where_it_is_shown(finetune: Finetune) -> None:
    assert finetune.jobs.job(finetune("CREATE", '"my-m"', "mistral-7b", "train")).model_name == 'DB.PUBLIC."my-m"'


def test_a_bare_name_needs_a_current_schema(finetune: Finetune) -> None:
    with pytest.raises(NoCurrentSchemaError):
        finetune("CREATE", "m", "mistral-7b", "train", schema=None)
    assert finetune("CREATE", "d.s.m", "mistral-7b", "train", database=None, schema=None)


def test_an_unknown_base_model_is_an_error_of_the_statement(finetune: Finetune) -> None:
    with pytest.raises(UnknownModelError):
        finetune("CREATE", "m", "gpt-9", "train")
    assert finetune.jobs.jobs() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("CREATE",),
        ("CREATE", "m", "mistral-7b"),
        ("SHOW", "x"),
        ("DESCRIBE",),
        ("CANCEL", None),
        ("DROP", "x"),
        (None,),
    ],
)
def test_a_wrong_number_of_arguments_is_an_error(finetune: Finetune, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidArgumentsError):
        finetune(*arguments)


def test_a_failing_query_makes_a_job_with_that_error(finetune: Finetune) -> None:
    error = ParseError(
        "SQL compilation error:\nsyntax error line 1 at position 8 unexpected ';'.", hint="Take it away."
    )
    error.sfqid = "01b79faf"
    job = finetune.create(train=error)
    shown = json.loads(finetune.describe(job.id))
    assert list(shown) == [
        "base_model", "created_on", "error", "finished_on", "id", "progress", "status", "training_data", "validation_data",
    ]  # fmt: skip
    assert shown["error"] == {
        "code": "INVALID_PARAMETER_VALUE",
        "message": "Failed to query input data for Fine-tuning. Failed to execute query: "
        'SELECT "PROMPT", "COMPLETION" FROM (train). '
        "001003 (42000): 01b79faf: SQL compilation error:\nsyntax error line 1 at position 8 unexpected ';'.",
    }
    assert (shown["status"], shown["progress"], shown["validation_data"]) == ("ERROR", 0.0, "")
    assert finetune.catalog.job_events(job.id) == []


@pytest.mark.parametrize("kind", [AccessError, UnknownObjectError])
def test_data_that_may_not_be_read_makes_no_job(finetune: Finetune, kind: type[Error]) -> None:
    with pytest.raises(kind):
        finetune.create(train=kind("not authorized"))
    assert finetune.jobs.jobs() == []


def test_a_cancelled_query_makes_no_job(finetune: Finetune) -> None:
    with pytest.raises(CancelledError):
        finetune.create(train=CancelledError("cancelled"))
    assert finetune.jobs.jobs() == []


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"train": []}, "Training data has 0 usable rows; at least 2 are needed"),
        ({"train": GOOD[:1]}, "Training data has 1 usable row; at least 2 are needed"),
        (
            {"train": [("a", None), (None, "b"), ("c", "d")]},
            "1 usable row (2 of 3 rows have no prompt or no completion)",
        ),
        ({"train": GOOD, "eval": []}, "Validation data has 0 usable rows; at least 1 is needed"),
    ],
)
def test_too_few_rows_make_a_job_that_says_what_is_needed(
    finetune: Finetune, tables: dict[str, Rows], words: str
) -> None:
    job = finetune.create(**tables)
    assert job.status == "ERROR"
    assert job.error is not None
    assert words in job.error["message"]


def test_a_row_limit_is_divided_by_the_epochs(finetune: Finetune) -> None:
    finetune.tables["four"] = [("a", "x")] * 4
    assert finetune.jobs.job(finetune("CREATE", "m", "limited", "train")).status == "PENDING"
    error = finetune.jobs.job(finetune("CREATE", "m", "limited", "four")).error
    assert error is not None
    assert "4 rows; limited takes at most 3 at 3 epochs" in error["message"]
    one_epoch = finetune("CREATE", "m", "limited", "four", None, '{"max_epochs":1}')
    assert finetune.jobs.job(one_epoch).status == "PENDING"


def test_describe_of_a_success_has_the_vendors_keys_in_order(finetune: Finetune) -> None:
    job = Job(
        "j",
        "finetune",
        "PENDING",
        1717004388348,
        "mistral-7b",
        "DB.S.M",
        "SELECT 1",
        "SELECT 2",
        options={"max_epochs": 3},
    )
    done: Mapping[str, Any] = {
        "status": "SUCCESS", "progress": 1.0, "finished_on": 1717004691577, "model": "DB.S.M_2", "trained_tokens": 2670734,
        "training_result": {"training_loss": 0.25, "validation_loss": 0.5},
    }  # fmt: skip
    finetune.catalog.add_job(replace(job, **done))
    assert finetune.describe("j") == (
        '{"base_model":"mistral-7b","created_on":1717004388348,"finished_on":1717004691577,"id":"j","model":"DB.S.M_2",'
        '"progress":1.0,"status":"SUCCESS","training_data":"SELECT 1","trained_tokens":2670734,'
        '"training_result":{"validation_loss":0.5,"training_loss":0.25},"validation_data":"SELECT 2",'
        '"options":{"max_epochs":3}}'
    )


def test_describe_of_a_running_job_leaves_out_what_is_not_known(finetune: Finetune) -> None:
    job = finetune.create()
    assert list(json.loads(finetune.describe(job.id))) == [
        "base_model", "created_on", "id", "progress", "status", "training_data", "validation_data",
    ]  # fmt: skip


def test_describe_keeps_letters_that_are_not_ascii(finetune: Finetune) -> None:
    finetune.catalog.add_job(Job("j", "finetune", "ERROR", 1, "b", "DB.S.M", "SELECT 'é'"))
    assert '"training_data":"SELECT \'é\'"' in finetune.describe("j")


def test_show_lists_jobs_newest_first(finetune: Finetune) -> None:
    for number in (1, 2):
        finetune.catalog.add_job(Job(f"j{number}", "finetune", "SUCCESS", number, "b", "DB.S.M", "SELECT 1"))
    assert finetune("show") == (
        '[{"id":"j2","status":"SUCCESS","base_model":"b","created_on":2},'
        '{"id":"j1","status":"SUCCESS","base_model":"b","created_on":1}]'
    )


def test_cancel_answers_the_vendors_sentence(finetune: Finetune) -> None:
    finetune.catalog.add_job(Job("j", "finetune", "PENDING", 1, "b", "DB.S.M", "SELECT 1"))
    assert finetune("CANCEL", "j") == "Canceled Cortex Fine-tuning job: j"
    assert json.loads(finetune.describe("j"))["status"] == "CANCELLED"
    with pytest.raises(JobError, match="its status is CANCELLED"):
        finetune("CANCEL", "j")


def test_resume_goes_on_with_a_job_that_ended_without_a_model(finetune: Finetune) -> None:
    job = finetune.create()
    finetune("CANCEL", job.id)
    assert finetune("RESUME", job.id) == f"Resumed Cortex Fine-tuning job: {job.id}"
    assert json.loads(finetune.describe(job.id))["status"] == "PENDING"
    with pytest.raises(JobError, match="its status is PENDING"):
        finetune("RESUME", job.id)


@pytest.mark.parametrize("action", ["DESCRIBE", "CANCEL", "RESUME"])
def test_an_unknown_job_is_an_error_by_name(finetune: Finetune, action: str) -> None:
    with pytest.raises(JobError, match="job 'nope' does not exist"):
        finetune(action, "nope")


@pytest.mark.parametrize("name", ["nowhere.public.m", "nowhere.m"])
def test_a_schema_that_is_not_there_is_an_error_and_makes_no_job(finetune: Finetune, name: str) -> None:
    with pytest.raises(UnknownObjectError, match="NOWHERE"):
        finetune("CREATE", name, "mistral-7b", "train")
    assert finetune.jobs.jobs() == []
    assert finetune.queries == []


def test_a_tuned_model_is_tuned_further_by_its_owner_alone(finetune: Finetune) -> None:
    job = finetune.jobs.job(finetune("CREATE", "m", "tuned", "train"))
    assert (job.base_model, job.spec["base"]["kind"], job.spec["base"]["base"]) == ("tuned", "tuned", "small")
    finetune.is_own = lambda owner: owner == "ANALYST"
    with pytest.raises(AccessError, match="tuned"):
        finetune("CREATE", "m", "tuned", "train")


def test_a_job_says_how_urgent_it_is_and_what_memory_it_needs(finetune: Finetune) -> None:
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "train", None, '{"priority": 9}'))
    assert job.options == {"priority": 9}
    assert job.spec["memory_bytes"] == (1 << 30) + 6 * 135_000_000
    with pytest.raises(InvalidOptionError, match="priority"):
        finetune("CREATE", "m", "mistral-7b", "train", None, '{"priority": 10}')


def test_documents_on_a_stage_are_data(finetune: Finetune) -> None:
    finetune.files["@mine/train.jsonl"] = [
        '{"prompt": "a", "completion": "x"}', '{"Prompt": "b", "COMPLETION": {"n": 1}, "more": 2}', '{"prompt": "c"}',
    ]  # fmt: skip
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "@mine/train.jsonl"))
    rows = read_table(finetune.jobs.folder(job.id) / "train.arrow")
    assert rows.to_pydict() == {"prompt": ["a", "b"], "completion": ["x", '{"n":1}']}
    assert (job.training_data, job.spec["data"]["train"]["dropped_rows"]) == ("@mine/train.jsonl", 1)


def test_documents_that_are_no_objects_are_an_error_of_the_job(finetune: Finetune) -> None:
    finetune.files["@mine/train.jsonl"] = ['{"prompt": "a", "completion": "x"}', "[1]"]
    job = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "@mine/train.jsonl"))
    assert (job.error or {})["message"].startswith("Document 2 of @mine/train.jsonl is no object")
    missing = finetune.jobs.job(finetune("CREATE", "m", "mistral-7b", "@mine/none.jsonl"))
    assert "@mine/none.jsonl was not found" in (missing.error or {})["message"]


def test_values_without_a_text_are_an_error_of_the_job(finetune: Finetune) -> None:
    job = finetune.create(train=[("a", [1]), ("b", [2])])
    assert (job.error or {})["message"].startswith("Prompt and completion must be texts")


def test_a_full_disk_makes_no_job_and_leaves_no_file(
    finetune: Finetune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> str:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sapwood.functions.finetune.write_tables", write)
    with pytest.raises(OSError, match="space"):
        finetune("CREATE", "m", "mistral-7b", "train")
    assert finetune.jobs.jobs() == []
    assert list((tmp_path / "jobs").iterdir()) == []


def test_data_that_can_not_be_trained_on_is_told_at_once(finetune: Finetune) -> None:
    job = finetune.create(train=[("a", "x")])
    assert not finetune.jobs.folder(job.id).exists()
    assert job.status == "ERROR"
    assert finetune.notices == [f"{job.id} has failed: {(job.error or {})['message']}"]
    assert "1 usable row" in finetune.notices[0]


@pytest.mark.parametrize("train", [GOOD, []], ids=["a job", "a job with bad data"])
def test_a_job_of_another_role_is_told_of_like_none(finetune: Finetune, train: Rows) -> None:
    job = finetune.create(train=train)
    finetune.is_own = lambda owner: owner == "TRAINER"
    assert json.loads(finetune.describe(job.id))["id"] == job.id
    finetune.is_own = lambda owner: owner == "ANALYST"
    assert json.loads(finetune("SHOW")) == []
    for action in ("DESCRIBE", "CANCEL"):
        with pytest.raises(JobError, match="does not exist"):
            finetune(action, job.id)
