"""The argument return_error_details of the AI_* functions, and the type that it gives their value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sapwood.dialect.statements import Parameter
from sapwood.dialect.types import OBJECT, SnowType

RETURN_ERROR_DETAILS = Parameter(
    "return_error_details",
    ("BOOLEAN",),
    required=False,
    meaning="TRUE gives `{value, error}` for each row, in place of NULL for one that fails.",
)


def or_details(returns: SnowType) -> Callable[[Mapping[str, Any]], SnowType]:
    """The type of a value that becomes an OBJECT with return_error_details."""
    return lambda constants: OBJECT if constants.get("return_error_details") is True else returns
