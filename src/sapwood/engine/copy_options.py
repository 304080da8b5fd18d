"""COPY INTO <table>'s own options: as written in SQL, in; one checked value, out.

Names, defaults and meanings: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sapwood.engine.load import OnError
from sapwood.engine.option import Option, flag, invalid_value, whole_number
from sapwood.errors import UnsupportedError


@dataclass(frozen=True)
class CopyOptions:
    """How files are loaded. `validation` is RETURN_ERRORS, RETURN_ALL_ERRORS or a number of rows to return."""

    on_error: OnError = OnError()
    size_limit: int | None = None
    purges: bool = False
    returns_failed_only: bool = False
    truncates: bool = False
    is_forced: bool = False
    loads_uncertain: bool = False
    match: str = "NONE"
    validation: str | int | None = None


def copy_options(given: Mapping[str, Any]) -> CopyOptions:
    """COPY's options checked; UnsupportedError or ProgrammingError by name."""
    options = CopyOptions()
    for name, value in given.items():
        option = COPY_OPTIONS.get(name.upper())
        if option is None:
            raise UnsupportedError(
                f"The option {name.upper()} of COPY INTO is not supported", hint=f"Served: {', '.join(COPY_OPTIONS)}."
            )
        options = replace(options, **option.read(name.upper(), value))
    return options


def _on_error(name: str, value: Any) -> dict[str, Any]:
    written = str(value).upper()
    if written in ("ABORT_STATEMENT", "CONTINUE"):
        return {"on_error": OnError(written.removesuffix("_STATEMENT"))}
    found = re.fullmatch(r"SKIP_FILE(?:_(\d+)(%)?)?", written)
    if not found:
        raise invalid_value(name, value)
    return {"on_error": OnError("SKIP", float(found[1] or 1), found[2] is not None)}


def _match(name: str, value: Any) -> dict[str, Any]:
    if str(value).upper() not in ("NONE", "CASE_SENSITIVE", "CASE_INSENSITIVE"):
        raise invalid_value(name, value)
    return {"match": str(value).upper()}


def _validation(name: str, value: Any) -> dict[str, Any]:
    written = str(value).upper()
    rows = re.fullmatch(r"RETURN_(\d+)_ROWS", written)
    if rows is None and written not in ("RETURN_ERRORS", "RETURN_ALL_ERRORS"):
        raise invalid_value(name, value)
    return {"validation": written if rows is None else int(rows[1])}


COPY_OPTIONS: Mapping[str, Option] = {
    "ON_ERROR": Option(
        "ABORT_STATEMENT",
        "`CONTINUE`, `SKIP_FILE`, `SKIP_FILE_<n>`, `'SKIP_FILE_<n>%'` or `ABORT_STATEMENT`",
        _on_error,
    ),
    "SIZE_LIMIT": Option(
        "no limit", "bytes; no further file is begun once so many are loaded", whole_number("size_limit")
    ),
    "PURGE": Option(
        "FALSE",
        "take files away that were loaded without errors (internal stages; not inside a transaction)",
        flag("purges"),
    ),
    "RETURN_FAILED_ONLY": Option("FALSE", "show only files that failed", flag("returns_failed_only")),
    "MATCH_BY_COLUMN_NAME": Option(
        "NONE", "`CASE_SENSITIVE` or `CASE_INSENSITIVE`; of CSV with PARSE_HEADER = TRUE", _match
    ),
    "ENFORCE_LENGTH": Option(
        "TRUE",
        "a text that is too long for its column is an error; the opposite of TRUNCATECOLUMNS",
        flag("truncates", negated=True),
    ),
    "TRUNCATECOLUMNS": Option("FALSE", "cut texts that are too long for their column", flag("truncates")),
    "FORCE": Option("FALSE", "load files again that were loaded", flag("is_forced")),
    "LOAD_UNCERTAIN_FILES": Option(
        "FALSE", "load files again that were loaded more than 64 days ago", flag("loads_uncertain")
    ),
    "VALIDATION_MODE": Option(
        "", "load nothing: `RETURN_<n>_ROWS`, `RETURN_ERRORS` or `RETURN_ALL_ERRORS`", _validation
    ),
}
"""Each option with its default, its meaning, and what reads it. docs/loading.md shows this table."""
