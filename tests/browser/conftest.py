"""Fixtures of the browser tests: a server with echo models, Studio on it, and Chromium. Skipped where one of them is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the extra [studio] is not installed: pip install 'sapwood[studio]'")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

from studio_server import running_server, running_studio  # noqa: E402
from studio_tab import PATIENCE_MS, load_sample, sign_in  # noqa: E402

from sapwood.studio.launch import Studio  # noqa: E402

SYSTEM_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """A server without the sample: the tests load it."""
    with running_server(tmp_path_factory.mktemp("browser") / "data") as server:
        yield server


@pytest.fixture(scope="session")
def studio(served: Any) -> Generator[Studio]:
    with running_studio(served.url) as running:
        yield running


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages are kept: $SCREENSHOTS, or among the run's temporary files."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def browser() -> Generator[Any]:
    """Chromium, for one file: Playwright keeps an event loop running in this thread, which other files would not expect."""
    with sync_api.sync_playwright() as playwright:
        path = SYSTEM_CHROMIUM or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("Chromium is not there: apt-get install chromium, or playwright install --with-deps chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Any, studio: Studio) -> Generator[Any]:
    """A fresh tab before the sign-in."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(studio.url)
    yield page
    context.close()


@pytest.fixture
def signed_in(tab: Any) -> Any:
    """A tab of ADMIN, with the sample loaded."""
    sign_in(tab)
    tab.get_by_role("heading", name="Home").wait_for()
    load_sample(tab)
    return tab
