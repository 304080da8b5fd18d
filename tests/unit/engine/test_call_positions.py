"""Where a call can stand in a statement: each position asks what it must and nothing else, and while a model works no transaction is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from engine_bench import FakeBackend, open_engine

from sapwood.engine.engine import Engine
from sapwood.engine.session import Session
from sapwood.inference.request import Completion, Request

CALL = "snowflake.cortex.complete('echo', {})"
ON_X = CALL.format("x")
CASES = {
    "select list": (f"select {ON_X} from t", "a b c d"),
    "twice in the select list": (f"select {ON_X}, {ON_X} || '!' from t", "a b c d"),
    "where, behind a cheap predicate": (f"select id from t where {ON_X} = 'B' and id > 2", "b c d"),
    "where and select list": (f"select {ON_X} from t where {ON_X} > 'B'", "a b c d"),
    "where with or": (f"select id from t where id > 4 or {ON_X} = 'A'", "a b c"),
    "having": (f"select max(id) from t group by x having count(*) > 1 and {ON_X} = 'A'", "a"),
    "group by": (f"select {ON_X} as k, count(*) from t where id < 4 group by k", "a b"),
    "order by": (f"select id from t where id < 3 order by {ON_X}", "a"),
    "qualify": (f"select id from t qualify row_number() over (partition by x order by id) = 2 and {ON_X} = 'A'", "a"),
    "join on": (f"select t.id from t join u on t.id = u.id and {CALL.format('t.x || u.y')} = 'AK'", "ak bl"),
    "where, behind a join": (f"select t.id from t join u on t.id = u.id where {CALL.format('t.x')} = 'A'", "a b"),
    "where, behind a join in it": (f"select t.id from t, u where t.id = u.id and {CALL.format('u.y')} = 'K' and t.x = 'b'", "l"),
    "two predicates": (f"select id from t where {ON_X} < 'C' and {CALL.format('id')} > '1' and id < 5", "a b c 1 2 3"),
    "case": (f"select case when id < 3 then {ON_X} when id = 3 then {CALL.format('x || 1')} end from t", "a b1"),
    "iff and coalesce": (f"select iff(id = 1, {ON_X}, 'no'), coalesce(x, {CALL.format('id')}) from t", "a"),
    "cte, read twice": (f"with c as (select {ON_X} as s from t) select * from c union all select * from c", "a b c d"),
    "subquery": (f"select max(s) from (select {ON_X} as s, id from t) where id <= 2", "a"),
    "scalar subquery": (f"select id, (select {CALL.format('max(y)')} from u) from t", "l"),
    "exists": (f"select id from t where exists (select 1 from u where u.id = t.id and {CALL.format('u.y')} = 'K')", "k l"),
    "a call in a call": (f"select {CALL.format(CALL.format('x') + chr(124) * 2 + chr(39) + 'z' + chr(39))} from t where id < 3", "a Az"),
    "limit above a projection": (f"select {ON_X} from t order by id limit 2", "a"),
    "view": ("select s from v where id < 3", "a"),
    "create table as": (f"create table n as select {ON_X} as s from t where id < 3", "a"),
    "insert": (f"insert into u select id, {ON_X} from t where id = 3", "b"),
    "update": (f"update t set x = {ON_X} where id > 3", "c d"),
    "update by a predicate": (f"update t set id = 0 where id < 4 and {ON_X} = 'B'", "a b"),
    "delete": (f"delete from t where id > 3 and {ON_X} = 'C'", "c d"),
    "merge": (
        f"merge into u using t on u.id = t.id when matched and u.id = 3 then update set y = {CALL.format('t.x')} "
        f"when not matched and t.id = 5 then insert values (t.id, {CALL.format('t.x || t.id')})",
        "b d5",
    ),
}  # fmt: skip


class Watching(FakeBackend):
    """Calls `watch` before each answer."""

    watch: Callable[[], object] = staticmethod(lambda: None)

    def generate(self, requests: Iterable[Request], *, is_cancelled: Callable[[], bool]) -> Iterator[Completion]:
        for completion in super().generate(requests, is_cancelled=is_cancelled):
            self.watch()
            yield completion


@pytest.fixture
def backend() -> Watching:
    return Watching()


@pytest.fixture
def filled(session: Session) -> Session:
    session.execute(
        "create table t (id int, x varchar); insert into t values (1, 'a'), (2, 'a'), (3, 'b'), (4, 'c'), (5, 'd');"
        " create table u (id int, y varchar); insert into u values (1, 'k'), (3, 'l');"
        f" create view v as select id, {ON_X} as s from t"
    )
    return session


@pytest.mark.parametrize("position", CASES)
def test_a_call_asks_only_what_it_must(filled: Session, engine: Engine, backend: Watching, position: str) -> None:
    statement, asked = CASES[position]
    other = engine.parts.databases.cursor()
    backend.watch = lambda: other.execute('CHECKPOINT "d_CORTEX_FINETUNING_DB"')  # raises while a transaction is open
    filled.execute(statement)
    assert sorted(backend.asked) == sorted(asked.split())


def test_rows_that_change_while_a_model_works_are_asked_too(tmp_path: Path) -> None:
    backend = Watching()
    engine, close = open_engine(tmp_path, backend)
    session, other = engine.open_session(), engine.open_session()
    session.execute("create table t as select 'a' as x")
    backend.watch = lambda: len(backend.asked) == 1 and other.execute("insert into t values ('b')")
    session.execute(f"update t set x = {ON_X}")
    (result,) = session.execute("select x from t order by x")
    assert result.table.column("X").to_pylist() == ["A", "B"]
    assert backend.asked == ["a", "b"]
    close()
