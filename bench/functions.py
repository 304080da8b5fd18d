"""How good and how fast models are at the AI functions: labelled rows through SQL, one table of all tasks and models.

    python bench/functions.py --model qwen2.5-coder-1.5b-instruct [--model ...] [--embedding all-minilm-l6-v2] [--banking77 FOLDER]
                              [--rows 200] [--task NAME] [--pairs LEFTxRIGHT] [--threads 2] [--out FILE]

Banking77 (train.csv and test.csv with `text,category`) is real data that this repository does not hold; without the folder its
tasks are left out. The rows in `bench/rows/` were written for this benchmark: they are few and plain, so a good figure there
says little, and a bad one much. Answers are never taken from the cache. `--pairs` joins that many sample tickets and statements on
AI_FILTER, and counts the tokens. `--out` adds to what a file holds: figures of the same task and model are replaced. Prints a
table for people; its last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sapwood
from sapwood.connection import Cursor
from sapwood.functions import FUNCTIONS

ROWS = Path(__file__).parent / "rows"
TEN = (
    "card_arrival", "change_pin", "exchange_rate", "lost_or_stolen_card", "terminate_account", "top_up_failed",
    "transfer_timing", "verify_my_identity", "wrong_amount_of_cash_received", "age_limit",
)  # fmt: skip
"""Ten of Banking77's categories that are easily told apart."""

MODEL = "$MODEL"
"""Stands for the model's name in a task's SQL."""
FREE_TOKENS = 24
"""Most tokens of a label that is written freely: the longest of Banking77's has fewer."""
TICKETS = "s3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/"
PAIRED = "{0}\\n\\nOf this customer: {1}"
"""What a pair of a ticket and a statement is asked; the ticket, which stands in many pairs, comes first."""

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

    @property
    def title(self) -> str:
        """How `--task` names it."""
        return f"{self.function} {self.name}"


@dataclass(frozen=True)
class Figure:
    """What came of a task with a model. `right` is a share, 0 to 1; `guess` is that of always saying the commonest answer."""

    task: str
    function: str
    model: str
    rows: int
    is_ours: bool
    right: float
    guess: float
    rows_per_s: float
    tokens_asked: int
    tokens_computed: int
    failed: int
    load: float
    """The machine's load average over a minute; where it is above the threads, the rate is too low."""


@dataclass(frozen=True)
class Join:
    """AI_FILTER in JOIN ... ON of so many rows each: tokens of all pairs' prompts, and those that were computed."""

    model: str
    left: int
    right: int
    pairs_per_s: float
    tokens_asked: int
    tokens_computed: int


def main() -> None:
    options = read_options()
    every = [*own_tasks(), *(banking_tasks(options.banking77) if options.banking77 else ())]
    strange = set(options.task) - {task.title for task in every}
    if strange:
        raise SystemExit(f"no task {min(strange)!r}; there are {', '.join(task.title for task in every)}")
    tasks = [task for task in every if not options.task or task.title in options.task]
    asking = [task for task in tasks if not task.makes_vectors]
    embedding = [task for task in tasks if task.makes_vectors]
    result = Result(options)
    for models, some in ((options.model, asking), (options.embedding, embedding)):
        for model in models:
            for one in measured(model, some, most=options.rows, threads=options.threads):
                result.add(figure=one)
    for model in options.model if options.pairs else ():
        result.add(join=joined(model, *options.pairs, threads=options.threads))
    print_table(result.figures, result.joins)
    print(json.dumps(result.as_json()))


