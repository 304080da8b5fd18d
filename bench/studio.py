"""How long Studio's pages take in a real browser, alone and with several users at once, and the memory of a million rows.

    python bench/studio.py [--users 3] [--rounds 2] [--out FILE]

A server of its own with the model `echo` and the quickstart's tickets, Studio on it, and Chromium. The first page is counted from its
address to the sign-in's form; a click from the mouse to the page's last line. `wait_s` is what a user waits for, `cpu_s` what Studio
and the server computed meanwhile: on a busy machine only the latter counts. Prints one line of JSON, which `--out` also
writes to a file. Needs playwright and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from sapwood.studio.launch import Studio, start_studio

LATENCY = runpy.run_path(str(Path(__file__).with_name("latency.py")))
PASSWORD = LATENCY["PASSWORD"]
PATIENCE_MS = 120_000
PAGES = (
    "Worksheet",
    "Playground",
    "Labels",
    "Create custom LLM",
    "Jobs",
    "Models",
    "Evaluate",
    "Usage",
    "Settings",
    "Home",
)
"""Pages in the order in which each user visits them."""
MILLION = "select seq4() as i, 'row ' || seq4() as name, uniform(1, 1000, random()) as n from table(generator(rowcount => 1000000))"


@dataclass(frozen=True)
class Stop:
    """What one step took: seconds of the clock, and of Studio's and the server's CPU."""

    wait_s: float
    cpu_s: float


@dataclass
class Watch:
    """The processes whose CPU time counts."""

    processes: Sequence[psutil.Process]
    stops: dict[str, list[Stop]] = field(default_factory=dict[str, list[Stop]])

    @contextmanager
    def timing(self, step: str) -> Generator[None]:
        """Count a block as one of these steps."""
        begun, spent = time.perf_counter(), self.cpu_s()
        yield
        stop = Stop(time.perf_counter() - begun, self.cpu_s() - spent)
        self.stops.setdefault(step, []).append(stop)

    def cpu_s(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)


def main() -> None:
    options = read_options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(LATENCY["serving"](folder))
        studio = stack.enter_context(serving(url))
        browser = stack.enter_context(chromium())
        server = next(each for each in psutil.Process().children() if "serve" in each.cmdline())
        watch = Watch([psutil.Process(studio.process.pid), server])
        report = {
            "bench": "studio",
            "one_user": one_user(browser, studio, watch, options.rounds),
            "million_rows": million(browser, studio),
            "users": options.users,
            "users_click_s": crowd(browser, studio, options.users),
            "cores": len(os.sched_getaffinity(0)),
            "load_average": [round(value, 2) for value in os.getloadavg()],
        }
    line = json.dumps(report)
    if options.out is not None:
        options.out.write_text(line + "\n", encoding="utf-8")
    print(line)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


@contextmanager
def serving(url: str) -> Generator[Studio]:
    """Studio on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    studio = start_studio(url, host="127.0.0.1", port=port)
    try:
        yield studio
    finally:
        studio.stop()


@contextmanager
def chromium() -> Generator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def one_user(browser: Any, studio: Studio, watch: Watch, rounds: int) -> dict[str, Any]:
    """The first page, the sign-in, and the pages, in rounds: a page of the first round asks what the later ones remember."""
    tab = new_tab(browser)
    with watch.timing("first page"):
        arrive(tab, studio)
    with watch.timing("sign-in"):
        sign_in(tab)
    load_sample(tab)
    for number in range(1, rounds + 1):
        for page in PAGES:
            with watch.timing(f"click, round {number}"):
                go(tab, page)
            time.sleep(0.3)
    tab.context.close()
    return {step: summed(stops) for step, stops in watch.stops.items()}


def summed(stops: Sequence[Stop]) -> dict[str, float]:
    waits = sorted(stop.wait_s for stop in stops)
    return {
        "steps": len(stops),
        "wait_s": round(statistics.median(waits), 3),
        "longest_s": round(waits[-1], 3),
        "cpu_s": round(statistics.median(stop.cpu_s for stop in stops), 3),
    }


def million(browser: Any, studio: Studio) -> dict[str, float]:
    """A million rows, looked at on the first page and on the last two."""
    process = psutil.Process(studio.process.pid)
    tab = new_tab(browser)
    arrive(tab, studio)
    sign_in(tab)
    go(tab, "Worksheet")
    before = process.memory_info().rss
    begun = time.perf_counter()
    tab.get_by_label("SQL", exact=True).fill(MILLION)
    tab.get_by_role("button", name="Run").click()
    tab.get_by_text("1,000,000 rows ·").wait_for()
    seconds = time.perf_counter() - begun
    peak = process.memory_info().rss
    for page in ("1000", "999"):
        tab.get_by_test_id("stPagination").get_by_role("button", name=page).click()
        settle(tab)
        peak = max(peak, process.memory_info().rss)
    tab.context.close()
    return {"seconds": round(seconds, 2), "before_mb": round(before / 1e6), "peak_mb": round(peak / 1e6)}


def crowd(browser: Any, studio: Studio, users: int) -> dict[str, float]:
    """All of them click at once, each on the next page of its own round; the seconds until each has its page."""
    tabs = [new_tab(browser) for _ in range(users)]
    for tab in tabs:
        arrive(tab, studio)
        sign_in(tab)
    waits: list[float] = []
    for number in range(len(PAGES)):
        wanted = [PAGES[(number + at) % len(PAGES)] for at in range(users)]
        begun = time.perf_counter()
        for tab, page in zip(tabs, wanted, strict=True):
            link(tab, page).click()
        for tab, page in zip(tabs, wanted, strict=True):
            whole(tab, page)
            waits.append(time.perf_counter() - begun)
    for tab in tabs:
        tab.context.close()
    return {"median": round(statistics.median(waits), 3), "longest": round(max(waits), 3)}


def new_tab(browser: Any) -> Any:
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.set_default_timeout(PATIENCE_MS)
    return tab


def arrive(tab: Any, studio: Studio) -> None:
    tab.goto(studio.url)
    tab.get_by_label("User", exact=True).wait_for()


def sign_in(tab: Any) -> None:
    tab.get_by_label("User", exact=True).fill("admin")
    tab.get_by_label("Password or access token").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    whole(tab, "Home")


def load_sample(tab: Any) -> None:
    tab.get_by_role("button", name="Load tickets").click()
    tab.get_by_text("Loaded").wait_for()
    whole(tab, "Home")


def go(tab: Any, page: str) -> None:
    link(tab, page).click()
    whole(tab, page)


def link(tab: Any, page: str) -> Any:
    return tab.get_by_test_id("stSidebarNav").get_by_role("link", name=page)


def whole(tab: Any, page: str) -> None:
    """Wait for a page's heading and its last line."""
    tab.get_by_role("heading", name=page, exact=True).wait_for()
    tab.get_by_text("SQL of this page").wait_for()


def settle(tab: Any) -> None:
    """Wait until what was just done has run."""
    tab.wait_for_timeout(300)
    tab.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


if __name__ == "__main__":
    main()
