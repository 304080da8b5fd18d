"""The table of pages: a module, a name for its address, a title and an icon each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from sapwood.studio import (
    evaluate,
    home,
    jobs,
    labels,
    models,
    notebooks,
    playground,
    settings,
    usage,
    wizard,
    worksheet,
)
from sapwood.studio.door import Door


@dataclass(frozen=True)
class Page:
    """A page. `show` gets the door and the links to all pages by name."""

    name: str
    title: str
    icon: str
    show: Callable[[Door, dict[str, st.Page]], None]


PAGES = (
    Page("home", "Home", ":material/home:", home.page),
    Page("worksheet", "Worksheet", ":material/terminal:", worksheet.page),
    Page("playground", "Playground", ":material/forum:", playground.page),
    Page("notebooks", "Notebooks", ":material/book_2:", notebooks.page),
    Page("wizard", "Create custom LLM", ":material/auto_awesome:", wizard.page),
    Page("jobs", "Jobs", ":material/model_training:", jobs.page),
    Page("models", "Models", ":material/deployed_code:", models.page),
    Page("evaluate", "Evaluate", ":material/rule:", evaluate.page),
    Page("labels", "Labels", ":material/label:", labels.page),
    Page("usage", "Usage", ":material/monitoring:", usage.page),
    Page("settings", "Settings", ":material/settings:", settings.page),
)
HOME = "home"
SECTIONS = {
    "": (HOME,),
    "Ask": ("worksheet", "playground", "notebooks"),
    "Tune": ("labels", "wizard", "jobs", "models", "evaluate"),
    "Account": ("usage", "settings"),
}
"""How the navigation groups them."""
