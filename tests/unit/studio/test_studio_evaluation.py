"""Scores of models side by side: the queries run on DuckDB here, which reads them as Snowflake does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("snowflake.snowpark", reason="the extra [studio] is not installed")

import sapwood
from sapwood.studio.evaluation import (
    DIFFERENT,
    WRONG,
    Contest,
    Contestant,
    Outlay,
    agreement,
    pays_from,
    rows_one_by_one,
    scores,
    wrong_of,
)
from sapwood.studio.places import Table

ANSWERS = Table("DB", "PUBLIC", "ANSWERS")
ROWS = [
    ("large", 1, "A", "A"), ("large", 2, "A", "A"), ("large", 3, "B", "B"), ("large", 4, "B", "A"),
    ("small", 1, "A", "A"), ("small", 2, "A", "what?"), ("small", 3, "B", "B"), ("small", 4, "B", "A"),
]  # fmt: skip


@pytest.fixture(scope="module")
def cursor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Four questions, answered by two models."""
    with sapwood.connect(data=tmp_path_factory.mktemp("evaluation")) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE DATABASE DB")
        values = ", ".join(f"('{model}', {n}, 'p{n}', '{label}', '{answer}')" for model, n, label, answer in ROWS)
        cursor.execute(
            f"CREATE TABLE {ANSWERS} AS SELECT COLUMN1 AS MODEL, COLUMN2 AS N, COLUMN3 AS PROMPT, COLUMN4 AS LABEL,"
            f" COLUMN5 AS ANSWER FROM VALUES {values}"
        )
        yield cursor


def test_scores_are_those_of_the_textbook(cursor: Any) -> None:
    # large: A has 2 hits of 2 wanted and 3 given (F1 0.8), B has 1 of 2 and 1 (2/3).
    # small: A has 1 of 2 and 2 (0.5), B has 1 of 2 and 1 (2/3); "what?" is no label.
    found = {row[0]: [float(value) for value in row[1:]] for row in cursor.execute(scores(ANSWERS)).fetchall()}
    assert found["large"] == pytest.approx([4, 0.75, (0.8 + 2 / 3) / 2, 1.0], abs=1e-4)
    assert found["small"] == pytest.approx([4, 0.5, (0.5 + 2 / 3) / 2, 0.75], abs=1e-4)


def test_agreement_is_with_the_teacher_whether_right_or_wrong(cursor: Any) -> None:
    found = dict(cursor.execute(agreement(ANSWERS, "large")).fetchall())
    assert {model: float(share) for model, share in found.items()} == {"large": 1.0, "small": 0.75}


@pytest.mark.parametrize(("wanted", "rows"), [(WRONG, [2, 4]), (DIFFERENT, [2]), (wrong_of("large"), [4])])
def test_rows_are_filtered(cursor: Any, wanted: str, rows: list[int]) -> None:
    sql = rows_one_by_one(ANSWERS, ["large", "small"], wanted, 10)
    assert [row[0] for row in cursor.execute(sql).fetchall()] == rows


def test_every_model_is_asked_about_the_same_rows_into_one_table(cursor: Any) -> None:
    contestants = (Contestant("mistral-7b", "Say it."), Contestant("DB.PUBLIC.MINE"))
    contest = Contest(Table("DB", "PUBLIC", "T"), "Q", "A", contestants, 5, answers=ANSWERS)
    first, second = contest.statements
    assert first.startswith("CREATE OR REPLACE TABLE DB.PUBLIC.ANSWERS AS")
    assert second.startswith("INSERT INTO DB.PUBLIC.ANSWERS")
    assert "'mistral-7b'::VARCHAR AS MODEL" in first  # wide enough for the names that follow
    assert "CONCAT('Say it.\n', PROMPT)" in first
    assert "COMPLETE('DB.PUBLIC.MINE', PROMPT)" in second
    assert first.split("FROM (", 1)[1] == second.split("FROM (", 1)[1]


def test_tuning_pays_where_what_it_saves_is_what_it_cost() -> None:
    assert pays_from(Outlay(1.0), Outlay(0.2, once=79.5)) == 100
    assert pays_from(Outlay(0.2), Outlay(0.2, once=1.0)) is None
