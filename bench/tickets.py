"""How many tickets a second a model sorts into categories: the quickstart's prompt over a CSV file of tickets.

    python bench/tickets.py --tickets tickets.csv [--model smollm2-135m-instruct] [--rows 256] [--tokens 6] [--out FILE]

The file needs a column `request`; a column `category` gives accuracy. `--tokens 0` lets answers end by themselves. The
model is one that the registry knows (it is fetched on first use) or a folder. Loading is timed apart. Prints a table for
people; its last line is JSON, which `--out` also writes to a file.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sapwood.config import Config, load
from sapwood.inference.request import Backend, Completion, Message, Request, Sampling
from sapwood.inference.threads import wait_as_cores_allow
from sapwood.quickstart.story import PROMPT
from sapwood.registry.registry import Registry
from sapwood.store.catalog import Catalog
from sapwood.store.records import ModelVersion


def main() -> None:
    options = read_options()
    os.environ.update(wait_as_cores_allow())
    from sapwood.inference.local import (
        LocalBackend,  # torch comes with it; measured in this process, without the worker
    )

    config = load(options.data, {"inference.threads": options.threads, "inference.number_type": options.number_type})
    with options.tickets.open(encoding="utf-8", newline="") as file:
        tickets = list(csv.DictReader(file))[: options.rows]
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(f"sqlite:///{folder}/catalog.sqlite")
        registry = Registry(catalog, config)
        model = find_model(registry, options.model)
        backend = LocalBackend(config.inference, prepare=registry.prepare)
        runs = [run(backend, model, tickets, max_tokens=options.tokens or None) for _ in range(options.repeat)]
        backend.close()
        catalog.close()
    result = {**describe(config, options.model), "runs": runs}
    print_table(runs)
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tickets", type=Path, required=True)
    parser.add_argument("--model", default="smollm2-135m-instruct", help="a name that the registry knows, or a folder")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--tokens", type=int, default=6, help="new tokens a row; 0 lets answers end by themselves")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--number-type", default="auto")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--data", default=None)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


def find_model(registry: Registry, name: str) -> ModelVersion:
    if Path(name).is_dir():
        return registry.prepare(registry.add_local("bench-model", name))
    return registry.prepare(registry.resolve(name))


def run(
    backend: Backend, model: ModelVersion, tickets: Sequence[dict[str, str]], *, max_tokens: int | None
) -> dict[str, Any]:
    """One pass over all tickets, after a short question that loads the model."""
    started = time.perf_counter()
    list(ask(backend, [Request("warm", model, (Message("user", "Hello"),), Sampling(max_tokens=1))]))
    loaded = time.perf_counter()
    requests = [
        Request(str(at), model, (Message("user", PROMPT + ticket["request"]),), Sampling(max_tokens=max_tokens))
        for at, ticket in enumerate(tickets)
    ]
    cpu = time.process_time()
    found = ask(backend, requests)
    seconds, cpu = time.perf_counter() - loaded, time.process_time() - cpu
    return {
        "rows": len(found),
        "rows_per_s": round(len(found) / seconds, 2),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "load_seconds": round(loaded - started, 2),
        "tokens_asked": sum(done.prompt_tokens for done in found),
        "tokens_answered": sum(done.completion_tokens for done in found),
        "tokens_computed": sum(done.computed_tokens for done in found),
        "failed": sum(done.error is not None for done in found),
        "accuracy": accuracy(found, tickets),
    }


def ask(backend: Backend, requests: Sequence[Request]) -> list[Completion]:
    return list(backend.generate(requests, is_cancelled=lambda: False))


def accuracy(found: Sequence[Completion], tickets: Sequence[dict[str, str]]) -> float | None:
    """Share of answers that are exactly the category, after TRIM; None if the file does not know it."""
    if not tickets or "category" not in tickets[0]:
        return None
    return round(sum(done.text.strip() == tickets[int(done.key)]["category"] for done in found) / len(found), 4)


def describe(config: Config, model: str) -> dict[str, Any]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line.partition(": ")[2] for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if cpuinfo.is_file()
        else []
    )
    return {
        "bench": "tickets",
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip(),
        "model": Path(model).name,
        "config": vars(replace(config.inference)),
        "machine": {"cpu": names[0] if names else platform.processor(), "cores": len(names)},
        "versions": {name: version(name) for name in ("torch", "transformers", "llguidance")},
        "load_average": os.getloadavg(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def print_table(runs: Sequence[dict[str, Any]]) -> None:
    columns = list(runs[0])
    print("  ".join(f"{name:>15}" for name in columns))
    for one in runs:
        print("  ".join(f"{one[name]!s:>15}" for name in columns))


if __name__ == "__main__":
    main()