class Result:
    """What was measured so far; `--out` holds it after each figure, so that a run that is cut off has told what it knows."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self.figures: list[Figure] = []
        self.joins: list[Join] = []

    def add(self, *, figure: Figure | None = None, join: Join | None = None) -> None:
        self.figures += [figure] if figure else []
        self.joins += [join] if join else []
        if out := self._options.out:
            out.write_text(json.dumps(with_older(self.as_json(), out), indent=1) + "\n", encoding="utf-8")

    def as_json(self) -> dict[str, Any]:
        return {
            "bench": "functions",
            "date": time.strftime("%Y-%m-%d"),
            "commit": commit(),
            "threads": self._options.threads,
            "figures": [asdict(figure) for figure in self.figures],
            "joins": [asdict(join) for join in self.joins],
        }


def with_older(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """A result with what a file holds of other tasks and models."""
    older = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for part, key in (("figures", ("function", "task", "model")), ("joins", ("model",))):
        measured_now = {tuple(each[name] for name in key) for each in result[part]}
        kept = [each for each in older.get(part, []) if tuple(each[name] for name in key) not in measured_now]
        result = {**result, part: [*kept, *result[part]]}
    return result


def sides(text: str) -> tuple[int, int]:
    """`20x200` as two numbers."""
    left, right = text.split("x")
    return int(left), int(right)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", action="append", default=[], help="a model that answers; may repeat")
    parser.add_argument("--embedding", action="append", default=[], help="a model that makes vectors; may repeat")
    parser.add_argument("--banking77", type=Path, default=None, help="folder of the data set")
    parser.add_argument("--rows", type=int, default=200, help="most rows of a task")
    parser.add_argument(
        "--task", action="append", default=[], help="only this one, such as 'SENTIMENT mood'; may repeat"
    )
    parser.add_argument("--pairs", type=sides, default=None, help="rows of the two sides of a join")
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
    """Banking77's test rows: sorted into ten of its categories and into all, asked about one category, and in pairs."""
    rows = [(row["text"], "", row["category"]) for row in read(folder / "test.csv")]
    every = sorted({wanted for _, _, wanted in rows})
    few = [category for category in TEN if category in every]
    for labels in (few, every):
        chosen = spread([row for row in rows if row[2] in labels])
        array = ", ".join(literal(label) for label in labels)
        sql = f"AI_CLASSIFY(a, [{array}]):labels[0]::VARCHAR"
        yield Task(f"Banking77, {len(labels)} labels", "AI_CLASSIFY", sql, chosen, exactly, is_ours=False)
        asked = f"[{{'role': 'user', 'content': AI_CLASSIFY_PROMPT(a, [{array}])}}]"
        free = f"PARSE_JSON(SNOWFLAKE.CORTEX.COMPLETE('{MODEL}', {asked}, {{'max_tokens': {FREE_TOKENS}}}))"
        written = f"TRIM({free}:choices[0]:messages::VARCHAR)"
        yield Task(f"Banking77, {len(labels)} labels, freely", "COMPLETE", written, chosen, exactly, is_ours=False)
    about = "AI_FILTER(PROMPT('A customer of a bank writes: {0}\\n\\nIs this about \"{1}\"?', a, b))::VARCHAR"
    spread_rows = spread(rows)
    yield Task("Banking77, one category", "AI_FILTER", about, yes_and_no(spread_rows, every), exactly, is_ours=False)
    near = "AI_SIMILARITY(a, b)::VARCHAR"
    yield Task(
        "Banking77, pairs", "AI_SIMILARITY", near, paired(spread_rows), ranked, is_ours=False, makes_vectors=True
    )


def yes_and_no(rows: Sequence[Row], every: Sequence[str]) -> tuple[Row, ...]:
    """Each text with its own category, or with the next one in the list: by turns."""
    following = dict(zip(every, [*every[1:], every[0]], strict=True))
    return tuple(
        (text, spoken(category if at % 2 else following[category]), "true" if at % 2 else "false")
        for at, (text, _, category) in enumerate(rows)
    )


def spoken(category: str) -> str:
    return category.replace("_", " ").strip("?")


