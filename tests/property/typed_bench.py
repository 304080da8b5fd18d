"""Statements that mean something: each expression has the kind that its place wants.

Comes in: a generator of random numbers. Goes out: text over the tables of `statement_bench.SETUP`. A line of EXPRESSIONS is
one way to make a value of its kind; `{kind}` stands for a value of that kind. Nothing here is meant to fail, though some
values may be out of some range.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

EXPRESSIONS: Mapping[str, str] = {
    "number": """
        abs({number})
        sign({number})
        -({number})
        ({number} + {number})
        ({number} - {number})
        ({number} * {small})
        ({number} % {small})
        mod({number}, {small})
        div0({number}, {number})
        div0null({number}, {number})
        round({number}, {small})
        trunc({number}, 1)
        ceil({number})
        floor({float})
        {small}
        length({text})
        octet_length({binary})
        ascii({text})
        charindex({text}, {text})
        position({text} in {text})
        editdistance({text}, {text})
        jarowinkler_similarity({text}, {text})
        regexp_count({text}, {pattern})
        regexp_instr({text}, {pattern})
        bitand({small}, {small})
        bitor({small}, {small})
        bitxor({small}, {small})
        bitnot({small})
        bitshiftleft({small}, {small})
        bitshiftright({small}, {small})
        factorial({small})
        width_bucket({number}, 0, 100, {small})
        coalesce({number}, {number})
        nvl({number}, {number})
        zeroifnull({number})
        nullifzero({number})
        nullif({number}, {number})
        greatest({number}, {number})
        least({number}, {number})
        iff({boolean}, {number}, {number})
        decode({number}, {number}, {number}, {number})
        case {number} when 1 then {number} else {number} end
        hash({any}, {any})
        array_size({array})
        array_position({variant}, {array})
        datediff({part}, {date}, {timestamp})
        extract(year from {date})
        date_part({part}, {timestamp})
        dayofweek({date})
        weekiso({date})
        month({timestamp})
        months_between({date}, {date})
        try_to_number({text})
        try_cast({text} as number(10, 2))
        {number}::number(38, 2)
        {boolean}::int
        as_integer({variant})
        {variant}:a[0]::int
        (select max(amount) from u)
        (select count(*) from u where u.amount > {number})
        plus1({small})
        vector_l2_distance({vector}, {vector})
        strtok_to_array({text})[0]:x::int
    """,
    "float": """
        {number}::float
        sqrt(abs({number}))
        exp({small})
        power({number}, 2)
        cbrt({float})
        sin({float})
        atan2({number}, {float})
        degrees({float})
        ln({small})
        log(2, {small})
        pi()
        haversine({small}, {small}, {number}, {number})
        ({float} / {small})
        to_double({number})
        try_to_double({text})
        square({number})
    """,
    "text": """
        upper({text})
        lower({text})
        initcap({text})
        reverse({text})
        trim({text})
        ltrim({text}, 'a')
        ({text} || {text})
        concat({text}, {number})
        concat_ws('-', {text}, {text})
        left({text}, {small})
        right({text}, {small})
        substr({text}, {small})
        substring({text}, {small}, {small})
        lpad({text}, {small}, '*')
        rpad({text}, {small})
        repeat({text}, 2)
        replace({text}, {text}, 'z')
        insert({text}, 1, 1, {text})
        translate({text}, 'abc', 'xyz')
        split_part({text}, ',', {small})
        strtok({text}, ',', 1)
        soundex({text})
        md5({text})
        sha2({text})
        hex_encode({text})
        base64_encode({binary})
        try_base64_decode_string({text})
        regexp_replace({text}, {pattern}, 'r')
        regexp_substr({text}, {pattern})
        chr(65 + {small})
        to_varchar({any})
        to_char({number}, {numberformat})
        to_char({timestamp}, {dateformat})
        to_varchar({date}, {dateformat})
        {any}::varchar
        try_cast({text} as varchar(20))
        dayname({date})
        monthname({timestamp})
        typeof({variant})
        to_json({variant})
        as_varchar({variant})
        array_to_string({array}, ',')
        {variant}:a[1].b::varchar
        coalesce({text}, {text})
        ifnull({text}, {text})
        nvl2({any}, {text}, {text})
        iff({boolean}, {text}, {text})
        case when {boolean} then {text} when {boolean} then {text} end
        greatest({text}, {text})
        current_database()
        'it''s ' || {text}
    """,
    "boolean": """
        ({number} = {number})
        ({number} < {float})
        ({text} <> {text})
        ({date} >= {date})
        ({timestamp} > {timestamp})
        ({number} is null)
        ({text} is not null)
        ({number} is distinct from {number})
        equal_null({number}, {number})
        equal_null({variant}, {variant})
        ({number} between {number} and {number})
        ({text} in ({text}, {text}))
        ({number} not in (1, {number}))
        ({text} like {text})
        ({text} ilike 'a%')
        ({text} like any ('a%', {text}))
        ({text} rlike {pattern})
        regexp_like({text}, {pattern})
        contains({text}, {text})
        startswith({text}, {text})
        endswith({text}, {text})
        ({boolean} and {boolean})
        ({boolean} or {boolean})
        (not {boolean})
        booland({number}, {number})
        boolxor({number}, {number})
        array_contains({variant}, {array})
        arrays_overlap({array}, {array})
        is_integer({variant})
        is_null_value({variant})
        to_boolean({small})
        try_to_boolean({text})
        exists (select 1 from u where amount > {number})
        ({small} in (select id from u))
    """,
    "date": """
        {timestamp}::date
        to_date({timestamp})
        try_to_date({text})
        dateadd({part}, {small}, {date})::date
        add_months({date}, {small})
        ({date} + {small})
        date_trunc('month', {date})
        last_day({date})
        last_day({date}, 'year')
        next_day({date}, 'mo')
        previous_day({date}, 'friday')
        date_from_parts(2024, {small}, {small})
        time_slice({date}, 2, 'month')
        coalesce({date}, {date})
        least({date}, {date})
        iff({boolean}, {date}, {date})
    """,
    "timestamp": """
        {date}::timestamp
        to_timestamp({small} * 86400)
        try_to_timestamp({text})
        dateadd({part}, {small}, {timestamp})
        date_trunc({part}, {timestamp})
        time_slice({timestamp}, 15, 'minute')
        timestamp_from_parts(2024, 1, {small}, {small}, 0, 0)
        ({timestamp} + interval '1 day, 2 hours')
        convert_timezone('UTC', 'Europe/Berlin', {timestamp})
        {timestamp}::timestamp_ltz
        coalesce({timestamp}, {timestamp})
    """,
    "time": """
        {timestamp}::time
        time_from_parts({small}, {small}, 0)
        to_time('10:20:30')
        try_to_time({text})
    """,
    "variant": """
        to_variant({any})
        {any}::variant
        parse_json('[1, {"b": null}]')
        try_parse_json({text})
        {array}[{small}]
        get({object}, 'k')
        get_path({variant}, 'a[0]')
        {object}:k
        {variant}:a.b[0]
        strip_null_value({variant})
        iff({boolean}, {variant}, {variant})
    """,
    "array": """
        [{any}, {any}]
        array_construct({any}, {any}, {any})
        array_construct_compact({any}, {any})
        array_append({array}, {any})
        array_prepend({array}, {any})
        array_cat({array}, {array})
        array_compact({array})
        array_distinct({array})
        array_slice({array}, 0, {small})
        array_insert({array}, 0, {any})
        array_except({array}, {array})
        array_intersection({array}, {array})
        array_reverse({array})
        array_sort({array})
        array_generate_range(0, {small})
        array_flatten([{array}, {array}])
        split({text}, ',')
        strtok_to_array({text})
        regexp_substr_all({text}, {pattern})
        object_keys({object})
        to_array({any})
        transform({array}, e -> e)
        filter({array}, e -> e is not null)
    """,
    "object": """
        {'k': {any}, 'l': {any}}
        object_construct('k', {any})
        object_construct_keep_null('k', {any}, 'z', {any})
        object_insert({object}, 'new', {any})
        object_delete({object}, 'k')
        object_pick({object}, 'k')
        to_object(to_variant({object}))
    """,
    "binary": """
        to_binary(hex_encode({text}))
        to_binary({text}, 'utf-8')
        md5_binary({text})
        sha1_binary({text})
        try_to_binary({text}, 'hex')
        try_hex_decode_binary({text})
    """,
}
"""How a value of a kind is made of others."""

AGGREGATES: Mapping[str, str] = {
    "number": """
        count(*)
        count({any})
        count(distinct {text})
        count_if({boolean})
        sum({number})
        avg({number})
        min({number})
        max({number})
        median({number})
        stddev({number})
        var_pop({number})
        mode({number})
        any_value({number})
        corr({number}, {number})
        approx_count_distinct({text})
        bitor_agg({small})
        percentile_cont(0.5) within group (order by {number})
        max_by({number}, {date})
        hash_agg({any})
        sum(iff({boolean}, 1, 0)) / nullif(count(*), 0)
    """,
    "text": """
        min({text})
        listagg({text}, ',')
        listagg(distinct {text}, '|')
        listagg({text}) within group (order by {number})
        max({date})::varchar
        array_agg({any})::varchar
        object_agg({number}::varchar, to_variant({number}))::varchar
        to_varchar(boolor_agg({boolean}))
    """,
}
WINDOWS = """
    row_number() over (order by {number})
    rank() over (partition by {text} order by {number} desc)
    dense_rank() over (order by {text})
    ntile(2) over (order by {date})
    percent_rank() over (order by {number})
    lag({number}) over (order by {date})
    lead({text}, 1, 'none') over (partition by {boolean} order by {number})
    first_value({text}) over (order by {number})
    last_value({number}) ignore nulls over (partition by {text} order by {date})
    sum({number}) over (partition by {boolean})
    sum({number}) over (order by {date} rows between 1 preceding and current row)
    avg({number}) over (order by {number} rows between unbounded preceding and unbounded following)
    count(*) over ()
    max({text}) over (partition by {number} % 2)
    ratio_to_report({number}) over ()
    conditional_true_event({boolean}) over (order by {number})
    nth_value({number}, 2) over (order by {date})
