"""A user's notebooks: files of their own stage. The SQL door and a title in, a notebook out, and the other way round."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sapwood.notebook import cells
from sapwood.notebook.cells import Notebook
from sapwood.studio.door import Door
from sapwood.studio.sql import literal

FOLDER = "@~/notebooks"
_LIST = f"LIST {literal(FOLDER + '/')}"
SUFFIX = ".ipynb"


def titles(door: Door) -> list[str]:
    """What is there, by name."""
    names = (Path(str(row["name"])).name for row in door.look(_LIST))
    return sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))


def fetch(door: Door, title: str) -> Notebook:
    """One of them. Raises NotebookError, and what a statement raises."""
    with TemporaryDirectory() as folder:
        door.fetch_files(f"{FOLDER}/{title}{SUFFIX}", folder)
        return cells.read(Path(folder) / f"{title}{SUFFIX}")


def keep(door: Door, title: str, notebook: Notebook) -> None:
    """Put it there, in the place of one of its title."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"{title}{SUFFIX}"
        cells.write(notebook, file)
        door.put_file(file, FOLDER)
    door.forget()


def removing(title: str) -> str:
    """The statement that throws one away."""
    return f"REMOVE {literal(f'{FOLDER}/{title}{SUFFIX}')}"
