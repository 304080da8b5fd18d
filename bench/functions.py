"""How good and how fast models are at the AI functions: labelled rows through SQL, one table of all tasks and models.

    python bench/functions.py --model qwen2.5-coder-1.5b-instruct [--model ...] [--embedding all-minilm-l6-v2] [--banking77 FOLDER]
                              [--rows 200] [--threads 2] [--out FILE]

Banking77 (train.csv and test.csv with `text,category`) is real data that this repository does not hold; without the folder its
tasks are left out. The rows in `bench/rows/` were written for this benchmark: they are few and plain, so a good figure there
says little, and a bad one much. Answers are never taken from the cache. Prints a table for people; its last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sapwood
from sapwood.connection import Cursor
from sapwood.functions import FUNCTIONS

ROWS = Path(__file__).parent / "rows"
TEN = (
    "card_arrival", "change_pin", "exchange_rate", "lost_or_stolen_card", "terminate_account", "top_up_failed",
    "transfer_timing", "verify_my_identity", "wrong_amount_of_cash_received", "age_limit",
)  # fmt: skip
"""Ten of Banking77's categories that are easily told apart."""

Row = tuple[str, str, str]
"""Two texts, the second may be '', and what is wanted."""
Judge = Callable[[Sequence[tuple[str, str]]], float]
"""The share that is right, of pairs of what was said and what was wanted."""


@dataclass(frozen=True)
class Task:
    """One line of the table. `sql` gives a text of the columns A and B; `is_ours` marks rows written for this benchmark."""

    name: str
    function: str
    sql: str
    rows: tuple[Row, ...]
    judge: Judge
    is_ours: bool = True
    makes_vectors: bool = False


@dataclass(frozen=True)
class Figure:
    """What came of a task with a model. `right` is a share, 0 to 1."""

    task: str
    function: str
    model: str
    rows: int
    is_ours: bool
    right: float
    rows_per_s: float
    tokens_asked: int
    tokens_computed: int
    failed: int


def main() -> None:
    options = read_options()
    tasks = [*own_tasks(), *(banking_tasks(options.banking77) if options.banking77 else ())]
    asking = [task for task in tasks if not task.makes_vectors]
    embedding = [task for task in tasks if task.makes_vectors]
    figures: list[Figure] = []
    for models, some in ((options.model, asking), (options.embedding, embedding)):
        for model in models:
            figures += measured(model, some, most=options.rows, threads=options.threads)
    print_table(figures)
    result = {
        "bench": "functions",
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "threads": options.threads,
        "figures": [asdict(figure) for figure in figures],
    }
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append", default=[], help="a model that answers; may repeat")
    parser.add_argument("--embedding", action="append", default=[], help="a model that makes vectors; may repeat")
    parser.add_argument("--banking77", type=Path, default=None, help="folder of the data set")
    parser.add_argument("--rows", type=int, default=200, help="most rows of a task")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


# Tasks -----------------------------------------------------------------------------------------------------------------


def own_tasks() -> Iterator[Task]:
    """The tasks whose rows lie in bench/rows."""
    labels = "['positive', 'negative', 'neutral']"
    step = "CASE WHEN {0} >= 0.5 THEN 'positive' WHEN {0} <= -0.5 THEN 'negative' ELSE 'neutral' END"
    legacy = step.format("SNOWFLAKE.CORTEX.SENTIMENT(a)")
    yield Task("statements", "AI_FILTER", "AI_FILTER(a)::VARCHAR", own("filter"), exactly)
    yield Task("mood", "AI_SENTIMENT", "AI_SENTIMENT(a):categories[0]:sentiment::VARCHAR", own("sentiment"), exactly)
    yield Task("mood", "SENTIMENT", legacy, own("sentiment"), exactly)
    yield Task(
        "mood, 3 labels", "AI_CLASSIFY", f"AI_CLASSIFY(a, {labels}):labels[0]::VARCHAR", own("sentiment"), exactly
    )
    yield Task("questions", "AI_EXTRACT", "AI_EXTRACT(a, [['x', b]]):response:x::VARCHAR", own("extraction"), loosely)
    yield Task(
        "questions",
        "EXTRACT_ANSWER",
        "SNOWFLAKE.CORTEX.EXTRACT_ANSWER(a, b)[0]:answer::VARCHAR",
        own("extraction"),
        loosely,
    )
    yield Task("pairs", "AI_SIMILARITY", "AI_SIMILARITY(a, b)::VARCHAR", own("similarity"), ranked, makes_vectors=True)


