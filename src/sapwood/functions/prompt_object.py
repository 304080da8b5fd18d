"""PROMPT objects `{"args": [...], "template": "... {0} ..."}`: the text that they stand for."""

from __future__ import annotations

import re
from typing import Any

from sapwood.functions.json_text import compact, parsed


def filled(prompt: str) -> str:
    """The text of a prompt: as it is, or of a PROMPT object with its arguments put in.

    >>> filled('{"args":["Bern"],"template":"Is {0} a town?"}')
    'Is Bern a town?'
    """
    made: Any = parsed(prompt) if prompt.startswith("{") else None
    if not isinstance(made, dict) or set(made) != {"args", "template"}:
        return prompt
    arguments = [value if isinstance(value, str) else compact(value) for value in made["args"]]
    return re.sub(r"\{(\d+)\}", lambda place: arguments[int(place[1])], made["template"])


def is_null(prompt: str) -> bool:
    """Whether a PROMPT object has an argument that is NULL."""
    made: Any = parsed(prompt) if prompt.startswith("{") else None
    return isinstance(made, dict) and set(made) == {"args", "template"} and None in made["args"]
