"""Random statements: well-typed ones of `typed_bench`, noise of a grammar without types, and torn ones out of sqlglot's fixtures.

Comes in: a generator of random numbers. Goes out: text that is near SQL. Names of files stand in it wherever a text or a
name may stand.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from typed_bench import TypedMaker

from sapwood.dialect.aggregates import AGGREGATES
from sapwood.dialect.functions import names

_Thing = TypeVar("_Thing")
FIXTURES: list[str] = json.loads((Path(__file__).parent / "statements.json").read_text(encoding="utf-8"))["statements"]
SETUP = (
    "create database play",
    "create table t (id int, n number(10, 2), f float, s varchar(10), b boolean, d date, m timestamp, l timestamp_ltz, v variant,"
    " a array, o object, x binary)",
    """insert into t select 1, 1.50, 2.5, 'abc', true, '2024-01-31', '2024-01-31 10:20:30', '2024-01-31 10:20:30', parse_json('{"a":[1,{"b":2}]}'),
    [1, 'x', null], {'k': 1}, x'0A' union all select 2, null, -1, '', false, '1999-12-31', null, null, parse_json('7'), [], {}, null
    union all select null, -3.25, 1e10, null, null, null, '1970-01-01', '2024-07-01', null, null, null, x''""",
    "create table u (id int, name varchar, amount number(38, 6))",
    "insert into u values (1, 'one', 10), (2, 'two', 2.5), (3, null, null)",
    "create view w as select id, n * 2 as twice from t",
    "create sequence q",
    "create function plus1(a int) returns int as 'a + 1'",
)
COLUMNS = (
    "id",
    "n",
    "f",
    "s",
    "b",
    "d",
    "m",
    "l",
    "v",
    "a",
    "o",
    "x",
    "t.id",
    "name",
    "amount",
    "twice",
    "nothing",
    '"id"',
    "v:a[0]",
    "o:k",
    "$1",
    "t.*",
)
TYPES = (
    "int",
    "number(5,2)",
    "float",
    "varchar",
    "varchar(2)",
    "boolean",
    "date",
    "time",
    "timestamp",
    "timestamp_ltz",
    "timestamp_tz",
    "variant",
    "array",
    "object",
    "binary",
    "vector(float, 2)",
    "geography",
    "number(99,1)",
    "map(varchar, int)",
)
OPERATORS = (
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    "=",
    "<>",
    "<",
    ">=",
    "and",
    "or",
    "like",
    "ilike",
    "rlike",
    "is distinct from",
)
UNITS = ("day", "month", "year", "hour", "'week'", "quarter", "nanosecond", "eon")


class Maker:
    """Makes statements; `secret` is the path of a file that nothing may read."""

    def __init__(self, seed: int, secret: str) -> None:
        self._random = random.Random(seed)
        self._typed = TypedMaker(self._random)
        self._literals = (
            "0",
            "1",
            "-1",
            "2.5",
            "1e300",
            "99999999999999999999999999999999999999",
            "0.000001",
            "null",
            "true",
            "false",
            "''",
            "'a'",
            "'12'",
            "'2024-02-29'",
            "'%'",
            "'('",
            "'ü\\n'",
            "'10:00'",
            "'{\"a\": 1}'",
            "[1, 'x']",
            "{'k': 2}",
            "x'0AFF'",
            "current_date",
            "'YYYY-MM-DD'",
            "'day'",
            "'UTC'",
            "'$.a'",
            f"'{secret}'",
            "'file:///etc/passwd'",
            "interval '1 day'",
            "$v",
            "?",
            ":1",
            "'\\0'",
            "''''",
            "date '2024-01-01'",
            "5",
            "-100",
        )
        self._functions = tuple(sorted({*names(), *AGGREGATES} - {"SYSTEM$CANCEL_ALL_QUERIES"}))
        self._sources = (
            "t",
            "u",
            "w",
            "t join u on t.id = u.id",
            "t left join u using (id)",
            "table(generator(rowcount => 3))",
            "t, lateral flatten(a) f",
            "values (1, 'a'), (2, null)",
            "(select * from t)",
            f"'{secret}'",
            f'"{secret}"',
            "@nowhere",
            "table(plus1(1))",
            "u sample (50)",
            "read_csv('x')",
            "information_schema.tables",
            "t, u",
            "nowhere",
            "table(result_scan(last_query_id()))",
            "u pivot(sum(amount) for name in ('one', 'two'))",
        )

    def statement(self) -> str:
        """One statement of any kind."""
        noise = (self.query,) * 6 + (self._fixture, self._torn, self._change, self._definition)
        return self._pick(noise + (self._typed.statement,) * len(noise))()

    def _pick(self, among: Sequence[_Thing]) -> _Thing:
        return self._random.choice(among)

    def _fixture(self) -> str:
        return self._pick(FIXTURES)

    def _torn(self) -> str:
        """A fixture with some words lost, doubled or exchanged."""
        words = self._pick(FIXTURES).split(" ")
        for _ in range(self._random.randint(1, 3)):
            place = self._random.randrange(len(words))
            words[place : place + 1] = self._pick(
                ([], [words[place]] * 2, [self._pick(self._literals)], [self._pick(words)])
            )
            words = words or ["select"]
        return " ".join(words)

    # --- queries

    def query(self) -> str:
        """A SELECT."""
        items = ", ".join(self._item() for _ in range(self._random.randint(1, 3)))
        clauses = [f"select {self._pick(('', '', 'distinct '))}{items}", f"from {self._pick(self._sources)}"]
        for word, make in self._clauses():
            if self._random.random() < 0.2:
                clauses.append(f"{word} {make()}")
        return " ".join(clauses)

    def _clauses(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        return (
            ("where", self.expression),
            ("group by", lambda: self._pick(("all", "1", "id", "rollup (1)", self.expression(1)))),
            ("having", self.expression),
            ("qualify", lambda: f"row_number() over (order by {self.expression(1)}) = 1"),
            ("order by", lambda: self._pick(("1", "2 desc", self.expression(1), f"{self.expression(1)} nulls first"))),
            ("limit", lambda: self._pick(("1", "0", "10 offset 1", "null", "'x'"))),
        )

    def _item(self) -> str:
        return self._pick(
            (self.expression(), self.expression(), "*", f"{self.expression()} as c{self._random.randint(1, 2)}")
        )

    # --- expressions

    def expression(self, depth: int = 3) -> str:
        """An expression of at most some depth."""
        if depth == 0:
            return self._pick((self._pick(self._literals), self._pick(COLUMNS)))
        makers = (self._call,) * 4 + (
            self._operation,
            self._cast,
            self._case,
            self._test,
            self._window,
            self._path,
            lambda: self.expression(0),
        )
        self._depth = depth
        return self._pick(makers)()

    def _below(self) -> str:
        depth = self._depth
        made = self.expression(depth - 1)
        self._depth = depth
        return made

    def _call(self) -> str:
        arguments = [self._below() for _ in range(self._pick((0, 1, 1, 2, 2, 3, 4)))]
        if self._random.random() < 0.1:
            arguments.insert(0, self._pick(UNITS))
        return f"{self._pick(self._functions).lower()}({', '.join(arguments)})"

    def _operation(self) -> str:
        return f"({self._below()} {self._pick(OPERATORS)} {self._below()})"

    def _cast(self) -> str:
        made, kind = self._below(), self._pick(TYPES)
        return self._pick((f"cast({made} as {kind})", f"try_cast({made} as {kind})", f"({made})::{kind}"))

    def _case(self) -> str:
        return f"case when {self._below()} then {self._below()} else {self._below()} end"

    def _test(self) -> str:
        made = self._below()
        return self._pick(
            (
                f"{made} is null",
                f"{made} in ({self._below()}, {self._below()})",
                f"{made} between {self._below()} and {self._below()}",
                f"not {made}",
                f"{made} in (select id from u)",
                "exists (select 1 from u where u.id = id)",
                "(select max(id) from u)",
                f"-{made}",
                f"{made} like any ('a%', {self._below()})",
            )
        )

    def _window(self) -> str:
        return f"{self._pick(tuple(AGGREGATES)).lower()}({self._below()}) over (partition by {self._below()} order by {self._below()})"

    def _path(self) -> str:
        return self._pick(
            (
                f"({self._below()}):a.b[0]",
                f"({self._below()})[{self._below()}]",
                f"transform({self._below()}, e -> e)",
                f"filter(a, e -> {self._below()})",
            )
        )

    # --- other statements

    def _change(self) -> str:
        made = self.expression()
        return self._pick(
            (
                f"insert into u (id) select {made}",
                f"insert into u values ({made}, 'x', 1)",
                f"update u set name = {made} where {self.expression(1)}",
                f"delete from u where {made}",
                f"merge into u using t on u.id = t.id when matched then update set amount = {made}"
                f" when not matched then insert (id) values ({self.expression(1)})",
                f"create or replace table z as select {made} as c from t",
                f"insert overwrite into u {self.query()}",
            )
        )

    def _definition(self) -> str:
        made, kind = self.expression(2), self._pick(TYPES)
        return self._pick(
            (
                f"create or replace table z (c {kind} default {made})",
                f"create or replace view y as {self.query()}",
                "alter table u add column extra int",
                "alter table u drop column extra",
                "show tables",
                "describe table t",
                f"set v = {made}",
                f"explain {self.query()}",
                f"create or replace function g(a {kind}) returns {kind} as $$ {made} $$",
                f"alter session set timezone = {self._pick(self._literals)}",
                "drop table if exists z",
                f"execute immediate $$ {self.query()} $$",
                f"select g({made})",
                "truncate table z",
                "select get_ddl('table', 't')",
                f"comment on table u is {self._pick(self._literals)}",
                f"copy into u from '{self._pick(self._literals)}'",
                "list @~",
                "rollback",
            )
        )
