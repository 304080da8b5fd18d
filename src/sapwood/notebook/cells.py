"""The file: a notebook in the vendor's format or Jupyter's in, its cells with their names and languages out.

The vendor keeps both in a cell's metadata: `{"name": "cell4", "language": "sql"}`. Knows nothing of running.
"""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Any

import nbformat

from sapwood.errors import NotebookError

Notebook = Any
"""nbformat's tree of dicts; `nbformat` has no types."""
Cell = Any

_SHOWN = 60
"""Characters of a cell's text that stand for a name it has not."""


def read(file: Path) -> Notebook:
    """The notebook of a file. Raises NotebookError."""
    try:
        return parse(file.read_bytes(), called=str(file))
    except OSError as error:
        raise NotebookError(f"{file}: {error.strerror}") from error


def parse(content: bytes, *, called: str) -> Notebook:
    """The notebook in a file's bytes; an error calls it so. Raises NotebookError."""
    try:
        return nbformat.reads(content.decode("utf-8"), as_version=4)
    except (
        UnicodeDecodeError,
        nbformat.reader.NotJSONError,
        nbformat.ValidationError,
        AttributeError,
        TypeError,
    ) as error:
        raise NotebookError(f"{called} is not a notebook", hint="It must be an .ipynb file of format 4.") from error


def write(notebook: Notebook, file: Path) -> None:
    """Put a notebook into a file, whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    part.write_text(text_of(notebook), encoding="utf-8")
    part.replace(file)


def text_of(notebook: Notebook) -> str:
    """What its file holds."""
    return str(nbformat.writes(notebook))


def language_of(cell: Cell) -> str:
    """`sql`, `python` or `markdown`; a code cell that says nothing is Python."""
    if cell.cell_type != "code":
        return "markdown"
    return str(cell.metadata.get("language") or "python").lower()


def name_of(cell: Cell) -> str:
    """The name under which later cells know the cell's rows; '' if it has none that Python could say."""
    name = str(cell.metadata.get("name") or cell.metadata.get("title") or "")
    return name if name.isidentifier() and not keyword.iskeyword(name) else ""


def label_of(cell: Cell) -> str:
    """What people call the cell: its name, else how its text begins."""
    return str(cell.metadata.get("name") or "") or " ".join(str(cell.source).split())[:_SHOWN]
