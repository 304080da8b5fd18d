"""A notebook's cells as a page shows them: a cell in, its text and its results drawn by Streamlit.

HTML is cleaned by the browser's side of Streamlit, which throws SVG away: it goes in as a picture, whose scripts never run.
Pictures that a text would fetch from elsewhere become links.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from sapwood.notebook.cells import Cell, language_of

_SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_LOOK = "<style>.sapwood-table th{position:static;background:none;color:inherit}.sapwood-screen{font-family:inherit}</style>"
"""What a notebook's own HTML leaves to the reader, as this page has it."""


def draw(cell: Cell) -> None:
    """One cell, with what it showed when it last ran."""
    language = language_of(cell)
    text = str(cell.source)
    if language == "markdown":
        st.markdown(_without_pictures(text))
        return
    if name := str(cell.metadata.get("name") or ""):
        st.caption(f"`{name}`")
    st.code(text, language=language, wrap_lines=True)
    for output in cell.outputs:
        _KINDS[output.output_type](output)


def _without_pictures(text: str) -> str:
    return text.replace("![", "[")


def _stream(output: Mapping[str, Any]) -> None:
    st.code(_joined(output["text"]), language=None, wrap_lines=True)


def _error(output: Mapping[str, Any]) -> None:
    st.error(f"**{output['ename']}**  \n{output['evalue']}", icon=":material/error:")


def _rich(output: Mapping[str, Any]) -> None:
    """The richest form that a page can show."""
    data: Mapping[str, Any] = output["data"]
    for kind, show in _FORMS.items():
        if kind in data and _joined(data[kind]).strip():
            show(_joined(data[kind]))
            return


def _joined(text: str | list[str]) -> str:
    """Jupyter keeps long texts as lists of lines."""
    return text if isinstance(text, str) else "".join(text)


def _html(text: str) -> None:
    st.html(_SVG.sub(lambda found: _picture_of(found[0]), text) + _LOOK)


def _picture_of(svg: str) -> str:
    encoded = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{encoded}" style="max-width:100%">'


def _picture(encoded: str) -> None:
    st.image(base64.b64decode(encoded))


def _plain(text: str) -> None:
    st.code(text, language=None, wrap_lines=True)


_FORMS: Mapping[str, Callable[[str], object]] = {
    "text/html": _html,
    "image/svg+xml": _html,
    "image/png": _picture,
    "image/jpeg": _picture,
    "text/markdown": lambda text: st.markdown(_without_pictures(text)),
    "text/plain": _plain,
}
"""How each form of a result is shown, the richest first."""
_KINDS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "stream": _stream,
    "error": _error,
    "display_data": _rich,
    "execute_result": _rich,
}
