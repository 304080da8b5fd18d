"""`{{...}}` in a SQL cell: Jinja over the notebook's variables. The name of a SQL cell stands for its rows, in parentheses."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import Environment, StrictUndefined, TemplateError, UndefinedError

from sapwood.errors import NotebookError


def fill(text: str, names: Mapping[str, object]) -> str:
    """The SQL with the variables in it. Raises NotebookError for a name that no cell has set.

    >>> fill("SELECT * FROM {{table}} WHERE country = {{c}}", {"table": "countries", "c": "'USA'"})
    "SELECT * FROM countries WHERE country = 'USA'"
    """
    templates = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        return templates.from_string(text).render(names)
    except UndefinedError as error:
        raise NotebookError(
            f"In a reference in double braces: {error}", hint="Run the cell that sets it first."
        ) from error
    except TemplateError as error:
        raise NotebookError(f"A reference in double braces can't be read: {error}") from error
