"""Which model answers a call that may name none, and what to say of one that is too small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sapwood.dialect.statements import NOT_CONSTANT
from sapwood.errors import Error, InvalidOptionError
from sapwood.functions.function import Arguments, Default, Models, SqlFunction
from sapwood.functions.json_text import constant, parsed
from sapwood.store.records import ModelVersion


def answering(named: Any, default: Default, models: Models) -> ModelVersion:
    """The model that a call names, else the function's own. Raises InvalidOptionError for a name that is no text."""
    if named is None:
        return models.default_of(default)
    if not isinstance(named, str):
        raise InvalidOptionError(f"invalid options object: 'model' is {named!r}, and must be a model's name")
    return models.resolve(named, makes_vectors=default.makes_vectors)


def configured(arguments: Arguments, default: Default, models: Models) -> ModelVersion:
    """The model that a row's configuration `{'model': ...}` names, else the function's own."""
    return answering(_configured(parsed(arguments.get("config")), default), default, models)


def checks_configured(default: Default) -> Callable[[Mapping[str, Any], Models], None]:
    """A check that raises for a configuration `{'model': ...}`, or a default, that is known not to work before a row is read."""

    def check(constants: Mapping[str, Any], models: Models) -> None:
        config = constant(constants.get("config"))
        if config is not NOT_CONSTANT:
            answering(_configured(config, default), default, models)

    return check


def _configured(config: Any, default: Default) -> Any:
    """The model that a configuration names, None if it names none. Raises InvalidOptionError for any other option."""
    if config is None:
        return None
    if not isinstance(config, Mapping) or set(config) - {"model"}:
        raise InvalidOptionError(
            f"invalid options object: {default.function}'s configuration has 'model' and nothing else",
            hint="Write {'model': 'name'}.",
        )
    return config.get("model")


def check_model(constants: Mapping[str, Any], models: Models) -> None:
    """Raise for an argument `model` that names nothing, if it is known before a row is read."""
    if isinstance(constants.get("model"), str):
        models.resolve(constants["model"])


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
