"""The documentation says what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pages_made_from_the_code_are_up_to_date() -> None:
    check = subprocess.run([sys.executable, str(ROOT / "tools" / "pages.py"), "--check"], check=False)
    assert check.returncode == 0, "run `python tools/pages.py`"


def test_links_in_the_documents_lead_somewhere() -> None:
    import re

    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
