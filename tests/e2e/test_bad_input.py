"""Bad input as a user meets it: `sapwood sql` says what is wrong by number, state and hint, exits with 1, changes nothing."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import random
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sapwood import cli
from sapwood.errors import StorageFullError
from sapwood.store.answers import AnswerCache
from sapwood.store.records import CachedAnswer

SETUP = """
create table tickets (id int, request varchar);
insert into tickets values (1, 'hello'), (2, null), (3, 'bye');
create table nothing (id int, request varchar);
create table one as select 'p' as prompt, 'c' as completion;
create file format csv_with_head type = csv skip_header = 1;
create stage incoming url = '{url}' file_format = csv_with_head;
"""

FACTS = """
select count(*) as tickets from tickets;
select count(*) as nothing from nothing;
show tables;
show stages;
show models in database cortex_finetuning_db;
select snowflake.cortex.finetune('SHOW') as jobs;
begin;
copy into tickets from @incoming files = ('good.csv');
rollback;
"""
"""What can be seen from outside. The COPY shows LOADED only if no load of its file is remembered."""


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str


class Sapwood:
    """`sapwood sql` on a data directory with a few tables, and a stage of good and bad files."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        incoming = folder / "incoming"
        incoming.mkdir()
        for name, content in FILES.items():
            (incoming / name).write_bytes(content)
        assert self(SETUP.format(url=incoming.as_uri() + "/")).code == 0

    def __call__(self, sql: str) -> Done:
        out, err = io.StringIO(), io.StringIO()
        words = ["sapwood", "sql", "--data", str(self.data), "--format", "json", sql]
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", words)
            code = _exit_code()
        return Done(code, out.getvalue(), err.getvalue())

    def facts(self) -> str:
        """What must be the same after a bad statement."""
        done = self(FACTS)
        assert done.code == 0, done.err
        return done.out


def _exit_code() -> int:
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Sapwood:
    """A data directory that no test changes."""
    return Sapwood(tmp_path_factory.mktemp("unchanged"))


@pytest.fixture(scope="module")
def facts(unchanged: Sapwood) -> str:
    """The facts of that directory before anything bad happened."""
    return unchanged.facts()


@pytest.fixture
def sapwood(tmp_path: Path) -> Sapwood:
    return Sapwood(tmp_path)


def _cut_off_gzip() -> bytes:
    rows = "".join(f"{number},{random.Random(number).random()}\n" for number in range(2000))
    whole = gzip.compress(f"id,request\n{rows}".encode())
    return whole[: len(whole) // 2]


FILES = {
    "good.csv": b"id,request\n7,fine\n",
    "columns.csv": b"id,request\n1,a\n2,b\n3,c,d\n",
    "letters.csv": b"id,request\n1,a\n2,\xff\xfe\n",
    "number.csv": b"id,request\n1,a\nx,b\n",
    "cut.csv.gz": _cut_off_gzip(),
    "plain.csv.gz": b"id,request\n1,a\n",
}

BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a file that is not there": (
        "copy into tickets from @incoming files = ('good.csv', 'none.csv')",
        "253006 (22000)",
        ("none.csv' was not found", "Hint: LIST"),
    ),
    "a stage that is not there": ("copy into tickets from @elsewhere", "002003 (02000)", ("ELSEWHERE",)),
    "a folder that is not there": (
        "create temporary stage s url = 'file:///no/such/folder/'; copy into tickets from @s",
        "253006 (22000)",
        ("Hint: There is no folder /no/such/folder",),
    ),
    "too many columns at a line": (
        "copy into tickets from @incoming files = ('good.csv', 'columns.csv')",
        "100080 (22000)",
        ("Number of columns in file (3)", "columns.csv', line 4", "Hint: "),
    ),
    "a text in a column of numbers": (
        "copy into tickets from @incoming files = ('good.csv', 'number.csv')",
        "100038 (22018)",
        ("Numeric value 'x'", "number.csv', line 3", 'column "TICKETS"["ID":1]', "Hint: "),
    ),
    "bytes that are not UTF-8": (
        "copy into tickets from @incoming files = ('good.csv', 'letters.csv')",
        "100144 (22000)",
        ("Invalid UTF8", "letters.csv', line 3", "Hint: "),
    ),
    "a gzip that is cut off": (
        "copy into tickets from @incoming files = ('good.csv', 'cut.csv.gz')",
        "100079 (22000)",
        ("cut.csv.gz' is cut off", "Hint: Get the whole file"),
    ),
    "a gzip that is none": (
        "copy into tickets from @incoming files = ('good.csv', 'plain.csv.gz')",
        "100079 (22000)",
        ("plain.csv.gz", "Hint: Set COMPRESSION"),
    ),
    "an unknown model": (
        "create table answers as select snowflake.cortex.complete('mistral-larg', request) as a from tickets",
        "100351 (P0000)",
        ("unknown model", "Hint: Did you mean mistral-large"),
    ),
    "an unknown model over no rows": (
        "select snowflake.cortex.complete('no-such-model', request) from nothing",
        "100351 (P0000)",
        ("unknown model", "Hint: "),
    ),
    "a prompt beyond the context": (
        "create table answers as select snowflake.cortex.complete('echo', iff(id = 3, repeat('word ', 1000001), request)) as a"
        " from tickets",
        "100351 (P0000)",
        ("max tokens of", "Hint: ", "Rows that were finished are kept"),
    ),
    "a base model that nobody knows": (
        "select snowflake.cortex.finetune('CREATE', 'm', 'no-such-model', 'select prompt, completion from one')",
        "100351 (P0000)",
        ("no-such-model", "Hint: "),
    ),
    "a model name with a dash": (
        "select snowflake.cortex.finetune('CREATE', 'my-model', 'mistral-7b', 'select prompt, completion from one')",
        "001015 (22023)",
        ("my-model", "Hint: "),
    ),
    "a schema that is not there": (
        "select snowflake.cortex.finetune('CREATE', 'nowhere.m', 'mistral-7b', 'select prompt, completion from one')",
        "002003 (02000)",
        ("CORTEX_FINETUNING_DB.NOWHERE",),
    ),
    "a training table that is not there": (
        "select snowflake.cortex.finetune('CREATE', 'm', 'mistral-7b', 'select prompt, completion from nowhere')",
        "002003 (42S02)",
        ("CORTEX_FINETUNING_DB.PUBLIC.NOWHERE",),
    ),
    "too many epochs": (
        "select snowflake.cortex.finetune('CREATE', 'm', 'mistral-7b', 'select 1', null, '{\"max_epochs\": 99}')",
        "100351 (P0000)",
        ("max_epochs", "Hint: It is a whole number from 1 to 10"),
    ),
}
"""What goes wrong: the statement, the error's number and state, and what the user must read."""