"""
QUERIES = """
    select {item}, {item} from {source}
    select {item} as one, {item} as two, {item} as three from {source} where {boolean}
    select distinct {item} from {source} order by 1
    select *, {item} as more from {source} where {boolean} limit {small}
    select {any} as k, {aggregate} as v from {source} group by k order by k
    select {text}, {aggregate}, {aggregate} from {source} where {boolean} group by 1 having count(*) > 0
    select {aggregate}, {aggregate} from {source}
    select {number} as g, {boolean} as h, {aggregate} as i from {source} group by rollup (g, h)
    select {number} as g, {text} as h, {aggregate} as i from {source} group by cube (g, h)
    select {any} as k, count(*) from {source} group by all
    select {item}, {window} as w from {source}
    select {item} from {source} qualify {window} is not null
    select {number} from {source} union all select {number} from {source}
    select {text} from {source} union select {text} from {source} order by 1
    select {number} from {source} except select {number} from {source}
    with c as (select {number} as x, {text} as y from {source}) select x + 1, upper(y) from c where x is not null
    select a.x, b.x from (select {number} as x from {source}) a left join (select {number} as x from {source}) b on a.x = b.x
    select x, (select max(amount) from u where u.id = c.x) from (select {number} as x from {source}) c
    select f.index, f.value, f.key from (select {array} as l from {source}) c, lateral flatten(input => c.l) f
    select f.key, f.value::varchar from (select {object} as l from {source}) c, lateral flatten(c.l, outer => true) f
    select * from (select {text} as k, {number} as x from {source}) pivot (sum(x) for k in ('one', 'two', 'abc'))
    select * exclude (one) from (select {number} as one, {text} as two from {source})
    select * from (select {item} as a, {item} as b from {source}) sample (50)
    select seq4(), {small} from table(generator(rowcount => {small}))
    select $1, $2 from values ({small}, {literal}), ({small}, null)
    explain select {item} from {source}
    create or replace table z as select {number} as a, {text} as b, {date} as c, {variant} as d from {source}
    create or replace temporary table z as select {item} as a from {source}
    create or replace view y as select {item} as a, {item} as b from {source}
    insert into u (id, name) select {small}, {text} from {source}
    insert into u values ({small}, upper('x'), {small} * 2)
    update u set name = concat('n', {small}), amount = amount * 0.5 where id = {small}
    delete from u where id > 3
    merge into u using (select {small} as k, {text} as n from {source} limit 1) s on u.id = s.k when matched then update set name = n when not matched then insert (id, name) values (k, n)
    set v = {small}
    alter session set timezone = 'Europe/Berlin'
    describe table t
    show columns in table t
    select get_ddl('view', 'w')
