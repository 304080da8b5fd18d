"""AI_NULL_IF_ERROR and AI_THROW_IF_ERROR: a `{value, error}` of return_error_details in, the value out. No model is asked."""

from __future__ import annotations

from typing import Any

from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import VARIANT
from sapwood.errors import InvalidArgumentsError, ModelError
from sapwood.functions.function import Answer, Arguments, Models, SqlFunction
from sapwood.functions.json_text import compact, parsed


def _details(arguments: Arguments) -> Any:
    result = parsed(arguments["result"])
    if result is not None and not (isinstance(result, dict) and {"value", "error"} <= result.keys()):
        raise InvalidArgumentsError(
            "invalid result: an object {value, error} is needed",
            hint="Call the AI function with return_error_details => TRUE.",
        )
    return result


def _null_if_error(arguments: Arguments, models: Models) -> Answer:
    result = _details(arguments)
    return Answer(None if result is None or result["value"] is None else compact(result["value"]))


def _throw_if_error(arguments: Arguments, models: Models) -> Answer:
    result = _details(arguments)
    if result is not None and result["error"] is not None:
        raise ModelError(str(result["error"]))
    return _null_if_error(arguments, models)


_RESULT = (Parameter("result", ("OBJECT",), meaning="What an AI function gave with `return_error_details => TRUE`."),)
_ERRORS = {"invalid result: an object {value, error} is needed": "The argument is something else."}

AI_NULL_IF_ERROR = SqlFunction(
    Signature("AI_NULL_IF_ERROR", ("AI_NULL_IF_ERROR",), _RESULT, returns=VARIANT),
    _null_if_error,
    summary="The value of an AI function's `{value, error}`, NULL if there is an error.",
    example="SELECT AI_NULL_IF_ERROR(AI_FILTER('Is Bern a town?', return_error_details => TRUE))",
    errors=_ERRORS,
)

AI_THROW_IF_ERROR = SqlFunction(
    Signature("AI_THROW_IF_ERROR", ("AI_THROW_IF_ERROR",), _RESULT, returns=VARIANT),
    _throw_if_error,
    summary="The value of an AI function's `{value, error}`; its error is raised.",
    example="SELECT AI_THROW_IF_ERROR(AI_FILTER('Is Bern a town?', return_error_details => TRUE))",
    errors={**_ERRORS, "the error's own text": "There is one."},
)
