"""Random requests: bodies of logins, queries and PUT, and SQL text made by breaking statements that work.

Whatever comes must be answered within seconds, never by a 5xx, and no answer may show a defect or the engine's inside.
By hand, for ten minutes, with other people's statements as seeds: `python tests/wire/fuzz_bench.py 600 FILE.sql ...`.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from raw_client import RawClient, headers
from wire_bench import PASSWORD, Server, start_server

CONFORMANCE = Path(__file__).parents[1] / "conformance"
LONGEST_S = 30.0
"""Seconds in which an answer must have come; statements are cut off much earlier by their own time limit."""
INSIDE = re.compile(
    r"Traceback|duckdb|sqlglot|sqlalchemy|pyarrow|pydantic|starlette|<class|NoneType|object at 0x|positional argument"
    r"|\b(Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range|Not implemented|Constraint|INTERNAL|Transaction|Mismatch Type) Error"
    r"|\b(Type|Value|Key|Index|Attribute|Assertion|Recursion|Unicode\w*|Arrow\w*|NotImplemented|Runtime|Overflow|OS)Error\b",
    re.IGNORECASE,
)
"""Words that a user must never read."""

# What is sent --------------------------------------------------------------------------------------------------------

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with any of these fields, each of them as it should be or anything at all; or no such object."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in fields.items()}) | JSON


QUERY = some(
    sqlText=st.sampled_from(["select ?", "select 1", "insert into t values (?)", "put file://x @~", "select :1, ?; select 2"]),
    bindings=st.dictionaries(
        st.sampled_from(["1", "2", "x", "-1"]),
        some(
            type=st.sampled_from(["FIXED", "REAL", "DATE", "TIME", "TIMESTAMP_TZ", "BINARY", "BOOLEAN", "TEXT", "?"]),
            value=st.text(max_size=30) | st.lists(st.none() | st.text(max_size=20), max_size=3),
        ),
        max_size=3,
    ),
    parameters=some(MULTI_STATEMENT_COUNT=st.integers(0, 3), TIMEZONE=st.text(), QUERY_TAG=st.text()),
    asyncExec=st.booleans(),
    describeOnly=st.booleans(),
    sequenceId=st.integers(),
    bindStage=st.text(),
)  # fmt: skip
LOGIN = some(
    data=some(
        LOGIN_NAME=st.sampled_from(["ADMIN", "admin", '"ADMIN"', "nobody", ""]) | st.text(),
        PASSWORD=st.sampled_from([PASSWORD, "sapwood_pat_x"]) | st.text(),
        AUTHENTICATOR=st.sampled_from(["SNOWFLAKE", "SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN", "OAUTH", "EXTERNALBROWSER"]),
        TOKEN=st.sampled_from(["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "sapwood_pat_x"]) | st.text(),
        SESSION_PARAMETERS=some(TIMEZONE=st.text(), AUTOCOMMIT=st.booleans(), QUERY_TAG=st.text()),
        CLIENT_ENVIRONMENT=JSON,
    )
)  # fmt: skip
ABORT = some(requestId=st.text(), sqlText=st.just(""))
CALL = some(
    model=st.sampled_from(["echo", "mistral-7b", "nothing"]),
    messages=st.lists(some(role=st.sampled_from(["user", "system", "assistant", "tool"]), content=st.text()), max_size=3),
    stream=st.booleans(),
    temperature=st.floats(),
    max_tokens=st.integers(),
    response_format=some(type=st.sampled_from(["json", "json_schema", "text"]), schema=JSON, json_schema=JSON),
)  # fmt: skip
BODIES: Sequence[tuple[str, st.SearchStrategy[Any]]] = (
    ("/queries/v1/query-request?requestId={}", QUERY),
    ("/session/v1/login-request?requestId={}", LOGIN),
    ("/queries/v1/abort-request?requestId={}", ABORT),
    ("/queries/{}/abort-request", ABORT),
    ("/session/token-request?requestId={}", ABORT),
    ("/session/heartbeat?requestId={}", ABORT),
    ("/telemetry/send", JSON),
    ("/api/v2/cortex/inference:complete", CALL),
    ("/api/v2/cortex/v1/chat/completions", CALL),
)
POSTS = st.sampled_from(BODIES).flatmap(lambda pair: st.tuples(st.just(pair[0]), pair[1]))
PACKINGS = st.sampled_from(["plain", "packed", "said to be packed", "cut off"])
NAMES = st.sampled_from(["a.csv", "sub/a.csv", "../a", "a/../../b", "%2e%2e/x", "a\\b", "", "x" * 300]) | st.text(
    max_size=40
)
CONTENTS = st.binary(max_size=2000)
METHODS = st.sampled_from(["PUT", "GET", "HEAD"])

TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\$\$.*?\$\$|\w+|\s+|[^\w\s]", re.DOTALL)
SEEDS = (
    "select a, count(*) as n from (values (1, 'x'), (2, null)) as t(a, b) where b is not null group by a having n > 0 order by 1 limit 5",
    "with c as (select seq4() as i from table(generator(rowcount => 10))) select max(i) over (partition by i % 2) from c qualify true",
    "select iff(a > 1, 'yes', $$no$$)::varchar(3), to_date('2024-02-29') + 1, 1.5::number(10, 2) / 3 from (select 2 as a)",
    'select value:a.b[0]::int from table(flatten(input => parse_json(\'[{"a": {"b": [1]}}]\')))',
    "select category, snowflake.cortex.complete('mistral-7b', concat('Say: ', request)) from support_tickets limit 2",
    "create or replace table fuzzed (a int not null default 1 comment 'x', \"b c\" varchar(10), primary key (a))",
    "insert into fuzzed (a) select 1 union all select 2",
    "merge into fuzzed t using (select 1 as a) s on t.a = s.a when matched then delete when not matched then insert (a) values (s.a)",
    "alter table fuzzed add column d timestamp_tz",
    "copy into fuzzed from @~/x file_format = (type = csv skip_header = 1 field_delimiter = '|') on_error = continue",
    "create or replace view seen as select * exclude (a) from fuzzed",
    "grant select on table fuzzed to role public",
    "alter session set query_tag = 'x'",
    "set (x, y) = (1, 'two')",
    "show tables like 'F%' in schema public",
    "describe table fuzzed",
)
"""Statements that are broken in CI; by hand there are more."""
SPICE = (
    "NULL", "''", "'", '"', "(", ")", ",", ";", "*", "-1", "1e400", "99999999999999999999999999999999999999999", "0.1", "::", "$1", "?", ":x", "@~",
    "'2024-02-30'", "'{'", "'[1,'", "PARSE_JSON('{\"a\": [1]}')", "TRUE", "OVER ()", "GROUP BY 1", "SELECT", "FROM", "t",
    "--", "/*", "\\", "\0", "é", "😀",
)  # fmt: skip
"""What is put in the place of a word."""


def statements(files: Iterable[Path]) -> list[str]:
    """The statements of SQL files; comments hold what they should give."""
    texts = (re.sub(r"^--.*$", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE) for file in files)
    return [text.strip() for body in texts for text in body.split(";") if text.strip()]


def broken(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """Statements with some of their words dropped, doubled, swapped, or replaced by those of others."""
    return st.builds(
        lambda base, other, luck: _break(TOKEN.findall(base), TOKEN.findall(other), random.Random(luck)),
        st.sampled_from(texts),
        st.sampled_from(texts),
        st.integers(0, 2**32),
    )


def _break(words: list[str], others: list[str], luck: random.Random) -> str:
    for _ in range(luck.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        luck.choice(_CHANGES)(words, others, luck)
    return "".join(words)


def _drop(words: list[str], others: list[str], luck: random.Random) -> None:
    if words:
        words.pop(luck.randrange(len(words)))


def _double(words: list[str], others: list[str], luck: random.Random) -> None:
    if words:
        place = luck.randrange(len(words))
        words.insert(place, words[place])


def _swap(words: list[str], others: list[str], luck: random.Random) -> None:
    if len(words) > 1:
        one, two = luck.randrange(len(words)), luck.randrange(len(words))
        words[one], words[two] = words[two], words[one]


def _replace(words: list[str], others: list[str], luck: random.Random) -> None:
    if words:
        words[luck.randrange(len(words))] = luck.choice(luck.choice((others or [""], SPICE)))


def _cross(words: list[str], others: list[str], luck: random.Random) -> None:
    words[luck.randrange(len(words) + 1) :] = others[luck.randrange(len(others) + 1) :]


_CHANGES: tuple[Callable[[list[str], list[str], random.Random], None], ...] = (
    _drop, _double, _swap, _replace, _replace, _replace, _cross,
)  # fmt: skip

# How it is sent ------------------------------------------------------------------------------------------------------


class Fuzz:
    """A session that sends what is drawn. `found` has the first example of each kind of fault; it ends the run, or `goes_on`."""

    def __init__(self, server: Server, *, goes_on: bool = False) -> None:
        self._server = server
        self._goes_on = goes_on
        self.sent = 0
        self.found: dict[str, str] = {}
        self._log_in()

    def _log_in(self) -> None:
        self._raw = RawClient(self._server, SESSION_PARAMETERS={"STATEMENT_TIMEOUT_IN_SECONDS": 5})
        self._raw.http.timeout = LONGEST_S

    def post(self, post: tuple[str, Any], packing: str) -> None:
        path, body = post
        plain = json.dumps(body).encode()
        content = {"packed": gzip.compress(plain), "cut off": plain[: len(plain) // 2]}.get(packing, plain)
        extra = {"content-encoding": "gzip"} if "packed" in packing else {}
        answer = self._raw.http.post(
            path.format(uuid.uuid4()), content=content, headers={**headers(self._raw.token), **extra}
        )
        self._look(answer, f"{path} {packing} {body!r}")
        if path.startswith("/session/token") and answer.json()["success"]:
            self._raw.token = answer.json()["data"]["sessionToken"]

    def statement(self, text: str) -> None:
        path = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
        order = {"sqlText": text, "parameters": {"MULTI_STATEMENT_COUNT": 0}}
        answer = self._raw.http.post(path, json=order, headers=headers(self._raw.token))
        self._look(answer, text)
        if answer.json()["code"] == "390111":  # the statement took the session away, as DROP USER does
            self.close()
            self._log_in()

    def close(self) -> None:
        self._raw.http.close()

    def upload(self, name: str, content: bytes, method: str) -> None:
        agent = {**headers(self._raw.token), "user-agent": "PythonConnector/5.2.0"}
        order = {"sqlText": "put 'file:///tmp/x' @~ auto_compress = false"}
        path = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
        info = self._raw.http.post(path, json=order, headers=agent).json()["data"]["stageInfo"]
        bearer = {"authorization": f"Bearer {info['creds']['GCS_ACCESS_TOKEN']}"}
        place = f"{self._server.url}/{info['location']}{quote(name, safe='/%')}"
        # A connection of its own: the server closes one whose body it refused to read.
        answer = httpx.request(method, place, content=content, headers=bearer, timeout=LONGEST_S, trust_env=False)
        self._look(answer, f"{method} {name!r}")

    def _look(self, answer: httpx.Response, what: str) -> None:
        self.sent += 1
        kind = fault(answer)
        if kind:
            self.found.setdefault(kind, f"{what}\n-> {answer.status_code} {answer.text[:600]}")
            assert self._goes_on, self.found[kind]


def fault(answer: httpx.Response) -> str:
    """What is wrong with an answer; '' for nothing."""
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    if answer.headers.get("content-type") != "application/json":
        return ""
    body = answer.json()
    message = str(body.get("message") or body.get("error") or "")
    is_failure = body.get("success") is False or "error" in body or "error_code" in body
    found = INSIDE.search(message) if is_failure else None
    if body.get("code") == "300002" or found:
        return re.sub(r"'[^']*'|\d+", "_", message)[:160]
    return ""


ODD = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example)


def sweep(fuzz: Fuzz, texts: Sequence[str], *, examples: int, luck: int | None) -> None:
    """So many of each kind; AssertionError with the smallest case that was found. Without `luck` always the same ones."""

    def each(strategies: Sequence[st.SearchStrategy[Any]], send: Callable[..., None], share: float) -> None:
        @settings(
            max_examples=max(1, int(examples * share)),
            deadline=None,
            derandomize=luck is None,
            database=None,
            suppress_health_check=ODD,
        )
        @given(st.tuples(*strategies))
        def run(drawn: tuple[Any, ...]) -> None:
            send(*drawn)

        (run if luck is None else seed(luck)(run))()

    each([broken(texts)], fuzz.statement, 0.6)
    each([POSTS, PACKINGS], fuzz.post, 0.3)
    each([NAMES, CONTENTS, METHODS], fuzz.upload, 0.1)


def main(seconds: float, files: Sequence[str]) -> None:
    """Sweep after sweep with new luck until the time is over; faults are listed once a kind, with an example, and end nothing."""
    texts = [*SEEDS, *statements([*sorted(CONFORMANCE.glob("*.sql")), *map(Path, files)])]
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder) / "data", "--demo")
        fuzz, end, told = Fuzz(server, goes_on=True), time.monotonic() + seconds, 0
        try:
            while time.monotonic() < end:
                sweep(fuzz, texts, examples=200, luck=random.randrange(2**32))
                new = list(fuzz.found.items())[told:]
                told += len(new)
                lines = [f"FAULT {kind}\n{example}\n" for kind, example in new]
                sys.stdout.write("".join(lines) + f"{fuzz.sent} requests, {told} kinds of faults\n")
                sys.stdout.flush()
        finally:
            fuzz.close()
            assert server.stop() == 0


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
