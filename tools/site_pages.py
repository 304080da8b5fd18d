"""Hooks of mkdocs: the pages of the site that are made from other files of the repository.

docs/functions.md becomes a page a function; ARCHITECTURE.md and CHANGELOG.md lie at the root; the benchmarks' page and plots
are made from bench/results.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))  # mkdocs runs this file by its path

from plots import benchmarks_page, plots  # noqa: E402

_FUNCTION = re.compile(r"^## (?P<name>[A-Z_0-9]+)$", re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for path, content in _made():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """The page of functions is a list that leads to theirs."""
    return _overview(markdown) if page.file.src_uri == "functions.md" else markdown


def _made() -> Iterator[tuple[str, str | bytes]]:
    for source, target in (("ARCHITECTURE.md", "architecture.md"), ("CHANGELOG.md", "changelog.md")):
        yield target, (ROOT / source).read_text(encoding="utf-8")
    for name, text in _functions((ROOT / "docs" / "functions.md").read_text(encoding="utf-8")):
        yield f"functions/{name.lower()}.md", f"# {name}\n{text}"
    yield "benchmarks.md", benchmarks_page(ROOT / "bench" / "results")
    for name, picture in plots(ROOT / "bench" / "results").items():
        yield f"plots/{name}.svg", picture


def _functions(page: str) -> Iterator[tuple[str, str]]:
    """Each function's name and what the page says of it."""
    pieces = _FUNCTION.split(page)
    yield from zip(pieces[1::2], pieces[2::2], strict=True)


def _overview(page: str) -> str:
    rows = [
        f"| [{name}](functions/{name.lower()}.md) | {text.strip().splitlines()[0]} |" for name, text in _functions(page)
    ]
    return "\n".join([_FUNCTION.split(page)[0], "| function | gives |", "|---|---|", *rows])