def paired(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Two texts of one category, and two of different ones: by turns. `rows` are spread."""
    by_category: dict[str, list[str]] = {}
    for text, _, category in rows:
        by_category.setdefault(category, []).append(text)
    lists = list(by_category.values())
    pairs: list[Row] = []
    for at, texts in enumerate(lists):
        other = lists[(at + 1) % len(lists)]
        for first, second, third in zip(texts[::2], texts[1::2], other[::2], strict=False):
            pairs += [(first, second, "same"), (first, third, "different")]
    return tuple(pairs)


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
    with session(model, threads) as cursor:
        for task in tasks:
            cursor.execute(f"SELECT {sql_of(task, model)} FROM (SELECT 'warm' AS a, 'up' AS b)")
            yield figure(cursor, model, task, task.rows[:most])


@contextmanager
def session(model: str, threads: int) -> Generator[Cursor]:
    """A cursor whose every function asks the model, and never the cache."""
    names = {function.signature.function: model for function in FUNCTIONS if function.default is not None}
    flags = {"models.functions": names, "inference.threads": threads}
    with tempfile.TemporaryDirectory() as folder, sapwood.connect(folder, flags=flags) as connection:
        cursor = connection.cursor()
        cursor.execute("ALTER SESSION SET USE_CACHED_RESULT = FALSE")
        yield cursor


def sql_of(task: Task, model: str) -> str:
    return task.sql.replace(MODEL, model)


def figure(cursor: Cursor, model: str, task: Task, rows: Sequence[Row]) -> Figure:
    values = ", ".join(f"({at}, {literal(a)}, {literal(b)})" for at, (a, b, _) in enumerate(rows))
    cursor.execute(
        f"CREATE OR REPLACE TABLE bench_rows AS SELECT column1 AS id, column2 AS a, column3 AS b FROM VALUES {values}"
    )
    started = time.perf_counter()
    found = cursor.execute(f"SELECT id, {sql_of(task, model)} AS said FROM bench_rows ORDER BY id").fetchall()
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
        round(guessed(task, rows), 4),
        round(len(rows) / seconds, 2),
        usage.tokens_asked,
        usage.tokens_computed,
        usage.failed,
        round(os.getloadavg()[0], 1),
    )


def guessed(task: Task, rows: Sequence[Row]) -> float:
    """The share that is right by always saying what is wanted most often; of pairs, by saying all are equally near."""
    if task.judge is ranked:
        return 0.5
    return max(Counter(wanted for _, _, wanted in rows).values()) / len(rows)


def joined(model: str, left: int, right: int, *, threads: int) -> Join:
    """Sample tickets joined with statements on AI_FILTER."""
    said = [
        "they ask for money back",
        "they write politely",
        "they are angry",
        "they travel",
        "they have a question",
        "they want to leave",
    ]
    statements = ", ".join(
        f"({literal(f'{said[at % len(said)]}, and say so in sentence {at + 1}')})" for at in range(right)
    )
    with session(model, threads) as cursor:
        cursor.execute(
            f"CREATE STAGE tickets URL = '{TICKETS}' FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"
        )
        cursor.execute("CREATE TABLE customers AS SELECT $1 AS id, $5 AS request FROM @tickets")
        cursor.execute(f"CREATE TABLE statements AS SELECT column1 AS said FROM VALUES {statements}")
        cursor.execute("SELECT AI_FILTER('Warm?')")
        some = f"(SELECT request FROM customers ORDER BY id LIMIT {left}) AS c"
        started = time.perf_counter()
        cursor.execute(
            f"SELECT COUNT(*) FROM {some} JOIN statements AS s ON AI_FILTER(PROMPT('{PAIRED}', c.request, s.said))"
        )
        seconds = time.perf_counter() - started
        assert cursor.result is not None
        usage = cursor.result.usage
    return Join(model, left, right, round(left * right / seconds, 1), usage.tokens_asked, usage.tokens_computed)


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def print_table(figures: Sequence[Figure], joins: Sequence[Join]) -> None:
    """As Markdown."""
    print("| function | rows | model | right | rows/s | failed |\n|---|---|---|--:|--:|--:|")
    for one in figures:
        source = f"{one.rows} {one.task}{' (ours)' if one.is_ours else ''}"
        print(f"| {one.function} | {source} | {one.model} | {one.right:.1%} | {one.rows_per_s:g} | {one.failed} |")
    for join in joins:
        share = join.tokens_computed / join.tokens_asked
        print(
            f"{join.left} x {join.right} pairs, {join.model}: {join.tokens_asked:,} tokens asked, {share:.1%} of them computed"
        )


if __name__ == "__main__":
    main()
