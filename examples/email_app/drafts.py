"""Messages to customers: the SQL that writes them, and the words that they may have. Pure; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


_CUSTOMER = "'Here is the customer information: Name: ', customer_name, ', Contact preference: ', contact_preference"


def _answers(table: str, model: str, asked: str, ids: Sequence[str]) -> str:
    chosen = ", ".join(literal(each) for each in ids)
    return f"""SELECT ticket_id, SNOWFLAKE.CORTEX.COMPLETE({literal(model)}, CONCAT({asked})) AS message
FROM {table} WHERE ticket_id IN ({chosen})"""


def literal(text: str) -> str:
    """A text as SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
