"""An engine over real files with a fake model: every answer is made from the prompt, and every question is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sapwood.config import Config
from sapwood.dialect.statements import Call, Column, CreateTable, Dml, Name, Parameter, Query, Signature
from sapwood.dialect.types import number, text
from sapwood.engine.batch import Batcher
from sapwood.engine.batching import Batching
from sapwood.engine.database import Databases
from sapwood.engine.engine import Engine
from sapwood.engine.execution import handle
from sapwood.engine.ledger import spill_folder
from sapwood.engine.models import SessionModels
from sapwood.engine.parameter import AccountParameters
from sapwood.engine.recent import RecentResults
from sapwood.engine.result import Progress, Rows
from sapwood.engine.snapshot import Snapshots
from sapwood.engine.staged import staged_documents
from sapwood.engine.udf import CallDoor
from sapwood.engine.work import Parts, State, Work
from sapwood.errors import UnknownModelError
from sapwood.functions import FUNCTIONS
from sapwood.functions.function import SqlFunction
from sapwood.inference.request import Completion, Embed, Message, Request, Vector
from sapwood.store.answers import AnswerCache
from sapwood.store.catalog import Catalog
from sapwood.store.records import ModelVersion

ECHO = ModelVersion("echo", "local", "digest-of-echo")


def answer_of(prompt: str) -> str:
    """What the fake model says."""
    return prompt.upper()


@dataclass
class FakeBackend:
    """Answers in upper case; a prompt with 'bad' in it fails. `asked` holds every prompt that really was asked."""

    asked: list[str] = field(default_factory=list)
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        for request in requests:
            if is_cancelled():
                return
            time.sleep(self.seconds)
            prompt = request.messages[-1].content
            with self.lock:
                self.asked.append(prompt)
                turn = len(self.asked)
            if "bad" in prompt:
                yield Completion(request.key, "", error=f"no answer to {prompt}")
                continue
            said = answer_of(prompt) if request.sampling.temperature == 0 else f"{answer_of(prompt)}-{turn}"
            yield Completion(
                request.key, said, prompt_tokens=len(prompt), completion_tokens=1, computed_tokens=2, seconds=0.5
            )

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        return sum(len(message.content) for message in messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        return len(text)

    def version(self, model: ModelVersion) -> str:
        return "fake-1"

    def embed(self, requests: Iterable[Embed], *, is_cancelled: Callable[[], bool]) -> Iterator[Vector]:
        raise NotImplementedError

    def shrink(self, limit: int) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass
class FakeInfo:
    name: str = "echo"
    aliases: tuple[str, ...] = ("mistral-7b", "mistral-large")
    licence: str = "Apache-2.0"
    present: bool = True
    data_leaves: bool = False
    parameters: int = 0


class FakeRegistry:
    """Knows echo, two aliases of it, and an endpoint."""

    def __init__(self) -> None:
        self.models = {"echo": ECHO, "mistral-7b": ECHO, "mistral-large": ECHO}
        self.models["remote"] = ModelVersion("remote", "endpoint", "digest-of-remote")

    def resolve(self, name: str, *, database: str | None = None, schema: str | None = None) -> ModelVersion:
        found = self.models.get(name.lower())
        if found is None:
            raise UnknownModelError(
                f'Request failed for external function COMPLETE$V2 with remote service error: 400 \'"unknown model \\"{name}\\""\''
            )
        return found

    def limits_of(self, version: ModelVersion) -> Mapping[str, Any]:
        return {"price_asked": 1000.0, "price_answered": 5000.0} if version.kind == "endpoint" else {}

    def listing(self) -> list[FakeInfo]:
        return [FakeInfo()]


def finetune(arguments: Mapping[str, Any], context: Any) -> str:
    """A command that tells what it was called with."""
    return f"{arguments['command']} in {context.database}.{context.schema}"


FINETUNE = Signature(
    "FINETUNE",
    ("SNOWFLAKE.CORTEX.FINETUNE",),
    (Parameter("command"), Parameter("job", required=False)),
    text(),
    command=True,
)


@dataclass
class Bench:
    """One session's work on an engine, with statements handed in as values instead of text."""

    parts: Parts
    state: State
    backend: FakeBackend
    cancelled: threading.Event = field(default_factory=threading.Event)
    progress: list[Progress] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    batchers: list[Batcher] = field(default_factory=list)

    def work(self) -> Work:
        parts = self.parts
        models = SessionModels(
            parts.registry,
            parts.backends,
            place=lambda: (self.state.database, self.state.schema),
            max_answer_tokens=256,
        )
        batcher = Batcher(
            Batching(
                "query",
                parts.functions,
                models,
                parts.backends,
                parts.answers,
                self.cancelled.is_set,
                spill_folder(parts.config.data),
                on_progress=self.progress.append,
                **self.settings,
            )
        )
        self.batchers.append(batcher)
        return Work(
            parts,
            self.state,
            self.cursor,
            "query",
            batcher,
            self.cancelled,
            run_query=lambda sql: None,  # type: ignore[arg-type, return-value]
            stream_query=lambda sql: iter(()),
            read_documents=staged_documents,
            snapshots=Snapshots(self.cursor),
        )

    def run(self, statement: Any) -> Rows:
        work = self.work()
        self.last = work
        return handle(work, statement)

    def rows(self, statement: Any) -> list[dict[str, Any]]:
        return self.run(statement).table.to_pylist()

    def __post_init__(self) -> None:
        self.cursor = self.parts.databases.cursor()

    # Short hands for statements --------------------------------------------------------------------------------------

    def name(self, name: str) -> Name:
        return Name("DB", "PUBLIC", name)

    def make(self, table: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]] = ()) -> None:
        """A table with rows."""
        self.run(CreateTable(self.name(table), tuple(columns), or_replace=True))
        if rows:
            values = ", ".join("(" + ", ".join(literal(value) for value in row) + ")" for row in rows)
            self.run(
                Dml("INSERT", self.name(table), source=Query(f"SELECT * FROM (VALUES {values}) v", tuple(columns)))
            )

    def table(self, name: str) -> str:
        return f'"d_DB"."s_PUBLIC"."{name}"'

    def select(self, sql: str, **kwargs: Any) -> list[tuple[Any, ...]]:
        with_columns = kwargs.pop("columns", None) or (Column("C", text()),)
        table = self.run(Query(sql, tuple(with_columns), **kwargs)).table
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def call(site: int, prompt: str, *, function: str = "COMPLETE", model: str = "'echo'") -> tuple[str, Call]:
    """The SQL of a call with the dialect's shape, and what it says of it."""
    sql = f"CAST(sapwood_call('{{token}}:{site}', [CAST({model} AS VARCHAR), CAST({prompt} AS VARCHAR)]) AS VARCHAR)"
    return sql, Call(site, function, ("model", "prompt"), returns=text())


