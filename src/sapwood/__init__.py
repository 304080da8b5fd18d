"""sapwood: LLM functions and fine-tuning in SQL, on your own machine.

>>> import sapwood
>>> with sapwood.connect("my-data") as connection:  # doctest: +SKIP
...     connection.cursor().execute("select snowflake.cortex.complete('mistral-7b', 'Say hello')").fetchone()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sapwood.errors import DatabaseError, Error, InterfaceError, ProgrammingError

if TYPE_CHECKING:
    from sapwood.connection import Connection

__all__ = [
    "DatabaseError",
    "Error",
    "InterfaceError",
    "ProgrammingError",
    "__version__",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
__version__ = "0.1.0"

apilevel = "2.0"
threadsafety = 2
paramstyle = "pyformat"


def connect(
    data: str | Path | None = None,
    *,
    on_progress: Callable[[Any], None] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Connection:
    """Open a data directory (`data`, then $SAPWOOD_DATA, then ./sapwood-data), making it if it is not there.

    If another process owns it, the connection goes through that process. `on_progress` is told how statements get on
    (`sapwood.engine.result.Progress`); `flags` are settings by dotted name, such as {"inference.threads": 2}.
    """
    from sapwood import app  # the engine comes with it, so that a bare import stays quick

    return app.connect(data, on_progress=on_progress, flags=flags)
