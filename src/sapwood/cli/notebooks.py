"""`sapwood notebook`: the vendor's notebooks, run or imported."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from sapwood.cli.extras import need_extra
from sapwood.cli.options import Connection, Data
from sapwood.terminal import messages

commands = typer.Typer(no_args_is_help=True, help="Notebooks: run one headless, or import it for JupyterLab.")


@commands.command()
def run(
    file: Annotated[Path, typer.Argument(help="A notebook of the vendor's or of Jupyter's, .ipynb.")],
    data: Data = None,
    connection: Connection = None,
    schema: Annotated[
        str | None,
        typer.Option("--schema", help="DATABASE.SCHEMA where bare names are looked up. Default: the user's own."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the notebook with its results goes, and a page .html beside it."),
    ] = None,
    click: Annotated[
        list[str] | None, typer.Option("--click", help="Press the button of this label. Repeatable.")
    ] = None,
) -> None:
    """Run a notebook from its first to its last cell, and write it with its results, and as a page.

    Example: `sapwood notebook run tickets.ipynb --data tickets --click 'Generate messages ⚡'`. A cell that needs a model
    waits for its fine-tuning job. FILE itself stays as it is.
    """
    need_extra("notebook", "nbclient", "nbconvert", "streamlit", "snowflake")
    from sapwood.notebook.order import Order, carry_out

    order = Order(file, out or file.with_suffix(".executed.ipynb"), schema=schema, clicks=tuple(click or ()))
    with _settings_of(data, connection) as settings:
        failure = carry_out(order, settings, on_step=lambda step: typer.echo(str(step), err=True))
    typer.echo(f"{order.out}\n{order.page}")
    if failure is not None:
        messages.fail(str(failure))
        raise typer.Exit(1)


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A notebook of the vendor's, .ipynb.")],
    out: Annotated[Path | None, typer.Option("--out", help="The new notebook. Default: FILE.jupyter.ipynb.")] = None,
    connection: Annotated[
        str, typer.Option("--connection", help="The server's name in the clients' connections.toml.")
    ] = "sapwood",
) -> None:
    """Write a notebook that JupyterLab runs: SQL cells get `%%sql`, cells that draw with Streamlit `%%streamlit`."""
    need_extra("notebook", "nbformat", "IPython")
    from sapwood.notebook import cells
    from sapwood.notebook.translation import imported

    written = out or file.with_suffix(".jupyter.ipynb")
    cells.write(imported(cells.read(file), connection), written)
    typer.echo(str(written))


def _settings_of(data: Path | None, connection: str | None) -> AbstractContextManager[Mapping[str, Any]]:
    """Snowpark's settings for a block: a connection's name, or ADMIN's for the data directory."""
    from sapwood import service

    return service.client_settings(data) if connection is None else nullcontext({"connection_name": connection})
