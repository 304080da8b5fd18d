"""How a test goes about in Studio: sign in, choose a page, wait until it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PASSWORD = "Sap-And-Bark-7"
PATIENCE_MS = 180_000
"""What a slow and busy machine may take for a page; nobody waits for it otherwise."""
PAGES = (
    "Home", "Worksheet", "Playground", "Notebooks", "Labels", "Create custom LLM", "Jobs", "Models", "Evaluate", "Usage", "Settings",
)  # fmt: skip
WIDTHS = {1440: 900, 390: 844}
"""Widths and heights of a desk and of a phone, in pixels."""
_AT_REST = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    const edge = main.querySelector('[data-testid=stMainBlockContainer]').getBoundingClientRect().right + 1;
    const wide = [...main.querySelectorAll('[data-testid=stDataFrame], [data-testid=stVegaLiteChart] > *')];
    return main.scrollWidth <= main.clientWidth
        && document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getTiming().iterations === Infinity)
        && wide.every((each) => !each.checkVisibility() || each.getBoundingClientRect().right <= edge);
}"""
"""Whether nothing moves any more and nothing is wider than its place."""


def sign_in(tab: Any, password: str = PASSWORD, user: str = "admin") -> None:
    tab.get_by_label("User", exact=True).fill(user)
    tab.get_by_label("Password or access token").fill(password)
    tab.get_by_role("button", name="Sign in").click()


def go(tab: Any, page: str) -> None:
    tab.get_by_test_id("stSidebarNav").get_by_role("link", name=page).click()
    tab.get_by_role("heading", name=page, exact=True).wait_for()
    tab.get_by_text("SQL of this page").wait_for()  # the last thing on a page


def load_sample(tab: Any) -> None:
    """By the button of Home, if no test did so before."""
    done = tab.get_by_text("Loaded")
    button = tab.get_by_role("button", name="Load tickets")
    button.or_(done).first.wait_for()
    if button.is_visible():
        button.click()
        done.wait_for()


def choose(tab: Any, label: str, option: str) -> None:
    """An option of a box, found by typing."""
    box = tab.get_by_label(label, exact=True)
    box.click()
    box.fill(option)
    tab.get_by_role("option", name=option).first.click()
    settle(tab)


def settle(tab: Any) -> None:
    """Wait until what was just done has run."""
    tab.wait_for_timeout(200)
    tab.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def write(tab: Any, label: str, text: str) -> None:
    """A text into a field."""
    field = tab.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def name_model(tab: Any, name: str) -> None:
    """The wizard's fourth step."""
    write(tab, "Name", name)
    tab.get_by_text(f".PUBLIC.{name}").wait_for()


def picture(tab: Any, shots: Path, name: str) -> None:
    """Keep what the page looks like on a desk and on a phone, in light and dark; nothing of it may be wider than its place."""
    settle(tab)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for width, height in WIDTHS.items():
            tab.set_viewport_size({"width": width, "height": height})
            tab.wait_for_function(_AT_REST)
            tab.screenshot(path=shots / f"{name}-{width}-{scheme}.png", animations="disabled")
    tab.set_viewport_size({"width": 1440, "height": WIDTHS[1440]})
