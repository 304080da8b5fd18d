"""A model tuned on the prompts of AI_CLASSIFY serves AI_CLASSIFY, and is taken by every function that takes a model.

The labels mean nothing, so that only a model that was taught them, by the very prompt that is asked, can tell them apart.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from pathlib import Path

import pytest

import sapwood
from sapwood.connection import Cursor

pytestmark = pytest.mark.models

TASK = "['plum', 'teal'], {'task_description': 'Plum or teal?'"
ROWS = """
create table labelled as
  select seq4() as id, iff(mod(seq4(), 2) = 0, 'My bill is too high, case ', 'The line is slow again, case ') || seq4() || '.' as body,
    iff(mod(seq4(), 2) = 0, 'plum', 'teal') as label
  from table(generator(rowcount => 48))
"""
TRAIN = f"create table train as select ai_classify_prompt(body, {TASK}}}) as prompt, label as completion from labelled where id < 40"
CREATE = """
select snowflake.cortex.finetune('CREATE', 'sorter', 'smollm2-135m-instruct', 'select prompt, completion from train', null,
  '{"max_epochs": 4, "batch_size": 4}')
"""


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cursor]:
    """A session in which the model `sorter` is tuned."""
    folder: Path = tmp_path_factory.mktemp("tuned")
    with sapwood.connect(folder) as connection:
        cursor = connection.cursor()
        cursor.execute(ROWS)
        cursor.execute(TRAIN)
        job = one(cursor, CREATE)
        deadline = time.monotonic() + 400
        while (
            status := json.loads(one(cursor, f"select snowflake.cortex.finetune('DESCRIBE', '{job}')"))["status"]
        ) != "SUCCESS":
            assert status in ("PENDING", "IN_PROGRESS") and time.monotonic() < deadline, status
            time.sleep(0.2)
        yield cursor


def one(cursor: Cursor, sql: str) -> str:
    return str(cursor.execute(sql).fetchone()[0])


def test_what_it_was_taught_serves_ai_classify(cursor: Cursor) -> None:
    said = cursor.execute(
        f"select label, ai_classify(body, {TASK}, 'model': 'sorter'}}):labels[0]::varchar,"
        f" trim(snowflake.cortex.complete('sorter', ai_classify_prompt(body, {TASK}}}))) from labelled where id >= 40"
    ).fetchall()
    assert sum(label == sorted_as for label, sorted_as, _ in said) >= 7  # of 8; guessing gives 4
    assert sum(sorted_as == written for _, sorted_as, written in said) >= 7, "one prompt, asked in two ways"


def test_scores_of_a_tuned_model_sum_to_one(cursor: Cursor) -> None:
    said = json.loads(
        one(cursor, f"select ai_classify('My bill is too high.', {TASK}, 'model': 'sorter', 'scores': true}})")
    )
    assert sum(said["scores"].values()) == pytest.approx(1, abs=1e-3)
    assert max(said["scores"], key=said["scores"].get) == said["labels"][0]


def test_every_function_that_takes_a_model_takes_a_tuned_one(cursor: Cursor) -> None:
    row = cursor.execute(
        "select ai_filter('Is Bern a town?', {'model': 'sorter'}),"
        " ai_extract(text => 'Ann lives in Bern.', responseFormat => {'town': 'Where?'}, model => 'sorter'):error is null,"
        " snowflake.cortex.classify_text('x', ['plum', 'teal'], {'model': 'sorter'}):label::varchar,"
        " ai_complete('sorter', 'x', {'max_tokens': 2}) is not null"
    ).fetchone()
    assert row is not None
    assert row[0] in (True, False) and row[1] in (True, False) and row[2] in ("plum", "teal") and row[3] is True
