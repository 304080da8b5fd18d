"""`sapwood sql`, and the story that is told by SQL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sapwood.cli.files import read_text
from sapwood.cli.options import Data, Settings, flags
from sapwood.terminal import messages
from sapwood.terminal.bars import Bars


def sql(
    statement: Annotated[
        str | None, typer.Argument(help="One statement or several; `-` reads them from stdin.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the statements from a file.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="table, json (an array of objects a statement and line) or csv.")
    ] = "table",
    data: Data = None,
    map_url: Annotated[
        list[str] | None,
        typer.Option(
            "--map-url",
            help="URL=DIR: read stage URLs with this prefix from a local folder. May be given more than once.",
        ),
    ] = None,
    settings: Settings = None,
) -> None:
    """Run SQL and print the results. Progress and notices go to stderr.

    Examples: `sapwood sql "show models"`, `sapwood sql -f load.sql --format csv > rows.csv`.
    """
    if (statement is None) == (file is None):
        raise typer.BadParameter("give either a statement or --file")
    from sapwood import app
    from sapwood.dialect.compile import split
    from sapwood.terminal.results import FORMATS

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    text = read_text(file) if file else sys.stdin.read() if statement == "-" else str(statement)
    bars = Bars()
    with app.connect(data, on_progress=bars, flags=flags(settings, map_url=map_url)) as connection:
        for one in split(text):
            try:
                result = connection.cursor().execute(one).result
            except KeyboardInterrupt:
                connection.cancel()
                raise
            finally:
                bars.stop()
            assert result is not None
            for line in result.notices:
                messages.notice(line)
            FORMATS[form](result, sys.stdout)


def quickstart(
    data: Data = None,
    small: Annotated[
        bool, typer.Option("--small", help="Leave the large model out and train on 300 true labels.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON.")] = False,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the split and of the training.")] = 42,
) -> None:
    """Run the whole story on this machine: label tickets with a large model, tune a small one, compare them.

    A run that was interrupted goes on where it stopped; a second run prints the figures of the first.
    """
    from rich.console import Console

    from sapwood.quickstart.run import run_quickstart

    raise typer.Exit(run_quickstart(data, small=small, as_json=as_json, seed=seed, out=Console()))
