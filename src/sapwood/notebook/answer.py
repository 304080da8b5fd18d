"""What a SQL cell leaves under its name: the rows of its last statement, as Snowpark's, pandas' or SQL's.

The rows are those that were shown: they are read from the statement's result, and no model is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from snowflake.snowpark import DataFrame, Session

from sapwood.notebook.table import bundle_of


@dataclass(frozen=True)
class Answer:
    """A statement's result. In SQL, `{{name}}` is a table expression over it."""

    session: Session
    query_id: str

    def to_df(self) -> DataFrame:
        """The rows as a Snowpark frame."""
        return self.session.sql(f"SELECT * FROM TABLE(RESULT_SCAN('{self.query_id}'))")

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a pandas frame."""
        return self.to_df().to_pandas()

    def __str__(self) -> str:
        return f"(SELECT * FROM TABLE(RESULT_SCAN('{self.query_id}')))"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return bundle_of(self.to_df())
