"""JSON as the functions read and write it: arguments that are objects or arrays, answers that follow a schema, values."""

from __future__ import annotations

import json
from typing import Any, TypeGuard, TypeVar

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import InvalidArgumentsError, ModelError
from sapwood.inference.request import Completion


def compact(value: Any) -> str:
    """A value as Snowflake writes it, without blanks.

    >>> compact({"labels": ["a", "b"]})
    '{"labels":["a","b"]}'
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parsed(text: str | None) -> Any:
    """What an argument's text says: JSON, or the text itself if it is none; None for NULL."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def constant(value: Any) -> Any:
    """A constant argument as `parsed` would give it: a text may hold JSON too."""
    return parsed(value) if isinstance(value, str) else value


def is_known(value: Any) -> bool:
    """Whether a constant is there and not NULL.

    >>> is_known(NOT_CONSTANT), is_known(None), is_known([])
    (False, False, True)
    """
    return value is not NOT_CONSTANT and value is not None


def are_texts(value: Any) -> TypeGuard[list[str]]:
    """Whether a value is an array of texts.

    >>> are_texts(["a"]), are_texts([7]), are_texts("a")
    (True, False, False)
    """
    if not isinstance(value, list):
        return False
    items: list[Any] = value
    return all(isinstance(each, str) for each in items)


def refuse_null(value: Any, name: str) -> None:
    """Raise InvalidArgumentsError for an optional argument that is NULL: it has to be left out instead."""
    if value is None:
        raise InvalidArgumentsError(f"invalid {name}: NULL is given", hint="Leave the argument out instead.")


def is_true(value: str | None) -> bool:
    """Whether a BOOLEAN argument is TRUE."""
    return value is not None and value.lower() == "true"


Json = TypeVar("Json", list[Any], dict[str, Any])


def structured(completion: Completion, kind: type[Json]) -> Json:
    """The array or object of an answer that had to follow a schema.

    Raises ModelError for one that was cut off, or is something else: an endpoint may not mind the schema.
    """
    try:
        value = json.loads(completion.text)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"the model's answer was cut off before it was whole (finish: {completion.finish})",
            hint="A larger model repeats itself less; a shorter input leaves more room for the answer.",
        ) from error
    if not isinstance(value, kind):
        raise unfit(completion)
    return value


def unfit(completion: Completion) -> ModelError:
    """The error of an answer that has not the form that was asked for."""
    return ModelError(
        f"the model's answer has another form than was asked for: {completion.text[:80]!r}",
        hint="Endpoints may not keep to labels and schemas; local models do.",
    )
