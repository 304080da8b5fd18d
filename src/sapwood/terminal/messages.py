"""Lines and tables of a command's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 120
"""Width of a command's own table where stdout is no terminal, in characters."""


def show(table: Table | str) -> None:
    """A table, or a line, of a command's own on stdout; written wide where that is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)


def notice(text: str) -> None:
    """A line on stderr that is no error."""
    Console(stderr=True).print(text, style="yellow", highlight=False, markup=False, soft_wrap=True)


def fail(text: str) -> None:
    """An error on stderr."""
    Console(stderr=True).print(text, style="red", highlight=False, markup=False, soft_wrap=True)
