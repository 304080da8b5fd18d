"""The SQL editor: a text field with colours, completion and Ctrl+Enter, as a component of ours that loads nothing.

Words to complete in, the text and what was asked of it out. Its script and style lie in the folder `editor`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import streamlit as st
from streamlit.components.v2 import component


@dataclass(frozen=True)
class Asked:
    """What the user wants of a text: `kind` is run or explain."""

    kind: str
    text: str


def editor(text: str, words: Sequence[str], *, key: str) -> tuple[str, Asked | None]:
    """Show the editor; gives the text as it stands and what was asked just now. Another `key` puts `text` in its place."""
    known = {"keywords": _lines("keywords"), "functions": _lines("functions"), "words": list(words)}
    data = {"text": text, "version": key, **known}
    given: Any = _component()(
        key=key, data=data, default={"text": text}, on_text_change=_nothing, on_asked_change=_nothing
    )
    asked: Any = given.asked
    return str(given.text), Asked(asked["kind"], asked["text"]) if asked else None


def _nothing() -> None:
    """A change of state needs a callback to be kept."""


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    html, css, js = (_file(f"editor.{kind}") for kind in ("html", "css", "js"))
    return component("sapwood_sql_editor", html=html, css=css, js=js)


@st.cache_resource(show_spinner=False)
def _lines(name: str) -> list[str]:
    return _file(f"{name}.txt").splitlines()


def _file(name: str) -> str:
    return (resources.files("sapwood.studio") / "editor" / name).read_text(encoding="utf-8")
