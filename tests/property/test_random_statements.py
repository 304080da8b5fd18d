"""Random statements: each gives a result, or an error with a number of Snowflake's; none tells of DuckDB, none reads a file.

CI runs some; by hand any number: `python tests/property/test_random_statements.py 10000 1`.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from statement_bench import SETUP, Maker

import sapwood
from sapwood.connection import Connection
from sapwood.dialect.compile import split
from sapwood.errors import Error, InternalError

COUNT = 200
SECRET = "what nothing may read"
FOREIGN = re.compile(
    r"duckdb|(?:binder|catalog|parser|invalid input|conversion) error:|traceback|\.py\b|sqlglot|<class|object at 0x|sapwood_call",
    re.IGNORECASE,
)
"""Words of what is below us."""


@dataclass(frozen=True)
class Outcome:
    """How a statement ended: with a result, or an error's number; and what is wrong about that, '' if nothing is."""

    statement: str
    end: str
    fault: str = ""


def outcomes(connection: Connection, folder: Path, *, count: int, seed: int) -> Iterator[Outcome]:
    """Each statement's outcome, and at the end that of all of them: whether files are there that were not."""
    secret = folder / "secret.txt"
    secret.write_text(SECRET)
    before = {path.name for path in folder.iterdir()}
    maker = Maker(seed, str(secret))
    for _ in range(count):
        statement = next(iter(split(maker.statement())), "")
        if statement:
            yield run(connection, statement)
    left = {path.name for path in folder.iterdir()} - before
    yield Outcome("all of them", "files", f"files were written: {left}" if left else "")


def run(connection: Connection, statement: str) -> Outcome:
    try:
        cursor = connection.cursor().execute(statement)
    except Error as error:
        return Outcome(statement, f"{error.errno:06d}", _fault(statement, error))
    shown = str(cursor.result.table.to_pydict() if cursor.result is not None else "")
    return Outcome(statement, "result", "a file was read" if SECRET in shown else "")


def _fault(statement: str, error: Error) -> str:
    """What is wrong about an error."""
    told = f"{error.msg} {error.hint or ''}"
    if isinstance(error, InternalError) or not error.errno:
        return f"no error of ours: {told}"
    return f"it tells of what is below: {told}" if FOREIGN.search(told.replace(statement, "")) else ""


def opened(folder: Path) -> Connection:
    connection = sapwood.connect(folder / "data", flags={"models.aliases": {"mistral-7b": "echo"}})
    for statement in SETUP:
        connection.cursor().execute(statement)
    return connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    made = opened(tmp_path)
    yield made
    made.close()


def test_each_gives_a_result_or_an_error_of_ours(connection: Connection, tmp_path: Path) -> None:
    found = list(outcomes(connection, tmp_path, count=COUNT, seed=7))
    assert [each for each in found if each.fault] == []
    assert sum(each.end == "result" for each in found) > COUNT // 3, "some must mean something"


def main(count: int, seed: int) -> int:
    ends: Counter[str] = Counter()
    faults = 0
    for turn in range(-(-count // COUNT)):  # a statement may drop what the next ones read: begin anew at times
        with tempfile.TemporaryDirectory() as folder:
            connection = opened(Path(folder))
            for each in outcomes(connection, Path(folder), count=COUNT, seed=seed + turn):
                ends[each.end] += 1
                if each.fault:
                    faults += 1
                    sys.stdout.write(f"{each.fault[:300]}\n    {each.statement[:400]}\n")
            connection.close()
    sys.stdout.write(f"{faults} faults; {dict(ends.most_common())}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
