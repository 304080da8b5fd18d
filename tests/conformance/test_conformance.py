"""Runs the statements of the .sql files beside it, one test a statement, through a door.

A file is a story: one data directory, its statements in order. A statement ends at a line with `;` at its end, and what it
must give stands in comment lines behind it:

    select 1 as a, 'x' as b;
    -- columns: A NUMBER(1,0), B VARCHAR(1)
    -- row: [1, "x"]

    -- https://docs.snowflake.com/en/sql-reference/operators-arithmetic
    select 1 / 0;
    -- error: 100051 22012 Division by zero

The vendor's page that says so stands above; docs/sql.md is made of both. `columns` are names and types in order. Each
`row` is a JSON array; numbers with a fraction, dates and times are JSON text as str() shows them; `"*"` fits any value,
and `"~..."` is a regular expression. `rows: none` and `rows: 12` count rows; `rows: unordered` lets them come in any
order. `error` is number, SQLSTATE and the beginning of the text, with \\n for a new
line; `*` fits any. `notice: ...` must be part of a notice. `usage: distinct=2 cached=0` compares figures. A statement with nothing behind
it must only succeed. A blank comment or one that starts with none of these words is for the reader.

Where a real model answers behind another door, a file claims type, shape and error; exact texts are claimed of echo only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import pytest

import sapwood
from sapwood.connection import Connection
from sapwood.engine.arrow import python_value
from sapwood.engine.result import Result
from sapwood.errors import Error

HERE = Path(__file__).parent
WORDS = ("columns", "row", "rows", "error", "notice", "usage")
ALIASES = {
    name: "echo"
    for name in ("mistral-large", "mistral-large2", "mistral-7b", "snowflake-arctic", "llama3-8b", "reka-flash")
}


@dataclass
class Case:
    """One statement of a file with what is claimed of it."""

    file: str
    line: int
    sql: str
    claims: list[tuple[str, str]] = field(default_factory=list)

    def claimed(self, word: str) -> list[str]:
        return [text for claim, text in self.claims if claim == word]


def read_cases(path: Path) -> list[Case]:
    """The cases of a file."""
    cases: list[Case] = []
    lines: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        claim = re.match(rf"-- ({'|'.join(WORDS)}): (.*)$", line)
        if claim and not lines:
            cases[-1].claims.append((claim[1], claim[2]))
        elif lines or (line.strip() and not line.startswith("--")):
            lines.append(line)
            if line.rstrip().endswith(";"):
                cases.append(Case(path.name, number - len(lines) + 1, "\n".join(lines)))
                lines = []
    assert not lines, f"{path.name}: the last statement has no semicolon"
    return cases


# Doors ----------------------------------------------------------------------------------------------------------------


class Door(Protocol):
    """A way to run a statement: its result, or an Error."""

    def execute(self, sql: str) -> Result: ...

    def close(self) -> None: ...


class LocalDoor:
    """The product in this process, on a data directory of its own; the Cortex names of the quickstart are echo."""

    def __init__(self, folder: Path) -> None:
        files = HERE / "files"
        flags = {"models.aliases": ALIASES, "stages.map": {"s3://conformance/": str(files)}}
        self._connection: Connection = sapwood.connect(folder, flags=flags)

    def execute(self, sql: str) -> Result:
        result = self._connection.cursor().execute(sql).result
        assert result is not None, "a statement has a result"
        return result

    def close(self) -> None:
        self._connection.close()


@dataclass
class Story:
    """A file on its way: what its statements have given so far."""

    door: Door
    cases: list[Case]
    outcomes: list[Result | Error] = field(default_factory=list)

    def outcome(self, index: int) -> Result | Error:
        """What a statement gives; those before it are run first if nobody has, so that tests may come in any order."""
        while len(self.outcomes) <= index:
            self.outcomes.append(self._run(self.cases[len(self.outcomes)]))
        return self.outcomes[index]

    def _run(self, case: Case) -> Result | Error:
        try:
            return self.door.execute(case.sql)
        except Error as error:
            return error


Tell = Callable[[str], Story]


@pytest.fixture(scope="session")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tell]:
    """The story of a file, begun at its first statement. Another door is another `LocalDoor` here."""
    told: dict[str, Story] = {}

    def story(file: str) -> Story:
        if file not in told:
            told[file] = Story(LocalDoor(tmp_path_factory.mktemp(Path(file).stem)), CASES[file])
        return told[file]

    yield story
    for each in told.values():
        each.door.close()


CASES = {path.name: read_cases(path) for path in sorted(HERE.glob("*.sql"))}
PARAMETERS = [
    pytest.param(file, index, id=f"{file}:{case.line}")
    for file, cases in CASES.items()
    for index, case in enumerate(cases)
]


@pytest.mark.parametrize(("file", "index"), PARAMETERS)
def test_statement(tell: Tell, file: str, index: int) -> None:
    case = CASES[file][index]
    outcome = tell(file).outcome(index)
    if isinstance(outcome, Error):
        check_error(case, outcome)
    else:
        check_result(case, outcome)


@pytest.mark.parametrize("file", CASES)
def test_claims_stand_below_a_page_of_the_vendors(file: str) -> None:
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    first = next((number for number, line in enumerate(lines, start=1) if line.startswith("-- https://")), len(lines))
    assert [case.line for case in CASES[file] if case.line < first and case.claimed("row")] == []


def check_error(case: Case, error: Error) -> None:
    """The error is the one that is claimed."""
    claims = case.claimed("error")
    if not claims:
        raise AssertionError(f"{case.sql}\nfailed with {error}")
    number, state, text = (*claims[0].split(" ", 2), "", "")[:3]
    text = text.replace("\\n", "\n")
    found = (f"{error.errno:06d}", error.sqlstate, error.msg[: len(text)])
    assert all(map(fits, found, (number, state, text))), found
    assert error.sfqid, "an error has its query's id"


def check_result(case: Case, result: Result) -> None:
    """Columns, rows, notices and figures are those that are claimed."""
    assert not case.claimed("error"), f"{case.sql}\nsucceeded"
    for claim in case.claimed("columns"):
        assert ", ".join(f"{column.name} {column.type}" for column in result.columns) == claim
    rows = [[_as_json(value) for value in row.values()] for row in _rows(result)]
    check_rows(case, rows)
    for claim in case.claimed("notice"):
        assert any(claim in notice for notice in result.notices), result.notices
    for claim in case.claimed("usage"):
        wanted = dict(item.split("=") for item in claim.split())
        assert {name: str(getattr(result.usage, name)) for name in wanted} == wanted


def check_rows(case: Case, rows: list[list[Any]]) -> None:
    """The rows are those that are claimed."""
    wanted = [json.loads(claim) for claim in case.claimed("row")]
    for claim in case.claimed("rows"):
        if claim == "unordered":
            rows, wanted = sorted(rows, key=json.dumps), sorted(wanted, key=json.dumps)
        else:
            assert len(rows) == (0 if claim == "none" else int(claim))
    if wanted:
        assert len(rows) == len(wanted), rows
        for row, claim in zip(rows, wanted, strict=True):
            assert len(row) == len(claim), row
            assert all(map(fits, row, claim)), f"{row} is not {claim}"


def _rows(result: Result) -> list[dict[int, Any]]:
    columns = [map(python_value, column.to_pylist()) for column in result.table.columns]
    return [dict(enumerate(row)) for row in zip(*columns, strict=True)]


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal) and value == value.to_integral_value() and value.as_tuple().exponent == 0:
        return int(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def fits(value: Any, claim: Any) -> bool:
    """Whether a value is what a claim says of it."""
    if claim == "*":
        return True
    if isinstance(claim, str) and claim.startswith("~"):
        return isinstance(value, str) and re.fullmatch(claim[1:], value, flags=re.DOTALL) is not None
    if isinstance(claim, float) and isinstance(value, float):
        return abs(value - claim) <= 1e-9 * max(1, abs(claim))
    return bool(value == claim) and isinstance(value, bool) == isinstance(claim, bool)
