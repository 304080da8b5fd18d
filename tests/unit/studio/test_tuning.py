"""The statements and warnings of the wizard."""

from __future__ import annotations

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

from sapwood.studio.places import Table
from sapwood.studio.tuning import HOLD_OUT, OTHER, SKIP, Draft, Labelling, warnings

TICKETS = Table("DB", "PUBLIC", "Tickets of may")
DRAFT = Draft("mistral-7b", "DB", "PUBLIC", "M", TICKETS, "Q", "A")


def test_held_out_rows_are_not_learned() -> None:
    pairs = 'SELECT Q AS prompt, A AS completion FROM DB.PUBLIC."Tickets of may" WHERE'
    assert DRAFT.validation == HOLD_OUT
    assert DRAFT.training_query == f"{pairs} NOT MOD(ABS(HASH(Q)), 5) = 0"
    assert DRAFT.validation_query == f"{pairs} MOD(ABS(HASH(Q)), 5) = 0"


def test_a_job_without_validation_has_four_arguments() -> None:
    draft = Draft("m", "DB", "PUBLIC", "M", Table("DB", "PUBLIC", "T"), "Q", "A", SKIP)
    assert draft.create == (
        "SELECT SNOWFLAKE.CORTEX.FINETUNE(\n  'CREATE',\n  'DB.PUBLIC.M',\n  'm',\n"
        "  'SELECT Q AS prompt, A AS completion FROM DB.PUBLIC.T'\n) AS JOB_ID"
    )


def test_another_table_must_be_named() -> None:
    assert not Draft(validation=OTHER).has_validation()
    assert Draft(validation=OTHER, validation_table=TICKETS).has_validation()


def test_bad_rows_are_warned_of() -> None:
    counts = {"ALL_ROWS": 100, "EMPTY_ROWS": 60, "PROMPTS": 30, "COMPLETIONS": 1, "PAIRS": 35}
    assert warnings(counts) == [
        "Only 40 usable rows. A few hundred are a good beginning.",
        "60 rows have no prompt or no completion; they are left out.",
        "5 completions contradict another one of the same prompt.",
        "5 rows are the same as another one.",
        "All completions are the same: there is nothing to learn.",
    ]


def test_what_the_teacher_is_told_is_a_literal() -> None:
    task = Labelling(Table("DB", "PUBLIC", "T"), "TEXT", "mistral-large", "Is it 'good'?")
    assert "CONCAT('Is it ''good''?\n', TEXT::VARCHAR) AS PROMPT" in task.preview(20)
    assert task.preview(20).endswith("FROM DB.PUBLIC.T WHERE TEXT IS NOT NULL LIMIT 20")
    assert task.save("DB.PUBLIC.L").startswith("CREATE TABLE DB.PUBLIC.L AS\nSELECT CONCAT(")
