"""LLM calls over a table, from SQL to answer, beside the engines that one could take instead: same model, same prompts, same run.

    python bench/inference.py --data-set workload_tickets.csv [--workload tickets|labels|mixed] [--rows 256] [--repeat 5]
        [--rival NAME=PYTHON:SCRIPT:ARGUMENT:...]... [--out FILE]

Ours is one SELECT through `sapwood.connect()`, the cache off. A rival is a script of bench/rivals that its own Python runs; three
are always there: transformers one by one, in batches of 16, and in fp32, whose answers are the reference. Others are named, e.g.
`--rival openvino-int8=.rivals/openvino/bin/python:with_openvino.py:FOLDER:bf16`. All are loaded first and asked once to warm up, then
asked in turn; a figure is the median. Each turn's rows begin with its number, so that no engine answers from what it kept of an
earlier turn but the shared prefix. The roofline is the arithmetic of the tokens that can't be shared, at the rate of a matrix
product of the same number type that was measured here. Prints a table; the last line is JSON, which `--out` also writes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

import sapwood
from sapwood.config import load
from sapwood.inference.chat import Chat
from sapwood.inference.request import Message
from sapwood.inference.weights import load_tokenizer
from sapwood.quickstart.story import PROMPT
from sapwood.registry.registry import Registry
from sapwood.store.catalog import Catalog

HERE = Path(__file__).parent
MODEL = "smollm2-135m-instruct"
INTENT = "Say in a few words what this customer of a bank wants, and nothing else.\n"
MAIL = "Write a short and friendly answer to this customer.\n"


@dataclass(frozen=True)
class Workload:
    """A prompt in front of a column of a CSV file, and what may come out."""

    instruction: str
    column: str
    max_tokens: int
    label_column: str = ""
    """The column whose values are the labels that an answer must be one of; '' for free answers."""


WORKLOADS: Mapping[str, Workload] = {
    "tickets": Workload(PROMPT, "request", 6),
    "labels": Workload(PROMPT, "request", 24, "category"),
    "banking77": Workload(INTENT, "text", 24, "category"),
    "mixed": Workload(MAIL, "request", 120),
}


@dataclass(frozen=True)
class Asked:
    """One run of one engine."""

    answers: Sequence[str]
    seconds: float


Ask = Callable[[int], Asked]
"""Asks an engine a turn's rows."""


class Rival:
    """A script in a process of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read()

    def ask(self, question: Mapping[str, Any]) -> Asked:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return Asked(**self._read())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} ended; see its messages above")
        return json.loads(line)


def main() -> None:
    options = read_options()
    workload = WORKLOADS[options.workload]
    with options.data_set.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[: options.rows]
    labels = sorted({row[workload.label_column] for row in rows}) if workload.label_column else None
    turns = [
        [f"{workload.instruction}({turn}) {row[workload.column]}" for row in rows] for turn in range(options.repeat + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = find_model(folder)
        tokenizer = load_tokenizer(path)
        chat = Chat(tokenizer)
        tokens = [[chat.prompt_ids([Message("user", text)]) for text in texts] for texts in turns]
        connection = sapwood.connect(Path(folder) / "data")
        prepare(connection, turns)
        rivals = {name: Rival(command) for name, command in commands(options.rival, path, bool(labels)).items()}

        def ask_rival(rival: Rival, turn: int) -> Asked:
            prompts = [tokenizer.decode(ids, skip_special_tokens=False) for ids in tokens[turn]]
            return rival.ask({"prompts": prompts, "max_tokens": workload.max_tokens, "labels": labels})

        asks: dict[str, Ask] = {"sapwood": lambda turn: ask_sapwood(connection, statement(workload, labels, turn))}
        asks |= {name: partial(ask_rival, rival) for name, rival in rivals.items()}
        runs = interleave(asks, options.repeat)
        connection.close()
        for rival in rivals.values():
            rival.close()
    engines = summarize(runs, options.reference)
    work = (
        shared(tokens[1]),
        [len(ids) for ids in tokens[1]],
        [len(chat.text_ids(text)) for text in runs["sapwood"][0].answers],
    )
    result = {
        "bench": "inference",
        "workload": options.workload,
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "model": MODEL,
        "rows": len(rows),
        "repeat": options.repeat,
        "cores": os.cpu_count(),
        "tokens": {"shared": work[0], "prompts": sum(work[1]), "answers": sum(work[2])},
        "roofline_rows_per_s": roofline(path, *work),
        "engines": engines,
    }
    print_table(engines)
    line = json.dumps(result)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(line)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-set", type=Path, required=True, help="a CSV file with the workload's columns")
    parser.add_argument("--workload", choices=sorted(WORKLOADS), default="tickets")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=PYTHON:SCRIPT:ARGUMENT:...")
    parser.add_argument("--reference", default="transformers-fp32", help="whose answers the others' are compared with")
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def find_model(folder: str) -> Path:
    """The unpacked model that all engines load."""
    catalog = Catalog(f"sqlite:///{folder}/catalog.sqlite")
    registry = Registry(catalog, load(None))
    path = Path(registry.prepare(registry.resolve(MODEL)).path)
    catalog.close()
    return path


def prepare(connection: Any, turns: Sequence[Sequence[str]]) -> None:
    cursor = connection.cursor()
    cursor.execute("alter session set use_cached_result = false")
    for turn, texts in enumerate(turns):
        cursor.execute(f"create table work_{turn} (id int, prompt varchar)")
        cursor.executemany(f"insert into work_{turn} values (%s, %s)", list(enumerate(texts)))


def ask_sapwood(connection: Any, sql: str) -> Asked:
    started = time.perf_counter()
    found = connection.cursor().execute(sql).fetchall()
    return Asked([text or "" for _, text in found], time.perf_counter() - started)


def statement(workload: Workload, labels: Sequence[str] | None, turn: int) -> str:
    """The SELECT that a user would write."""
    schema = {"type": "json", "schema": {"type": "string", "enum": labels}}
    last = (
        f"response_format => parse_json('{quoted(schema)}')"
        if labels
        else f"model_parameters => {{'max_tokens': {workload.max_tokens}}}"
    )
    return f"select id, ai_complete(model => '{MODEL}', prompt => prompt, {last})::varchar from work_{turn} order by id"


def quoted(value: object) -> str:
    return json.dumps(value).replace("'", "''")


def commands(named: Sequence[str], path: Path, has_labels: bool) -> dict[str, list[str]]:
    """How each rival is started. transformers has no label sets."""
    own = {
        "transformers-fp32": ["float32", "16"],
        "transformers-1": ["bfloat16", "1"],
        "transformers-16": ["bfloat16", "16"],
    }
    found = {
        name: [sys.executable, str(HERE / "rivals" / "with_transformers.py"), str(path), *words]
        for name, words in own.items()
        if not has_labels
    }
    for one in named:
        name, _, words = one.partition("=")
        python, script, *arguments = words.split(":")
        found[name] = [python, str(HERE / "rivals" / script), *arguments]
    return found


def interleave(asks: Mapping[str, Ask], repeat: int) -> dict[str, list[Asked]]:
    """All in turn, `repeat` times, after one turn that is thrown away."""
    runs: dict[str, list[Asked]] = {name: [] for name in asks}
    for turn in range(repeat + 1):
        for name, ask in asks.items():
            asked = ask(turn)
            print(f"{turn}/{repeat} {name} {asked.seconds:.1f} s", file=sys.stderr)
            if turn:
                runs[name].append(asked)
    return runs


def summarize(runs: Mapping[str, Sequence[Asked]], reference: str) -> dict[str, dict[str, Any]]:
    """For each engine: rows/s by its median, all seconds, how many times faster ours is, and agreement with the reference."""
    medians = {name: statistics.median(run.seconds for run in some) for name, some in runs.items()}
    rows = len(runs["sapwood"][0].answers)
    return {
        name: {
            "rows_per_s": round(rows / medians[name], 2),
            "seconds": round(medians[name], 2),
            "all_seconds": [round(run.seconds, 2) for run in some],
            "ours_is_faster": round(medians[name] / medians["sapwood"], 2),
            "agreement": agreement(some, runs[reference]) if reference in runs else None,
        }
        for name, some in runs.items()
    }


def agreement(runs: Sequence[Asked], right: Sequence[Asked]) -> float:
    """Share of all turns' answers that are the same after TRIM."""
    pairs = [
        pair for one, other in zip(runs, right, strict=True) for pair in zip(one.answers, other.answers, strict=True)
    ]
    return round(sum(ours.strip() == theirs.strip() for ours, theirs in pairs) / len(pairs), 4)


