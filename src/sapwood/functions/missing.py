"""Functions of Cortex that are not here yet: each is known by name, and says so before a row is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import VARIANT
from sapwood.errors import UnsupportedError
from sapwood.functions.function import Answer, Arguments, Models, SqlFunction

_FILES = "Files, images and sound can't be read by a model here. Text can: load it into a column."
_READS = ("file", "options", "return_error_details")


@dataclass(frozen=True)
class Missing:
    """A function that is known by its spellings and the names of its arguments; `hint` says what to do instead."""

    spellings: tuple[str, ...]
    arguments: tuple[str, ...]
    hint: str = _FILES


MISSING: Mapping[str, Missing] = {
    "TO_FILE": Missing(("TO_FILE",), ("stage", "path")),
    "PARSE_DOCUMENT": Missing(("SNOWFLAKE.CORTEX.PARSE_DOCUMENT",), ("stage", "path", "options")),
    "AI_PARSE_DOCUMENT": Missing(("AI_PARSE_DOCUMENT", "SNOWFLAKE.CORTEX.AI_PARSE_DOCUMENT"), _READS),
    "AI_TRANSCRIBE": Missing(("AI_TRANSCRIBE", "SNOWFLAKE.CORTEX.AI_TRANSCRIBE"), _READS),
    "AI_MULTI_EMBED": Missing(("AI_MULTI_EMBED",), ("model", *_READS)),
    "SEARCH_PREVIEW": Missing(
        ("SNOWFLAKE.CORTEX.SEARCH_PREVIEW",), ("service", "query"), "There are no search services here."
    ),
}


def _declared(name: str, missing: Missing) -> SqlFunction:
    def refuse(constants: Mapping[str, Any], models: Models) -> None:
        raise UnsupportedError(f"{name} is not supported", hint=missing.hint)

    def answer(arguments: Arguments, models: Models) -> Answer:
        raise UnsupportedError(f"{name} is not supported", hint=missing.hint)

    parameters = tuple(Parameter(each, required=False, meaning="Any.") for each in missing.arguments)
    return SqlFunction(
        Signature(name, missing.spellings, parameters, returns=VARIANT),
        answer,
        check=refuse,
        summary=f"Not supported: a statement that calls it fails by its name. {missing.hint}",
        example=f"SELECT {missing.spellings[0]}('@files', 'a.pdf')",
        errors={f"{name} is not supported": "Always."},
    )


MISSING_FUNCTIONS = tuple(_declared(name, missing) for name, missing in MISSING.items())
