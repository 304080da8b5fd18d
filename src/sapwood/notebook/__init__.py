"""Notebooks: reads the vendor's, runs them headless, and makes them run in JupyterLab.

A notebook comes in; one with results, and a page, go out. The kernel's side (`kernel`, `magic`) is an IPython extension:
`%load_ext sapwood.notebook`. The room sees the SQL door only, through Snowpark, as any client does.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext sapwood.notebook` calls: the magics `%sapwood`, `%%sql` and `%%streamlit`."""
    from sapwood.notebook.magic import install  # the packages of the extra come with it

    install(shell)
