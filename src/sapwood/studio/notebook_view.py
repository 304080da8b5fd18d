"""The body of the page Notebooks: the one that is looked at, what can be done with it, and its cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from sapwood.errors import NotebookError
from sapwood.notebook.cells import Notebook, parse, text_of
from sapwood.notebook.page import page_of
from sapwood.studio import notebook_cells, notebook_files, places, shown
from sapwood.studio.choices import choose
from sapwood.studio.door import Door
from sapwood.studio.notebook_run import Play

_POLL_S = 0.5


@dataclass
class Desk:
    """What the page holds between clicks; `version` counts the files that were imported."""

    title: str = ""
    notebook: Notebook = None
    play: Play | None = None
    version: int = 0

    @property
    def is_running(self) -> bool:
        return self.play is not None and not self.play.is_over

    def open(self, title: str, notebook: Notebook) -> None:
        """Look at this one."""
        self.title, self.notebook, self.play = title, notebook, None


def show(door: Door) -> None:
    """All of it."""
    desk: Desk = st.session_state.setdefault("desk", Desk())
    _choose(door, desk)
    if desk.notebook is None:
        shown.empty("No notebook yet. Import a file .ipynb of Snowflake's or of Jupyter's.")
        return
    _act(door, desk)
    st.fragment(_cells, run_every=_POLL_S if desk.is_running else None)(desk, was_running=desk.is_running)


def _choose(door: Door, desk: Desk) -> None:
    known = notebook_files.titles(door)
    chosen = ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if desk.is_running:
            st.text_input("Notebook", desk.title, disabled=True)
        elif known:
            chosen = choose("Notebook", known, desk.title)
        with st.popover("Import", icon=":material/upload_file:", disabled=desk.is_running):
            given = st.file_uploader("A file .ipynb", type="ipynb", key=f"notebook {desk.version}")
    if given is not None:
        _import(door, desk, given.name, given.getvalue())
    elif chosen and chosen != desk.title:
        desk.open(chosen, notebook_files.fetch(door, chosen))


def _import(door: Door, desk: Desk, file: str, content: bytes) -> None:
    try:
        notebook = parse(content, called=file)
    except NotebookError as error:
        st.error(f"**{error.msg}**  \n{error.hint}", icon=":material/error:")
        return
    desk.open(Path(file).stem, notebook)
    desk.version += 1
    notebook_files.keep(door, desk.title, notebook)
    st.rerun()


def _act(door: Door, desk: Desk) -> None:
    """Run, stop, take away, throw away."""
    may_run = places.may_do_everything(door)
    with st.container(horizontal=True):
        if desk.is_running:
            if st.button("Stop", icon=":material/stop_circle:") and desk.play is not None:
                desk.play.brake.pull()
        elif st.button("Run all", type="primary", icon=":material/play_arrow:", disabled=not may_run):
            _run(door, desk)
            st.rerun()
        _take_away(desk)
        _remove(door, desk)
    if not may_run:
        st.caption(
            f"A notebook's Python runs on Studio's machine: only a user with the role {places.EVERYTHING} runs one here."
        )
    with st.expander("Buttons to press", icon=":material/ads_click:"):
        st.multiselect(
            "Labels of Streamlit's buttons in its cells",
            [],
            key="notebook clicks",
            accept_new_options=True,
            placeholder="None: the cells are drawn as they begin",
        )


def _run(door: Door, desk: Desk) -> None:
    now = places.here(door)
    context = {"database": now.database, "schema": now.schema, "role": now.role, "warehouse": now.warehouse}
    settings = {**door.settings, **{name: each for name, each in context.items() if each}}
    desk.play = Play(desk.notebook)
    title = desk.title
    desk.play.begin(
        settings,
        clicks=st.session_state.get("notebook clicks", ()),
        keep=lambda notebook: notebook_files.keep(door, title, notebook),
    )


def _take_away(desk: Desk) -> None:
    with st.popover("Download", icon=":material/download:", disabled=desk.is_running):
        st.download_button(
            "Notebook",
            data=lambda: text_of(desk.notebook),
            file_name=f"{desk.title}.ipynb",
            mime="application/x-ipynb+json",
            on_click="ignore",
        )
        st.download_button(
            "Page",
            data=lambda: page_of(desk.notebook, desk.title),
            file_name=f"{desk.title}.html",
            mime="text/html",
            on_click="ignore",
        )


def _remove(door: Door, desk: Desk) -> None:
    sql = notebook_files.removing(desk.title)
    with st.popover("Remove", icon=":material/delete:", disabled=desk.is_running):
        st.caption("The notebook goes for good, with its results.")
        if st.button("Remove it"):
            door.do(sql)
            st.session_state["desk"] = Desk(version=desk.version)
            st.rerun()
        st.code(sql, language="sql", wrap_lines=True)


def _cells(desk: Desk, *, was_running: bool) -> None:
    """The cells; drawn again and again while they run."""
    if was_running and not desk.is_running:
        st.rerun()
    if desk.play is not None:
        _how_far(desk.play)
    for cell in desk.notebook.cells:
        notebook_cells.draw(cell)


def _how_far(play: Play) -> None:
    if play.problem:
        st.error(play.problem, icon=":material/error:")
    elif play.seconds is not None:
        st.success(f"All {len(play.steps)} cells ran in {play.seconds:.0f} s.", icon=":material/check_circle:")
    elif play.steps:
        last = play.steps[-1]
        st.progress(last.number / last.total, f"{last.number} of {last.total} cells have run")
    else:
        st.progress(0.0, "The notebook's process starts")
