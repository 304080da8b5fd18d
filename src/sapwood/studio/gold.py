"""Labels under review, in SQL: a teacher's labels stay as they are, and what a person checked lies in a table beside them.

A table of prompts and labels in, statements out. Nothing runs here. Gold rows have the same two columns as the table, so
that a job can learn from the one and be measured by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sapwood.studio.places import Table
from sapwood.studio.sql import literal, name


@dataclass(frozen=True)
class Checked:
    """A row that a person looked at: what the teacher said, and what is right."""

    prompt: str
    teacher: str
    label: str


@dataclass(frozen=True)
class Labels:
    """A table of prompts with a teacher's labels, and the two columns' names."""

    table: Table
    prompt: str
    label: str

    @property
    def gold(self) -> Table:
        """Where checked rows are kept apart."""
        return replace(self.table, name=f"{self.table.name}_GOLD")

    @property
    def without_gold(self) -> Table:
        """The view of the rows that nobody checked."""
        return replace(self.table, name=f"{self.table.name}_UNCHECKED")

    @property
    def corrected(self) -> Table:
        """The view of all rows with the corrections in their places."""
        return replace(self.table, name=f"{self.table.name}_CORRECTED")

    @property
    def _columns(self) -> tuple[str, str]:
        return name(self.prompt), name(self.label)

    def unchecked(self, limit: int, *, label: str = "", text: str = "", has_gold: bool) -> str:
        """Rows that nobody checked, of one label or with a text, in an order that mixes them."""
        prompt, given = self._columns
        conditions = [f"{prompt} IS NOT NULL"]
        if label:
            conditions.append(f"{given} = {literal(label)}")
        if text:
            conditions.append(f"CONTAINS(LOWER({prompt}), {literal(text.lower())})")
        if has_gold:
            conditions.append(self._is_unchecked)
        return (
            f"SELECT {prompt} AS PROMPT, {given} AS LABEL FROM {self.table}\n"
            f"WHERE {' AND '.join(conditions)}\nORDER BY HASH({prompt}), {prompt} LIMIT {limit}"
        )

    @property
    def _is_unchecked(self) -> str:
        prompt, _ = self._columns
        return f"{prompt} NOT IN (SELECT {prompt} FROM {self.gold})"

    @property
    def spread(self) -> str:
        """The labels, with how often the teacher gave each."""
        _, given = self._columns
        return f"SELECT {given} AS LABEL, COUNT(*) AS N FROM {self.table} WHERE {given} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200"

    @property
    def counted(self) -> str:
        """How many rows were checked, and in how many the teacher was right."""
        _, given = self._columns
        return f"SELECT COUNT(*) AS N, COUNT_IF({given} = TEACHER_LABEL) AS AGREED FROM {self.gold}"

    @property
    def make_gold(self) -> str:
        """The statement that makes the gold table where there is none."""
        prompt, given = self._columns
        return (
            f"CREATE TABLE IF NOT EXISTS {self.gold} ({prompt} VARCHAR, {given} VARCHAR, TEACHER_LABEL VARCHAR,\n"
            "  CHECKED_BY VARCHAR, CHECKED_ON TIMESTAMP_LTZ)"
        )

    def keep(self, rows: Sequence[Checked]) -> str:
        """The statement that keeps checked rows; one that was checked before is replaced."""
        prompt, given = self._columns
        values = ",\n  ".join(f"({literal(row.prompt)}, {literal(row.teacher)}, {literal(row.label)})" for row in rows)
        return (
            f"MERGE INTO {self.gold} AS G\n"
            f"USING (SELECT COLUMN1 AS P, COLUMN2 AS T, COLUMN3 AS L FROM VALUES\n  {values}) AS S ON G.{prompt} = S.P\n"
            f"WHEN MATCHED THEN UPDATE SET {given} = S.L, TEACHER_LABEL = S.T, CHECKED_BY = CURRENT_USER(), CHECKED_ON = CURRENT_TIMESTAMP()\n"
            f"WHEN NOT MATCHED THEN INSERT ({prompt}, {given}, TEACHER_LABEL, CHECKED_BY, CHECKED_ON)\n"
            "  VALUES (S.P, S.L, S.T, CURRENT_USER(), CURRENT_TIMESTAMP())"
        )

    @property
    def make_without_gold(self) -> str:
        """The statement that makes the view for training where gold rows measure the model."""
        return f"CREATE OR REPLACE VIEW {self.without_gold} AS\nSELECT * FROM {self.table} WHERE {self._is_unchecked}"

    @property
    def make_corrected(self) -> str:
        """The statement that makes the view for training on the corrections, too."""
        prompt, given = self._columns
        return (
            f"CREATE OR REPLACE VIEW {self.corrected} AS\n"
            f"SELECT T.{prompt}, COALESCE(G.{given}, T.{given}) AS {given}\n"
            f"FROM {self.table} AS T LEFT JOIN {self.gold} AS G ON G.{prompt} = T.{prompt}"
        )
