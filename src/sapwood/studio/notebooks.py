"""Notebooks: import one, look at its cells, run it from the first to the last, take it away with its results.

Its Python runs on Studio's machine as who started Studio, so only a user who may do everything in SQL runs one here.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import streamlit as st

from sapwood.studio import shown
from sapwood.studio.door import Door

_NEEDED = ("nbclient", "nbformat", "nbconvert", "IPython")


def page(door: Door, links: dict[str, st.Page]) -> None:
    """The page."""
    shown.heading("Notebooks", "Run a notebook from its first cell to its last, and take it away with its results.")
    if not load():
        shown.empty("Notebooks need more packages: `pip install 'sapwood[notebook]'`. Then start Studio again.")
        return
    from sapwood.studio import notebook_view

    with shown.trying():
        notebook_view.show(door)


def load() -> bool:
    """Import what the page needs, if the packages of the extra are there; says whether they are."""
    is_there = all(find_spec(name) is not None for name in _NEEDED)
    if is_there:
        import_module("sapwood.studio.notebook_view")
    return is_there
