"""The kernel's companion: the session of a notebook, its jobs, and what happens around each cell.

Before a cell it waits for the models that the cell names, and puts real job ids where the text has old ones. Sees the
shell and the SQL door.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import altair
from IPython.display import HTML, DisplayHandle
from snowflake.connector.errors import Error as ConnectorError
from snowflake.snowpark import DataFrame, Session
from streamlit.config import set_option
from streamlit.logger import set_log_level

from sapwood.errors import NotebookError
from sapwood.notebook.answer import Answer
from sapwood.notebook.chart import picture
from sapwood.notebook.references import fill
from sapwood.notebook.statements import run
from sapwood.notebook.table import bundle_of, html_of
from sapwood.notebook.tuning import Tunings

_WORD = re.compile(r"[^\W\d]\w*")


class Told:
    """A line below a cell that changes while the cell runs, and goes when it is done."""

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def __call__(self, text: str) -> None:
        shown = HTML(f"<i>{escape(text)}</i>")
        if self._handle is not None:
            self._handle.update(shown)
        elif text:
            self._handle = DisplayHandle()
            self._handle.display(shown)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.update(HTML(""))


@dataclass
class Companion:
    """One notebook's session. `state` is what its Streamlit cells remember (`st.session_state`)."""

    shell: Any
    session: Session
    state: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        self.tunings = Tunings(self.session)
        self.shell.events.register("pre_run_cell", self.before)
        self.shell.input_transformers_cleanup.append(self.rewrite)

    def leave(self) -> None:
        """Close the session; another one may take its place."""
        self.shell.events.unregister("pre_run_cell", self.before)
        self.shell.input_transformers_cleanup.remove(self.rewrite)
        self.session.close()

    def before(self, info: Any) -> None:
        """Wait for the models that a cell names, itself or by its variables."""
        told = Told()
        try:
            for tuning in self.tunings.needed_by(self._meant(str(info.raw_cell or ""))):
                self.tunings.wait_for(tuning, on_progress=told)
        except (NotebookError, ConnectorError) as error:  # the cell itself fails next, for want of the model
            self.shell.showtraceback((type(error), error, None), exception_only=True)
        finally:
            told.clear()

    def rewrite(self, lines: list[str]) -> list[str]:
        """An input transformer: old job ids become those of this notebook."""
        return self.tunings.with_real_ids("".join(lines)).splitlines(keepends=True)

    def answer(self, sql: str) -> Answer | None:
        """Run a SQL cell and show its last result."""
        told = Told()
        text = fill(sql, self.shell.user_ns)
        try:
            ran = run(self.session, text, on_progress=told)
        finally:
            told.clear()
        if ran is None:
            return None
        if ran.rows is not None:
            self.shell.display_pub.publish(
                {"text/html": html_of(ran.rows), "text/plain": ran.rows.to_string(index=False)}
            )
            return None
        answer = Answer(self.session, ran.query_id)
        self.shell.display_pub.publish(bundle_of(answer.to_df()))
        return answer

    def _meant(self, text: str) -> str:
        """The text, and the texts of the variables that it names."""
        values = (self.shell.user_ns.get(word) for word in set(_WORD.findall(text)))
        return "\n".join([text, *(value for value in values if isinstance(value, str))])


def accompany(shell: Any, settings: Mapping[str, Any]) -> Companion:
    """Connect, make the session the one that `get_active_session` gives, and stand beside each cell from now on."""
    shell.display_formatter.mimebundle_formatter.for_type(DataFrame, lambda frame, **_: bundle_of(frame))
    altair.renderers.register("sapwood", picture)
    altair.renderers.enable("sapwood")
    set_option("logger.level", "error")
    set_log_level("ERROR")
    return Companion(shell, Session.builder.configs(dict(settings)).create())
