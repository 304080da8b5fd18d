"""The pages of the site that are made from other files."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mkdocs", reason="the extra [docs] is not installed")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Each page and picture that is made, by its path."""
    return dict(runpy.run_path(str(ROOT / "tools" / "site_pages.py"))["_made"]())


def test_each_function_has_a_page_and_the_overview_leads_to_it(made: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    overview = runpy.run_path(str(ROOT / "tools" / "site_pages.py"))["_overview"](text)
    assert "| [COMPLETE](functions/complete.md) | The model's answer" in overview
    assert made["functions/complete.md"].startswith("# COMPLETE\n")
    assert all(
        f"](functions/{path.removeprefix('functions/')})" in overview for path in made if path.startswith("functions/")
    )


def test_the_benchmarks_have_their_plots(made: dict[str, Any]) -> None:
    assert "| right category |" in made["benchmarks.md"]
    for path, picture in made.items():
        if path.startswith("plots/"):
            assert f"]({path})" in made["benchmarks.md"] and b"<svg" in picture
