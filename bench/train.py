"""How fast LoRA training is beside what one could take instead: same model, rows, rank and batch, step by step in the same run.

    python bench/train.py --data-set workload_tickets.csv [--workload tickets|banking77] [--rows 256] [--batch 16] [--steps 10]
        [--trl PYTHON] [--out FILE]

Each trainer is a script of bench/rivals in a process of its own: ours, a plain loop over transformers and PEFT (logits of label
positions only), and, where `--trl` names the Python of an environment with trl, TRL at its defaults and tuned for a CPU. All warm up,
then take steps in turn; a figure is the median. Tokens are those of the rows, without padding. The roofline is the arithmetic that
nobody can do without, at the measured rate of a matrix product of the same number type: the tokens that all prompts share once a
step, each row's own tokens, each through every matrix of the layers forwards and backwards, label tokens through the head. Prints
a table; the last line is JSON, which is also written to bench/results/DATE-train.json or `--out`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference import MODEL, WORKLOADS, Rival, commit, find_model, product_rate, shared, weights

from sapwood.inference.chat import Chat
from sapwood.inference.request import Message
from sapwood.inference.weights import load_tokenizer

HERE = Path(__file__).parent
LABELS = {"tickets": "category", "banking77": "category"}
"""Workloads that can be trained on, with the column of the right answers."""
OURS = "sapwood"


@dataclass(frozen=True)
class Step:
    """One step of a trainer; see rivals/turns.py."""

    seconds: float
    peak_mb: int
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Rows:
    """Tokens of the rows: those that all prompts begin with, all of each row, and labels with their end."""

    shared: int
    lengths: Sequence[int]
    labels: Sequence[int]


class Trainer(Rival):
    """A script that trains a step whenever it is asked."""

    def step(self) -> Step:
        """Let it do one step."""
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        return Step(**self._read())


def main() -> None:
    """Measure and report."""
    options = read_options()
    pairs = read_pairs(options)
    with tempfile.TemporaryDirectory() as folder:
        path = find_model(folder)
        file = Path(folder) / "rows.jsonl"
        lines = [json.dumps({"prompt": prompt, "completion": completion}) for prompt, completion in pairs]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        steps = interleaved(commands(options, path, file), options.steps)
        rows = tokens_of(Chat(load_tokenizer(path)), pairs)
        roof = roofline(path, rows, options.batch)
    trainers = summary(steps, rows, batch=options.batch, roof=roof)
    result = {
        "bench": "train",
        "workload": options.workload,
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "model": MODEL,
        "rows": len(pairs),
        "batch": options.batch,
        "steps": options.steps,
        "cores": os.cpu_count(),
        "tokens": {"shared": rows.shared, "rows": sum(rows.lengths), "labels": sum(rows.labels)},
        "roofline_rows_per_s": round(roof, 2),
        "trainers": trainers,
    }
    print_table(trainers)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-set", type=Path, required=True, help="a CSV file with the workload's columns")
    parser.add_argument("--workload", choices=sorted(LABELS), default="tickets")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16, help="rows a step")
    parser.add_argument("--steps", type=int, default=10, help="steps that are measured")
    parser.add_argument("--trl", default="", metavar="PYTHON", help="of an environment with trl")
    parser.add_argument("--out", type=Path, default=HERE / "results" / f"{time.strftime('%Y-%m-%d')}-train.json")
    return parser.parse_args()


def read_pairs(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Prompts and right answers; fewer rows than three batches are repeated."""
    workload = WORKLOADS[options.workload]
    with options.data_set.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[: options.rows]
    pairs = [(workload.instruction + row[workload.column], row[LABELS[options.workload]]) for row in rows]
    return pairs * -(-3 * options.batch // len(pairs))


def commands(options: argparse.Namespace, path: Path, file: Path) -> dict[str, list[str]]:
    """How each trainer is started."""
    arguments = [str(path), str(file), str(options.batch)]
    scripts = {OURS: (sys.executable, "train_sapwood.py"), "plain loop": (sys.executable, "train_plain.py")}
    found = {name: [python, str(HERE / "rivals" / script), *arguments] for name, (python, script) in scripts.items()}
    for settings in ("defaults", "tuned") if options.trl else ():
        found[f"trl {settings}"] = [options.trl, str(HERE / "rivals" / "train_trl.py"), *arguments, settings]
    return found


def interleaved(started: Mapping[str, Sequence[str]], count: int) -> dict[str, list[Step]]:
    """All trainers warm, then a step of each in turn."""
    trainers = {name: Trainer(command) for name, command in started.items()}
    steps: dict[str, list[Step]] = {name: [] for name in trainers}
    try:
        for turn in range(count):
            for name, trainer in trainers.items():
                steps[name].append(trainer.step())
                print(f"{turn + 1}/{count} {name} {steps[name][-1].seconds:.2f} s", file=sys.stderr)
    finally:
        for trainer in trainers.values():
            trainer.close()
    return steps


def tokens_of(chat: Chat, pairs: Sequence[tuple[str, str]]) -> Rows:
    prompts = [chat.prompt_ids([Message("user", prompt)]) for prompt, _ in pairs]
    labels = [len(chat.completion_ids(completion)) for _, completion in pairs]
    lengths = [len(prompt) + count for prompt, count in zip(prompts, labels, strict=True)]
    return Rows(shared(prompts), lengths, labels)


def roofline(path: Path, rows: Rows, batch: int) -> float:
    """Rows/s if nothing but matrix products took time: two operations a weight and token, forwards and backwards."""
    body, head = weights(path)
    own, labels = (statistics.mean(counts) for counts in (rows.lengths, rows.labels))
    row = body * (own - rows.shared + rows.shared / batch) + head * labels
    return product_rate() / (4 * row)


def summary(steps: Mapping[str, Sequence[Step]], rows: Rows, *, batch: int, roof: float) -> dict[str, dict[str, Any]]:
    """For each trainer its median, and how many times faster ours is."""
    medians = {name: statistics.median(step.seconds for step in some) for name, some in steps.items()}
    return {
        name: {
            "rows_per_s": round(batch / medians[name], 2),
            "tokens_per_s": round(batch * statistics.mean(rows.lengths) / medians[name], 1),
            "roofline_share": round(batch / medians[name] / roof, 3),
            "peak_mb": some[-1].peak_mb,
            "ours_is_faster": round(medians[name] / medians[OURS], 2),
            "all_seconds": [round(step.seconds, 3) for step in some],
            "versions": some[-1].versions,
        }
        for name, some in steps.items()
    }


def print_table(trainers: Mapping[str, Mapping[str, Any]]) -> None:
    columns = ("rows_per_s", "tokens_per_s", "roofline_share", "peak_mb", "ours_is_faster")
    print(f"{'trainer':16}" + "".join(f"{name:>16}" for name in columns))
    for name, one in sorted(trainers.items(), key=lambda item: -item[1]["rows_per_s"]):
        print(f"{name:16}" + "".join(f"{one[column]!s:>16}" for column in columns))


if __name__ == "__main__":
    main()
