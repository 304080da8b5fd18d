"""Expressions, run on DuckDB: values as the vendor's pages give them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from dialect_bench import Database, query_of, scope_of

from sapwood.dialect.types import BOOLEAN, REAL, VARIANT, number, text

D = Decimal

TEXTS: list[tuple[str, Any]] = [
    ("trim('  a ')", "a"),
    (r"trim('\na b\n', '\n')", "a b"),
    ("trim('xxaxbyx', 'xy')", "axb"),
    ("ltrim('##a#', '#')", "a#"),
    ("rtrim('a--', '-')", "a"),
    ("trim(' a\n')", "a\n"),
    ("concat('a', null)", None),
    ("'a' || null", None),
    ("concat('a', 1, true)", "a1true"),
    ("concat_ws('-', 'a', 'b')", "a-b"),
    (r"'it\'s'", "it's"),
    ("'it''s'", "it's"),
    (r"'a\\b'", "a\\b"),
    (r"'a\tb\n'", "a\tb\n"),
    (r"$$a'\n$$", r"a'\n"),
    ("''", ""),
    ("'📩' || 'x'", "📩x"),
    ("length('📩x')", 2),
    ("upper('aä')", "AÄ"),
    ("lower('AB')", "ab"),
    ("initcap('hello wOrld')", "Hello World"),
    ("reverse('abc')", "cba"),
    ("left('abc', 2)", "ab"),
    ("right('abc', 2)", "bc"),
    ("substr('abcdef', 2, 3)", "bcd"),
    ("substr('abcdef', 0, 2)", "ab"),
    ("substring('abcdef', -2)", "ef"),
    ("split_part('a,b,c', ',', 2)", "b"),
    ("split_part('a,b,c', ',', -1)", "c"),
    ("split_part('a,b', ',', 5)", ""),
    ("replace('aXbX', 'X')", "ab"),
    ("replace('aXb', 'X', '-')", "a-b"),
    ("repeat('ab', 2)", "abab"),
    ("lpad('7', 3, '0')", "007"),
    ("rpad('7', 2)", "7 "),
    ("charindex('b', 'abc')", 2),
    ("position('c' in 'abc')", 3),
    ("position('b', 'abcb', 3)", 4),
    ("contains('abc', 'bc')", True),
    ("startswith('abc', 'ab')", True),
    ("endswith('abc', 'ab')", False),
    ("strtok('a.b.c', '.', 2)", "b"),
    ("insert('abcdef', 3, 2, 'zzz')", "abzzzef"),
    ("translate('abc', 'ab', 'x')", "xc"),
    ("ascii('A')", 65),
    ("chr(65)", "A"),
    ("editdistance('kitten', 'sitting')", 3),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("regexp_replace('a1b22', '[0-9]+', '#')", "a#b#"),
    (r"regexp_replace('ab', '(a)(b)', '\\2\\1')", "ba"),
    (r"regexp_substr('a12b3', '\\d+')", "12"),
    (r"regexp_substr('a12b3', '\\d+', 1, 2)", "3"),
    ("regexp_substr('abc', 'x')", None),
    ("regexp_count('banana', 'a')", 3),
    ("regexp_instr('banana', 'n')", 3),
    ("regexp_instr('banana', 'x')", 0),
    ("regexp_like('abc', 'b')", False),
    ("regexp_like('abc', '.*B.*', 'i')", True),
    ("'abc' rlike 'a.c'", True),
    ("'abc' like 'a%'", True),
    ("'abc' like 'A%'", False),
    ("'abc' ilike 'A_C'", True),
    (r"'a%c' like 'a\\%c' escape '\\'", True),
    (r"'abc' like 'a\\%c' escape '\\'", False),
    ("'abc' like any ('x%', '%c')", True),
    ("'abc' like all ('a%', '%x')", False),
    ("'abc' not like 'a%'", False),
    ("coalesce(null, 'b')", "b"),
    ("'a' = 'A'", False),
    ("'b' between 'a' and 'c'", True),
]  # fmt: skip

NUMBERS: list[tuple[str, Any]] = [
    ("1/3", D("0.333333")),
    ("2/3", D("0.666667")),
    ("-2/3", D("-0.666667")),
    ("1/-3", D("-0.333333")),
    ("-1/-3", D("0.333333")),
    ("7/2", D("3.5")),
    ("10::number(10,2)/3", D("3.33333333")),
    ("1234567890123456789012345678901/1", 1234567890123456789012345678901),
    ("0/5", 0),
    ("1.5*2", 3),
    ("1.25+1", D("2.25")),
    ("0.1+0.2", D("0.3")),
    ("1e0/4", 0.25),
    ("-7 % 3", -1),
    ("mod(7.5, 2)", D("1.5")),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(1.2345, 2)", D("1.23")),
    ("round(1234, -2)", 1200),
    ("trunc(1.29, 1)", D("1.2")),
    ("floor(-1.5)", -2),
    ("ceil(1.2)", 2),
    ("abs(-3.5)", D("3.5")),
    ("sign(-3)", -1),
    ("sqrt(9)", 3.0),
    ("power(2, 10)", 1024.0),
    ("log(2, 8)", 3.0),
    ("greatest(1, 2.5)", D("2.5")),
    ("greatest(1, null)", None),
    ("least('b', 'a')", "a"),
    ("bitand(6, 3)", 2),
    ("1 = 1.0", True),
    ("'2' > 1", True),
    ("'1.5' + 1", D("2.5")),
    ("1 in (1, 2)", True),
    ("3 not in (1, 2)", True),
    ("(1, 2) = (1, 2)", True),
    ("(1, 2) in ((1, 3), (1, 2))", True),
    ("1 between 0 and 2", True),
    ("not (1 = 1)", False),
    ("null is null", True),
    ("null = null", None),
    ("null is not distinct from null", True),
    ("1 <> 2", True),
    ("case 2 when 1 then 'a' when 2 then 'b' end", "b"),
    ("case when false then 1 end", None),
    ("case when true then 1 else 2.5 end", 1),
    ("iff(1 > 2, 'a', 'bb')", "bb"),
    ("iff(null, 1, 2)", 2),
    ("nvl(null, 2)", 2),
    ("ifnull(1, 2)", 1),
    ("nvl2(null, 1, 2)", 2),
    ("nullif(1, 1)", None),
    ("nullif(1, 2)", 1),
    ("decode(null, null, 'n', 'x')", "n"),
    ("decode(3, 1, 'a', 2, 'b')", None),
    ("decode(3, 1, 'a', 'else')", "else"),
    ("zeroifnull(null)", 0),
    ("nullifzero(0)", None),
    ("div0(1, 0)", 0),
    ("div0(1, 4)", D("0.25")),
    ("div0(null, 0)", None),
    ("div0null(1, null)", 0),
    ("equal_null(null, null)", True),
    ("equal_null(1, null)", False),
    ("true and null", None),
    ("false and null", False),
]  # fmt: skip

CASTS: list[tuple[str, Any]] = [
    ("'12'::int", 12),
    ("'1.5'::number", 2),
    ("'1.25'::number(5,1)", D("1.3")),
    ("1.5::int", 2),
    ("cast(1.50 as varchar)", "1.50"),
    ("1.0::float::varchar", "1"),
    ("1.5::float::varchar", "1.5"),
    ("true::varchar", "true"),
    ("'yes'::boolean", True),
    ("0::boolean", False),
    ("true::int", 1),
    ("'abc'::varchar(2)", "ab"),
    ("'2024-02-29'::date", datetime.date(2024, 2, 29)),
    ("'2024-02-29 10:00:00'::timestamp", datetime.datetime(2024, 2, 29, 10)),
    ("'2024-02-29 10:00:00'::timestamp::varchar", "2024-02-29 10:00:00.000"),
    ("cast(date '2024-02-29' as varchar)", "2024-02-29"),
    ("try_cast('x' as int)", None),
    ("try_cast('1' as int)", 1),
    ("try_to_number('x')", None),
    ("to_number('12.345', 10, 2)", D("12.35")),
    ("try_to_date('2024-13-01')", None),
    ("to_date('31.12.2024', 'DD.MM.YYYY')", datetime.date(2024, 12, 31)),
    ("to_varchar(date '2024-02-29', 'DD/MM/YY')", "29/02/24"),
    ("to_char(1.5)", "1.5"),
    ("null::int", None),
]  # fmt: skip

DATES: list[tuple[str, Any]] = [
    ("dateadd(day, 1, '2024-02-28'::date)", datetime.date(2024, 2, 29)),
    ("dateadd('month', 1, '2024-01-31'::date)", datetime.date(2024, 2, 29)),
    ("dateadd(hour, 1, '2024-01-31'::date)", datetime.datetime(2024, 1, 31, 1)),
    ("'2024-01-31'::date + 1", datetime.date(2024, 2, 1)),
    ("'2024-03-01'::date - '2024-02-28'::date", 2),
    ("'2024-01-31'::date + interval '1 month'", datetime.date(2024, 2, 29)),
    ("datediff(month, '2024-01-31'::date, '2024-02-01'::date)", 1),
    ("datediff('second', '2024-01-01 00:00:00', '2024-01-01 00:01:00')", 60),
    ("date_trunc('month', '2024-02-29'::date)", datetime.date(2024, 2, 1)),
    ("year('2024-02-29'::date)", 2024),
    ("extract(month from '2024-02-29'::date)", 2),
    ("date_part(quarter, '2024-05-29'::date)", 2),
    ("last_day('2024-02-01'::date)", datetime.date(2024, 2, 29)),
    ("dayname('2024-02-29'::date)", "Thu"),
    ("date_from_parts(2024, 2, 29)", datetime.date(2024, 2, 29)),
    ("add_months('2024-01-31'::date, 1)", datetime.date(2024, 2, 29)),
]  # fmt: skip

SEMISTRUCTURED: list[tuple[str, Any]] = [
    ("parse_json('{\"a\": {\"b\": [1, \"x\"]}}'):a.b[1]::string", "x"),
    ("parse_json('{\"a\": 1}')['a']::int", 1),
    ("parse_json('{\"a b\": 1}'):\"a b\"::int", 1),
    ("parse_json('{\"a\": \"x\"}'):a", '"x"'),
    ("parse_json('{\"A\": 1}'):a", None),
    ("parse_json('{\"a\": null}'):a::string", None),
    ("is_null_value(parse_json('{\"a\": null}'):a)", True),
    ("try_parse_json('{bad')", None),
    ("parse_json('')", None),
    ("typeof(parse_json('[1]'))", "ARRAY"),
    ("typeof(parse_json('1.5'))", "DECIMAL"),
    ("array_size([1, 2, 3])", 3),
    ("array_size({'a': 1})", None),
    ("[1, 'x', null, [2]]", '[1,"x",null,[2]]'),
    ("{'k': 'v', 'n': [1, 2]}", '{"k":"v","n":[1,2]}'),
    ("{}", "{}"),
    ("[]", "[]"),
    ("object_construct('a', 1, 'b', null)", '{"a":1}'),
    ("object_construct_keep_null('a', 1, 'b', null)", '{"a":1,"b":null}'),
    ("object_construct('q\"', 'x''y')", '{"q\\"":"x\'y"}'),
    ("array_construct(1.5, 'a', true)", '[1.5,"a",true]'),
    ("array_construct_compact(1, null, 2)", "[1,2]"),
    ("get([10, 20], 1)::int", 20),
    ("get_path(parse_json('{\"a\": {\"b\": 5}}'), 'a.b')::int", 5),
    ("object_keys({'z': 1, 'y': 2})", '["z","y"]'),
    ("array_contains('b'::variant, ['a', 'b'])", True),
    ("array_to_string(['a', 1], '-')", "a-1"),
    ("array_append([1], 2)", "[1,2]"),
    ("array_cat([1], [2, 3])", "[1,2,3]"),
    ("array_slice([1, 2, 3], 0, 2)", "[1,2]"),
    ("to_json({'a': 1})", '{"a":1}'),
    ("'x'::variant", '"x"'),
    ("'x'::variant::string", "x"),
    ("1::variant = 1", True),
    ("parse_json('\"a\"') = 'a'", True),
    ("split('a,b', ',')", '["a","b"]'),
    ("prompt('Hello {0}, {1}', 'a', 2)", '{"args":["a",2],"template":"Hello {0}, {1}"}'),
    ("as_varchar(parse_json('1'))", None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), [*TEXTS, *NUMBERS, *CASTS, *DATES, *SEMISTRUCTURED])
def test_value(database: Database, sql: str, expected: Any) -> None:
    assert database.one(f"select {sql}") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1", number(1, 0)),
        ("100", number(3, 0)),
        ("1.50", number(3, 2)),
        ("1e3", REAL),
        ("'abc'", text(3)),
        ("null", text()),
        ("1 + 1", number(2, 0)),
        ("id + 1", number(38, 0)),
        ("price * 2", number(11, 2)),
        ("price * price", number(20, 4)),
        ("price / 3", number(16, 8)),
        ("1 / 3", number(7, 6)),
        ("price - 1", number(11, 2)),
        ("price + f", REAL),
        ("id = 1", BOOLEAN),
        ("iff(true, price, id)", number(38, 2)),
        ("coalesce('a', 'bcd')", text(3)),
        ("concat('a', 'bc')", text(3)),
        ('upper("lower")', text(10)),
        ("length('a')", number(18, 0)),
        ("v:a", VARIANT),
        ("case when true then 1 else 1.5 end", number(2, 1)),
    ],
)
def test_type(sql: str, expected: object) -> None:
    (column,) = query_of(f"select {sql} from numbers").columns
    assert column.type == expected


@pytest.mark.parametrize(
    ("sql", "number_", "state", "words"),
    [
        ("1/0", "100051", "22012", "Division by zero"),
        ("id/0", "100051", "22012", "Division by zero"),
        ("f/0", "100051", "22012", "Division by zero"),
        ("mod(1, 0)", "100051", "22012", "Division by zero"),
        ("'x'::int", "100038", "22018", "Numeric value 'x' is not recognized"),
        ("'maybe'::boolean", "100037", "22018", "Boolean value 'maybe' is not recognized"),
        ("'2024-02-30'::date", "100040", "22018", "Date '2024-02-30' is not recognized"),
        ("100::number(2,0)", "100046", "22003", "value 100"),
        ("parse_json('{bad')", "100069", "22P02", "Error parsing JSON: {bad"),
    ],
)
def test_error_of_a_row(database: Database, sql: str, number_: str, state: str, words: str) -> None:
    with pytest.raises(Exception, match=f"sapwood:{number_}:{state}:") as caught:
        database.run(f"select {sql} from numbers")
    assert words in str(caught.value)


def test_division_by_zero_only_where_it_is_computed(database: Database) -> None:
    assert database.run("select iff(id = 1, 0, 4 / (id - 1)) from numbers where id is not null order by id") == [
        (D(0),),
        (D(4),),
    ]


def test_session_variables_and_context(database: Database) -> None:
    scope = scope_of(variables={"V": 42, "NAME": "O'Neil", "T": "numbers", "D": D("-1.5"), "N": None})
    assert database.one("select $v + 1", scope) == 43
    assert database.one("select $name", scope) == "O'Neil"
    assert database.one("select $d", scope) == D("-1.5")
    assert database.one("select $n is null", scope) is True
    assert database.one("select count(*) from identifier($t)", scope) == 3
    assert database.one("select current_user()") == "ADMIN"
    assert database.one("select current_user") == "ADMIN"
    assert database.one("select current_database() || '.' || current_schema()") == "CORTEX_FINETUNING_DB.PUBLIC"
    assert database.one("select current_warehouse()") is None


def test_the_mark_of_the_engine_never_stands_in_a_users_text(database: Database) -> None:
    assert "{token}" not in query_of("select 'say {token}:0'").sql
    assert database.one("select 'say {token}:0'") == "say {token}:0"


def test_random_with_a_seed_is_the_same_again_and_differs_between_rows(database: Database) -> None:
    rows = database.run("select random(42) from numbers")
    assert rows == database.run("select random(42) from numbers")
    assert len({row[0] for row in rows}) == 3
    assert rows != database.run("select random(43) from numbers")


def test_random_is_drawn_once_where_it_is_used_twice(database: Database) -> None:
    assert (
        database.one(
            "select count(distinct r) from (select (random() / 3) - (random() / 3) as r from table(generator(rowcount => 5)))"
        )
        == 5
    )
    assert database.one("select max(abs(x - x)) from (select random() as x from numbers)") == 0
