"""What to write into each client to reach this server: text that works as it is pasted, once the dots are filled in."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping

from sapwood.config import FIRST_DATABASE

_BLOCKS: Mapping[str, str] = {
    "Python connector": """\
import snowflake.connector
connection = snowflake.connector.connect({python})""",
    "Snowpark": """\
from snowflake.snowpark import Session
session = Session.builder.configs(dict({python})).create()""",
    "SQLAlchemy": """\
from sqlalchemy import create_engine
engine = create_engine("snowflake://", connect_args=dict({python}))""",
    "snow -c snowflake: ~/.snowflake/config.toml; Streamlit: .streamlit/secrets.toml": """\
[connections.snowflake]
{toml}""",
    "dbt: ~/.dbt/profiles.yml": """\
sapwood:
  target: dev
  outputs:
    dev: {{type: snowflake, threads: 4, {yaml}}}""",
    "openai, with an access token: sapwood user token ADMIN openai": """\
from openai import OpenAI
client = OpenAI(base_url="{url}/api/v2/cortex/v1", api_key="...")""",
}
"""The text for each client, below the name of the client and of the file that it belongs into."""


def snippets(host: str, port: int, protocol: str) -> str:
    """The address of the server, and below it what to paste into each client."""
    blocks = "\n\n".join(f"# {client}\n{text}" for client, text in snippet_by_client(host, port, protocol).items())
    return f"sapwood serves on {_url(host, port, protocol)}\n\n{blocks}\n"


def snippet_by_client(host: str, port: int, protocol: str) -> Mapping[str, str]:
    """What connects each client; the dots are ADMIN's password, or a token."""
    settings = {
        "account": "sapwood",
        "host": _reachable(host),
        "port": port,
        "protocol": protocol,
        "user": "ADMIN",
        "password": "...",
        "database": FIRST_DATABASE,
        "schema": "PUBLIC",
    }
    written = {name: json.dumps(value) for name, value in settings.items()}  # as Python, TOML and YAML write it too
    forms = {
        "python": ", ".join(f"{name}={value}" for name, value in written.items()),
        "toml": "\n".join(f"{name} = {value}" for name, value in written.items()),
        "yaml": ", ".join(f"{name}: {value}" for name, value in written.items()),
        "url": _url(_reachable(host), port, protocol),
    }
    return {client: block.format(**forms) for client, block in _BLOCKS.items()}


def _reachable(host: str) -> str:
    """The name by which clients find the machine, if it listens on all its addresses."""
    return socket.gethostname() if host in ("0.0.0.0", "::") else host


def _url(host: str, port: int, protocol: str) -> str:
    return f"{protocol}://[{host}]:{port}" if ":" in host else f"{protocol}://{host}:{port}"
