"""What Streamlit runs for each tab and click: signs in, lays out the navigation, and shows the page that was chosen."""

from __future__ import annotations

import sys
from functools import partial

import streamlit as st

from sapwood.studio import shown, visitor
from sapwood.studio.address import address_of
from sapwood.studio.frame import frame
from sapwood.studio.pages import PAGES, SECTIONS
from sapwood.studio.signin import sign_in


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="sapwood Studio", page_icon=":material/park:", layout="wide")
    if not visitor.has_door():
        st.navigation(
            [st.Page(partial(sign_in, address_of(sys.argv[1])), title="Sign in", url_path="sign-in")], position="hidden"
        ).run()
        return
    door = visitor.door()
    door.spoken.clear()
    links: dict[str, st.Page] = {}
    for page in PAGES:
        show = partial(page.show, door, links)
        links[page.name] = st.Page(
            show, title=page.title, icon=page.icon, url_path=page.name, default=page.name == "home"
        )
    chosen = st.navigation({section: [links[name] for name in names] for section, names in SECTIONS.items()})
    frame(door)
    chosen.run()
    shown.statements_of(door)


if __name__ == "__main__":
    main()
