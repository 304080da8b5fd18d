"""`sapwood user`: who may log in to `sapwood serve`. Each command is a statement."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sapwood.cli.files import read_text
from sapwood.cli.options import Data
from sapwood.terminal import messages

commands = typer.Typer(
    no_args_is_help=True, help="Who may log in to `sapwood serve`: add, list, keys, tokens, disable, remove."
)


@commands.command()
def add(
    name: str,
    role: Annotated[str | None, typer.Option("--role", help="A role that the user gets, and begins with.")] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Only a key or a token will open the door.")
    ] = False,
    data: Data = None,
) -> None:
    """Add a user. The password is asked for, or read from stdin if that is no terminal."""
    word = "" if no_password else f" PASSWORD = {_text(_password())}"
    default = f" DEFAULT_ROLE = {_name(role)}" if role else ""
    _run(data, f"CREATE USER {_name(name)}{word}{default}")
    if role:
        _run(data, f"GRANT ROLE {_name(role)} TO USER {_name(name)}")


@commands.command("list")
def list_(data: Data = None) -> None:
    """All users, and by what they may log in."""
    rows = _run(data, "SHOW USERS", quiet=True)
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        ways = [what for what, column in _WAYS.items() if row[column] == "true"]
        state = "disabled" if row["disabled"] == "true" else ", ".join(ways) or "no password, no key"
        typer.echo(f"{row['name']:{width}}  {state:20}  {row['default_role']}".rstrip())


_WAYS = {"password": "has_password", "key": "has_rsa_public_key"}


@commands.command()
def password(name: str, data: Data = None) -> None:
    """Change a user's password; it is asked for, or read from stdin if that is no terminal."""
    _run(data, f"ALTER USER {_name(name)} SET PASSWORD = {_text(_password())}")


@commands.command()
def key(
    name: str,
    file: Annotated[Path, typer.Argument(help="The public key, as `openssl rsa -pubout` writes it.")],
    second: Annotated[
        bool, typer.Option("--second", help="Into the second place, so that keys can be changed.")
    ] = False,
    data: Data = None,
) -> None:
    """Let a user log in with a key pair (SNOWFLAKE_JWT)."""
    place = "RSA_PUBLIC_KEY_2" if second else "RSA_PUBLIC_KEY"
    _run(data, f"ALTER USER {_name(name)} SET {place} = {_text(read_text(file))}")


@commands.command()
def token(
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
    restricted = f" ROLE_RESTRICTION = {_text(role)}" if role else ""
    made = f"ALTER USER {_name(name)} ADD PROGRAMMATIC ACCESS TOKEN {_name(token)} DAYS_TO_EXPIRY = {days}{restricted}"
    (row,) = _run(data, made, quiet=True)
    typer.echo(row["token_secret"])


@commands.command()
def disable(
    name: str,
    enable: Annotated[bool, typer.Option("--enable", help="Let the user in again.")] = False,
    data: Data = None,
) -> None:
    """Close a user's logins and sessions, and keep everything else."""
    _run(data, f"ALTER USER {_name(name)} SET DISABLED = {str(not enable).upper()}")


@commands.command()
def rm(name: str, data: Data = None) -> None:
    """Remove a user with all keys, tokens and roles."""
    _run(data, f"DROP USER {_name(name)}")


def _run(data: Path | None, statement: str, *, quiet: bool = False) -> list[dict[str, Any]]:
    """A statement's rows; what it says of itself is printed."""
    from sapwood import app

    with app.connect(data) as connection:
        result = connection.cursor().execute(statement).result
    assert result is not None
    rows: list[dict[str, Any]] = result.table.to_pylist()
    for line in result.notices:
        messages.notice(line)
    if not quiet:
        typer.echo(rows[0]["status"])
    return rows


def _name(name: str) -> str:
    """A name as SQL must write it; upper case unless it is in double quotes."""
    from sapwood.dialect.names import spelled, unquote

    return spelled(unquote(name))


def _text(value: str) -> str:
    """A text as SQL must write it."""
    from sapwood.connection import literal

    return literal(value)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
