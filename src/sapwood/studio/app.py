"""What Streamlit runs for each tab and click: signs in, lays out the navigation, and shows the page that was chosen."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import streamlit as st

from sapwood.studio import shown, visitor
from sapwood.studio.address import address_of
from sapwood.studio.door import Door
from sapwood.studio.frame import frame
from sapwood.studio.pages import HOME, PAGES, SECTIONS
from sapwood.studio.signin import sign_in


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="sapwood Studio", page_icon=_ICON, layout="wide")
    st.logo(_ICON, size="large")
    if visitor.has_door():
        _show(visitor.door())
    else:
        _ask_who()


def _ask_who() -> None:
    """Every address leads to the sign-in, so that a tab that is loaded again stays where it was."""
    ask = partial(sign_in, address_of(sys.argv[1]))
    pages = [st.Page(ask, title=page.title, url_path=page.name, default=page.name == HOME) for page in PAGES]
    st.navigation(pages, position="hidden").run()


def _show(door: Door) -> None:
    door.spoken.clear()
    links: dict[str, st.Page] = {}
    for page in PAGES:
        show = partial(page.show, door, links)
        links[page.name] = st.Page(
            show, title=page.title, icon=page.icon, url_path=page.name, default=page.name == HOME
        )
    chosen = st.navigation({section: [links[name] for name in names] for section, names in SECTIONS.items()})
    frame(door)
    chosen.run()
    shown.statements_of(door)


_ICON = str(Path(__file__).parent / "icon.svg")
"""A picture of ours: Streamlit would fetch one of its symbols from the network."""


if __name__ == "__main__":
    main()
