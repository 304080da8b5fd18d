"""The page Notebooks, in a real browser. A run takes more than five seconds: its kernel imports Snowpark, Streamlit and altair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra [notebook] is not installed")

from studio_tab import go, picture, sign_in  # noqa: E402


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A notebook in Snowflake's format."""
    cells = [
        nbformat.v4.new_markdown_cell("Rows, and what comes of them"),
        nbformat.v4.new_code_cell("select 20 + 1 as n", metadata={"language": "sql", "name": "rows"}),
        nbformat.v4.new_code_cell("int(rows.to_pandas().N[0]) * 2", metadata={"language": "python", "name": "twice"}),
    ]
    path = tmp_path / "twice.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def bring(tab: Any, file: Path) -> None:
    """Import a file."""
    go(tab, "Notebooks")
    tab.get_by_role("button", name="Import").click()
    tab.locator("input[type=file]").set_input_files(file)


def test_a_notebook_is_imported_run_and_taken_away(signed_in: Any, file: Path, shots: Path) -> None:
    bring(signed_in, file)
    signed_in.get_by_text("Rows, and what comes of them").wait_for()
    signed_in.get_by_role("button", name="Run all").click()
    signed_in.get_by_text("All 2 cells ran").wait_for()
    signed_in.get_by_text("42", exact=True).wait_for()
    picture(signed_in, shots, "notebooks-ran")
    signed_in.get_by_role("button", name="Download").click()
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="Notebook", exact=True).click()
    last = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["cells"][-1]
    assert "".join(last["outputs"][0]["data"]["text/plain"]) == "42"

    signed_in.reload()  # what ran is kept, also when the tab is not
    sign_in(signed_in)
    signed_in.get_by_text("42", exact=True).wait_for()


def test_a_file_that_is_no_notebook_is_told_in_plain_words(signed_in: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("not JSON")
    bring(signed_in, tmp_path / "broken.ipynb")
    signed_in.get_by_text("broken.ipynb is not a notebook").wait_for()


def test_python_is_run_for_those_only_who_may_do_everything(signed_in: Any, file: Path) -> None:
    go(signed_in, "Worksheet")
    signed_in.get_by_label("SQL", exact=True).fill("create user if not exists reader password = 'Bark-And-Sap-9'")
    signed_in.get_by_role("button", name="Run").click()
    signed_in.get_by_text("1 row ·").wait_for()
    signed_in.reload()
    sign_in(signed_in, "Bark-And-Sap-9", "reader")
    bring(signed_in, file)
    signed_in.get_by_text("only a user with the role ACCOUNTADMIN runs one here").wait_for()
    assert signed_in.get_by_role("button", name="Run all").is_disabled()


def test_a_run_is_stopped_in_the_middle_of_a_cell(signed_in: Any, tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("import time\ntime.sleep(600)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "long.ipynb")
    bring(signed_in, tmp_path / "long.ipynb")
    signed_in.get_by_text("sleep(600)").wait_for()
    signed_in.get_by_role("button", name="Run all").click()
    signed_in.get_by_text("1 of 2 cells have run").wait_for()
    signed_in.get_by_role("button", name="Stop").click()
    signed_in.get_by_text("failed: KeyboardInterrupt").wait_for()
    signed_in.get_by_role("button", name="Run all").wait_for()
