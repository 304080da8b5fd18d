"""The plug-ins of this environment: found by their entry points, checked, and read out. Goes out: functions and models.

A plug-in that can't be used is an error that names it, never one that is passed over: its user counts on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from sapwood import hookspecs
from sapwood.errors import PluginError
from sapwood.functions.function import SqlFunction
from sapwood.registry.table import ModelTable, read_table


@dataclass(frozen=True)
class Plugins:
    """What sapwood has with its plug-ins: all SQL functions, ours first, and the whole table of models."""

    functions: tuple[SqlFunction, ...]
    models: ModelTable


def load_plugins(functions: Sequence[SqlFunction], models: ModelTable) -> Plugins:
    """Our functions and models, and those of all plug-ins. PluginError if one can't be loaded or adds what can't be added."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    for point in sorted(entry_points(group=hookspecs.GROUP), key=lambda point: point.name):
        _register(manager, point)
    for plugin, given in _given(manager.hook.sapwood_functions):
        functions = (*functions, *_checked_functions(plugin, given, functions))
    for plugin, given in _given(manager.hook.sapwood_models):
        models = _merged(plugin, given, models)
    return Plugins(tuple(functions), models)


def _register(manager: pluggy.PluginManager, point: EntryPoint) -> None:
    package = point.dist.name if point.dist else "unknown"
    try:
        manager.register(point.load(), name=f"{point.name} (package {package})")
        manager.check_pending()
    except Exception as error:  # a plug-in may raise anything
        raise PluginError(
            f"the plug-in {point.name} ({point.value}) can't be loaded: {type(error).__name__}: {error}",
            hint=f"Mend it, or take it out: pip uninstall {package}",
        ) from error


def _given(hook: Any) -> Iterator[tuple[str, Any]]:
    """What each plug-in returns for a hook, by the plug-in's name."""
    for implementation in hook.get_hookimpls():
        plugin = str(implementation.plugin_name)
        yield plugin, _attempt(plugin, implementation.function)


def _attempt(plugin: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # a plug-in may raise anything
        raise PluginError(f"the plug-in {plugin} failed: {type(error).__name__}: {error}") from error


def _checked_functions(plugin: str, given: Any, known: Sequence[SqlFunction]) -> Iterable[SqlFunction]:
    taken = {name for function in known for name in _names(function)}
    for function in list(given):
        if not isinstance(function, SqlFunction):
            raise PluginError(f"the plug-in {plugin} gives {function!r} as a function, which is no SqlFunction")
        for name in _names(function):
            if name != name.upper():
                raise PluginError(f"the plug-in {plugin} names a function {name}: names are in upper case")
            if name in taken:
                raise PluginError(f"the plug-in {plugin} names a function {name}, and there is one already")
        taken |= _names(function)
        yield function


def _names(function: SqlFunction) -> set[str]:
    return {function.signature.function, *function.signature.spellings}


def _merged(plugin: str, text: Any, known: ModelTable) -> ModelTable:
    added = _attempt(plugin, lambda: read_table(text))
    taken = {"echo", *known.models, *known.aliases}
    for name in (*added.models, *added.aliases):
        if name in taken:
            raise PluginError(f"the plug-in {plugin} names a model {name}, and there is one already")
    models: Mapping[str, Any] = {**known.models, **added.models}
    for alias, row in added.aliases.items():
        missing = sorted(set(row.values()) - set(models))
        if missing:
            raise PluginError(f"the plug-in {plugin} lets {alias} lead to {missing[0]}, which is no model")
    return replace(known, models=models, aliases={**known.aliases, **added.aliases})
