"""Extension points, all on this page: what another package may add to sapwood without changing it.

A plug-in is a module that is named under the entry-point group `sapwood` of its own package:

    [project.entry-points.sapwood]
    acme = "acme_sapwood"

and implements any of the hooks below, each marked with `@hookimpl`. It is loaded wherever sapwood runs in the same
environment. Plug-ins are code that the user installed, and may do all that the user may; nothing fences them in.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from sapwood.functions.function import SqlFunction

GROUP = "sapwood"
"""The entry-point group, and the name under which pluggy knows its marks."""

hookimpl = pluggy.HookimplMarker(GROUP)
"""Marks a plug-in's function as the implementation of the hook of the same name."""

_hookspec = pluggy.HookspecMarker(GROUP)


@_hookspec
def sapwood_functions() -> Sequence[SqlFunction]:  # type: ignore[reportReturnType] # what a plug-in returns
    """SQL functions: declarations as in `sapwood.functions`. Their names and spellings must be free, and in upper case."""


@_hookspec
def sapwood_models() -> str:  # type: ignore[reportReturnType]
    """Base models with their sources, and aliases of their own: a text in the form of `registry/models.toml`.

    The names must be free; an alias may lead to a model of the plug-in or to one of ours.
    """
