"""Run a Streamlit app against sapwood: `python examples/email_app/run.py APP.py [--connection NAME] [streamlit's options]`.

Makes the Snowpark session that `get_active_session()` gives, from the clients' own connections.toml, then starts Streamlit.
"""

from __future__ import annotations

import argparse

import streamlit.web.cli as streamlit
from snowflake.snowpark import Session


def main() -> None:
    """Connect, then serve the app until it is stopped."""
    parser = argparse.ArgumentParser(prog="run.py")
    parser.add_argument("app")
    parser.add_argument("--connection", default="sapwood", help="a name in connections.toml")
    given, options = parser.parse_known_args()
    Session.builder.config("connection_name", given.connection).create()
    streamlit.main(["run", given.app, "--browser.gatherUsageStats=false", *options])


if __name__ == "__main__":
    main()
