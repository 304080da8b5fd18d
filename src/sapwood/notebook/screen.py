"""Plays a cell that draws with Streamlit, through Streamlit's own AppTest: code in, one piece of HTML and the last value out.

The cell runs in the notebook's own variables; pressing a button runs it again, as Streamlit does.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from IPython.display import HTML, display
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner_utils.exceptions import ScriptControlException
from streamlit.testing.v1 import AppTest

from sapwood.errors import NotebookError
from sapwood.notebook.drawing import Media, draw

_PATIENCE_S = 10.0**9
"""AppTest wants a limit; a cell of a notebook has none."""


@dataclass
class _Play:
    """One cell, run as often as Streamlit asks for it; what it raised and gave the last time."""

    shell: Any
    code: str
    error: BaseException | None = None
    value: Any = None
    media: list[Any] = field(default_factory=list[Any])

    def __call__(self) -> None:
        self.error = self.value = None
        self.media = [vars(get_instance().media_file_mgr)["_storage"]]
        try:
            self.value = _run(self.shell, self.code)
        except ScriptControlException:  # st.stop() and st.rerun()
            raise
        except BaseException as error:  # noqa: BLE001  raised again by `perform`, in the cell's own thread
            self.error = error


def perform(shell: Any, code: str, *, clicks: Sequence[str], state: dict[str, Any]) -> Any:
    """Run a cell, press the buttons of these labels in turn, show what is drawn then, and give the cell's last value.

    `state` is `st.session_state`, kept from cell to cell. Raises what the cell raises, and NotebookError for a label that
    no button has.
    """
    play = _Play(shell, code)
    app = AppTest.from_function(_script, kwargs={"play": play}, default_timeout=_PATIENCE_S)
    for key, value in state.items():
        app.session_state[key] = value
    app.run()
    for label in clicks:
        if play.error is None:
            _button(app, label).click().run()
    state.update(_own_state(app))
    drawn = draw(app.main, Media(play.media)) + draw(app.sidebar, Media(play.media))
    if drawn:
        display(HTML(drawn))
    if play.error is not None:
        raise play.error
    return None if isinstance(play.value, DeltaGenerator) else play.value


def _script(play):  # type: ignore[no-untyped-def]
    """What AppTest takes for the app. It reads this text, and runs it where nothing of this module is known."""
    play()


def _run(shell: Any, code: str) -> Any:
    """Run the code in the notebook's variables, and give the value of its last line, if that is an expression."""
    tree = ast.parse(shell.transform_cell(code))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), shell.user_ns)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), shell.user_ns)


def _button(app: AppTest, label: str) -> Any:
    for button in app.button:
        if button.label == label:
            return button
    there = ", ".join(repr(button.label) for button in app.button) or "none"
    raise NotebookError(f"There is no button {label!r}", hint=f"The buttons of this cell: {there}.")


def _own_state(app: AppTest) -> dict[str, Any]:
    """What the cell itself remembers; its widgets start anew in another cell."""
    widgets = {getattr(node, "key", None) for node in app.main}
    return {str(key): value for key, value in app.session_state.items() if key not in widgets}
