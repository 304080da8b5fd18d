"""A notebook in the vendor's format in, one that a Jupyter kernel runs out: SQL cells get `%%sql`, Streamlit's `%%streamlit`.

Pure: nothing is run, and nothing is connected.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Sequence

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from sapwood.notebook.cells import Cell, Notebook, language_of, name_of

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}


def translate(notebook: Notebook, connect: str, *, clicks: Sequence[str] = ()) -> Notebook:
    """A copy for Jupyter whose first cell is `connect`; the others are those of the notebook, in their order.

    `clicks` are the labels of buttons; each is pressed in the Streamlit cell that has it in its text.
    """
    shown = set(_drawing_cells(notebook.cells))
    cells = [_translated(cell, is_drawing=at in shown, clicks=clicks) for at, cell in enumerate(notebook.cells)]
    first = nbformat.v4.new_code_cell(connect, metadata={"name": "connect"})
    made = nbformat.v4.new_notebook(cells=[first, *cells])
    made.metadata.update({"kernelspec": dict(_KERNEL), "language_info": dict(_LANGUAGE)})
    return made


def _translated(cell: Cell, *, is_drawing: bool, clicks: Sequence[str]) -> Cell:
    match language_of(cell):
        case "markdown":
            return nbformat.v4.new_markdown_cell(cell.source, metadata=_named(cell))
        case "sql":
            name = name_of(cell)
            source = cell.source if _has_magic(cell) else f"%%sql{f' -r {name}' if name else ''}\n{cell.source}"
        case "python" if is_drawing:
            pressed = "".join(f" --click {shlex.quote(label)}" for label in clicks if label in cell.source)
            source = f"%%streamlit{pressed}\n{cell.source}"
        case _:
            source = cell.source
    return nbformat.v4.new_code_cell(source, metadata=_named(cell))


def _named(cell: Cell) -> dict[str, str]:
    """Jupyter's metadata of a cell; it knows no empty names."""
    name = str(cell.metadata.get("name") or "")
    return {"name": name} if name else {}


def _has_magic(cell: Cell) -> bool:
    """The vendor's Workspaces write `%%sql -r name` themselves."""
    return str(cell.source).lstrip().startswith("%%")


def _drawing_cells(cells: Sequence[Cell]) -> Iterator[int]:
    """Places of the cells that draw with Streamlit, themselves or by a function that an earlier cell defined."""
    drawing: set[str] = set()
    for at, cell in enumerate(cells):
        if language_of(cell) != "python" or _has_magic(cell):
            continue
        body = _parsed(str(cell.source))
        for node in body:
            drawing |= _streamlit_names(node)
        if any(_draws(node, drawing) for node in body):
            yield at


def _parsed(source: str) -> list[ast.stmt]:
    """The statements of a cell; none where it is not Python, which will be told when it runs."""
    try:
        return ast.parse(TransformerManager().transform_cell(source)).body
    except SyntaxError:
        return []


def _streamlit_names(node: ast.stmt) -> set[str]:
    """The names under which a statement imports Streamlit or something of it."""
    if isinstance(node, ast.Import):
        return {alias.asname or "streamlit" for alias in node.names if alias.name.split(".")[0] == "streamlit"}
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "streamlit":
        return {alias.asname or alias.name for alias in node.names}
    return set()


def _draws(node: ast.stmt, drawing: set[str]) -> bool:
    """Whether a statement uses one of the names. A definition draws when it is called, so its own name joins them."""
    uses = any(isinstance(part, ast.Name) and part.id in drawing for part in ast.walk(node))
    if uses and isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        drawing.add(node.name)
        return False
    return uses


def imported(notebook: Notebook, connection: str) -> Notebook:
    """The notebook for JupyterLab; its first cell connects by a name of the clients' connections.toml."""
    connect = f"%load_ext sapwood.notebook\n%sapwood --connection {connection}"
    return translate(notebook, connect)
