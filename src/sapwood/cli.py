"""The command `sapwood`: arguments in, calls of the other rooms, text out. Thin; nothing is decided here."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sapwood import __version__, app, config, terminal
from sapwood.connection import Connection, literal
from sapwood.dialect.compile import split
from sapwood.dialect.names import spelled, unquote
from sapwood.errors import ConfigError, Error, StorageFullError, UnknownFileError
from sapwood.office import Office, export_model, import_model, open_office
from sapwood.server.first_admin import FirstPassword
from sapwood.server.journal import start_log
from sapwood.server.snippets import snippets
from sapwood.studio.launch import Studio, StudioError, start_studio

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="LLM functions and LLM fine-tuning in SQL, on your own machine.\n\n"
    "Start with `sapwood quickstart`, or with `sapwood sql \"select snowflake.cortex.complete('mistral-7b', 'Say hello')\"`.",
)
models = typer.Typer(no_args_is_help=True, help="Base models, tuned models and endpoints: list, fetch, add, remove.")
jobs = typer.Typer(no_args_is_help=True, help="Fine-tuning jobs: list, look at, follow, cancel, resume.")
cli.add_typer(models, name="models")
cli.add_typer(jobs, name="jobs")
notebooks = typer.Typer(no_args_is_help=True, help="Notebooks: run one headless, or import it for JupyterLab.")
cli.add_typer(notebooks, name="notebook")
users = typer.Typer(
    no_args_is_help=True, help="Who may log in to `sapwood serve`: add, list, keys, tokens, disable, remove."
)
cli.add_typer(users, name="user")

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data directory. Default: $SAPWOOD_DATA, then ./sapwood-data.", show_default=False),
]


STUDIO_PORT = 8501


def main() -> None:
    """Run the command; an error of ours is one line and a hint on stderr, and exit code 1."""
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
    terminal.fail(str(error))
    sys.exit(1)


@cli.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(f"sapwood {__version__}")
        raise typer.Exit


@cli.command()
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
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: a setting for this run, such as inference.threads=1. Repeatable."),
    ] = None,
) -> None:
    """Run SQL and print the results. Progress and notices go to stderr.

    Examples: `sapwood sql "show models"`, `sapwood sql -f load.sql --format csv > rows.csv`.
    """
    if form not in terminal.FORMATS:
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(terminal.FORMATS)}", param_hint="--format")
    if (statement is None) == (file is None):
        raise typer.BadParameter("give either a statement or --file")
    text = _read(file) if file else sys.stdin.read() if statement == "-" else str(statement)
    bars = terminal.Bars()
    with _connected(data, bars, _flags(map_url or [], settings or [])) as connection:
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
                terminal.notice(line)
            terminal.FORMATS[form](result, sys.stdout)


@cli.command()
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
    from sapwood.quickstart.run import run_quickstart  # plots and baseline come with it

    raise typer.Exit(run_quickstart(data, small=small, as_json=as_json, seed=seed, out=Console()))


@cli.command()
def serve(
    data: Data = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on, 0 for a free one. Default: 8085.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load the quickstart's tickets, if they are not there.")] = False,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate (PEM): clients connect by https.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="The certificate's key (PEM).")] = None,
    allow_plain: Annotated[bool, typer.Option("--allow-plain", help="Let other machines connect without TLS.")] = False,
    with_studio: Annotated[bool, typer.Option("--studio", help="Start Studio beside it, on port 8501.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE: a setting for this run, such as inference.threads=1. Repeatable."),
    ] = None,
) -> None:
    """Serve a data directory to the official Snowflake clients, until Ctrl-C or SIGTERM.

    Example: `sapwood serve --data tickets --demo`. Users are managed in SQL and by `sapwood user`.
    """
    flags = {
        **_flags([], settings or []),
        "server.host": host,
        "server.port": port,
        "server.tls_cert": tls_cert and str(tls_cert),
        "server.tls_key": tls_key and str(tls_key),
        "server.is_plain_allowed": allow_plain or None,
    }
    service = app.serve(data, flags=flags, demo=demo)
    start_log(service.app.office.config.server.log_level)
    _tell(service.first_password)
    listener = service.listener
    typer.echo(snippets(listener.host, listener.port, listener.protocol))
    sys.stdout.flush()
    with _studio(service.url, port=STUDIO_PORT) if with_studio else nullcontext():
        service.run()


@cli.command()
def studio(
    data: Data = None,
    port: Annotated[int, typer.Option("--port", help="Port of the pages.")] = STUDIO_PORT,
    connection: Annotated[
        str | None,
        typer.Option("--connection", help="A server by its name in the clients' connections.toml, instead of --data."),
    ] = None,
) -> None:
    """Open Studio, pages in a browser: worksheet, playground, fine-tuning without code, jobs. Until Ctrl-C.

    Serves the data directory meanwhile, if nothing does. Sign in with the users of the server.
    """
    if connection is not None:
        with _studio(connection, port=port) as running:
            running.wait()
        return
    with app.serving(data) as (url, first_password), _studio(url, port=port) as running:
        _tell(first_password)
        running.wait()


@notebooks.command("run")
def notebook_run(
    file: Annotated[Path, typer.Argument(help="A notebook of the vendor's or of Jupyter's, .ipynb.")],
    data: Data = None,
    connection: Annotated[
        str | None,
        typer.Option("--connection", help="A server by its name in the clients' connections.toml, instead of --data."),
    ] = None,
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
    _need_extra("notebook", "nbclient", "nbconvert", "streamlit", "snowflake")
    from sapwood.notebook.order import Order, carry_out  # the packages of the extra come with it

    order = Order(file, out or file.with_suffix(".executed.ipynb"), schema=schema, clicks=tuple(click or ()))
    with _settings_of(data, connection) as settings:
        failure = carry_out(order, settings, on_step=lambda step: typer.echo(str(step), err=True))
    typer.echo(f"{order.out}\n{order.page}")
    if failure is not None:
        terminal.fail(str(failure))
        raise typer.Exit(1)


@notebooks.command("import")
def notebook_import(
    file: Annotated[Path, typer.Argument(help="A notebook of the vendor's, .ipynb.")],
    out: Annotated[Path | None, typer.Option("--out", help="The new notebook. Default: FILE.jupyter.ipynb.")] = None,
    connection: Annotated[
        str, typer.Option("--connection", help="The server's name in the clients' connections.toml.")
    ] = "sapwood",
) -> None:
    """Write a notebook that JupyterLab runs: SQL cells get `%%sql`, cells that draw with Streamlit `%%streamlit`."""
    _need_extra("notebook", "nbformat", "IPython")
    from sapwood.notebook import cells
    from sapwood.notebook.translation import imported

    written = out or file.with_suffix(".jupyter.ipynb")
    cells.write(imported(cells.read(file), connection), written)
    typer.echo(str(written))


def _settings_of(data: Path | None, connection: str | None) -> AbstractContextManager[Mapping[str, Any]]:
    """Snowpark's settings for a block: a connection's name, or ADMIN's for the data directory."""
    return app.client_settings(data) if connection is None else nullcontext({"connection_name": connection})


