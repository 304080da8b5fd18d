"""The documentation says what the code says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sapwood.functions import FUNCTIONS
from sapwood.functions.function import SqlFunction

ROOT = Path(__file__).parents[2]


def test_the_pages_made_from_the_code_are_up_to_date() -> None:
    check = subprocess.run([sys.executable, str(ROOT / "tools" / "pages.py"), "--check"], check=False)
    assert check.returncode == 0, "run `python tools/pages.py`"


def test_links_in_the_documents_lead_somewhere() -> None:
    import re

    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.signature.function)
def test_every_function_has_its_page_with_arguments_example_and_errors(function: SqlFunction) -> None:
    page = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    own = page.partition(f"\n## {function.signature.function}\n")[2].partition("\n## ")[0]
    assert function.summary and function.summary in own
    assert function.example and f"{function.example};" in own
    assert all(parameter.meaning and f"| `{parameter.name}` | " in own for parameter in function.signature.parameters)
    assert function.errors and all(f"| `{error}` | {when} |" in own for error, when in function.errors.items())


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.signature.function)
def test_every_function_has_its_cases(function: SqlFunction) -> None:
    cases = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "conformance").glob("*.sql")).lower()
    assert f"{function.signature.spellings[0].lower()}(" in cases
