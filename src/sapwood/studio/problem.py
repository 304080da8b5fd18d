"""What went wrong, in plain words: an exception of the client in, a sentence and what to do next out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERED = re.compile(
    r"(?:\(?\d{4}\)?: *)?(?:[0-9a-f-]{36}: *)?(?P<number>\d{6}) \((?P<state>\w{5})\): *(?P<text>.*)", re.DOTALL
)
_HINT = re.compile(r"\nHint: (?P<hint>.*)", re.DOTALL)
_PREAMBLE = re.compile(r"^SQL (?:compilation|access control|execution) error:\s*")

TITLES = {
    "003001": "You may not do this",
    "002003": "There is no such thing, or you may not see it",
    "002043": "There is no such thing, or you may not see it",
    "001003": "This is not a statement",
    "000604": "Stopped",
    "390100": "The name or the password is wrong",
    "390102": "This user is disabled",
    "250001": "The server can't be reached",
    "250003": "The server can't be reached",
    "390111": "You were signed out",
    "390112": "You were signed out",
}
"""Error numbers with what they mean to somebody who does not know them."""


@dataclass(frozen=True)
class Problem:
    """An error to be shown: `title` is a few words, `text` the server's own, `hint` what to do next ('' if nothing is known)."""

    title: str
    text: str
    hint: str = ""
    number: str = ""


def problem_of(error: Exception) -> Problem:
    """The problem behind an exception of the connector or of Snowpark.

    >>> problem_of(ValueError("002003 (42S02): SQL compilation error:\\nObject 'T' does not exist.\\nHint: Check the name."))
    Problem(title='There is no such thing, or you may not see it', text="Object 'T' does not exist.", hint='Check the name.', number='002003')
    """
    message = str(getattr(error, "msg", None) or error)
    found = _NUMBERED.search(message)
    number = found["number"] if found else _own_number(error)
    text = found["text"] if found else message
    hint = _HINT.search(text)
    text = _PREAMBLE.sub("", _HINT.sub("", text)).strip()
    return Problem(TITLES.get(number, "That did not work"), text, hint["hint"].strip() if hint else "", number)


def _own_number(error: Exception) -> str:
    """The number of an error that the client raises itself."""
    number = getattr(error, "errno", None)
    return f"{number:06d}" if isinstance(number, int) and number > 0 else ""
