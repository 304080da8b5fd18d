"""Boxes to choose a table or a name from, which begin with what is most likely meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from sapwood.studio import places, shown
from sapwood.studio.door import Door


def choose(label: str, known: Sequence[str], now: str, shown_as: Callable[[str], Any] = str) -> str:
    """A choice that begins with `now`, if that is among what is known; '' if there is nothing."""
    index = list(known).index(now) if now in known else 0
    return st.selectbox(label, known, index=index if known else None, format_func=shown_as) or ""


PROMPTS = ("PROMPT", "REQUEST", "TEXT", "QUESTION")
ANSWERS = ("COMPLETION", "LABEL", "CATEGORY", "RESPONSE", "ANSWER")
"""Words in the names of columns that hold prompts, and of those that hold what is to be answered, the likeliest first."""


def likely(columns: Sequence[str], words: Sequence[str]) -> str:
    """The column whose name has the first of the words that any has; else the first column, '' if there is none.

    >>> likely(["TICKET_ID", "REQUEST", "RESPONSE"], PROMPTS), likely(["A", "B"], PROMPTS)
    ('REQUEST', 'A')
    """
    found = (column for word in words for column in columns if word in column.upper())
    return next(found, next(iter(columns), ""))


def choose_table(
    door: Door, label: str, now: places.Table | None, preferred: Sequence[str] = ()
) -> places.Table | None:
    """A table; it begins with `now`, else with the first whose name has one of the preferred words. None if there is none."""
    known = places.tables(door)
    if not known:
        shown.empty("There is no table that you may see. Home loads a sample.")
        return None
    likely = (table for word in preferred for table in known if word in table.name)
    first = now if now in known else next(likely, known[0])
    return st.selectbox(label, known, index=known.index(first), format_func=lambda table: table.label)
