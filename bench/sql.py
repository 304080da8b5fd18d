"""What SQL over many rows costs around the model: the model `echo` answers at once, so all time is sapwood's own.

    python bench/sql.py [--rows 1000 10000 100000] [--distinct 1000] [--tokenizer FOLDER] [--out FOLDER]

Each count of rows runs in a process of its own, whose peak of memory counts. With the folder of a model's tokenizer it also
says how many tokens of a wide table's prompts a local model would compute, in the order in which they are asked: no model is
run for that. Prints a table for people; its last line is JSON. With `--out` that goes to a dated file there, beside a plot of the cost per row.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sapwood
from sapwood.config import InferenceConfig
from sapwood.connection import Cursor
from sapwood.inference.echo import EchoBackend
from sapwood.inference.grouping import common, group_rows
from sapwood.inference.request import Completion, Request

PREDICATE_ROWS = 4000
BATCH_ROWS = InferenceConfig().batch_rows
WIDE_TABLE = """
create table reviews as
select 'Film ' || film as title, 'drama, ' || film as genre, repeat('In part ' || film || ' of the story somebody leaves, and somebody'
    || ' who was thought lost comes back. ', 6) as plot, 'Review ' || id || ': I saw it twice, and the second time was better.' as review
from (select seq4() as id, mod(seq4() * 7919, {films}) as film from table(generator(rowcount => {rows})))"""
WIDE_QUESTION = """
select snowflake.cortex.complete('echo', 'Does the reviewer like the film? Answer yes or no.\nTitle: ' || title || '\nGenre: ' || genre
    || '\nPlot: ' || plot || '\nReview: ' || review) from reviews"""
SELECTIVITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def main() -> None:
    options = read_options()
    if options.one:
        print(json.dumps(MEASURES[options.one](options)))
        return
    rows = [measured("rows", str(count), str(count)) for count in options.rows]
    repeated = measured("rows", str(max(options.rows)), str(options.distinct))
    predicates = measured("predicates", "0", "0")
    wide = measured("wide", "1000", "50", tokenizer=options.tokenizer) if options.tokenizer else None
    result = {**surroundings(), "rows": rows, "repeated": repeated, "predicates": predicates, "wide": wide}
    print_tables(rows, repeated, predicates)
    if wide:
        print("\nwide table: {prompts} prompts, {asked} tokens asked, {computed} computed: 1/{part}".format(**wide))
    if options.out:
        name = options.out / f"{datetime.now(UTC):%Y-%m-%d}-sql"
        name.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        plot(rows, name.with_suffix(".png"))
    print(json.dumps(result))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--distinct", type=int, default=1000, help="different prompts of the run with repeated ones")
    parser.add_argument("--tokenizer", type=Path, default=None, help="a folder with a model's tokenizer")
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--one", choices=list(MEASURES), default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def measured(measure: str, rows: str, distinct: str, *, tokenizer: Path | None = None) -> Any:
    """A measure in a process of its own."""
    command = [sys.executable, __file__, "--one", measure, "--rows", rows, "--distinct", distinct]
    command += ["--tokenizer", str(tokenizer)] if tokenizer else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


# Measures -------------------------------------------------------------------------------------------------------------


def rows_of_echo(options: argparse.Namespace) -> dict[str, Any]:
    """COMPLETE over a table into another one: wall and CPU seconds (user and system), and the process's peak.

    A statement of one row goes before it: it loads what a process loads once.
    """
    (rows,) = options.rows
    with tempfile.TemporaryDirectory() as folder, sapwood.connect(data=folder) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "create table notes as select seq4() as id, 'Say in one word what this note is about: ' ||"
            f" mod(seq4(), {options.distinct}) as prompt from table(generator(rowcount => {rows}))"
        )
        cursor.execute("create table first as select snowflake.cortex.complete('echo', 'Hello') as word")
        wall, cpu = time.perf_counter(), time.process_time()
        cursor.execute("create table said as select id, snowflake.cortex.complete('echo', prompt) as word from notes")
        wall, cpu, asked = time.perf_counter() - wall, time.process_time() - cpu, calls(cursor)
        cursor.execute("select count(*), count(distinct word) from said")
        assert cursor.fetchone() == (rows, min(rows, options.distinct))
        return {
            "rows": rows,
            "calls": asked,
            "seconds": round(wall, 2),
            "cpu_seconds": round(cpu, 2),
            "cpu_us_per_row": round(cpu / rows * 1e6, 1),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def two_predicates(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Calls for two predicates that ask, behind a cheap one; against the better order, and one that knew each row's answer."""
    return [of_selectivity(selectivity) for selectivity in SELECTIVITIES]


