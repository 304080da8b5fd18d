"""Kill -9 at a random moment: a server under load dies, comes back, and all that it acknowledged is there, and no half of anything.

Each `Writer` changes one thing again and again and counts what was acknowledged. After each restart it looks: the state must
be that of all acknowledged steps, or of these and the one that was on its way. By hand: `python tests/wire/kill_bench.py 50`.
"""

from __future__ import annotations

import random
import secrets
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any, ClassVar

import httpx
from raw_client import RawClient
from wire_bench import Server, start_server

ROWS = 300
LONGEST_S = 2.5
"""Seconds after which the server is dead at the latest."""


class Writer(ABC):
    """One client that changes one thing. `begun` counts the steps that were sent, `acknowledged` those that were answered."""

    prepared: ClassVar[Sequence[str]] = ()
    """Statements that make what the steps change."""

    def __init__(self) -> None:
        self.begun = self.acknowledged = 0
        self.failure: AssertionError | None = None

    @property
    def name(self) -> str:
        return type(self).__name__.lower()

    def work(self, raw: RawClient) -> None:
        """Step after step until the server is gone."""
        try:
            while True:
                self.begun = self.acknowledged + 1
                self.step(raw, self.acknowledged)
                self.acknowledged += 1
        except httpx.TransportError:
            return
        except AssertionError as error:
            self.failure = error

    def check(self, raw: RawClient) -> bool:
        """Whether the step on its way was done; it counts from now on. AssertionError for anything but all or nothing."""
        assert self.failure is None, f"{self.name}: {self.failure!r}"
        steps = self.found(raw)
        assert self.acknowledged <= steps <= self.begun, (
            f"{self.name}: {self.acknowledged} steps were acknowledged, {self.begun} begun, {steps} are there"
        )
        is_done = steps > self.acknowledged
        self.acknowledged = steps
        return is_done

    @abstractmethod
    def step(self, raw: RawClient, number: int) -> None:
        """One change, acknowledged when this returns."""

    @abstractmethod
    def found(self, raw: RawClient) -> int:
        """How many steps are there, each as a whole."""


def run(raw: RawClient, text: str, **body: Any) -> Any:
    """The rows of a statement that must succeed."""
    answer = raw.finished(text, **body)
    assert answer["success"], f"{text[:200]}: {answer['message']}"
    return answer["data"].get("rowset")


def upload(raw: RawClient, place: str, name: str, content: bytes) -> None:
    """PUT as the newer connector does it."""
    answer = raw.http.post(
        "/queries/v1/query-request",
        params={"requestId": secrets.token_hex(8)},
        json={"sqlText": f"put 'file:///tmp/{name}' {place} auto_compress = false"},
        headers={"authorization": f'Snowflake Token="{raw.token}"', "user-agent": "PythonConnector/5.2.0"},
    ).json()
    assert answer["success"], answer["message"]
    info = answer["data"]["stageInfo"]
    bearer = {"authorization": f"Bearer {info['creds']['GCS_ACCESS_TOKEN']}"}
    raw.http.put(f"{info['endPoint']}/{info['location']}{name}", content=content, headers=bearer).raise_for_status()


def whole_batches(raw: RawClient, table: str, rows: int) -> int:
    """The batches of a table, which must be numbered from 0 and have all their rows."""
    counts = {int(batch): int(count) for batch, count in run(raw, _COUNTS.format(table), parameters=_AS_JSON)}
    assert counts == dict.fromkeys(range(len(counts)), rows), f"{table} has half batches: {counts}"
    return len(counts)


_COUNTS = "select batch, count(*) from {} group by batch"
_AS_JSON = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}


class Binds(Writer):
    """Rows that are bound, as write_pandas and executemany send them."""

    prepared = ("create table binds (batch int, word varchar)",)

    def step(self, raw: RawClient, number: int) -> None:
        values = {
            "1": {"type": "FIXED", "value": [str(number)] * ROWS},
            "2": {"type": "TEXT", "value": [f"word {index}" for index in range(ROWS)]},
        }
        run(raw, "insert into binds values (?, ?)", bindings=values)

    def found(self, raw: RawClient) -> int:
        return whole_batches(raw, "binds", ROWS)


