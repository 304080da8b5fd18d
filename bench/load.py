"""How long COPY INTO takes for a CSV file, beside DuckDB's own reader on the same file in the same run.

    python bench/load.py [--megabytes 100] [--repeat 3] [--out FILE]

Both load into a database file on disk, each in a process of its own, in turns; the file is made once, from a seed. It has
numbers, decimals, floats, booleans, dates, timestamps, enclosed texts with commas, doubled marks and newlines, and NULLs.
Medians of wall and CPU seconds and the highest memory of a process. Prints a table for people; its last line is JSON,
which `--out` also writes to a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

import sapwood

WORDS = [
    "invoice",
    "roaming",
    "refund",
    "signal",
    "router",
    "cancel",
    "plan",
    "upgrade",
    "charge",
    "monthly",
    "delay",
    "support",
    "device",
    "battery",
]
COLUMNS = """id {whole}, ticket VARCHAR, amount DECIMAL(10,2), score DOUBLE, is_open BOOLEAN, day DATE, seen_on TIMESTAMP,
request VARCHAR, region VARCHAR"""


def main() -> None:
    options = read_options()
    if options.only:
        print(json.dumps(RIVALS[options.only](options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        rows = write_file(file, options.megabytes * 1_000_000)
        turns = [{name: measured(name, file) for name in RIVALS} for _ in range(options.repeat)]
    figures = {name: summed([turn[name] for turn in turns]) for name in RIVALS}
    show(figures, options.megabytes, rows)
    report = {
        "bench": "load",
        "megabytes": options.megabytes,
        "rows": rows,
        "repeat": options.repeat,
        **figures,
        "ratio": round(figures["sapwood"]["seconds"] / figures["duckdb"]["seconds"], 3),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": platform.processor() or platform.machine(),
        "versions": {name: version(name) for name in ("duckdb", "pyarrow")},
    }
    line = json.dumps(report)
    if options.out is not None:
        options.out.write_text(line + "\n", encoding="utf-8")
    print(line)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=sorted(RIVALS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_file(path: Path, size: int) -> int:
    """A CSV file of about `size` bytes, the same 100,000 rows over and over; the number of its rows."""
    chance, rows, written = random.Random(7), 0, 0
    blocks = ["".join(line(chance, 10_000 * block + row) for row in range(10_000)) for block in range(10)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("id,ticket,amount,score,is_open,day,seen_on,request,region\n")
        while written < size:
            block = blocks[rows // 10_000 % len(blocks)]
            stream.write(block)
            rows, written = rows + 10_000, written + len(block)
    return rows


def line(chance: random.Random, number: int) -> str:
    text = " ".join(chance.choices(WORDS, k=chance.randint(8, 24)))
    if number % 7 == 0:
        text = text.replace(" ", ', ""', 1).replace(" ", '""\n', 1)
    day, clock = (
        f"2024-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        f"{chance.randint(10, 23)}:{chance.randint(10, 59)}:07",
    )
    amount, region = f"{chance.randint(1, 99999)}.{chance.randint(0, 99):02d}", "" if number % 11 == 0 else "north"
    return f'{number},TR{number:07d},{amount},{chance.random():.6f},{"true" if number % 3 else "false"},{day},{day} {clock},"{text}",{region}\n'


# One load, in a process of its own ------------------------------------------------------------------------------------


def measured(name: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--only", name, "--file", str(file)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def timed(work: Callable[[], int]) -> dict[str, Any]:
    before, started = cpu_seconds(), time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"rows": rows, "seconds": seconds, "cpu_seconds": cpu_seconds() - before, "peak_mb": peak}


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def by_sapwood(file: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        cursor = sapwood.connect(Path(folder)).cursor()
        cursor.execute(f"CREATE TABLE t ({COLUMNS.format(whole='INTEGER')})")
        copy = f"COPY INTO t FROM 'file://{file}' FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"')"

        def work() -> int:
            return int(cursor.execute(copy).fetchall()[0][3])

        return timed(work)


def by_duckdb(file: Path) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(dir=file.parent) as folder,
        duckdb.connect(str(Path(folder) / "d.duckdb")) as database,
    ):
        database.execute(f"CREATE TABLE t ({COLUMNS.format(whole='DECIMAL(38,0)')})")

        def work() -> int:
            database.execute(f"COPY t FROM '{file}' (HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"')")
            return int(database.execute("SELECT count(*) FROM t").fetchall()[0][0])

        return timed(work)


RIVALS: dict[str, Callable[[Path], dict[str, Any]]] = {"sapwood": by_sapwood, "duckdb": by_duckdb}


# Figures --------------------------------------------------------------------------------------------------------------


def summed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    assert len({run["rows"] for run in runs}) == 1, "each run loads the same rows"
    return {
        "rows": runs[0]["rows"],
        "seconds": round(statistics.median(run["seconds"] for run in runs), 3),
        "cpu_seconds": round(statistics.median(run["cpu_seconds"] for run in runs), 3),
        "peak_mb": max(run["peak_mb"] for run in runs),
    }


def show(figures: dict[str, dict[str, Any]], megabytes: int, rows: int) -> None:
    print(f"{megabytes} MB, {rows:,} rows")
    print(f"{'':10}{'seconds':>10}{'CPU s':>10}{'MB/s':>10}{'peak MB':>10}")
    for name, found in figures.items():
        speed = megabytes / found["seconds"]
        print(f"{name:10}{found['seconds']:>10.2f}{found['cpu_seconds']:>10.2f}{speed:>10.1f}{found['peak_mb']:>10}")


if __name__ == "__main__":
    main()