def of_selectivity(selectivity: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, sapwood.connect(data=folder) as connection:
        cursor = connection.cursor()
        drawn = "iff(abs(hash(seq4(), {})) % 1000 < {}, 'y', 'n')"
        cursor.execute(
            f"create table t as select seq4() as id, {drawn.format(1, selectivity * 1000)} as p, {drawn.format(2, 500)} as q"
            f" from table(generator(rowcount => {2 * PREDICATE_ROWS}))"
        )
        part = "left(snowflake.cortex.complete('echo', {0} || '{0}' || id), 1) = 'y'"
        cursor.execute(
            f"select count(*) from t where id < {PREDICATE_ROWS} and {part.format('q')} and {part.format('p')}"
        )
        asked = calls(cursor)
        cursor.execute(
            f"select count_if(p = 'y'), count_if(q = 'y'), count_if(p = 'y' and q = 'y') from t where id < {PREDICATE_ROWS}"
        )
        first, second, both = cursor.fetchone() or (0, 0, 0)
        fewest = PREDICATE_ROWS + min(first, second)
        return {
            "selectivity": selectivity,
            "calls": asked,
            "fewest": fewest,
            "more": round(asked / fewest - 1, 4),
            "knowing_all": PREDICATE_ROWS + both,
        }


def tokens_of_a_wide_table(options: argparse.Namespace) -> dict[str, Any]:
    """Prompts of a table in the shape of reviews of films; tokens that are asked, and that one pass over each group of prompts
    would compute, each beginning that neighbours in a batch share counted once."""
    from sapwood.inference.chat import Chat
    from sapwood.inference.weights import load_tokenizer

    chat, asked = Chat(load_tokenizer(options.tokenizer)), list[list[int]]()
    answer = EchoBackend.generate

    def noted(backend: EchoBackend, requests: Iterable[Request], **others: Any) -> Iterator[Completion]:
        def each() -> Iterator[Request]:
            for request in requests:
                asked.append(chat.prompt_ids(request.messages))
                yield request

        return answer(backend, each(), **others)

    (rows,) = options.rows
    with (
        patch.object(EchoBackend, "generate", noted),
        tempfile.TemporaryDirectory() as folder,
        sapwood.connect(data=folder) as connection,
    ):
        cursor = connection.cursor()
        cursor.execute(WIDE_TABLE.format(rows=rows, films=options.distinct))
        cursor.execute(WIDE_QUESTION)
    groups = group_rows(asked)
    computed = sum(group.shared + own_tokens([asked[row][group.shared :] for row in group.rows]) for group in groups)
    total = sum(map(len, asked))
    return {"prompts": len(asked), "asked": total, "computed": computed, "part": round(total / computed, 1)}


def own_tokens(rows: list[list[int]]) -> int:
    """Tokens of rows in batches of BATCH_ROWS, less those with which the row before begins too."""
    ordered, total = sorted(rows), 0
    for start in range(0, len(ordered), BATCH_ROWS):
        before: list[int] = []
        for row in ordered[start : start + BATCH_ROWS]:
            total += len(row) - common(row, before)
            before = row
    return total


def calls(cursor: Cursor) -> int:
    """Questions that the model was asked by the last statement."""
    assert cursor.result is not None, "a statement has run"
    return cursor.result.usage.distinct - cursor.result.usage.cached


MEASURES = {"rows": rows_of_echo, "predicates": two_predicates, "wide": tokens_of_a_wide_table}


# Output ---------------------------------------------------------------------------------------------------------------


def surroundings() -> dict[str, Any]:
    return {
        "bench": "sql",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 1),
        "versions": {name: version(name) for name in ("sapwood", "duckdb", "pyarrow")},
    }


def print_tables(rows: list[dict[str, Any]], repeated: dict[str, Any], predicates: list[dict[str, Any]]) -> None:
    print(f"{'rows':>9} {'calls':>9} {'seconds':>9} {'CPU s':>8} {'CPU us/row':>11} {'peak MB':>8}")
    for row in [*rows, repeated]:
        print(
            f"{row['rows']:>9} {row['calls']:>9} {row['seconds']:>9} {row['cpu_seconds']:>8}"
            f" {row['cpu_us_per_row']:>11} {row['peak_mb']:>8}"
        )
    print(f"\n{'selectivity':>11} {'calls':>7} {'fewest':>7} {'more':>7} {'knowing all':>12}")
    for row in predicates:
        print(
            f"{row['selectivity']:>11} {row['calls']:>7} {row['fewest']:>7} {row['more']:>7.1%} {row['knowing_all']:>12}"
        )


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """CPU microseconds of a row by the number of rows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["rows"] for row in rows], [row["cpu_us_per_row"] for row in rows], marker="o")
    axes.set(
        xscale="log", xlabel="rows", ylabel="CPU microseconds a row", title="COMPLETE with echo, all prompts different"
    )
    axes.set_ylim(bottom=0)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
