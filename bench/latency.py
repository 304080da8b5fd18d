"""How long SELECT 1 takes over the clients' protocol: alone, and beside a table scan of COMPLETE and a fine-tune.

    python bench/latency.py [--statements 500] [--out FILE]

A server of its own with the model `echo`, whose scan costs the serving process more of its own time a row than any real
model's. A process a core that burns at a training job's priority stands for the fine-tune. Milliseconds of one client that asks
again as soon as it is answered, over plain HTTP. Prints one line of JSON, which `--out` also writes to a file.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from sapwood.inference.priority import TRAINING, give_way

PASSWORD = "Sap-And-Bark-7"
SETTINGS = '[models.aliases]\nmistral-7b = "echo"\n'
SCAN = """SELECT SNOWFLAKE.CORTEX.COMPLETE('mistral-7b', 'scan {}, row ' || seq4()) FROM TABLE(GENERATOR(ROWCOUNT => 20000))"""


def main() -> None:
    options = read_options()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        client = Client(url)
        milliseconds(client, 20)  # the first ones import what they need
        alone = milliseconds(client, options.statements)
        with ExitStack() as stack:
            stack.enter_context(fine_tune())
            scanned = stack.enter_context(scans(url))
            beside, seconds = timed(client, options.statements)
    report = {
        "bench": "latency",
        "statements": options.statements,
        "alone_ms": summed(alone),
        "beside_ms": summed(beside),
        "scanned_rows_per_s": round(scanned.rows / seconds),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
    line = json.dumps(report)
    if options.out is not None:
        options.out.write_text(line + "\n", encoding="utf-8")
    print(line)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--statements", type=int, default=500)
    parser.add_argument("--out", type=Path, default=None)
    return parser.parse_args()


@contextmanager
def serving(folder: Path) -> Generator[str]:
    """The URL of a server on an empty data directory."""
    (folder / "sapwood.toml").write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "sapwood", "serve", "--data", str(folder), "--port", "0"]
    environment = {**os.environ, "SAPWOOD_ADMIN_PASSWORD": PASSWORD}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=60)


class Client:
    """A session over plain HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=300)
        login = {"data": {"LOGIN_NAME": "ADMIN", "PASSWORD": PASSWORD}}
        answer = self._http.post("/session/v1/login-request", json=login).json()
        self._headers = {"authorization": f'Snowflake Token="{answer["data"]["token"]}"'}

    def query(self, text: str) -> dict[str, Any]:
        """What a statement gave; RuntimeError if it failed."""
        path = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
        answer = self._http.post(path, json={"sqlText": text}, headers=self._headers).json()
        if not answer["success"]:
            raise RuntimeError(answer["message"])
        return answer["data"]


def milliseconds(client: Client, statements: int) -> list[float]:
    """How long each SELECT 1 took."""
    found: list[float] = []
    for _ in range(statements):
        begun = time.perf_counter()
        client.query("select 1")
        found.append((time.perf_counter() - begun) * 1000)
    return found


def timed(client: Client, statements: int) -> tuple[list[float], float]:
    """The milliseconds, and the seconds that all took together."""
    begun = time.perf_counter()
    return milliseconds(client, statements), time.perf_counter() - begun


@contextmanager
def fine_tune() -> Generator[None]:
    """Processes that burn as a training job does, for the length of a block."""
    context = multiprocessing.get_context("spawn")
    burners = [context.Process(target=burn, daemon=True) for _ in os.sched_getaffinity(0)]
    for burner in burners:
        burner.start()
    try:
        yield
    finally:
        for burner in burners:
            burner.terminate()
            burner.join()


def burn() -> None:
    give_way(TRAINING)
    while True:
        pass


class Scans:
    """Table scans one after another, until they are told to stop. `rows` counts what was answered."""

    def __init__(self, client: Client) -> None:
        self.rows = 0
        self.is_over = threading.Event()
        self._client = client

    def run(self) -> None:
        for number in itertools.count():
            if self.is_over.is_set():
                return
            self.rows += self._client.query(SCAN.format(number))["total"]


@contextmanager
def scans(url: str) -> Generator[Scans]:
    """Table scans for the length of a block; each asks 20,000 rows that nobody has asked before."""
    found = Scans(Client(url))
    thread = threading.Thread(target=found.run)
    thread.start()
    try:
        yield found
    finally:
        found.is_over.set()
        thread.join()


def summed(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {name: round(cuts[percent - 1], 1) for name, percent in (("p50", 50), ("p95", 95), ("p99", 99))} | {
        "max": round(max(times), 1)
    }


if __name__ == "__main__":
    main()