class Loads(Writer):
    """A file to a stage, then COPY INTO. A load that is repeated after the restart loads nothing twice."""

    prepared = ("create table loads (batch int, word varchar)", "create stage loaded")

    def step(self, raw: RawClient, number: int) -> None:
        upload(raw, "@loaded", f"{number}.csv", b"".join(b"%d,word\n" % number for _ in range(ROWS)))
        self._load(raw, f"files = ('{number}.csv')")

    def found(self, raw: RawClient) -> int:
        found = whole_batches(raw, "loads", ROWS)
        self._load(raw, "")
        again = whole_batches(raw, "loads", ROWS)
        assert again <= found + 1
        return again

    def _load(self, raw: RawClient, which: str) -> None:
        run(raw, f"copy into loads from @loaded file_format = (type = csv) {which}")


class Uploads(Writer):
    """Files to a stage."""

    prepared = ("create stage uploads",)

    def step(self, raw: RawClient, number: int) -> None:
        upload(raw, "@uploads", f"{number}.bin", self._content(number))

    def found(self, raw: RawClient) -> int:
        listed = {row[0]: row[2] for row in run(raw, "list @uploads")}
        wanted = {
            f"uploads/{n}.bin": md5(self._content(n), usedforsecurity=False).hexdigest() for n in range(len(listed))
        }
        assert listed == wanted, f"files that are not whole: {set(listed.items()) ^ set(wanted.items())}"
        return len(listed)

    def _content(self, number: int) -> bytes:
        return random.Random(number).randbytes(300_000)


class Definitions(Writer):
    """A table made, changed, renamed and dropped, again and again."""

    def step(self, raw: RawClient, number: int) -> None:
        table, phase = divmod(number, len(_PHASES))
        run(raw, _PHASES[phase].format(table))

    def found(self, raw: RawClient) -> int:
        names = {row[1] for row in run(raw, "show tables like 'DEFINED_%'")}
        for steps in range(self.acknowledged, self.begun + 1):
            if names == self._names(steps) and all(self._columns(raw, name) == _COLUMNS[steps % 4] for name in names):
                return steps
        raise AssertionError(f"definitions: {names} after {self.acknowledged} or {self.begun} steps")

    def _names(self, steps: int) -> set[str]:
        table, phase = divmod(steps, len(_PHASES))
        return {"DEFINED_A" if phase < 3 else f"DEFINED_{table}"} if phase else set()

    def _columns(self, raw: RawClient, name: str) -> list[str]:
        return [row[1] for row in run(raw, f"describe table {name}")]


_PHASES = (
    "create table defined_a (a number(10, 2) comment 'a price', b varchar(20)) as select 1.5, 'x' from table(generator(rowcount => 2000))",
    "alter table defined_a add column c timestamp_ntz(3)",
    "alter table defined_a rename to defined_{}",
    "drop table defined_{}",
)
_FIRST, _LAST = ["NUMBER(10,2)", "VARCHAR(20)"], ["NUMBER(10,2)", "VARCHAR(20)", "TIMESTAMP_NTZ(3)"]
_COLUMNS = ([], _FIRST, _LAST, _LAST)


class Transfers(Writer):
    """Two tables changed in one transaction."""

    prepared = ("create table lefts (n int)", "create table rights (n int)")

    def step(self, raw: RawClient, number: int) -> None:
        for text in (
            "begin",
            f"insert into lefts values ({number})",
            f"insert into rights values ({number})",
            "commit",
        ):
            run(raw, text)

    def found(self, raw: RawClient) -> int:
        lefts, rights = (
            run(raw, f"select count(*) from {name}", parameters=_AS_JSON)[0][0] for name in ("lefts", "rights")
        )
        assert lefts == rights, f"half a transaction: {lefts} and {rights}"
        return int(lefts)


class Updates(Writer):
    """All rows of a table counted up at once."""

    prepared = ("create table updates as select seq4() as id, 0::int as n from table(generator(rowcount => 5000))",)

    def step(self, raw: RawClient, number: int) -> None:
        run(raw, "update updates set n = n + 1")

    def found(self, raw: RawClient) -> int:
        ((least, most, rows),) = run(raw, "select min(n), max(n), count(*) from updates", parameters=_AS_JSON)
        assert (least, rows) == (most, "5000"), f"half an update: {least} to {most} in {rows} rows"
        return int(least)


class Answers(Writer):
    """A table filled by a model."""

    prepared = ("create table answers (batch int, answer varchar)",)

    def step(self, raw: RawClient, number: int) -> None:
        ask = f"snowflake.cortex.complete('mistral-7b', 'batch {number}, row ' || seq4())"
        run(raw, f"insert into answers select {number}, {ask} from table(generator(rowcount => {ROWS}))")

    def found(self, raw: RawClient) -> int:
        return whole_batches(raw, "answers", ROWS)


