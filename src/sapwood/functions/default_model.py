"""Which model answers a call that may name none, and what to say of one that is too small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sapwood.errors import Error, InvalidOptionError
from sapwood.functions.function import Default, Models, SqlFunction
from sapwood.store.records import ModelVersion


def answering(named: Any, default: Default, models: Models) -> ModelVersion:
    """The model that a call names, else the function's own. Raises InvalidOptionError for a name that is no text."""
    if named is None:
        return models.default_of(default)
    if not isinstance(named, str):
        raise InvalidOptionError(f"invalid options object: 'model' is {named!r}, and must be a model's name")
    return models.resolve(named, makes_vectors=default.makes_vectors)


def named_model(config: Any, function: str) -> Any:
    """The model that a configuration names, None if it names none. Raises InvalidOptionError for any other option."""
    if config is None:
        return None
    if not isinstance(config, Mapping) or set(config) - {"model"}:
        raise InvalidOptionError(
            f"invalid options object: {function}'s configuration has 'model' and nothing else",
            hint="Write {'model': 'name'}.",
        )
    return config.get("model")


def floor_notice(function: SqlFunction, constants: Mapping[str, Any], models: Models) -> str:
    """What to tell of a base model that is below the function's floor; '' if there is nothing to tell.

    A model that a row names is not looked at, nor one that was tuned: its user has measured it.
    """
    default = function.default
    if default is None:
        return ""
    try:
        model = answering(_named(constants), default, models)
    except Error:
        return ""  # told where the call is checked, or by the row
    size = models.parameters(model) if model.kind == "local" else 0
    if not 0 < size < default.billions * 1e9:
        return ""
    return (
        f"{default.function}: {model.name} has {size / 1e9:.2g} billion parameters; below {default.billions:g} its answers are"
        f" often wrong. Name a larger model in the call or in the setting models.functions."
    )


def _named(constants: Mapping[str, Any]) -> Any:
    config = constants.get("config")
    named = config.get("model") if isinstance(config, Mapping) else constants.get("model")
    return named if isinstance(named, str) else None
