"""The program behind a connection: what its User-Agent says of how it wants answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

RESULT_FORMATS = (
    "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT",
    "JDBC_QUERY_RESULT_FORMAT",
    "ODBC_QUERY_RESULT_FORMAT",
    "GO_QUERY_RESULT_FORMAT",
    "DOTNET_QUERY_RESULT_FORMAT",
)
"""Session parameters by which clients ask for ARROW or JSON."""
_JSON_CLIENTS = (".NET", "JavaScript", "PHP", "snowflake-sdk")
"""Programs that read JSON only."""
_PYTHON = re.compile(r"PythonConnector/(\d+)")


@dataclass(frozen=True)
class Client:
    """A client program. `python_line` is the major version of the Python connector, None for other programs."""

    agent: str
    python_line: int | None
    takes_arrow: bool

    @property
    def needs_signed_uploads(self) -> bool:
        """Whether PUT and GET need an address signed for each file, since the client would go to https by itself."""
        return self.python_line is not None and self.python_line < 5


def read_client(agent: str) -> Client:
    """The client of a User-Agent header.

    >>> read_client("PythonConnector/4.8.1 (Linux) CPython/3.11").needs_signed_uploads
    True
    """
    found = _PYTHON.search(agent)
    takes_arrow = not agent.startswith(_JSON_CLIENTS)
    return Client(agent[:200], int(found[1]) if found else None, takes_arrow)
