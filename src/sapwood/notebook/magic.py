"""The magics of a notebook: `%sapwood` connects, `%%sql` runs SQL, `%%streamlit` shows what a cell draws with Streamlit."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from typing import Any, NoReturn

from sapwood.errors import NotebookError
from sapwood.notebook.companion import Companion, accompany
from sapwood.notebook.screen import perform


class Magics:
    """One shell's magics; they share its session."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._companion: Companion | None = None

    def sapwood(self, line: str) -> None:
        """Connect: `%sapwood --connection NAME`. `get_active_session()` gives the session from then on."""
        self.connect({"connection_name": _CONNECT.read(line).connection})

    def sql(self, line: str, cell: str) -> None:
        """Run SQL: `%%sql -r NAME`. `{{...}}` takes variables; later, `NAME.to_df()`, `NAME.to_pandas()` and `{{NAME}}`."""
        name = _SQL.read(line).r
        answer = self._there().answer(cell)
        if name and answer is not None:
            self._shell.user_ns[name] = answer

    def streamlit(self, line: str, cell: str) -> Any:
        """Run Python that draws with Streamlit: `%%streamlit --click 'Go'`. Gives the cell's last value."""
        clicks = _STREAMLIT.read(line).click
        return perform(self._shell, cell, clicks=clicks, state=self._there().state)

    def connect(self, settings: dict[str, Any]) -> None:
        """Connect with Snowpark's own settings, in place of a connection that there was."""
        if self._companion is not None:
            self._companion.leave()
        self._companion = accompany(self._shell, settings)

    def _there(self) -> Companion:
        if self._companion is None:
            raise NotebookError("This notebook is not connected", hint="Run `%sapwood --connection NAME` first.")
        return self._companion


class _Options(ArgumentParser):
    """What may stand behind a magic; a mistake is an error of the cell."""

    def read(self, line: str) -> Namespace:
        return self.parse_args(shlex.split(line))

    def error(self, message: str) -> NoReturn:
        raise NotebookError(f"{self.prog}: {message}", hint=self.format_usage().strip())


_CONNECT = _Options("%sapwood", add_help=False)
_CONNECT.add_argument("--connection", metavar="NAME", default="sapwood")
_SQL = _Options("%%sql", add_help=False)
_SQL.add_argument("-r", metavar="NAME", default="")
_STREAMLIT = _Options("%%streamlit", add_help=False)
_STREAMLIT.add_argument("--click", metavar="LABEL", action="append", default=[])


def install(shell: Any) -> Magics:
    """Add the magics to a shell."""
    magics = Magics(shell)
    shell.register_magic_function(magics.sapwood, "line", "sapwood")
    shell.register_magic_function(magics.sql, "cell", "sql")
    shell.register_magic_function(magics.streamlit, "cell", "streamlit")
    return magics
