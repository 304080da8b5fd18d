"""Pieces that all pages share: the heading, an error in plain words, an empty state, and the SQL behind the page."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import takewhile

import streamlit as st
from snowflake.connector.errors import Error as ConnectorError
from snowflake.snowpark.exceptions import SnowparkClientException

from sapwood.studio.door import Door
from sapwood.studio.problem import Problem, problem_of

ERRORS = (ConnectorError, SnowparkClientException)
"""What a statement may raise."""
SHARED = 12
"""Characters that texts must share at their beginnings before these are left out."""


def heading(title: str, sentence: str) -> None:
    """The page's name and what it is for."""
    st.title(title, anchor=False)
    st.caption(sentence)


def trouble(problem: Problem) -> None:
    """An error: what happened, the server's words, and what to do."""
    number = f" `{problem.number}`" if problem.number else ""
    st.error(f"**{problem.title}**{number}", icon=":material/error:")
    if problem.text:
        st.code(problem.text, language=None, wrap_lines=True)
    if problem.hint:
        st.caption(f":material/lightbulb: {problem.hint}")


@contextmanager
def trying() -> Generator[None]:
    """Show what a statement inside raises, instead of a traceback."""
    try:
        yield
    except ERRORS as error:
        trouble(problem_of(error))


def empty(sentence: str) -> None:
    """What stands where there is nothing yet."""
    with st.container(border=True):
        st.markdown(f":gray[{sentence}]")


def statements_of(door: Door) -> None:
    """The statements of this page, ready to copy; those that took no time were remembered."""
    if not door.spoken:
        return
    with st.expander(f"SQL of this page ({len(door.spoken)})", icon=":material/code:"):
        st.code(";\n".join(said.sql for said in door.spoken) + ";", language="sql", wrap_lines=True)


def one_of(label: str, views: Sequence[str]) -> str:
    """Which of several views is looked at; only that one is asked for and drawn."""
    return st.segmented_control(label, views, default=views[0], label_visibility="collapsed") or views[0]


def own_parts(texts: Sequence[str]) -> list[str]:
    """The texts without what they all begin with: prompts often share a long instruction.

    >>> own_parts(["Which colour? The sky", "Which colour? The sea"])
    ['… sky', '… sea']
    """
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(min(texts), max(texts), strict=False))
    shared = "".join(letter for letter, _ in pairs).rfind(" ") + 1
    return [f"… {text[shared:]}" for text in texts] if shared > SHARED and len(texts) > 1 else list(texts)


def will_run(sql: str, label: str = "SQL") -> None:
    """The statement that a button beside it will run."""
    with st.popover(label, icon=":material/code:"):
        st.code(sql, language="sql", wrap_lines=True)