def shared(prompts: Sequence[Sequence[int]]) -> int:
    """Tokens that all prompts begin with."""
    at = 0
    while all(len(prompt) > at and prompt[at] == prompts[0][at] for prompt in prompts):
        at += 1
    return at


def roofline(path: Path, prefix: int, prompts: Sequence[int], answers: Sequence[int]) -> float:
    """Rows/s if nothing but matrix products took time: the shared tokens once, own and answer tokens through the layers, answer
    tokens through the head, two operations a weight."""
    body, head = weights(path)
    rate = product_rate()
    tokens = prefix + sum(length - prefix for length in prompts) + sum(answers)
    return round(len(prompts) * rate / (2 * (body * tokens + head * sum(answers))), 2)


def weights(path: Path) -> tuple[int, int]:
    """Weights of the layers' matrices, and of the head."""
    body = head = 0
    for file in path.glob("*.safetensors"):
        with safe_open(file, "pt") as tensors:
            shapes = {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118  no mapping
        body += sum(rows * columns for name, (rows, columns) in matrices(shapes) if ".layers." in name)
        head = max([head, *(rows * columns for name, (rows, columns) in matrices(shapes) if ".layers." not in name)])
    return body, head


def matrices(shapes: Mapping[str, Sequence[int]]) -> list[tuple[str, tuple[int, int]]]:
    return [(name, (shape[0], shape[1])) for name, shape in shapes.items() if len(shape) == 2]


def product_rate() -> float:
    """Operations/s of a bf16 matrix product on this machine: the best of 20 of [2000, 576] x [576, 1536]."""
    x, weight = torch.randn(2000, 576, dtype=torch.bfloat16), torch.randn(1536, 576, dtype=torch.bfloat16)
    best = 0.0
    for _ in range(20):
        started = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        best = max(best, 2 * 2000 * 576 * 1536 / (time.perf_counter() - started))
    return best


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def print_table(engines: Mapping[str, Mapping[str, Any]]) -> None:
    columns = ("rows_per_s", "seconds", "ours_is_faster", "agreement")
    print(f"{'engine':24}" + "".join(f"{name:>16}" for name in columns))
    for name, one in sorted(engines.items(), key=lambda item: item[1]["seconds"]):
        print(f"{name:24}" + "".join(f"{one[column]!s:>16}" for column in columns))


if __name__ == "__main__":
    main()
