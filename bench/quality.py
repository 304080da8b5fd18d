"""How good a fine-tuned model is by the number of labelled rows, beside a linear one: a learning curve over seeds, resumable.

    python bench/quality.py --train train.csv --test test.csv --workload banking77 --rows 50,200,1000,10003 --seeds 0,1,2 --data DIR
    python bench/quality.py --train workload_tickets.csv --workload tickets --rows 50,100 --seeds 0,1,2 --data DIR

For each number of rows and each seed: the rows are drawn from the training file, FINETUNE tunes on them at its defaults, and the model
is asked every test row through SQL, freely (greedy) and for the likeliest label (AI_COMPLETE with an enum). Without `--test` a quarter
of the file, drawn once, is the test. Nothing is chosen by the test rows: which checkpoint is kept, the job decides on a tenth of the
rows drawn. Each result is written to bench/results at once; the same command goes on where it was stopped, in the middle of a job,
too. Prints a table; the last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from inference import MODEL, WORKLOADS, commit

import sapwood
from sapwood.training.baseline import linear_baseline

HERE = Path(__file__).parent
TEST_SHARE, TEST_SEED = 0.25, 0
POLL_S = 2.0
ENDS = ("SUCCESS", "ERROR", "CANCELLED")


@dataclass(frozen=True)
class Row:
    """A prompt with its right answer; `text` is what the prompt has beside the instruction."""

    prompt: str
    text: str
    label: str


@dataclass(frozen=True)
class Point:
    """One run: what learned, from how many rows, drawn and trained with which seed."""

    method: str
    rows: int
    seed: int


@dataclass(frozen=True)
class Score:
    """Shares of right answers; `seconds` is the time of the job, `tokens` those that it trained on."""

    greedy: float
    labels: float
    seconds: float
    tokens: int = 0


class Notes:
    """The file of results: what is done, and the jobs that are not. Each change is on disk at once."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self._path = path
        self._kept: dict[str, Any] = (
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {**about, "done": [], "jobs": {}}
        )
        if {name: self._kept[name] for name in about} != dict(about):
            raise SystemExit(f"{path} is about something else: {self._kept}. Name another --out.")

    def has(self, point: Point) -> bool:
        return any(asdict(point).items() <= one.items() for one in self._kept["done"])

    def job(self, point: Point) -> str | None:
        """The job of a point that was begun."""
        return self._kept["jobs"].get(str(point))

    def begin(self, point: Point, job: str) -> None:
        self._kept["jobs"][str(point)] = job
        self._write()

    def end(self, point: Point, score: Score) -> None:
        self._kept["jobs"].pop(str(point), None)
        self._kept["done"].append({**asdict(point), **asdict(score), "commit": commit()})
        self._write()

    @property
    def all(self) -> Mapping[str, Any]:
        return self._kept

    def _write(self) -> None:
        self._path.parent.mkdir(exist_ok=True)
        beside = self._path.with_suffix(".part")
        beside.write_text(json.dumps(self._kept, indent=1) + "\n", encoding="utf-8")
        beside.replace(self._path)


def main() -> None:
    """Do what is left to do, and report."""
    given = read_options()
    train, test = read_parts(given)
    about = {"bench": "quality", "workload": given.workload, "model": MODEL, "train": len(train), "test": len(test)}
    notes = Notes(given.out or HERE / "results" / f"{time.strftime('%Y-%m-%d')}-quality-{given.workload}.json", about)
    labels = sorted({row.label for row in train})
    connection = sapwood.connect(given.data)
    cursor = connection.cursor()
    fill(cursor, "quality_test", test)
    for point in points(given, len(train)):
        if not notes.has(point):
            drawn = random.Random(point.seed).sample(train, point.rows)
            score = (
                linear(drawn, test) if point.method == "linear" else tuned(cursor, notes, point, drawn, test, labels)
            )
            notes.end(point, score)
            print(f"{point} {score}", flush=True)
    connection.close()
    print("\n".join(table(notes.all["done"])))
    print(json.dumps(notes.all))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="a CSV file with the workload's columns")
    parser.add_argument("--test", type=Path, help="another one; else a quarter of the first")
    parser.add_argument("--workload", choices=["banking77", "tickets"], required=True)
    parser.add_argument(
        "--rows", type=numbers, default=(50, 200, 1_000), help="such as 50,200; more than there are means all"
    )
    parser.add_argument("--seeds", type=numbers, default=(0, 1, 2))
    parser.add_argument("--test-rows", type=int, help="the first ones only")
    parser.add_argument("--data", type=Path, required=True, help="a data directory of its own")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def read_parts(given: argparse.Namespace) -> tuple[list[Row], list[Row]]:
    train = list(read(given.train, given.workload))
    if given.test:
        return train, list(read(given.test, given.workload))[: given.test_rows]
    random.Random(TEST_SEED).shuffle(train)
    held_out = round(TEST_SHARE * len(train))
    return train[held_out:], train[:held_out][: given.test_rows]


