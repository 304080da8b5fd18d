"""Whole queries, run on DuckDB: names, aliases, groups, order, joins, sets, samples."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dialect_bench import Database, compiled, named, query_of, scope_of, table

from sapwood.dialect.statements import Column, Name, Relation
from sapwood.dialect.types import number, text
from sapwood.errors import (
    AmbiguousColumnError,
    InvalidIdentifierError,
    NoCurrentDatabaseError,
    NoCurrentSchemaError,
    ParseError,
    ProgrammingError,
    UnknownObjectError,
    UnsupportedError,
)  # fmt: skip

D = Decimal

QUERIES: list[tuple[str, list[Any]]] = [
    # names and aliases
    ('select "lower", "Lower" from numbers where id = 1', [("a", "A")]),
    ("select n.ID, public.numbers.id from numbers n, numbers where n.id = 1 and numbers.id = 1", [(1, 1)]),
    ("select cortex_finetuning_db.public.numbers.id from cortex_finetuning_db.public.numbers where id = 2", [(2,)]),
    ("select 1 as a, a + 1 as b, b * 2 as c", [(1, 2, 4)]),
    ("select price * 2 as twice from numbers where twice > 3 order by id", [(D("6.50"),)]),
    ("select id + 10 as id from numbers where id = 1", [(11,)]),
    ("select id * -1 as id from numbers where id is not null order by id", [(-2,), (-1,)]),
    ("select 'x' as request, request as r from support_tickets where ticket_id = 'TR2'", [("x", "Add a line.")]),
    ("select $2, $1 from values (1, 'x')", [("x", 1)]),
    ("select a, from (select 1 as a, 2 as b,)", [(1,)]),
    # stars
    ("select * exclude (price, f, d, t, v) from numbers where id = 1", [(1, "a", "A")]),
    ('select * exclude (f, d, t, v, "lower", "Lower") replace (id + 1 as id) rename (price as p) from numbers where id = 1', [(2, D("1.50"))]),
    ("select * ilike '%LOW%' from numbers where id = 1", [("a", "A")]),
    ("select n.* exclude (price, f, d, t, v), 1 from numbers n where id = 2", [(2, "b", "B", 1)]),
    # groups
    ("select service_type, count(*) from support_tickets group by service_type order by 1", [("Cellular", 2), ("Home Internet", 1)]),
    ("select service_type s, count(request) c from support_tickets group by s having c > 0 order by c", [("Cellular", 2)]),
    ("select upper(service_type), count(*) from support_tickets group by 1 order by 2 desc", [("CELLULAR", 2), ("HOME INTERNET", 1)]),
    ("select count(*), count(request), count(distinct service_type) from support_tickets", [(3, 2, 2)]),
    ("select sum(id), avg(id), min(id), max(price), median(id) from numbers", [(3, D("1.5"), 1, D("3.25"), D("1.5"))]),
    ("select sum(f), avg(f) from numbers", [(3.0, 1.0)]),
    ("select count_if(id > 1), any_value(1), boolor_agg(id = 1) from numbers", [(1, 1, True)]),
    ("select sum(id), avg(id), listagg(ticket_id) from numbers, support_tickets where false", [(None, None, "")]),
    ("select listagg(ticket_id, ',') within group (order by ticket_id desc) from support_tickets", [("TR3,TR2,TR1",)]),
    ("select listagg(distinct service_type, '|') within group (order by service_type) from support_tickets", [("Cellular|Home Internet",)]),
    ("select array_agg(id) within group (order by id desc) from numbers", [("[2,1]",)]),
    ("select object_agg(ticket_id, service_type):TR1::string from support_tickets", [("Cellular",)]),
    ("select service_type, sum(count(*)) over () from support_tickets group by 1 order by 1", [("Cellular", 3), ("Home Internet", 3)]),
    ("select count(*) from numbers having count(*) > 5", []),
    ("select percentile_cont(0.5) within group (order by id) from numbers", [(1.5,)]),
    ("select max_by(ticket_id, length(request)) from support_tickets", [("TR1",)]),
    ("select service_type, count(*) from support_tickets group by rollup(service_type) order by 1",
     [("Cellular", 2), ("Home Internet", 1), (None, 3)]),
    # windows
    ("select ticket_id, row_number() over (partition by service_type order by ticket_id desc) n from support_tickets qualify n = 1 order by 1",
     [("TR2", 1), ("TR3", 1)]),
    ("select id, lag(id, 1, 0) over (order by id), sum(id) over (order by id rows between 1 preceding and current row) from numbers order by id limit 2",  # noqa: E501
     [(1, 0, 1), (2, 1, 3)]),
    ("select last_value(id) over (order by id), first_value(id) over (order by id desc) from numbers where id is not null limit 1", [(2, 2)]),
    ("select avg(id) over () from numbers limit 1", [(D("1.5"),)]),
    # order: NULLs are the largest
    ("select id from numbers order by id", [(1,), (2,), (None,)]),
    ("select id from numbers order by id desc", [(None,), (2,), (1,)]),
    ("select id from numbers order by id desc nulls last", [(2,), (1,), (None,)]),
    ("select id from numbers order by price", [(1,), (None,), (2,)]),
    ("select id from numbers order by 1 limit 1 offset 1", [(2,)]),
    ("select top 1 id from numbers order by id", [(1,)]),
    ("select id from numbers order by id fetch first 2 rows only", [(1,), (2,)]),
    ("select distinct service_type from support_tickets order by service_type desc", [("Home Internet",), ("Cellular",)]),
    ("select id from numbers order by 'x', id limit 1", [(1,)]),
    # joins
    ("select t.ticket_id, r.mistral_large_response from support_tickets t join support_tickets_train r on t.ticket_id = r.ticket_id order by 1",
     [("TR1", "Lost phone"), ("TR2", "Add new line")]),
    ("select ticket_id, prompt from support_tickets left join support_tickets_train using (ticket_id) order by 1", [("TR1", "p"), ("TR2", "p"), ("TR3", None)]),  # noqa: E501
    ("select * from (select 1 as a, 2 as b) x natural join (select 1 as a, 3 as c) y", [(1, 2, 3)]),
    ("select a, x.a, y.a from (select 1 as a) x full join (select 2 as a) y using (a) order by a", [(1, 1, None), (2, None, 2)]),
    ("select a from (select 1 as a) x right join (select 2 as a) y using (a)", [(2,)]),
    ("select * from ((select 1 as a) as l inner join (select 1 as a, 2 as b) as r using (a))", [(1, 2)]),
    ("select j.a from ((select 1 as a) l join (select 1 as b) r on l.a = r.b) as j", [(1,)]),
    ("select x.a, y.b from (select 1 as a) x cross join (select 2 as b) y", [(1, 2)]),
    ("select a, b from (select 1 as a), (select 2 as b)", [(1, 2)]),
    ("select x.a, l.b from (select 1 as a) x, lateral (select x.a + 1 as b) l", [(1, 2)]),
    # CTEs and subqueries
    ("with a as (select id from numbers), b(x) as (select id + 1 from a) select x from b where x is not null order by x", [(2,), (3,)]),
    ("with numbers as (select 7 as id) select id from numbers", [(7,)]),
    ("with recursive c as (select 1 as n union all select n + 1 from c where n < 4) select sum(n) from c", [(10,)]),
    ("select (select max(id) from numbers), exists (select 1 from numbers where id = 9)", [(2, False)]),
    ("select id from numbers n where exists (select 1 from numbers m where m.id = n.id + 1)", [(1,)]),
    ("select id from numbers where id in (select id from numbers where price > 1)", [(1,)]),
    ("select id from numbers where '1' in (select id from numbers) and id = 1", [(1,)]),
    # sets
    ("select 1 as a union all select 2.5 order by a desc", [(D("2.5"),), (D("1.0"),)]),
    ("select 1 union select 1", [(1,)]),
    ("select 1 minus select 1", []),
    ("select 1 except select 2", [(1,)]),
    ("(select 1) intersect (select 1)", [(1,)]),
    ("select * from (select 1 as a union all select 2) where a > 1", [(2,)]),
    ("(select 2 as a) union all (select 1) order by 1 limit 1", [(1,)]),
    ("select null union all select 'x' order by 1", [("x",), (None,)]),
    ("select 1 as a union all select null order by a", [(1,), (None,)]),
    ("select a + 1 from (select null as a)", [(None,)]),
    # lambdas of ours and columns of the same names
    ("select sum(iff(v = 1, 1, 0)) / count(*) from (select column1 as v from values (1), (2), (3))", [(D("0.333333"),)]),
    ("select strtok(x, '.', 1), v / v from (select 'a.b' as x, 2 as v, 3 as e)", [("a", 1)]),
    # VALUES, table functions, samples
    ("select * from values (1, 'x'), (2, null) v(n, s) order by n", [(1, "x"), (2, None)]),
    ("select column1 from values (1), (2.5) order by 1", [(D("1.0"),), (D("2.5"),)]),
    ("values (1, 'a')", [(1, "a")]),
    ("select f.index, f.value::int from table(flatten(input => [10, 20])) f order by 1", [(0, 10), (1, 20)]),
    ("select id, f.key, f.value::string, f.path from numbers, lateral flatten(input => v) f where f.key = 'k'", [(1, "k", "v", "k")]),
    ("select f.value::int, f.path from numbers, lateral flatten(input => v, path => 'a.b') f where f.index = 1", [(2, "a.b[1]")]),
    ("select value:c::string from numbers, lateral flatten(v:a.b) where index = 2", [("x",)]),
    ("select count(*) from numbers, lateral flatten(input => v, outer => true) f", [(6,)]),
    ("select seq4() from table(generator(rowcount => 3)) order by 1", [(0,), (1,), (2,)]),
    ("select count(*) from table(generator(rowcount => 3)) v", [(3,)]),
    ("select count(*) from numbers sample (100)", [(3,)]),
    ("select count(*) from numbers tablesample (2 rows) seed (1)", [(2,)]),
    # views
    ("select id, twice from cheap", [(1, D("3.00"))]),
    ("select c.twice from cheap as c join numbers n on n.id = c.id", [(D("3.00"),)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_rows(database: Database, sql: str, rows: list[Any]) -> None:
    assert database.run(sql) == rows


TITLES: list[tuple[str, list[str]]] = [
    ("select id, ID, numbers.id from numbers", ["ID", "ID", "ID"]),
    ('select "lower" from numbers', ["lower"]),
    ("select count(*) from numbers", ["COUNT(*)"]),
    ("select 1 + 1, 1+1, 'abc'", ["1 + 1", "1+1", "'ABC'"]),
    ('select max("lower"), 1 as "My Id" from numbers', ['MAX("lower")', "My Id"]),
    ("select iff(1=1, 'a', 'b')", ["IFF(1=1, 'A', 'B')"]),
    ("select v:a.b::string from numbers", ["V:A.B::STRING"]),
    ("select snowflake.cortex.finetune('SHOW')", ["SNOWFLAKE.CORTEX.FINETUNE('SHOW')"]),
    ("select case when true then 1 end", ["CASE WHEN TRUE THEN 1 END"]),
    ("select * from (select 1 as a, 2 as a)", ["A", "A"]),
]


@pytest.mark.parametrize(("sql", "titles"), TITLES)
def test_names_of_result_columns(sql: str, titles: list[str]) -> None:
    assert [column.name for column in query_of(sql).columns] == titles


def test_result_columns_carry_types_and_whether_they_may_be_null() -> None:
    query = query_of("select ticket_id, 'x' as c, count(*) as n from support_tickets group by 1")
    assert query.columns == (
        Column("TICKET_ID", text(60)),
        Column("C", text(1), nullable=False),
        Column("N", number(18, 0), nullable=False),
    )
    assert query.reads == (named("SUPPORT_TICKETS"),)


def test_names_that_differ_in_case_only_are_two_columns(database: Database) -> None:
    rows = database.run('select q."a", q."A" from (select 1 as "a", 2 as "A") q')
    assert rows == [(1, 2)]


def test_a_view_reads_its_own_database_wherever_it_is_used(database: Database) -> None:
    assert database.run("select id from cortex_finetuning_db.public.cheap", scope_of(database=None, schema=None)) == [
        (1,)
    ]
    assert query_of("select 1 from cheap").reads == (named("CHEAP"), named("NUMBERS"))


def test_views_in_a_circle_are_an_error() -> None:
    circle = Relation(named("LOOP"), (Column("A", number()),), definition="select a from loop")
    with pytest.raises(ProgrammingError, match="circle"):
        query_of("select * from loop", scope_of(circle))


def test_names_of_objects_fill_up_from_the_session() -> None:
    far = Relation(Name("OTHER", "S", "T"), (Column("A", number()),), source='"far"')
    assert query_of("select a from other.s.t", scope_of(far)).reads == (far.name,)
    assert query_of("select a from s.t", scope_of(far, database="OTHER")).reads == (far.name,)
    with pytest.raises(NoCurrentDatabaseError):
        query_of("select 1 from t", scope_of(database=None, schema=None))
    with pytest.raises(NoCurrentSchemaError):
        query_of("select 1 from t", scope_of(schema=None))


ERRORS: list[tuple[str, type[ProgrammingError], str]] = [
    ("select foo from numbers", InvalidIdentifierError, "SQL compilation error: error line 1 at position 7\ninvalid identifier 'FOO'"),
    ("select id,\n  n.foo from numbers n", InvalidIdentifierError, "SQL compilation error: error line 2 at position 2\ninvalid identifier 'N.FOO'"),
    ('select "id" from numbers', InvalidIdentifierError, "SQL compilation error: error line 1 at position 7\ninvalid identifier '\"id\"'"),
    ("select x.* from numbers", InvalidIdentifierError, "SQL compilation error: error line 1 at position 7\ninvalid identifier 'X'"),
    ("select id from numbers a, numbers b", AmbiguousColumnError, "SQL compilation error: error line 1 at position 7\nambiguous column name 'ID'"),
    (
        "select 1 from nowhere", UnknownObjectError,
        "SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.PUBLIC.NOWHERE' does not exist or not authorized.",
    ),
    ("select id, count(*) from numbers", ProgrammingError, "SQL compilation error:\n[NUMBERS.ID] is not a valid group by expression"),
    ("select id from numbers where count(*) > 1", ProgrammingError, "Invalid aggregate function in where clause"),
    ("select row_number() from numbers", ProgrammingError, "requires an OVER clause"),
    ("select 1 from numbers a join numbers a on true", ProgrammingError, "duplicate alias 'A'"),
    ("select 1 union select 1, 2", ProgrammingError, "invalid number of result columns"),
    ("select id from numbers order by 5", ProgrammingError, "position 5"),
    ("select (select 1, 2)", ProgrammingError, "must give one column"),
    ("select upper()", ProgrammingError, "not enough arguments for function [UPPER], expected 1, got 0"),
    ("select upper('a', 'b')", ProgrammingError, "too many arguments for function [UPPER], expected 1, got 2"),
    ("select $nope", ProgrammingError, "Session variable '$NOPE' does not exist"),
    ("select 1 from numbers limit id", ProgrammingError, "LIMIT and OFFSET take a number"),
    ("select * from numbers match_recognize (pattern (a) define a as id > 1)", UnsupportedError, "MATCH RECOGNIZE"),
    ("select * from numbers at (offset => -60)", UnsupportedError, "HISTORICAL DATA"),
    ("select * from numbers for update", UnsupportedError, "LOCK"),
    ("select 'a'::geography", UnsupportedError, "data type"),
    ("select random() as r, r + 1", UnsupportedError, "alias R"),
    ("select $1 from 's3://bucket/file.csv'", UnsupportedError, "Only files of a stage"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "kind", "words"), ERRORS)
def test_errors(sql: str, kind: type[ProgrammingError], words: str) -> None:
    with pytest.raises(kind) as caught:
        compiled(sql)
    assert words in caught.value.msg
    assert "sqlglot" not in caught.value.msg.lower()


@pytest.mark.parametrize(
    ("sql", "line", "position", "word"),
    [
        ("select 1 + from t", 1, 11, "from"),
        ("select a from", 1, 13, "<EOF>"),
        ("select\n  a b c from t", 2, 6, "c"),
        ("selec 1", 1, 0, "selec"),
        ("select 'a' 'b'", 1, 11, "'b'"),
        ('SELECT "PROMPT", "COMPLETION" FROM (select MODIFIED_BODY as PROMPT from emails where id % 10 = 0;)', 1, 96, ";"),
        ("select (1", 1, 9, "<EOF>"),
        ("", 1, 0, "<EOF>"),
    ],
)  # fmt: skip
def test_syntax_errors_say_where(sql: str, line: int, position: int, word: str) -> None:
    with pytest.raises(ParseError) as caught:
        compiled(sql)
    assert (
        caught.value.msg
        == f"SQL compilation error:\nsyntax error line {line} at position {position} unexpected '{word}'."
    )
    assert (caught.value.errno, caught.value.sqlstate) == (1003, "42000")


def test_a_text_without_end_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="parse error line 1 at position 11 near '<EOF>'"):
        compiled("select 'abc")


LONG = [
    "select " + "(" * 150 + "1" + ")" * 150,
    "select " + " + ".join(["1"] * 300),
    "select " + " or ".join(["id = 1"] * 900) + " from numbers",
]


@pytest.mark.parametrize("sql", LONG, ids=["parentheses", "sum", "or"])
def test_long_and_deep_statements(sql: str) -> None:
    assert len(query_of(sql).columns) == 1


def test_statements_that_are_too_deep_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="nested too deeply"):
        compiled("select " + "(" * 20_000 + "1" + ")" * 20_000)


def test_a_view_with_a_call_that_is_used_twice_has_one_site() -> None:
    labels = Relation(
        named("LABELS"),
        (Column("L", text()),),
        definition=f"select snowflake.cortex.complete('m', request) as l from {named('SUPPORT_TICKETS')}",
    )
    query = query_of("select a.l, count(*) from labels a join labels b on a.l = b.l group by 1", scope_of(labels))
    assert len(query.calls) == 1
    assert query.reads == (labels.name, named("SUPPORT_TICKETS"))


def test_near_names_are_in_the_hint() -> None:
    with pytest.raises(InvalidIdentifierError) as caught:
        compiled("select pric from numbers")
    assert caught.value.hint == "Did you mean PRICE?"


def test_a_table_of_many_columns_keeps_their_order() -> None:
    wide = table("WIDE", *((f"C{place}", number()) for place in range(30)))
    assert [column.name for column in query_of("select * from wide", scope_of(wide)).columns] == [
        f"C{place}" for place in range(30)
    ]
