"""How a model may be spelt: an identifier of one to three parts, or a Cortex name."""

from __future__ import annotations

import re

_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_CORTEX = re.compile(r"\s*snowflake\.models\.", re.IGNORECASE)


def identifier(name: str) -> tuple[str, ...]:
    """The parts of a name as the catalogue stores them: unquoted ones in upper case. () if it is no identifier.

    >>> identifier('mydb."My Schema".m')
    ('MYDB', 'My Schema', 'M')
    >>> identifier("a..b")
    ()
    """
    parts: list[str] = []
    position, text = 0, name.strip()
    while match := _PART.match(text, position):
        quoted, plain = match.groups()
        parts.append(quoted.replace('""', '"') if quoted is not None else plain.upper())
        position = match.end()
        if position == len(text):
            return tuple(parts)
        if text[position] != ".":
            break
        position += 1
    return ()


def cortex_name(name: str) -> str:
    """A base model's name in lower case, without the schema in which Cortex keeps them.

    >>> cortex_name('SNOWFLAKE.MODELS."LLAMA3.1-70B"')
    'llama3.1-70b'
    """
    return _CORTEX.sub("", name, count=1).strip().strip('"').lower()
