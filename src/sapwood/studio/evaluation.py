"""Models on one table side by side, in SQL: choices in, statements out; and the arithmetic of when tuning pays. Nothing runs here.

The answers lie in one table, a row a model and question, so that every figure is a query over it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sapwood.studio.places import Table
from sapwood.studio.sql import literal, name

FORGETTING = "ALTER SESSION SET USE_CACHED_RESULT = FALSE"
REMEMBERING = "ALTER SESSION UNSET USE_CACHED_RESULT"


@dataclass(frozen=True)
class Contestant:
    """A model that is asked. `instruction` stands before each prompt; a tuned model needs none."""

    model: str
    instruction: str = ""

    def answer(self, prompt: str) -> str:
        """Its answer to a prompt, as an expression."""
        asked = f"CONCAT({literal(self.instruction + chr(10))}, {prompt})" if self.instruction else prompt
        return f"TRIM(SNOWFLAKE.CORTEX.COMPLETE({literal(self.model)}, {asked}))"


@dataclass(frozen=True)
class Contest:
    """Rows of a table with the right label, and who is asked about them. `answers` is the table that the answers go to."""

    table: Table
    prompt: str
    label: str
    contestants: tuple[Contestant, ...]
    rows: int
    answers: Table
    is_timed: bool = False

    @property
    def statements(self) -> list[str]:
        """What is to run, in this order: a statement a model. Timed, it is asked again what it has answered before."""
        first, *others = (self._asking(contestant) for contestant in self.contestants)
        asking = [
            f"CREATE OR REPLACE TABLE {self.answers} AS\n{first}",
            *(f"INSERT INTO {self.answers}\n{other}" for other in others),
        ]
        return [FORGETTING, *asking] if self.is_timed else asking

    @property
    def closing(self) -> str:
        """What is to run at the end, whatever happened; '' for nothing."""
        return REMEMBERING if self.is_timed else ""

    def _asking(self, contestant: Contestant) -> str:
        return (
            f"SELECT {literal(contestant.model)}::VARCHAR AS MODEL, N, PROMPT, LABEL,\n"
            f"  {contestant.answer('PROMPT')} AS ANSWER\nFROM ({self._sample})"
        )

    @property
    def _sample(self) -> str:
        """The same rows for every model, and for the same table each time."""
        prompt, label = (f"{name(column)}::VARCHAR" for column in (self.prompt, self.label))
        return (
            f"SELECT ROW_NUMBER() OVER (ORDER BY HASH(PROMPT), PROMPT) AS N, PROMPT, LABEL\n"
            f"  FROM (SELECT {prompt} AS PROMPT, TRIM({label}) AS LABEL FROM {self.table})\n"
            f"  WHERE PROMPT IS NOT NULL AND LABEL IS NOT NULL ORDER BY N LIMIT {self.rows}"
        )


def scores(answers: Table) -> str:
    """Accuracy, macro-F1 and the share of answers that are a label at all, a row a model."""
    return f"""WITH LABELS AS (SELECT DISTINCT LABEL FROM {answers}),
BY_LABEL AS (
  SELECT A.MODEL, L.LABEL, COUNT_IF(A.LABEL = L.LABEL) AS WANTED, COUNT_IF(A.ANSWER = L.LABEL) AS GIVEN,
    COUNT_IF(A.LABEL = L.LABEL AND A.ANSWER = L.LABEL) AS RIGHT_ONES
  FROM {answers} AS A CROSS JOIN LABELS AS L GROUP BY A.MODEL, L.LABEL),
F1 AS (SELECT MODEL, AVG(2 * RIGHT_ONES / (WANTED + GIVEN)) AS MACRO_F1 FROM BY_LABEL GROUP BY MODEL),
SHARES AS (
  SELECT MODEL, COUNT(*) AS N_ROWS, AVG(IFF(ANSWER = LABEL, 1, 0)) AS ACCURACY,
    AVG(IFF(ANSWER IN (SELECT LABEL FROM LABELS), 1, 0)) AS WELL_FORMED
  FROM {answers} GROUP BY MODEL)
SELECT S.MODEL, S.N_ROWS, S.ACCURACY, F1.MACRO_F1, S.WELL_FORMED
FROM SHARES AS S JOIN F1 ON F1.MODEL = S.MODEL ORDER BY S.ACCURACY DESC, S.MODEL"""


def agreement(answers: Table, teacher: str) -> str:
    """The share of rows in which each model says what the teacher says."""
    return f"""SELECT A.MODEL, AVG(IFF(A.ANSWER = T.ANSWER, 1, 0)) AS AGREEMENT
FROM {answers} AS A JOIN {answers} AS T ON T.N = A.N AND T.MODEL = {literal(teacher)} GROUP BY A.MODEL"""


def spent(query_ids: Sequence[str]) -> str:
    """Tokens, asked and answered, and seconds of each statement."""
    wanted = ", ".join(literal(query_id) for query_id in query_ids)
    return f"""SELECT Q.QUERY_ID, MAX(Q.TOTAL_ELAPSED_TIME) / 1000 AS SECONDS, SUM(U.TOKENS) AS TOKENS
FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY AS Q
JOIN SNOWFLAKE.ACCOUNT_USAGE.CORTEX_FUNCTIONS_QUERY_USAGE_HISTORY AS U ON U.QUERY_ID = Q.QUERY_ID
WHERE Q.QUERY_ID IN ({wanted}) GROUP BY Q.QUERY_ID"""


WRONG, DIFFERENT, ALL = "Some answer is wrong", "Answers differ", "All rows"
FILTERS = (WRONG, DIFFERENT, ALL)
"""Which rows are shown one by one, beside one filter a model."""


def wrong_of(model: str) -> str:
    """The name of the filter for the rows in which one model is wrong."""
    return f"{model} is wrong"


def rows_one_by_one(answers: Table, models: Sequence[str], wanted: str, limit: int) -> str:
    """A row a question, a column a model: the answers beside the label."""
    given = {model: f"MAX(IFF(MODEL = {literal(model)}, ANSWER, NULL))" for model in models}
    columns = "".join(f",\n  {answer} AS {name(model)}" for model, answer in given.items())
    conditions = {
        WRONG: " OR ".join(f"{answer} IS DISTINCT FROM LABEL" for answer in given.values()),
        DIFFERENT: " OR ".join(f"{one} IS DISTINCT FROM {other}" for one, other in pairwise(given.values())) or "FALSE",
        ALL: "TRUE",
        **{wrong_of(model): f"{answer} IS DISTINCT FROM LABEL" for model, answer in given.items()},
    }
    return (
        f"SELECT N, LABEL{columns},\n  PROMPT\nFROM {answers} GROUP BY N, LABEL, PROMPT\n"
        f"HAVING {conditions[wanted]}\nORDER BY N LIMIT {limit}"
    )


@dataclass(frozen=True)
class Outlay:
    """What a model costs a row, and what it cost to make. In one unit: seconds, or money."""

    per_row: float
    once: float = 0.0


def pays_from(teacher: Outlay, tuned: Outlay) -> int | None:
    """Rows from which the tuned model is cheaper than the teacher; None if it never is.

    >>> pays_from(Outlay(2.0), Outlay(0.5, once=300.0)), pays_from(Outlay(0.1), Outlay(0.5))
    (200, None)
    """
    saved = teacher.per_row - tuned.per_row
    return None if saved <= 0 else max(0, math.ceil((tuned.once - teacher.once) / saved))
