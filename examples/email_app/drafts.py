"""Messages to customers: the SQL that writes and keeps them, and the words that they may have. Pure; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

MOST_WORDS = {"Email": 100, "Text Message": 24}
"""The prompt asks for at most 100 words by e-mail, and for less than 25 by text message."""

PROMPT = (
    "Please write an email or text promoting a new plan that will save customers total costs. If the customer requested to be "
    "contacted by text message, write text message response in less than 25 words, otherwise write email response in maximum 100 words."
)
CATEGORY_PROMPT = """You are an agent that helps organize requests that come to our support team.

The request category is the reason why the customer reached out. These are the possible types of request categories:

Roaming fees
Slow data speed
Lost phone
Add new line
Closing account

Try doing it for this request and return only the request category only.
"""


@dataclass(frozen=True)
class Draft:
    """A message that waits for approval."""

    ticket_id: str
    customer: str
    address: str
    preference: str
    category: str
    text: str
    is_approved: bool = False
    is_edited: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether somebody decided on it; a model writes it no more."""
        return self.is_approved or self.is_edited

    @property
    def limit(self) -> int:
        """Most words for the way in which the customer wants to hear from us."""
        return MOST_WORDS.get(self.preference, MOST_WORDS["Email"])

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def is_too_long(self) -> bool:
        return self.words > self.limit


def tickets(table: str, model: str, limit: int) -> str:
    """The statement that reads tickets with the category that a model gives them."""
    return f"""SELECT ticket_id, customer_name, customer_email, contact_preference,
  TRIM(SNOWFLAKE.CORTEX.COMPLETE({literal(model)}, CONCAT({literal(CATEGORY_PROMPT)}, request))) AS category
FROM {table} ORDER BY ticket_id LIMIT {limit}"""


def writing(table: str, model: str, prompt: str, ids: Sequence[str]) -> str:
    """The statement that writes to the customers of some tickets."""
    return _answers(table, model, f"{literal(prompt)}, {_CUSTOMER}", ids)


def rewriting(table: str, model: str, prompt: str, draft: Draft) -> str:
    """The statement that asks once more for a draft that is too long."""
    complaint = (
        f" Your last message had {draft.words} words. Write it again in at most {draft.limit} words: {draft.text}"
    )
    return _answers(table, model, f"{literal(prompt)}, {_CUSTOMER}, {literal(complaint)}", [draft.ticket_id])


def making(kept: str) -> str:
    """The statement that makes the table in which drafts are kept, where there is none."""
    return f"""CREATE TABLE IF NOT EXISTS {kept} (ticket_id VARCHAR, customer_name VARCHAR, customer_email VARCHAR,
  contact_preference VARCHAR, category VARCHAR, message VARCHAR, is_approved BOOLEAN, is_edited BOOLEAN,
  changed_by VARCHAR, changed_on TIMESTAMP_LTZ)"""


def keeping(kept: str, drafts: Sequence[Draft]) -> str:
    """The statement that keeps drafts; one that was kept for the same ticket is replaced."""
    rows = ",\n  ".join(_row(draft) for draft in drafts)
    fresh = ", ".join(f"{column} = n.{column}" for column in _COLUMNS[1:])
    return f"""MERGE INTO {kept} AS k
USING (SELECT {", ".join(f"column{at} AS {column}" for at, column in enumerate(_COLUMNS, start=1))} FROM VALUES
  {rows}) AS n ON k.ticket_id = n.ticket_id
WHEN MATCHED THEN UPDATE SET {fresh}, changed_by = CURRENT_USER(), changed_on = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN INSERT ({", ".join(_COLUMNS)}, changed_by, changed_on)
  VALUES ({", ".join(f"n.{column}" for column in _COLUMNS)}, CURRENT_USER(), CURRENT_TIMESTAMP())"""


def reading(kept: str) -> str:
    """The statement that reads all drafts that are kept, each as the fields of a Draft."""
    return f"SELECT {', '.join(_COLUMNS)} FROM {kept} ORDER BY ticket_id"


_COLUMNS = (
    "ticket_id", "customer_name", "customer_email", "contact_preference", "category", "message", "is_approved", "is_edited",
)  # fmt: skip
"""Columns of the table of drafts, in the order of a Draft's fields."""


def _row(draft: Draft) -> str:
    values = (str(each).upper() if isinstance(each, bool) else literal(each) for each in astuple(draft))
    return f"({', '.join(values)})"


_CUSTOMER = "'Here is the customer information: Name: ', customer_name, ', Contact preference: ', contact_preference"


def _answers(table: str, model: str, asked: str, ids: Sequence[str]) -> str:
    chosen = ", ".join(literal(each) for each in ids)
    return f"""SELECT ticket_id, SNOWFLAKE.CORTEX.COMPLETE({literal(model)}, CONCAT({asked})) AS message
FROM {table} WHERE ticket_id IN ({chosen})"""


def literal(text: str) -> str:
    """A text as SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