class Roles(Writer):
    """What lies in the catalogue: a role, and a grant to it."""

    prepared = ("create table granted (n int)",)

    def step(self, raw: RawClient, number: int) -> None:
        role, is_grant = divmod(number, 2)
        run(raw, f"grant select on table granted to role killed_{role}" if is_grant else f"create role killed_{role}")

    def found(self, raw: RawClient) -> int:
        roles = {row[1] for row in run(raw, "show roles like 'KILLED_%'")}
        granted = {row[5] for row in run(raw, "show grants on table granted") if row[1] == "SELECT"}
        assert roles == {f"KILLED_{n}" for n in range(len(roles))} and granted <= roles, (roles, granted)
        return len(roles) + len(granted)


class Queries(Writer):
    """Results that somebody will fetch later, in chunks."""

    def __init__(self) -> None:
        super().__init__()
        self._ids: list[str] = []

    def step(self, raw: RawClient, number: int) -> None:
        answer = raw.finished("select seq4() as n from table(generator(rowcount => 20000))")
        assert answer["success"], answer["message"]
        self._ids.append(answer["data"]["queryId"])

    def found(self, raw: RawClient) -> int:
        for query_id in self._ids[-20:]:
            answer = raw.get(f"/queries/{query_id}/result")
            assert answer["success"] and answer["data"]["total"] == 20_000, answer["message"]
            (chunk,) = answer["data"]["chunks"]
            got = raw.http.get(chunk["url"], headers=answer["data"]["chunkHeaders"])
            assert len(got.content) == chunk["uncompressedSize"]
        return len(self._ids)


WRITERS: Sequence[type[Writer]] = (
    Binds, Loads, Uploads, Definitions, Transfers, Updates, Answers, Roles, Queries,
)  # fmt: skip


@dataclass
class Killing:
    """A data directory whose server is killed again and again. `done` counts the steps that a kill came too late for."""

    data: Path
    rng: random.Random
    writers: tuple[Writer, ...] = field(default_factory=lambda: tuple(kind() for kind in WRITERS))
    done: Counter[str] = field(default_factory=Counter[str])
    clients: Sequence[RawClient] = ()

    def begin(self) -> Server:
        server = start_server(self.data)
        raw = RawClient(server)
        for writer in self.writers:
            for text in writer.prepared:
                run(raw, text)
        raw.close()
        return server

    def round(self, server: Server) -> Server:
        """Load, kill, restart, look. The new server."""
        threads = [
            threading.Thread(target=writer.work, args=(client,), daemon=True)
            for writer, client in zip(self.writers, self._clients(server), strict=True)
        ]
        for thread in threads:
            thread.start()
        time.sleep(self.rng.uniform(0.2, LONGEST_S))
        kill(server)
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads), "a client hangs"
        server = start_server(self.data)
        raw = RawClient(server)
        for writer in self.writers:
            self.done[writer.name] += writer.check(raw)
        raw.close()
        return server

    def end(self, server: Server) -> None:
        kill(server)
        for client in self.clients:
            client.http.close()

    def _clients(self, server: Server) -> Sequence[RawClient]:
        """The writers' sessions, which go on where that is possible: one in a transaction does not outlive its server."""
        known = self.clients or [RawClient(server) for _ in self.writers]
        self.clients = [client if _goes_on(client, server) else _anew(client, server) for client in known]
        return self.clients


def _goes_on(client: RawClient, server: Server) -> bool:
    return client.move(server).query("select 1")["success"]


def _anew(client: RawClient, server: Server) -> RawClient:
    client.http.close()
    return RawClient(server)


def kill(server: Server) -> None:
    """SIGKILL, as a power cut or the kernel's memory killer would."""
    server.process.kill()
    server.process.wait()
    assert server.process.stdout is not None
    server.process.stdout.close()


def main(rounds: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing(Path(folder) / "data", random.Random(seed))
        server = killing.begin()
        try:
            for number in range(rounds):
                server = killing.round(server)
                steps = {writer.name: writer.acknowledged for writer in killing.writers}
                note = f"round {number + 1}: steps {steps}, done though not acknowledged {dict(killing.done)}"
                sys.stdout.write(note + "\n")
                sys.stdout.flush()
        finally:
            killing.end(server)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
