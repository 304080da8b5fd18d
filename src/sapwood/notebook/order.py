"""`sapwood notebook run`: a file in, the executed notebook and its page out, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sapwood.errors import NotebookError
from sapwood.notebook import cells, headless
from sapwood.notebook.page import page_of


@dataclass(frozen=True)
class Order:
    """What to run: `schema` is where bare names are looked up (None: where the user begins), `clicks` labels of buttons."""

    file: Path
    out: Path
    schema: str | None = None
    clicks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.out.resolve() == self.file.resolve():
            raise NotebookError("--out is the notebook itself", hint="Name another file: results never replace a text.")

    @property
    def page(self) -> Path:
        """The page beside the executed notebook."""
        return self.out.with_suffix(".html")


def carry_out(
    order: Order, settings: Mapping[str, Any], *, on_step: Callable[[headless.Step], None]
) -> headless.Failure | None:
    """Run the notebook and write both files; also after a failure or Ctrl-C, with what was done until then.

    `settings` are Snowpark's. Gives the cell that failed, if one did. Raises NotebookError.
    """
    notebook = cells.read(order.file)
    try:
        return headless.run(
            notebook,
            {**settings, **_place(order.schema)},
            folder=order.file.resolve().parent,
            clicks=order.clicks,
            on_step=on_step,
        )
    finally:
        cells.write(notebook, order.out)
        order.page.write_text(page_of(notebook, order.file.stem), encoding="utf-8")


def _place(schema: str | None) -> Mapping[str, str]:
    if schema is None:
        return {}
    database, dot, name = schema.partition(".")
    if not dot or not name or "." in name:
        raise NotebookError(f"--schema {schema!r} is not DATABASE.SCHEMA")
    return {"database": database, "schema": name}
