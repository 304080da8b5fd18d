"""What the wizard gathers, and the SQL that comes of it. Pure: choices in, statements and warnings out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.studio.places import Table
from sapwood.studio.sql import literal, name, path

SKIP, HOLD_OUT, OTHER = "Skip", "Hold out every fifth row", "Another table"
VALIDATIONS = (HOLD_OUT, OTHER, SKIP)
"""The ways to come by rows that the job measures itself by."""
SAMPLE_ROWS = 200
"""Rows by which tokens are counted before the start."""
FEW_ROWS = 50
"""Rows below which a model learns little."""


@dataclass(frozen=True)
class Draft:
    """A fine-tune that is being put together; what is not chosen yet is empty."""

    base: str = ""
    database: str = ""
    schema: str = ""
    model: str = ""
    table: Table | None = None
    prompt: str = ""
    completion: str = ""
    validation: str = HOLD_OUT
    validation_table: Table | None = None

    @property
    def target(self) -> str:
        """The model's whole name."""
        return path(self.database, self.schema, self.model)

    @property
    def training_query(self) -> str:
        """The rows that the model learns from."""
        condition = f" WHERE NOT {self._fifth}" if self.validation == HOLD_OUT else ""
        return f"{self._pairs(self.table)}{condition}"

    @property
    def validation_query(self) -> str:
        """The rows that it is measured by; '' for none."""
        if self.validation == HOLD_OUT:
            return f"{self._pairs(self.table)} WHERE {self._fifth}"
        return self._pairs(self.validation_table) if self.validation == OTHER and self.validation_table else ""

    def has_validation(self) -> bool:
        """Whether what the chosen way of validation needs is there."""
        return self.validation != OTHER or self.validation_table is not None

    @property
    def create(self) -> str:
        """The statement that starts the job."""
        arguments = ["CREATE", self.target, self.base, self.training_query]
        if self.validation_query:
            arguments.append(self.validation_query)
        written = ",\n  ".join(literal(argument) for argument in arguments)
        return f"SELECT SNOWFLAKE.CORTEX.FINETUNE(\n  {written}\n) AS JOB_ID"

    def _pairs(self, table: Table | None) -> str:
        return f"SELECT {name(self.prompt)} AS prompt, {name(self.completion)} AS completion FROM {table}"

    @property
    def _fifth(self) -> str:
        """The same prompt always falls on the same side, so that no held-out prompt was learned."""
        return f"MOD(ABS(HASH({name(self.prompt)})), 5) = 0"


def facts(draft: Draft) -> str:
    """The statement that counts what the warnings are about: one row."""
    prompt, completion = name(draft.prompt), name(draft.completion)
    return f"""SELECT COUNT(*) AS ALL_ROWS,
  COUNT_IF({prompt} IS NULL OR {completion} IS NULL) AS EMPTY_ROWS,
  COUNT(DISTINCT {prompt}) AS PROMPTS,
  COUNT(DISTINCT {completion}) AS COMPLETIONS,
  COUNT(DISTINCT {prompt}, {completion}) AS PAIRS
FROM {draft.table}"""


def rows_of(query: str) -> str:
    """The statement that counts a query's rows."""
    return f"SELECT COUNT(*) AS N FROM ({query})"


def tokens(draft: Draft) -> str:
    """The statement that counts the tokens of some training rows, with the base model's own tokenizer."""
    counted = ", ".join(
        f"AVG(SNOWFLAKE.CORTEX.COUNT_TOKENS({literal(draft.base)}, {column}::VARCHAR)) AS {column}"
        for column in ("PROMPT", "COMPLETION")
    )
    rows = f"SELECT * FROM ({draft.training_query}) WHERE prompt IS NOT NULL AND completion IS NOT NULL LIMIT {SAMPLE_ROWS}"
    return f"SELECT {counted}\nFROM ({rows})"


def warnings(counts: Mapping[str, Any]) -> list[str]:
    """What somebody should know of the training table before they start; `counts` is the row of `facts`.

    >>> warnings({"ALL_ROWS": 500, "EMPTY_ROWS": 0, "PROMPTS": 500, "COMPLETIONS": 5, "PAIRS": 500})
    []
    """
    usable = counts["ALL_ROWS"] - counts["EMPTY_ROWS"]
    clashes = counts["PAIRS"] - counts["PROMPTS"]
    checks = (
        (usable < FEW_ROWS, f"Only {usable} usable rows. A few hundred are a good beginning."),
        (counts["EMPTY_ROWS"], f"{counts['EMPTY_ROWS']} rows have no prompt or no completion; they are left out."),
        (clashes, f"{clashes} completions contradict another one of the same prompt."),
        (usable > counts["PAIRS"], f"{usable - counts['PAIRS']} rows are the same as another one."),
        (usable and counts["COMPLETIONS"] == 1, "All completions are the same: there is nothing to learn."),
    )  # fmt: skip
    return [sentence for is_so, sentence in checks if is_so]


@dataclass(frozen=True)
class Labelling:
    """A table without labels, a teacher model, and what it is told."""

    table: Table
    column: str
    teacher: str
    instruction: str

    def preview(self, limit: int) -> str:
        """The statement that labels the first rows."""
        return f"{self._select} LIMIT {limit}"

    def save(self, target: str) -> str:
        """The statement that labels all rows into a new table; rows that were labelled before come from the cache."""
        return f"CREATE TABLE {target} AS\n{self._select}"

    @property
    def _select(self) -> str:
        asked = f"CONCAT({literal(self.instruction + chr(10))}, {name(self.column)}::VARCHAR)"
        answer = f"TRIM(SNOWFLAKE.CORTEX.COMPLETE({literal(self.teacher)}, {asked}))"
        return f"SELECT {asked} AS PROMPT,\n  {answer} AS COMPLETION\nFROM {self.table} WHERE {name(self.column)} IS NOT NULL"