TEXT = Column("T", text())
NUMBER = Column("N", number(38, 0))


def export_nothing(name: Name, folder: Path, form: str, *, is_cancelled: Callable[[], bool]) -> None:
    """An export without a model: a file that says what was asked for, and one in a folder."""
    (folder / "base").mkdir(parents=True)
    (folder / "asked.txt").write_text(f"{name} as {form}")
    (folder / "base" / "weights").write_bytes(b"1234")


def open_bench(folder: Path, backend: FakeBackend, functions: Sequence[SqlFunction] = FUNCTIONS) -> Bench:
    """A bench over a data directory, with a database DB."""
    door = CallDoor()
    databases = Databases(folder / "databases", register=door.register)
    if not databases.has("DB"):
        databases.create("DB", owner="ACCOUNTADMIN")
    catalog = Catalog(f"sqlite:///{folder}/catalog.sqlite")
    parts = Parts(
        Config(data=folder),
        catalog,
        AnswerCache(folder / "answers.sqlite"),
        {function.signature.function: function for function in functions},
        {"FINETUNE": (FINETUNE, finetune)},
        FakeRegistry(),
        backend,
        databases,
        door,
        AccountParameters(catalog),
        RecentResults(folder / "recent"),
        export_nothing,
    )
    return Bench(parts, State("1", "ADMIN", "ACCOUNTADMIN", "DB", "PUBLIC"), backend)


def close_bench(bench: Bench) -> None:
    for batcher in bench.batchers:
        batcher.close()
    bench.cursor.close()
    bench.parts.databases.close()
    bench.parts.answers.close()
    bench.parts.catalog.close()


def open_engine(folder: Path, backend: FakeBackend) -> tuple[Engine, Callable[[], None]]:
    """An engine on a data directory, and what closes it with everything under it."""
    (folder / "cache").mkdir(parents=True, exist_ok=True)
    catalog, answers = Catalog(f"sqlite:///{folder}/catalog.sqlite"), AnswerCache(folder / "cache" / "answers.sqlite")
    engine = Engine(
        config=Config(data=folder),
        catalog=catalog,
        answers=answers,
        functions=FUNCTIONS,
        commands={"FINETUNE": (FINETUNE, finetune)},
        registry=FakeRegistry(),
        backends=backend,
        export=export_nothing,
    )

    def close() -> None:
        engine.close()
        answers.close()
        catalog.close()

    return engine, close