@contextmanager
def _studio(place: str, *, port: int) -> Generator[Studio]:
    """Studio's process for the length of a block; Ctrl-C and SIGTERM end the block."""
    _need_extra("studio", "streamlit", "altair", "snowflake")
    try:
        running = start_studio(place, host="127.0.0.1", port=port)
    except StudioError as error:
        raise ConfigError(f"Studio does not start: {error}") from error
    typer.echo(f"Studio is on {running.url}")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield running
    except KeyboardInterrupt:
        pass
    finally:
        running.stop()


def _need_extra(extra: str, *packages: str) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ConfigError(f"Not installed: {', '.join(missing)}", hint=f"pip install 'sapwood[{extra}]'")


def _tell(first_password: FirstPassword | None) -> None:
    if first_password is not None:
        terminal.notice(f"ADMIN's password is {first_password.password} (kept in {first_password.file}).")


@models.command("list")
def models_list(data: Data = None) -> None:
    """All models that a statement can name, and what stands behind each on this machine."""
    with _office(data) as office:
        terminal.show(terminal.model_table(office.registry.listing()))


@models.command("show")
def models_show(name: str, data: Data = None) -> None:
    """Everything that is known of one model."""
    with _office(data) as office:
        for key, value in asdict(office.registry.resolve(name)).items():
            typer.echo(f"{key:18} {value}")


