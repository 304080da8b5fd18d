"""The command `sapwood`: arguments in, calls of the other rooms, text out. Thin; nothing is decided here.

Its modules load no room but `terminal`. What a command needs is imported when it runs, so that it starts soon.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from typing import Annotated

import typer

from sapwood import __version__
from sapwood.cli import jobs, models, notebooks, serving, statements, users
from sapwood.errors import Error, StorageFullError
from sapwood.terminal import messages

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="LLM functions and LLM fine-tuning in SQL, on your own machine.\n\n"
    "Start with `sapwood quickstart`, or with `sapwood sql \"select snowflake.cortex.complete('mistral-7b', 'Say hello')\"`.",
)
for _command in (statements.sql, statements.quickstart, serving.serve, serving.studio):
    cli.command()(_command)
for _name, _family in (
    ("models", models.commands),
    ("jobs", jobs.commands),
    ("notebook", notebooks.commands),
    ("user", users.commands),
):
    cli.add_typer(_family, name=_name)


def main() -> None:
    """Run the command; an error of ours is one line and a hint on stderr, and exit code 1."""
    atexit.register(gc.freeze)  # a process that ends need not search all that it loaded for garbage
    try:
        cli()
    except Error as error:
        _fail(error)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _fail(StorageFullError("The disk is full", hint="Free some space and run the command again."))


def _fail(error: Error) -> None:
    messages.fail(str(error))
    sys.exit(1)


@cli.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"sapwood {__version__}")
        raise typer.Exit
