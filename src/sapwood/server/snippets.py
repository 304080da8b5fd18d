"""What to write into each client to reach this server."""

from __future__ import annotations

_TEXT = """\
sapwood serves on {protocol}://{host}:{port}

Python connector, Snowpark (configs):
  account="sapwood", host="{host}", port={port}, protocol="{protocol}", user="ADMIN", password="...", database="CORTEX_FINETUNING_DB"
snow (config.toml, [connections.sapwood]) and Streamlit (secrets.toml, [connections.snowflake]):
  account = "sapwood"; host = "{host}"; port = {port}; protocol = "{protocol}"; user = "ADMIN"; password = "..."
SQLAlchemy:
  create_engine("snowflake://ADMIN:...@sapwood/CORTEX_FINETUNING_DB", connect_args=dict(host="{host}", port={port}, protocol="{protocol}"))
dbt (profiles.yml):
  type: snowflake; account: sapwood; host: {host}; port: {port}; protocol: {protocol}; user: ADMIN; password: ...
"""


def snippets(host: str, port: int, protocol: str) -> str:
    """The connection settings of each client, ready to copy."""
    return _TEXT.format(host=host, port=port, protocol=protocol)