def banking_tasks(folder: Path) -> Iterator[Task]:
    """Banking77's test rows, sorted into ten of its categories and into all."""
    rows = [(row["text"], "", row["category"]) for row in read(folder / "test.csv")]
    every = sorted({wanted for _, _, wanted in rows})
    few = [category for category in TEN if category in every]
    for labels in (few, every):
        chosen = spread([row for row in rows if row[2] in labels])
        array = ", ".join(literal(label) for label in labels)
        sql = f"AI_CLASSIFY(a, [{array}]):labels[0]::VARCHAR"
        yield Task(f"Banking77, {len(labels)} labels", "AI_CLASSIFY", sql, chosen, exactly, is_ours=False)


def spread(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows in an order in which the categories take turns, so that the first ones hold all."""
    seen: dict[str, int] = {}
    turns: list[tuple[int, Row]] = []
    for row in rows:
        seen[row[2]] = seen.get(row[2], 0) + 1
        turns.append((seen[row[2]], row))
    return tuple(row for _, row in sorted(turns, key=lambda turn: turn[0]))


def own(name: str) -> tuple[Row, ...]:
    rows = [list(row.values()) for row in read(ROWS / f"{name}.csv")]
    return tuple((row[0], row[1] if len(row) > 2 else "", row[-1]) for row in rows)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# Judges ----------------------------------------------------------------------------------------------------------------


def exactly(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(said == wanted for said, wanted in pairs) / len(pairs)


def loosely(pairs: Sequence[tuple[str, str]]) -> float:
    """Case, articles and marks at the ends do not matter."""
    return exactly([(bare(said), bare(wanted)) for said, wanted in pairs])


def bare(text: str) -> str:
    return re.sub(r"^(the|a|an|in|on) ", "", text.strip(" .,!\"'").lower()).removesuffix("'s")


def ranked(pairs: Sequence[tuple[str, str]]) -> float:
    """The share of (same, different) pairs of rows in which the same ones are nearer."""
    same = [float(said) for said, wanted in pairs if wanted == "same"]
    different = [float(said) for said, wanted in pairs if wanted == "different"]
    return sum(near > far for near in same for far in different) / max(1, len(same) * len(different))


# Measuring -------------------------------------------------------------------------------------------------------------


def measured(model: str, tasks: Sequence[Task], *, most: int, threads: int) -> Iterator[Figure]:
    """Each task with a model, in a data directory of its own. The first statement loads the model and is not timed."""
    names = {function.signature.function: model for function in FUNCTIONS if function.default is not None}
    flags = {"models.functions": names, "inference.threads": threads}
    with tempfile.TemporaryDirectory() as folder:
        connection = sapwood.connect(folder, flags=flags)
        cursor = connection.cursor()
        cursor.execute("ALTER SESSION SET USE_CACHED_RESULT = FALSE")
        for task in tasks:
            cursor.execute(f"SELECT {task.sql} FROM (SELECT 'warm' AS a, 'up' AS b)")
            yield figure(cursor, model, task, task.rows[:most])
        connection.close()


def figure(cursor: Cursor, model: str, task: Task, rows: Sequence[Row]) -> Figure:
    values = ", ".join(f"({at}, {literal(a)}, {literal(b)})" for at, (a, b, _) in enumerate(rows))
    cursor.execute(
        f"CREATE OR REPLACE TABLE bench_rows AS SELECT column1 AS id, column2 AS a, column3 AS b FROM VALUES {values}"
    )
    started = time.perf_counter()
    found = cursor.execute(f"SELECT id, {task.sql} AS said FROM bench_rows ORDER BY id").fetchall()
    seconds = time.perf_counter() - started
    assert cursor.result is not None
    usage = cursor.result.usage
    pairs = [(str(said), rows[at][2]) for at, said in found]
    return Figure(
        task.name,
        task.function,
        model,
        len(rows),
        task.is_ours,
        round(task.judge(pairs), 4),
        round(len(rows) / seconds, 2),
        usage.tokens_asked,
        usage.tokens_computed,
        usage.failed,
    )


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def print_table(figures: Sequence[Figure]) -> None:
    """As Markdown, so that it can be put beside the functions."""
    print("| function | rows | model | right | rows/s | failed |\n|---|---|---|--:|--:|--:|")
    for one in figures:
        source = f"{one.rows} {one.task}{' (ours)' if one.is_ours else ''}"
        print(f"| {one.function} | {source} | {one.model} | {one.right:.1%} | {one.rows_per_s:g} | {one.failed} |")


if __name__ == "__main__":
    main()