"""  # noqa: E501
_SMALL = ("1", "2", "3", "4", "5")
LITERALS: Mapping[str, tuple[str, ...]] = {
    "small": _SMALL,
    "number": ("0", "1", "-7", "2.50", "1000000", "0.001"),
    "float": ("1e3", "0.5::float", "-2.25::float"),
    "text": ("'a'", "'abc,def'", "''", "'Ünï'", "'12'", "'2024-02-29'"),
    "boolean": ("true", "false", "null::boolean"),
    "date": ("'2024-02-29'::date", "date '1999-12-31'", "to_date('31.12.2023', 'DD.MM.YYYY')"),
    "timestamp": ("'2024-03-31 02:30:00'::timestamp", "to_timestamp_ntz('2023-12-31T23:59:59.123')"),
    "time": ("'10:20:30'::time", "time '00:00:00'"),
    "variant": ("""parse_json('{"a": [1, {"b": 2}]}')""", "to_variant(null)", "1::variant"),
    "array": ("[]", "[1, 'x', null]", "array_construct(3, 1, 2)"),
    "object": ("{}", "{'k': 1, 'l': [1]}", "object_construct()"),
    "binary": ("x'0AFF'", "to_binary('', 'hex')"),
    "pattern": ("'[a-z]+'", "'a|b'", "'^\\\\d*$'", "'.'"),
    "part": ("day", "'month'", "year", "hour", "week", "quarter", "minute", "second"),
    "numberformat": ("'999.00'", "'$9,999.99'", "'00000'", "'TM9'"),
    "dateformat": ("'YYYY-MM-DD'", "'DD MON YYYY HH24:MI:SS'", "'DY, MMMM DD'", "'YY/MM'"),
    "vector": ("[1, 2]::vector(float, 2)", "[0.5, -1]::vector(float, 2)"),
}
_ANY = ("number", "float", "text", "boolean", "date", "timestamp", "time", "variant", "array", "object", "binary")


@dataclass(frozen=True)
class _Table:
    """Something to select from, and its columns by kind."""

    text: str
    columns: Mapping[str, tuple[str, ...]]


_T = {
    "number": ("id", "n"),
    "float": ("f",),
    "text": ("s",),
    "boolean": ("b",),
    "date": ("d",),
    "timestamp": ("m", "l"),
    "variant": ("v",),
    "array": ("a",),
    "object": ("o",),
    "binary": ("x",),
}
_TABLES = (
    _Table("t", _T),
    _Table("t", _T),
    _Table("u", {"number": ("id", "amount"), "text": ("name",)}),
    _Table("w", {"number": ("w.id", "twice")}),
    _Table("t join u on t.id = u.id", {**_T, "number": ("t.id", "amount"), "text": ("s", "name")}),
    _Table("t left join u using (id)", {**_T, "number": ("id", "amount"), "text": ("s", "name")}),
    _Table("t cross join (select 1 as one) c", {**_T, "number": ("id", "one")}),
    _Table("values (1, 'a'), (2, null)", {"number": ("column1", "$1"), "text": ("column2",)}),
    _Table("table(generator(rowcount => 3))", {"number": ("seq4()", "uniform(1, 5, random())")}),
)
_PLACE = re.compile(r"\{(\w+)\}")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


_MADE = {kind: _lines(text) for kind, text in EXPRESSIONS.items()}
_AGGREGATED = {kind: _lines(text) for kind, text in AGGREGATES.items()}
_WINDOWS, _QUERIES = _lines(WINDOWS), _lines(QUERIES)


class TypedMaker:
    """Makes statements whose values fit their places."""

    def __init__(self, among: random.Random) -> None:
        self._random = among

    def statement(self) -> str:
        """A query, mostly; at times a change or a definition."""
        return self._filled(self._random.choice(_QUERIES), self._random.choice(_TABLES), self._random.randint(1, 3))

    def _filled(self, template: str, table: _Table, depth: int) -> str:
        """A template with values in its places."""
        return _PLACE.sub(lambda place: self._value(place[1], table, depth), template)

    def _value(self, kind: str, table: _Table, depth: int) -> str:
        """A value of a kind, made of others up to some depth."""
        if kind == "source":
            return table.text
        if kind in ("any", "item"):
            return self._value(self._random.choice(_ANY), table, depth)
        if kind == "literal":
            return self._random.choice(LITERALS[self._random.choice(_ANY)])
        if kind == "window":
            return self._filled(self._random.choice(_WINDOWS), table, 0)
        if kind == "aggregate":
            return self._filled(
                self._random.choice(_AGGREGATED[self._random.choice(list(_AGGREGATED))]), table, depth - 1
            )
        if depth <= 0 or kind not in _MADE or self._random.random() < 0.2:
            return self._random.choice((*LITERALS[kind], *table.columns.get(kind, ()) * 2))
        return self._filled(self._random.choice(_MADE[kind]), table, depth - 1)
