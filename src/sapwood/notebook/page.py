"""An executed notebook as one HTML page, through nbconvert: no script and no address outside of it."""

from __future__ import annotations

import copy
from pathlib import Path

from sapwood.notebook.cells import Notebook, language_of


def page_of(notebook: Notebook, title: str) -> str:
    """The page."""
    from nbconvert import HTMLExporter  # most of a second, which nobody is to wait for who wants no page

    shown = copy.deepcopy(notebook)
    shown.metadata["title"] = title
    shown.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    for cell in shown.cells:
        if language_of(cell) == "sql":
            cell.metadata["magics_language"] = "sql"
    exporter = HTMLExporter(
        template_name="plain",
        extra_template_basedirs=[str(Path(__file__).parent)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        embed_images=False,
    )
    body, _ = exporter.from_notebook_node(shown)
    return str(body)
