"""The page docs/sql.md, made of the cases in tests/conformance: what runs, and what is refused by name.

Comes in: the `.sql` files with the vendor's addresses in them. Goes out: Markdown. The lists of functions are the dialect's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sapwood.dialect.aggregates import AGGREGATES
from sapwood.dialect.functions import names
from sapwood.dialect.window_functions import WINDOW_FUNCTIONS

HEAD = """# SQL

Made of the cases in `tests/conformance/` by `tools/pages.py`; don't edit by hand. Each line is a page of the vendor's and a statement of
a case that holds it; the cases beside it say what it gives. What is not served fails by name with the number 000002: those statements are
listed too. `docs/functions.md` has the functions
that ask a model, `docs/loading.md` files and stages.

What is different from the vendor's: times have microseconds; regular expressions are
RE2's (no backreferences, no lookaround); `HASH` and random numbers have the vendor's types and other values; keys of an object keep the
order in which they were written; results of a text comparison follow Unicode's order, without collations; a date, time, timestamp or
BINARY in a VARIANT is a text (`TYPEOF` says `VARCHAR`), a FLOAT is a `DECIMAL`; an element that is missing in a JSON array is null.
`JAROWINKLER_SIMILARITY` compares bytes, so a letter that is not ASCII counts as several.
Who clones a schema or a database has to own it; its views read the copy even where they name their tables in full, and grants stay behind.
`PARSE_JSON` of what is no standard JSON takes some 40 microseconds a row. The errors 1030 and 100061 have the vendor's texts, 100065 our own; their
numbers were found in no public source.
"""

ELSEWHERE = ("complete", "functions")
"""Beginnings of files whose subjects have pages of their own."""


@dataclass(frozen=True)
class Case:
    """A statement of a file, in one line, with the vendor's page above it. `refusal` is its error's text if it is refused by name."""

    address: str
    statement: str
    refusal: str = ""
    is_error: bool = False


def sql_page(folder: Path) -> str:
    """The page."""
    sections = [_section(path) for path in sorted(folder.glob("*.sql")) if not path.name.startswith(ELSEWHERE)]
    return "\n".join([HEAD, _functions(), *(each for each in sections if each)])


def _functions() -> str:
    windows = sorted(WINDOW_FUNCTIONS)
    aggregates = sorted(name for name in AGGREGATES if name not in WINDOW_FUNCTIONS)
    scalars = sorted(name for name in names() if not name.startswith("SYSTEM$"))
    tables = [
        "FLATTEN",
        "GENERATOR",
        "SPLIT_TO_TABLE",
        "STRTOK_SPLIT_TO_TABLE",
        "RESULT_SCAN",
        "INFER_SCHEMA",
        "VALIDATE",
    ]
    kinds = {"Scalar": sorted({*scalars}), "Aggregate": aggregates, "Window only": windows, "Table": tables}
    lines = [f"- {kind}: {', '.join(f'`{name}`' for name in found)}" for kind, found in kinds.items()]
    return "\n".join(["## Functions\n", *lines, ""])


def _section(path: Path) -> str:
    """A file's heading, its pages with an example each, and what it says is refused. '' if it names no page of the vendor's."""
    cases = list(_cases(path))
    examples: dict[str, str] = {}
    for case in cases:
        if case.address and not case.is_error:
            examples.setdefault(case.address, case.statement)
    if not examples:
        return ""
    lines = [f"- [{_title(address)}]({address}): `{statement}`" for address, statement in examples.items()]
    refused = [f"- `{case.statement}`: {case.refusal}" for case in cases if case.refusal]
    heading = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").rstrip(".")
    return "\n".join([f"## {heading}\n", *lines, *(["\nRefused by name:\n", *refused] if refused else []), ""])


def _title(address: str) -> str:
    """The last part of an address in words.

    >>> _title("https://docs.snowflake.com/en/sql-reference/functions/split_part")
    'split part'
    """
    return re.sub(r"[_-]", " ", address.rstrip("/").rpartition("/")[2])


def _cases(path: Path) -> Iterator[Case]:
    address, lines = "", list[str]()
    held: Case | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-- https://") and not lines:
            address = line.removeprefix("-- ")
        elif line.startswith("-- error: ") and held is not None:
            number, _, text = (*line.removeprefix("-- error: ").split(" ", 2), "", "")[:3]
            told = text.removeprefix("SQL compilation error:\\n").replace("\\n", " ") if number == "000002" else ""
            held = Case(held.address, held.statement, told.strip("* "), is_error=True)
        elif lines or (line.strip() and not line.startswith("--")):
            lines.append(line.strip())
            if line.rstrip().endswith(";"):
                if held is not None:
                    yield held
                held, lines = Case(address, " ".join(lines).rstrip(";")), []
    if held is not None:
        yield held
