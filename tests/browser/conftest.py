"""Fixtures of the browser tests: a server with echo models, Studio on it, and Chromium. Skipped where one of them is missing."""

from __future__ import annotations

import runpy
import shutil
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the extra [studio] is not installed: pip install 'sapwood[studio]'")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")

from sapwood.studio.launch import Studio, start_studio  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIRE = Path(__file__).parents[1] / "wire" / "wire_bench.py"
PASSWORD = "Sap-And-Bark-7"
PATIENCE_MS = 30_000


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """A server without the sample: the tests load it."""
    server = runpy.run_path(str(WIRE))["start_server"](tmp_path_factory.mktemp("browser") / "data")
    yield server
    server.process.stdout.close()
    assert server.stop() == 0


@pytest.fixture(scope="session")
def studio(served: Any) -> Generator[Studio]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = start_studio(served.url, host="127.0.0.1", port=port)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Generator[Any]:
    """Chromium, for one file: Playwright keeps an event loop running in this thread, which other files would not expect."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not there: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
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
