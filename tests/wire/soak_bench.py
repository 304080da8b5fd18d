"""What a server bears, measured by hand: `python tests/wire/soak_bench.py crowd | memory | pandas`. Each prints its figures.

crowd: 64 connections run 50 statements each. memory: 50 results of a million rows and three columns are fetched. pandas: the same
result five times by the official connectors, from the statement to a data frame. How long SELECT 1 takes beside other work:
`bench/latency.py`. The crowd has `LONGEST_S` seconds: what was not done by then is told as not done.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
from raw_client import RawClient
from wire_bench import ClientPython, Server, start_server

LONGEST_S = 90.0
MILLION = "select seq4() as a, seq4() * 1.5 as b, 'row ' || seq4() as c from table(generator(rowcount => 1000000))"
STATEMENTS = (
    "select 1",
    "select count(*) from support_tickets",
    "select ticket_id, request from support_tickets order by ticket_id limit 10",
    "insert into crowded values ({}, 'word')",
    "select count(*) from crowded where a = {}",
)


def crowd(server: Server) -> str:
    """64 connections, 50 statements each; all of them must succeed."""
    first = RawClient(server)
    first.query("create table crowded (a int, b varchar)")
    begun = time.perf_counter()
    with ThreadPoolExecutor(64) as pool:
        clients = list(pool.map(lambda _: RawClient(server), range(64)))
        logged_in = time.perf_counter()
        outcomes = [outcome for each in pool.map(_work, clients, itertools.count()) for outcome in each]
    ended = time.perf_counter()
    rows = first.query("select * from crowded")["data"]["total"]
    told = f"{len(outcomes)} of {64 * 50} statements in {ended - logged_in:.1f} s, {outcomes.count(False)} failures"
    return f"logins {logged_in - begun:.1f} s, {told}, {rows} rows"


def _work(client: RawClient, number: int) -> list[bool]:
    """Whether each statement succeeded, in order, of those that there was time for."""
    deadline = time.perf_counter() + LONGEST_S
    texts = [STATEMENTS[step % len(STATEMENTS)].format(number) for step in range(50)]
    return [client.finished(text)["success"] for text in texts if time.perf_counter() < deadline]


def memory(server: Server) -> str:
    """The server's resident memory after the fifth of 50 large results, and after the last."""
    client, process = RawClient(server), psutil.Process(server.process.pid)
    sizes: list[float] = []
    begun = time.perf_counter()
    for _ in range(50):
        data = client.finished(MILLION)["data"]
        for chunk in data["chunks"]:
            client.http.get(chunk["url"], headers=data["chunkHeaders"]).raise_for_status()
        sizes.append(process.memory_info().rss / 1e6)
    early, late = sizes[4], sizes[-1]
    told = f"{late:.0f} MB after {len(sizes)} ({late / early - 1:+.1%}), at most {max(sizes):.0f} MB"
    return f"{early:.0f} MB after 5 results, {told}, {(time.perf_counter() - begun) / len(sizes):.2f} s each"


def pandas(server: Server) -> str:
    """Seconds from a statement to a million rows in pandas, by connector."""
    script = f"""
        import time
        cursor = connect().cursor()
        out["seconds"] = []
        for _ in range(5):
            begun = time.perf_counter()
            assert len(cursor.execute({MILLION!r}).fetch_pandas_all()) == 1_000_000
            out["seconds"].append(round(time.perf_counter() - begun, 2))
    """
    clients = [ClientPython(name, server) for name in ("connector4", "connector5")]
    return "; ".join(f"{client.name} {client.run(script)['seconds']} s" for client in clients)


MODES: Mapping[str, Callable[[Server], str]] = {"crowd": crowd, "memory": memory, "pandas": pandas}


def main(mode: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "data", "--demo")
        sys.stdout.write(f"{mode}: {MODES[mode](server)}\n")
        assert server.stop() == 0


if __name__ == "__main__":
    main(sys.argv[1])