@models.command("pull")
def models_pull(names: list[str], data: Data = None) -> None:
    """Fetch models into the shared cache, check them and unpack them, so that statements find them there."""
    bars = terminal.Bars()
    with _office(data, bars) as office:
        for name in names:
            version = office.registry.pull(name)
            bars.stop()
            typer.echo(f"{name}: {version.name} is here ({version.path})")


@models.command("rm")
def models_rm(name: str, data: Data = None) -> None:
    """Take a base model's files out of the shared cache, or forget an endpoint or a model that was added."""
    with _office(data) as office:
        office.registry.remove(name)
        typer.echo(f"{name} removed.")


@models.command("add")
def models_add(
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
    with _office(data) as office:
        if path is not None:
            office.registry.add_local(name, path)
        else:
            office.registry.add_endpoint(name, str(url), model or name, key_env=key_env or "", key_file=key_file)
            terminal.notice(f"{name} is an endpoint: prompts sent to it leave this machine.")
        typer.echo(f"{name} added.")


@models.command("export")
def models_export(
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
    with _office(data) as office:
        for path in export_model(office, name, folder, form):
            typer.echo(str(path))


@models.command("import")
def models_import(
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
    with _office(data) as office:
        made = import_model(office, name, folder, base, allows_other_base=other_base)
        typer.echo(f"{made} is here.")


@jobs.command("list")
def jobs_list(data: Data = None) -> None:
    """All fine-tuning jobs, newest first."""
    with _office(data) as office:
        found = office.jobs.jobs()
        terminal.show(terminal.job_table(found) if found else "No jobs yet.")


@jobs.command("show")
def jobs_show(job_id: str, data: Data = None) -> None:
    """Everything that is known of one job: its state, its data, how good its model is, and its events."""
    with _office(data) as office:
        terminal.show_job(office.jobs.job(job_id), office.catalog.job_events(job_id))


@jobs.command("watch")
def jobs_watch(job_id: str, data: Data = None) -> None:
    """Follow a job to its end; Ctrl-C leaves it running. Exits with 1 if no model comes of it."""
    with _office(data) as office:
        job = office.jobs.wait(job_id, on_change=lambda job: typer.echo(terminal.job_line(job)))
    if job.status != "SUCCESS":
        raise typer.Exit(1)


@jobs.command("resume")
def jobs_resume(job_id: str, data: Data = None) -> None:
    """Let a job that failed or was cancelled go on from its last checkpoint."""
    with _office(data) as office:
        typer.echo(terminal.job_line(office.jobs.resume(job_id)))


@jobs.command("cancel")
def jobs_cancel(job_id: str, data: Data = None) -> None:
    """Stop a job; no model comes of it."""
    with _office(data) as office:
        office.jobs.cancel(job_id)
        typer.echo(f"Canceled Cortex Fine-tuning job: {job_id}")


@users.command("add")
def user_add(
    name: str,
    role: Annotated[str | None, typer.Option("--role", help="A role that the user gets, and begins with.")] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only a key or a token will open the door.")
    ] = False,
    data: Data = None,
) -> None:
    """Add a user. The password is asked for, or read from stdin if that is no terminal."""
    word = "" if no_password else f" PASSWORD = {literal(_password())}"
    default = f" DEFAULT_ROLE = {_name(role)}" if role else ""
    _run(data, f"CREATE USER {_name(name)}{word}{default}")
    if role:
        _run(data, f"GRANT ROLE {_name(role)} TO USER {_name(name)}")


@users.command("list")
def user_list(data: Data = None) -> None:
    """All users, and by what they may log in."""
    rows = _run(data, "SHOW USERS", quiet=True)
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        ways = [what for what, column in _WAYS.items() if row[column] == "true"]
        state = "disabled" if row["disabled"] == "true" else ", ".join(ways) or "no password, no key"
        typer.echo(f"{row['name']:{width}}  {state:20}  {row['default_role']}".rstrip())


_WAYS = {"password": "has_password", "key": "has_rsa_public_key"}


@users.command("password")
def user_password(name: str, data: Data = None) -> None:
    """Change a user's password; it is asked for, or read from stdin if that is no terminal."""
    _run(data, f"ALTER USER {_name(name)} SET PASSWORD = {literal(_password())}")


@users.command("key")
def user_key(
    name: str,
    file: Annotated[Path, typer.Argument(help="The public key, as `openssl rsa -pubout` writes it.")],
    second: Annotated[
        bool, typer.Option("--second", help="Into the second place, so that keys can be changed.")
    ] = False,
    data: Data = None,
) -> None:
    """Let a user log in with a key pair (SNOWFLAKE_JWT)."""
    place = "RSA_PUBLIC_KEY_2" if second else "RSA_PUBLIC_KEY"
    _run(data, f"ALTER USER {_name(name)} SET {place} = {literal(_read(file))}")


@users.command("token")
def user_token(
    name: str,
    token: Annotated[str, typer.Argument(help="A name for the token.")],
    days: Annotated[int, typer.Option("--days", help="Days until it expires, at most 365.")] = 15,
    role: Annotated[str | None, typer.Option("--role", help="The only role that it opens.")] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the token back.")] = False,
    data: Data = None,
) -> None:
    """Make a programmatic access token and print it, once; or take one back."""
    if revoke:
        _run(data, f"ALTER USER {_name(name)} REMOVE PROGRAMMATIC ACCESS TOKEN {_name(token)}")
        return
    restricted = f" ROLE_RESTRICTION = {literal(role)}" if role else ""
    made = f"ALTER USER {_name(name)} ADD PROGRAMMATIC ACCESS TOKEN {_name(token)} DAYS_TO_EXPIRY = {days}{restricted}"
    (row,) = _run(data, made, quiet=True)
    typer.echo(row["token_secret"])


@users.command("disable")
def user_disable(
    name: str,
    enable: Annotated[bool, typer.Option("--enable", help="Let the user in again.")] = False,
    data: Data = None,
) -> None:
    """Close a user's logins and sessions, and keep everything else."""
    _run(data, f"ALTER USER {_name(name)} SET DISABLED = {str(not enable).upper()}")


@users.command("rm")
def user_rm(name: str, data: Data = None) -> None:
    """Remove a user with all keys, tokens and roles."""
    _run(data, f"DROP USER {_name(name)}")


def _run(data: Path | None, statement: str, *, quiet: bool = False) -> list[dict[str, Any]]:
    """A statement's rows; what it says of itself is printed."""
    with app.connect(data) as connection:
        result = connection.cursor().execute(statement).result
    assert result is not None
    rows: list[dict[str, Any]] = result.table.to_pylist()
    for line in result.notices:
        terminal.notice(line)
    if not quiet:
        typer.echo(rows[0]["status"])
    return rows


def _name(name: str) -> str:
    """A name as SQL must write it; upper case unless it is in double quotes."""
    return spelled(unquote(name))


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@contextmanager
def _connected(data: Path | None, bars: terminal.Bars, flags: Mapping[str, Any]) -> Generator[Connection]:
    with app.connect(data, on_progress=bars, flags=flags) as connection:
        yield connection


def _flags(map_url: list[str], settings: list[str]) -> dict[str, Any]:
    """Settings by dotted name, from URL=DIR and NAME=VALUE pairs."""
    flags: dict[str, Any] = dict(_pair(text, "--set") for text in settings)
    if map_url:
        flags["stages.map"] = dict(_pair(text, "--map-url") for text in map_url)
    return flags


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise typer.BadParameter(f"{text!r} has no '='", param_hint=option)
    return name, value


@contextmanager
def _office(data: Path | None, bars: terminal.Bars | None = None) -> Generator[Office]:
    office = open_office(config.load(data), on_download=app.as_progress(bars) if bars else None)
    try:
        yield office
    finally:
        office.close()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UnknownFileError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnknownFileError(f"{file} is not UTF-8: {error.reason} at byte {error.start}") from error
