"""A notebook of the vendor's becomes one of Jupyter's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra [notebook] is not installed")

from sapwood.errors import NotebookError  # noqa: E402
from sapwood.notebook.cells import label_of, name_of, read, write  # noqa: E402
from sapwood.notebook.translation import imported, translate  # noqa: E402


def cell(source: str, language: str = "python", name: str = "cell1") -> Any:
    return nbformat.v4.new_code_cell(source, metadata={"language": language, **({"name": name} if name else {})})


def notebook(*cells: Any) -> Any:
    return nbformat.v4.new_notebook(cells=list(cells))


def sources(*cells: Any, clicks: tuple[str, ...] = ()) -> list[str]:
    """What the kernel gets for these cells."""
    return [made.source for made in translate(notebook(*cells), "pass", clicks=clicks).cells[1:]]


def test_sql_cells_leave_their_rows_under_their_name() -> None:
    assert sources(cell("select 1", "sql", "counts")) == ["%%sql -r counts\nselect 1"]


@pytest.mark.parametrize("name", ["two words", "class", "1st", ""])
def test_a_name_that_python_can_not_say_is_left_out(name: str) -> None:
    assert sources(cell("select 1", "sql", name)) == ["%%sql\nselect 1"]


def test_a_magic_of_the_vendors_stays() -> None:
    text = "%%sql -r rows\nselect 1"
    assert sources(cell(text, "sql"), cell(text, "python")) == [text, text]


def test_cells_that_draw_are_played_and_others_are_not() -> None:
    assert sources(
        cell("import streamlit as st\nfrom streamlit import write"),
        cell("def show():\n    st.title('x')"),
        cell("total = 1"),
        cell("show()"),
        cell("write(total)"),
        cell("!echo st"),
    ) == [
        "import streamlit as st\nfrom streamlit import write",
        "def show():\n    st.title('x')",
        "total = 1",
        "%%streamlit\nshow()",
        "%%streamlit\nwrite(total)",
        "!echo st",
    ]


def test_a_button_is_pressed_in_the_cell_that_has_it() -> None:
    made = sources(cell("import streamlit as st"), cell("st.button('Go ⚡')"), cell("st.title('x')"), clicks=("Go ⚡",))
    assert made[1:] == ["%%streamlit --click 'Go ⚡'\nst.button('Go ⚡')", "%%streamlit\nst.title('x')"]


def test_an_import_begins_with_the_connection_and_ends_valid() -> None:
    made = imported(notebook(nbformat.v4.new_markdown_cell("# Head"), cell("select 1", "sql")), "mine")
    assert made.cells[0].source == "%load_ext sapwood.notebook\n%sapwood --connection mine"
    assert made.cells[1].source == "# Head"
    assert made.metadata.kernelspec.name == "python3"
    nbformat.validate(made)


def test_a_cell_is_called_by_its_name_or_its_text() -> None:
    assert label_of(cell("select 1", name="counts")) == "counts"
    assert label_of(cell("select\n  1", name="")) == "select 1"
    assert name_of(cell("select 1", name="two words")) == ""


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    write(notebook(cell("select 1", "sql")), tmp_path / "a.ipynb")
    assert [(one.source, one.metadata.name) for one in read(tmp_path / "a.ipynb").cells] == [("select 1", "cell1")]
    assert [file.name for file in tmp_path.iterdir()] == ["a.ipynb"]


@pytest.mark.parametrize("content", [b"no json", b"[]", b"\xff", b'{"cells": 1}'])
def test_what_is_no_notebook_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(NotebookError, match="is not a notebook"):
        read(tmp_path / "a.ipynb")
    with pytest.raises(NotebookError, match="No such file"):
        read(tmp_path / "b.ipynb")
