"""The loop with the real small model, through the command line and a connection: a tiny fine-tune, and two kills.

The model comes from the shared cache, and is fetched into it on first use (93 MB).
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

import sapwood
from sapwood.connection import Connection

pytestmark = pytest.mark.models

TINY = '{"max_epochs": 2, "learning_rate": 0.0015}'
"""A fast rate: 126 rows are seen twice, and asked about again, so families that it never saw play no part."""
LOAD = """
create or replace file format csvformat skip_header = 1 field_optionally_enclosed_by = '"' type = 'CSV';
create or replace stage tickets_stage file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';
create or replace table support_tickets (ticket_id varchar(60), customer_name varchar(60), customer_email varchar(60),
  service_type varchar(60), request varchar, contact_preference varchar(60));
copy into support_tickets from @tickets_stage;
create or replace stage categories_stage file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai_categories/';
create or replace table categories (ticket_id varchar, category varchar, family varchar);
copy into categories from @categories_stage;
create or replace table train as
  select 'Category of this request? ' || request as prompt, category as completion
  from support_tickets join categories using (ticket_id) order by ticket_id limit 140;
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loop")
    with sapwood.connect(path) as connection:
        connection.execute_string(LOAD)
    return path


@pytest.fixture
def connection(data: Path) -> Generator[Connection]:
    with sapwood.connect(data) as connection:
        yield connection


def one(connection: Connection, sql: str) -> str:
    return str(connection.cursor().execute(sql).fetchone()[0])


def describe(connection: Connection, job: str) -> dict[str, object]:
    return json.loads(one(connection, f"select snowflake.cortex.finetune('DESCRIBE', '{job}')"))


def until(is_so: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def test_a_job_killed_in_mid_training_goes_on_and_its_model_answers(connection: Connection) -> None:
    job = one(
        connection,
        "select snowflake.cortex.finetune('CREATE', 'tuned', 'mistral-7b', 'select prompt, completion from train',"
        f" NULL, '{TINY}')",
    )
    until(lambda: float(str(describe(connection, job)["progress"])) > 0.05, seconds=240)
    os.kill(worker_pid(job), signal.SIGKILL)
    assert describe(connection, job)["status"] == "IN_PROGRESS"
    until(lambda: describe(connection, job)["status"] not in ("PENDING", "IN_PROGRESS"), seconds=400)
    final = describe(connection, job)
    assert final["status"] == "SUCCESS", final
    assert list(final) == [
        "base_model", "created_on", "finished_on", "id", "model", "progress", "status", "training_data", "trained_tokens",
        "training_result", "validation_data", "options",
    ]  # fmt: skip
    answers = connection.cursor().execute(
        "select trim(snowflake.cortex.complete('tuned', prompt)), completion from train limit 40"
    )
    rows = answers.fetchall()
    assert sum(answer == label for answer, label in rows) >= 20  # of 40; guessing among five categories gives 8


def worker_pid(job: str) -> int:
    """The worker of a job: the process whose command line ends with the job's id."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if job in words:
            return int(process.name)
    raise AssertionError("no worker runs")


ASKED = 400
LABEL = (
    "select count(snowflake.cortex.complete('mistral-7b', [{'role': 'user', 'content': 'Category? ' || request}],"
    f" {{'max_tokens': 4}})) as n from (select * from support_tickets order by ticket_id limit {ASKED})"
)


def stored(data: Path) -> int:
    with sqlite3.connect(f"file:{data / 'cache' / 'answers.sqlite'}?mode=ro", uri=True) as database:
        return int(database.execute("select count(*) from answers").fetchone()[0])


def test_a_statement_killed_in_mid_inference_asks_only_for_what_is_missing(data: Path) -> None:
    before = stored(data)
    command = [sys.executable, "-m", "sapwood", "sql", LABEL, "--data", str(data), "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: stored(data) >= before + 100, seconds=240)
    process.kill()
    process.communicate()
    finished = stored(data) - before
    assert 100 <= finished < ASKED
    with sapwood.connect(data) as connection:
        cursor = connection.cursor().execute(LABEL)
        assert cursor.fetchone() == (ASKED,)
        assert cursor.result is not None
        usage = cursor.result.usage
        assert usage.cached >= finished
        assert usage.distinct - usage.cached <= ASKED - finished
        assert cursor.execute(LABEL).result is not None
        assert cursor.result.usage.cached == usage.distinct