FINETUNE = (
    "select snowflake.cortex.finetune('CREATE', 'm', 'mistral-7b',"
    " 'select id as prompt, id as completion from tickets')"
)


@pytest.mark.parametrize("what", BAD)
def test_an_error_says_what_to_do_and_changes_nothing(unchanged: Sapwood, facts: str, what: str) -> None:
    sql, number, texts = BAD[what]
    done = unchanged(sql)
    assert done.code == 1
    assert done.err.startswith(f"{number}: "), done.err
    for text in texts:
        assert text in done.err
    assert "Traceback" not in done.err
    assert unchanged.facts() == facts


def test_the_facts_see_a_load(sapwood: Sapwood) -> None:
    assert '"status": "LOADED"' in sapwood.facts()
    assert sapwood("copy into tickets from @incoming files = ('good.csv'); delete from tickets where id = 7").code == 0
    assert '"status": "LOADED"' not in sapwood.facts()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select prompt, completion from one", "Training data has 1 usable row; at least 2 are needed"),
        ("select id as prompt, request as completion from nothing", "Training data has 0 usable rows"),
        ("select id, request from tickets", "invalid identifier 'PROMPT'"),
    ],
)
def test_bad_training_data_makes_a_job_in_error_and_no_model(sapwood: Sapwood, query: str, message: str) -> None:
    done = sapwood(f"select snowflake.cortex.finetune('CREATE', 'm', 'mistral-7b', '{query}') as id")
    assert done.code == 0
    job_id = rows(done)[0]["ID"]
    assert done.err.startswith(f"{job_id} has failed: ") and message in done.err
    job = json.loads(rows(sapwood(f"select snowflake.cortex.finetune('DESCRIBE', '{job_id}') as job"))[0]["JOB"])
    assert (job["status"], job["error"]["code"]) == ("ERROR", "INVALID_PARAMETER_VALUE")
    assert message in job["error"]["message"]
    assert rows(sapwood("show models in database cortex_finetuning_db")) == []


def test_null_prompts_give_null_and_cost_nothing(unchanged: Sapwood) -> None:
    done = unchanged("select id, snowflake.cortex.complete('echo', request) as a from tickets order by id")
    assert (done.code, done.err) == (0, "")
    assert [row["A"] for row in rows(done)] == ["hello", None, "bye"]


def test_an_empty_table_gives_no_rows(unchanged: Sapwood) -> None:
    done = unchanged("select snowflake.cortex.complete('echo', request) as a from nothing")
    assert (done.code, done.out, done.err) == (0, "[]\n", "")


def test_finished_rows_are_kept_when_another_row_fails(unchanged: Sapwood) -> None:
    sql = "select snowflake.cortex.complete('echo', concat('#sleep: 1\n', iff(id = 3, '#error: no', request))) as a from tickets"
    assert unchanged(sql).code == 1
    done = unchanged(f"{sql} where id = 1")
    assert "hello" in rows(done)[0]["A"]


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ("sapwood.engine.copy_into.insert_loaded", "copy into tickets from @incoming files = ('good.csv')"),
        ("sapwood.functions.finetune.write_tables", FINETUNE),
        ("sapwood.jobs.durable.os.fsync", FINETUNE),
    ],
)
def test_a_full_disk_changes_nothing(
    unchanged: Sapwood, facts: str, monkeypatch: pytest.MonkeyPatch, where: str, sql: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(where, _full)
        done = unchanged(sql)
    assert (done.code, done.err) == (1, FULL)
    assert unchanged.facts() == facts
    assert not list(unchanged.data.glob("jobs/*"))


def test_answers_that_can_not_be_kept_make_no_table(
    unchanged: Sapwood, facts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_many(cache: AnswerCache, answers: list[CachedAnswer]) -> None:
        raise StorageFullError("The disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(AnswerCache, "put_many", put_many)
        done = unchanged("create table answers as select snowflake.cortex.complete('echo', '#sleep: 0') as a")
    assert (done.code, done.err) == (1, FULL)
    assert unchanged.facts() == facts


def test_a_disk_that_is_full_before_the_first_statement(unchanged: Sapwood, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapwood.directory.os.pwrite", _full)
    done = unchanged("select 1")
    assert done.code == 1
    assert done.err.startswith("100090 (53100): the disk of the data directory ")
    assert "Hint: Free some space" in done.err


FULL = (
    "100090 (53100): The disk is full\n"
    "Hint: Free some space on the disk of the data directory and run the statement again.\n"
)


def _full(*arguments: Any, **named: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def rows(done: Done) -> list[dict[str, Any]]:
    """The rows of the last statement."""
    return json.loads(done.out.splitlines()[-1])
