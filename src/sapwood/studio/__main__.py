"""The Studio process: `python -m sapwood.studio PLACE --port P --host H`; PLACE is a server's URL or a connection's name.

Libraries and pages are imported before the first tab asks, so that its page is quick, and are kept out of the garbage collection
that Streamlit does after each run of a page: to go through all of them takes longer than most pages.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

import altair
import snowflake.snowpark
import streamlit.web.cli as streamlit

from sapwood.studio import notebooks, pages
from sapwood.studio.address import UnknownConnectionError, address_of

_LOADED = (altair, snowflake.snowpark, pages)
_HERE = Path(__file__).parent


def main() -> None:
    """Serve the pages until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sapwood.studio")
    parser.add_argument("place")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1")
    given = parser.parse_args()
    try:
        address_of(given.place)
    except UnknownConnectionError as error:
        sys.exit(str(error))
    settings = {
        "server.address": given.host,
        "server.port": given.port,
        "server.headless": "true",
        "runner.magicEnabled": "false",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "theme.base": _HERE / "theme.toml",
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    notebooks.load()
    gc.freeze()
    streamlit.main(["run", str(_HERE / "app.py"), *flags, "--", given.place])


if __name__ == "__main__":
    main()
