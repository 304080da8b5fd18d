"""Functions of Cortex that are not here yet: each is known by name, and says so before a row is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import VARIANT
from sapwood.errors import UnsupportedError
from sapwood.functions.function import Answer, Arguments, Models, SqlFunction

_FILES = "Files, images and sound can't be read by a model here. Text can: load it into a column."
MISSING: Mapping[str, tuple[tuple[str, ...], str]] = {
    "TO_FILE": (("TO_FILE",), _FILES),
    "PARSE_DOCUMENT": (("SNOWFLAKE.CORTEX.PARSE_DOCUMENT",), _FILES),
    "AI_PARSE_DOCUMENT": (("AI_PARSE_DOCUMENT", "SNOWFLAKE.CORTEX.AI_PARSE_DOCUMENT"), _FILES),
    "AI_TRANSCRIBE": (("AI_TRANSCRIBE", "SNOWFLAKE.CORTEX.AI_TRANSCRIBE"), _FILES),
    "AI_MULTI_EMBED": (("AI_MULTI_EMBED",), _FILES),
    "SEARCH_PREVIEW": (("SNOWFLAKE.CORTEX.SEARCH_PREVIEW",), "There are no search services here."),
}
"""Function -> its spellings, and what to do instead."""


def _declared(name: str, spellings: tuple[str, ...], hint: str) -> SqlFunction:
    def refuse(constants: Mapping[str, Any], models: Models) -> None:
        raise UnsupportedError(f"{name} is not supported", hint=hint)

    def answer(arguments: Arguments, models: Models) -> Answer:
        raise UnsupportedError(f"{name} is not supported", hint=hint)

    parameters = (Parameter("arguments", required=False, meaning="Any."),)
    return SqlFunction(
        Signature(name, spellings, parameters, returns=VARIANT, variadic=True),
        answer,
        check=refuse,
        summary=f"Not supported: a statement that calls it fails by its name. {hint}",
        example=f"SELECT {spellings[0]}('@files', 'a.pdf')",
        errors={f"{name} is not supported": "Always."},
    )


MISSING_FUNCTIONS = tuple(_declared(name, spellings, hint) for name, (spellings, hint) in MISSING.items())
