"""`sapwood models`: base models, tuned models and endpoints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sapwood.cli import offices
from sapwood.cli.options import Data
from sapwood.terminal import listings, messages
from sapwood.terminal.bars import Bars

commands = typer.Typer(no_args_is_help=True, help="Base models, tuned models and endpoints: list, fetch, add, remove.")


@commands.command("list")
def list_(data: Data = None) -> None:
    """All models that a statement can name, and what stands behind each on this machine."""
    with offices.opened(data) as office:
        messages.show(listings.model_table(office.registry.listing()))


@commands.command()
def show(name: str, data: Data = None) -> None:
    """Everything that is known of one model."""
    with offices.opened(data) as office:
        for key, value in asdict(office.registry.resolve(name)).items():
            typer.echo(f"{key:18} {value}")


@commands.command()
def pull(names: list[str], data: Data = None) -> None:
    """Fetch models into the shared cache, check them and unpack them, so that statements find them there."""
    from sapwood.app import as_progress

    bars = Bars()
    with offices.opened(data, on_download=as_progress(bars)) as office:
        for name in names:
            version = office.registry.pull(name)
            bars.stop()
            typer.echo(f"{name}: {version.name} is here ({version.path})")


@commands.command()
def rm(name: str, data: Data = None) -> None:
    """Take a base model's files out of the shared cache, or forget an endpoint or a model that was added."""
    with offices.opened(data) as office:
        office.registry.remove(name)
        typer.echo(f"{name} removed.")


@commands.command()
def add(
    name: Annotated[str, typer.Argument(help="The name that statements will use.")],
    path: Annotated[Path | None, typer.Option("--path", help="A folder of safetensors, or a .gguf file.")] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="An OpenAI-compatible endpoint. Prompts leave this machine.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The endpoint's own name of the model.")] = None,
    key_env: Annotated[
        str | None, typer.Option("--key-env", help="Environment variable that holds the endpoint's key.")
    ] = None,
    key_file: Annotated[Path | None, typer.Option("--key-file", help="File (mode 0600) that holds the key.")] = None,
    data: Data = None,
) -> None:
    """Add a model of your own: a local one, or one behind an OpenAI-compatible endpoint.

    Examples: `sapwood models add mine --path ~/models/mine.gguf`,
    `sapwood models add gpt --url http://localhost:8000/v1 --model llama3 --key-env MY_KEY`.
    """
    if (path is None) == (url is None):
        raise typer.BadParameter("give either --path or --url")
    with offices.opened(data) as office:
        if path is not None:
            office.registry.add_local(name, path)
        else:
            office.registry.add_endpoint(name, str(url), model or name, key_env=key_env or "", key_file=key_file)
            messages.notice(f"{name} is an endpoint: prompts sent to it leave this machine.")
        typer.echo(f"{name} added.")


@commands.command()
def export(
    name: Annotated[str, typer.Argument(help="A tuned model, as DATABASE.SCHEMA.MODEL.")],
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    form: Annotated[
        str, typer.Option("--format", help="peft, safetensors (merged), gguf-f16 or gguf-q8_0 (merged).")
    ] = "peft",
    data: Data = None,
) -> None:
    """Write a tuned model's files for other programs: transformers, vLLM, llama.cpp, Ollama.

    Example: `sapwood models export db.public.support out --format gguf-q8_0`.
    """
    from sapwood.office import export_model

    with offices.opened(data) as office:
        for path in export_model(office, name, folder, form):
            typer.echo(str(path))


@commands.command("import")
def import_(
    name: Annotated[str, typer.Argument(help="The new model, as DATABASE.SCHEMA.MODEL.")],
    folder: Annotated[Path, typer.Argument(help="A LoRA adapter in PEFT's format.")],
    base: Annotated[str, typer.Option("--base", help="The base model that it was trained from.")],
    other_base: Annotated[
        bool, typer.Option("--other-base", help="Take it although its files name another base model.")
    ] = False,
    data: Data = None,
) -> None:
    """Make a tuned model of an adapter that was trained elsewhere.

    Example: `sapwood models import db.public.mine ./adapter --base smollm2-135m-instruct`.
    """
    from sapwood.office import import_model

    with offices.opened(data) as office:
        made = import_model(office, name, folder, base, allows_other_base=other_base)
        typer.echo(f"{made} is here.")
