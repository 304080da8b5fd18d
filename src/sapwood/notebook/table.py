"""Rows as a notebook shows them: a frame of Snowpark or pandas in, HTML and text out."""

from __future__ import annotations

import pandas as pd
from snowflake.snowpark import DataFrame

MOST_ROWS = 1_000
"""Rows of a result that are read to be shown; the vendor's notebooks stop at 10,000."""
_TEXT_ROWS = 20
_STYLE = (
    "<style>.sapwood-table{max-height:26rem;overflow:auto;font-size:.85rem}.sapwood-table table{border-collapse:collapse}"
    ".sapwood-table table th,.sapwood-table table td{text-align:left!important;vertical-align:top;padding:.3rem .7rem;border-bottom:1px solid #8884;"
    "white-space:pre-wrap;max-width:40rem}.sapwood-table th{position:sticky;top:0;background:Canvas;color:CanvasText}"
    ".sapwood-count{opacity:.7;font-size:.8rem;margin:.3rem 0}</style>"
)


def bundle_of(frame: DataFrame) -> dict[str, str]:
    """A lazy frame, evaluated for its first rows, in the forms that a front end chooses from."""
    rows = frame.limit(MOST_ROWS + 1).to_pandas()
    return {"text/html": html_of(rows), "text/plain": rows.head(_TEXT_ROWS).to_string(index=False, max_colwidth=60)}


def html_of(rows: pd.DataFrame, *, index: bool = False) -> str:
    """A table that scrolls, and how many rows there are."""
    shown = rows.head(MOST_ROWS)
    with pd.option_context("display.max_colwidth", None):
        table = shown.to_html(index=index, border=0, na_rep="NULL")
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    told = f"the first {MOST_ROWS:,} rows; there are more" if len(rows) > MOST_ROWS else count
    return f'{_STYLE}<div class="sapwood-table">{table}</div><div class="sapwood-count">{told}</div>'
