"""SQL as text: literals, names, and the statements behind the pages. Values in, text out; nothing runs here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")


def literal(text: str) -> str:
    r"""A text as SQL writes it.

    >>> literal("it's a \\ here")
    "'it''s a \\\\ here'"
    """
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def name(part: str) -> str:
    """A name as SQL must write it: in double quotes, unless it is plain and in upper case.

    >>> name("TICKETS"), name("My table")
    ('TICKETS', '"My table"')
    """
    return part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"'


def path(*parts: str) -> str:
    """Database, schema and name, or the last of them.

    >>> path("DB", "PUBLIC", "my model")
    'DB.PUBLIC."my model"'
    """
    return ".".join(name(part) for part in parts if part)


def value(content: object) -> str:
    """A Python value as SQL writes it: text, number, boolean, NULL, list or mapping.

    >>> value({"temperature": 0.5, "stop": ["a", None], "guardrails": True})
    "{'temperature': 0.5, 'stop': ['a', NULL], 'guardrails': TRUE}"
    """
    match content:
        case None:
            return "NULL"
        case bool():
            return str(content).upper()
        case str():
            return literal(content)
        case Mapping():
            return "{" + ", ".join(f"{literal(str(key))}: {value(each)}" for key, each in content.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(value(each) for each in content) + "]"
        case _:
            return json.dumps(content)


@dataclass(frozen=True)
class Sampling:
    """How an answer is drawn. Leaves out what is at the vendor's default."""

    temperature: float = 0.0
    top_p: float = 0.0
    max_tokens: int = 256
    guardrails: bool = False

    def options(self) -> dict[str, object]:
        """The third argument of COMPLETE."""
        chosen = {"temperature": self.temperature, "top_p": self.top_p, "guardrails": self.guardrails}
        return {**{key: each for key, each in chosen.items() if each}, "max_tokens": self.max_tokens}


@dataclass(frozen=True)
class Turn:
    """One message of a conversation; `role` is system, user or assistant."""

    role: str
    content: str


def complete(model: str, turns: Sequence[Turn], sampling: Sampling) -> str:
    """COMPLETE over a conversation; the answer is a JSON text with choices and usage."""
    messages = ", ".join(_message(turn.role, literal(turn.content)) for turn in turns)
    return f"SNOWFLAKE.CORTEX.COMPLETE({literal(model)},\n  [{messages}],\n  {value(sampling.options())})"


def complete_rows(model: str, system: str, column: str, sampling: Sampling) -> str:
    """COMPLETE over a column: the same system message for each row, the column's text as the question."""
    turns = [_message("system", literal(system))] if system else []
    turns.append(_message("user", f"{name(column)}::VARCHAR"))
    answer = f"SNOWFLAKE.CORTEX.COMPLETE({literal(model)}, [{', '.join(turns)}], {value(sampling.options())})"
    return f"PARSE_JSON({answer}):choices[0]:messages::VARCHAR"


def _message(role: str, content: str) -> str:
    return f"{{'role': {literal(role)}, 'content': {content}}}"
