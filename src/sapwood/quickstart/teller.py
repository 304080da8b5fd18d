"""Runs one step of the story after another and shows it: title, sentence, statement, then what came of it.

Works on a connection; the story's text goes to one console, notices and progress to stderr.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from sapwood.connection import Connection, Cursor
from sapwood.engine.result import Result, Usage
from sapwood.errors import InternalError
from sapwood.quickstart.story import Step
from sapwood.terminal.bars import Bars
from sapwood.terminal.messages import notice

LONGEST_CELL = 240
"""Characters of a value that a table shows."""


@dataclass(frozen=True)
class Answer:
    """Rows of a statement as Python tuples, and what its model calls cost."""

    rows: list[tuple[Any, ...]]
    usage: Usage

    def column(self, index: int) -> dict[str, Any]:
        """A column's values by the first column's."""
        return {row[0]: row[index] for row in self.rows}


class Teller:
    """Tells steps over one connection. `bars` are taken away after each statement; a notice is given once."""

    def __init__(self, connection: Connection, out: Console, bars: Bars) -> None:
        self._connection = connection
        self._out = out
        self._bars = bars
        self._noticed: set[str] = set()

    def tell(self, step: Step) -> Answer:
        """Show a step and run it."""
        self.show(step)
        return self.ask(step)

    def show(self, step: Step) -> None:
        """Title, sentence and statement."""
        self._out.print()
        self._out.print(step.title, style="bold green", highlight=False)
        self._out.print(step.sentence, highlight=False)
        if self._out.is_terminal:
            self._out.print(Syntax(step.sql, "sql", word_wrap=True, background_color="default"))
        else:
            self._out.print(step.sql, highlight=False, markup=False, soft_wrap=True)

    def ask(self, step: Step) -> Answer:
        """Run a step without showing its statement."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(step.sql)
        except KeyboardInterrupt:
            self._connection.cancel()
            raise
        finally:
            self._bars.stop()
        return self._answer(cursor)

    def say(self, text: str) -> None:
        """A line of the story."""
        self._out.print(text, highlight=False, markup=False)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
        """Rows for the reader."""
        table = Table(*columns, title=title, show_lines=True)
        for row in rows:
            table.add_row(*(Text(clipped(value)) for value in row))
        self._out.print(table)

    def letter(self, heading: str, text: str | None) -> None:
        """A longer text under a heading, set in."""
        self._out.print()
        self._out.print(heading, style="bold", highlight=False, markup=False)
        self._out.print(Padding(Text((text or "").strip()), (0, 0, 0, 4)))

    def _answer(self, cursor: Cursor) -> Answer:
        result: Result | None = cursor.result
        if result is None:
            raise InternalError("a statement of the quickstart gave no result")
        for line in result.notices:
            if line not in self._noticed:
                notice(line)
        self._noticed.update(result.notices)
        usage = result.usage
        if result.kind == "COPY":
            self.say(f"  {_rows(result.rowcount or 0)} loaded")
        if usage.rows:
            known = f", {usage.cached:,} known before" if usage.cached else ""
            self.say(f"  {_rows(usage.rows)} in {usage.seconds:,.1f} s of model time{known}")
        return Answer(cursor.fetchall(), usage)


def clipped(value: Any) -> str:
    """A value as a cell shows it: without blanks around it and blank lines, cut after a word if it is long.

    >>> clipped("  one\\n\\ntwo "), clipped("word " * 100)[-10:], clipped(None)
    ('one\\ntwo', 'ord word …', '')
    """
    text = "" if value is None else "\n".join(line for line in str(value).strip().splitlines() if line.strip())
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL].rpartition(" ")[0] + " …"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
