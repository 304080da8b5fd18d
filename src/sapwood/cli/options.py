"""Options that several commands have, and the settings that they give. Knows no command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory. Default: $SAPWOOD_DATA, then ./sapwood-data.", show_default=False),
]
Connection = Annotated[
    str | None,
    typer.Option("--connection", help="A server by its name in the clients' connections.toml, instead of --data."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="NAME=VALUE: a setting for this run, such as inference.threads=1. Repeatable."),
]


def flags(settings: list[str] | None, *, map_url: list[str] | None = None) -> dict[str, Any]:
    """Settings by dotted name, from URL=DIR and NAME=VALUE pairs."""
    given: dict[str, Any] = dict(_pair(text, "--set") for text in settings or ())
    if map_url:
        given["stages.map"] = dict(_pair(text, "--map-url") for text in map_url)
    return given


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"{text!r} has no '='", param_hint=option)
    return name, value