def read(path: Path, name: str) -> Iterator[Row]:
    workload = WORKLOADS[name]
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Row(workload.instruction + row[workload.column], row[workload.column], row["category"])


def points(given: argparse.Namespace, there: int) -> list[Point]:
    """The cheapest first, so that a run that is stopped has the most to show."""
    sizes = sorted({min(rows, there) for rows in given.rows})
    return [Point(method, rows, seed) for rows in sizes for seed in given.seeds for method in ("linear", "lora")]


def fill(cursor: Any, table: str, rows: Sequence[Row]) -> None:
    cursor.execute(f"create or replace table {table} (id int, prompt varchar, completion varchar)")
    values = [(at, row.prompt, row.label) for at, row in enumerate(rows)]
    cursor.executemany(f"insert into {table} values (%s, %s, %s)", values)


def linear(drawn: Sequence[Row], test: Sequence[Row]) -> Score:
    """TF-IDF and logistic regression; it says labels only."""
    started = time.perf_counter()
    found = linear_baseline([row.text for row in drawn], [row.label for row in drawn], [row.text for row in test])
    share = share_right(found.answers, test)
    return Score(share, share, round(time.perf_counter() - started, 2))


def tuned(
    cursor: Any, notes: Notes, point: Point, drawn: Sequence[Row], test: Sequence[Row], labels: Sequence[str]
) -> Score:
    """FINETUNE on the drawn rows, or the job that was begun before; then every test row twice."""
    name = f"quality_{point.rows}_{point.seed}"
    job = notes.job(point)
    if job is None:
        fill(cursor, f"{name}_rows", drawn)
        query = f"select prompt, completion from {name}_rows"
        options = json.dumps({"seed": point.seed})
        (job,) = cursor.execute(
            "select snowflake.cortex.finetune('CREATE', %s, %s, %s, '', %s)", (name, MODEL, query, options)
        ).fetchone()
        notes.begin(point, job)
    ended = wait(cursor, job)
    schema = json.dumps({"type": "json", "schema": {"type": "string", "enum": list(labels)}}).replace("'", "''")
    answers = [
        ask(cursor, ended["model"], more)
        for more in ("model_parameters => {'max_tokens': 24}", f"response_format => parse_json('{schema}')")
    ]
    cursor.execute(f"drop model {ended['model']}")
    greedy, likeliest = (share_right(each, test) for each in answers)
    return Score(greedy, likeliest, (ended["finished_on"] - ended["created_on"]) / 1000, ended["trained_tokens"])


def wait(cursor: Any, job: str) -> Mapping[str, Any]:
    """What DESCRIBE says once the job has succeeded."""
    while True:
        (text,) = cursor.execute("select snowflake.cortex.finetune('DESCRIBE', %s)", (job,)).fetchone()
        found = json.loads(text)
        if found["status"] == "SUCCESS":
            return found
        if found["status"] in ENDS:
            raise SystemExit(f"{job} has ended: {text}")
        time.sleep(POLL_S)


def ask(cursor: Any, model: str, more: str) -> list[str]:
    """The model's answers to the test rows, in order."""
    sql = f"select id, ai_complete(model => '{model}', prompt => prompt, {more})::varchar from quality_test order by id"
    return [(text or "").strip().strip('"') for _, text in cursor.execute(sql).fetchall()]


def share_right(answers: Sequence[str], test: Sequence[Row]) -> float:
    return round(sum(ours == row.label for ours, row in zip(answers, test, strict=True)) / len(test), 4)


def table(done: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line a number of rows and method: the means over seeds."""
    yield f"{'rows':>8} {'method':8} {'seeds':>6} {'greedy':>8} {'labels':>8} {'minutes':>8}"
    groups = sorted({(one["rows"], one["method"]) for one in done})
    for rows, method in groups:
        some = [one for one in done if (one["rows"], one["method"]) == (rows, method)]
        greedy, labels, seconds = (statistics.mean(one[key] for one in some) for key in ("greedy", "labels", "seconds"))
        yield f"{rows:8} {method:8} {len(some):6} {greedy:8.4f} {labels:8.4f} {seconds / 60:8.1f}"


if __name__ == "__main__":
    main()
