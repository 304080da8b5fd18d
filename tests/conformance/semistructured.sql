-- VARIANT, OBJECT and ARRAY: paths, casts, and their functions.

create table docs (id int, v variant);

insert into docs select 1, parse_json('{"name": "Ann", "tags": ["a", "b"], "address": {"zip code": "123", "n": 1.50}, "none": null}');

insert into docs select 2, parse_json('[1, "two", null]');

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
select v:name as variant_text, v:name::string as name, v:tags[1]::string as tag, v:address."zip code"::int as zip, v['address']['n']::float as n, v:nothing as missing, v:none as json_null, v:none is null as is_missing
from docs where id = 1;
-- columns: VARIANT_TEXT VARIANT, NAME VARCHAR(16777216), TAG VARCHAR(16777216), ZIP NUMBER(38,0), N FLOAT, MISSING VARIANT, JSON_NULL VARIANT, IS_MISSING BOOLEAN
-- row: ["\"Ann\"", "Ann", "b", 123, 1.5, null, "null", false]

select v:Name from docs where id = 1;
-- row: [null]

select v[1]::string as second, get(v, 0)::int as first, get_path(v, '[1]') as p, v[2]::string as sql_null, array_size(v) as n from docs where id = 2;
-- row: ["two", 1, "\"two\"", null, 3]

-- https://docs.snowflake.com/en/sql-reference/functions/parse_json
select parse_json('{"a":1}'):a + 1 as n, try_parse_json('{') as bad, parse_json('') as empty, to_json(parse_json('[1, 2]')) as t, check_json('{') is not null as wrong, check_json('{}') as fine;
-- row: [2.0, null, null, "[1,2]", true, null]

select parse_json('{');
-- error: 100069 22P02 Error parsing JSON: {

-- https://docs.snowflake.com/en/sql-reference/functions/typeof
select typeof(v:name) as s, typeof(v:tags) as a, typeof(v:address) as o, typeof(v:address.n) as d, typeof(v:none) as n, typeof(parse_json('1')) as i, typeof(true::variant) as b from docs where id = 1;
-- row: ["VARCHAR", "ARRAY", "OBJECT", "DECIMAL", "NULL_VALUE", "INTEGER", "BOOLEAN"]

-- https://docs.snowflake.com/en/sql-reference/functions/is
select is_array(v:tags) as a, is_object(v:address) as o, is_varchar(v:name) as s, is_null_value(v:none) as n, is_integer(v:address.n) as i, is_decimal(v:address.n) as d from docs where id = 1;
-- row: [true, true, true, true, false, true]

-- https://docs.snowflake.com/en/sql-reference/functions/as
select as_varchar(v:name) as s, as_integer(v:name) as none, as_array(v:tags) as a, as_double(v:address.n) as d, as_number(v:address.n, 5, 1) as n from docs where id = 1;
-- row: ["Ann", null, "[\"a\",\"b\"]", 1.5, "1.5"]

-- https://docs.snowflake.com/en/sql-reference/functions/object_construct
select object_construct('a', 1, 'b', null, 'c', 'x') as o, object_construct_keep_null('a', null) as k, {'a': 1, 'b': [1, 'x']} as l, object_construct() as e;
-- row: ["{\"a\":1,\"c\":\"x\"}", "{\"a\":null}", "{\"a\":1,\"b\":[1,\"x\"]}", "{}"]

-- https://docs.snowflake.com/en/sql-reference/functions/object_insert
select object_insert({'a': 1}, 'b', 2) as i, object_insert({'a': 1}, 'a', 2, true) as u, object_delete({'a': 1, 'b': 2}, 'a') as d, object_pick({'a': 1, 'b': 2, 'c': 3}, 'a', 'c') as p, object_keys({'b': 1, 'a': 2}) as k;
-- row: ["{\"a\":1,\"b\":2}", "{\"a\":2}", "{\"b\":2}", "{\"a\":1,\"c\":3}", "[\"b\",\"a\"]"]

select object_insert({'a': 1}, 'a', 2);
-- error: 100065 22000 Duplicate field key 'a'

-- https://docs.snowflake.com/en/sql-reference/functions/get_ignore_case
select get_ignore_case({'aB': 1}, 'AB') as g, strip_null_value(parse_json('null')) as s, json_extract_path_text('{"a": {"b": "x"}}', 'a.b') as t;
-- row: ["1", null, "x"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_construct
select array_construct(1, 'a', null) as a, array_construct_compact(1, null, 2) as c, [] as e, array_size([1, 2]) as n, to_array('x') as t, array_generate_range(2, 5) as r, array_generate_range(5, 0, -2) as back;
-- row: ["[1,\"a\",null]", "[1,2]", "[]", 2, "[\"x\"]", "[2,3,4]", "[5,3,1]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_append
select array_append([1], 2) as a, array_prepend([1], 0) as p, array_cat([1], [2]) as c, array_insert([1, 3], 1, 2) as i, array_remove([1, 2, 1], 1) as r, array_remove_at([1, 2, 3], 1) as ra, array_compact([1, null]) as co;
-- row: ["[1,2]", "[0,1]", "[1,2]", "[1,2,3]", "[2]", "[1,3]", "[1]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_contains
select array_contains('a'::variant, ['a', 'b']) as c, array_position(3::variant, [1, 3]) as p, array_position(9::variant, [1]) as none, arrays_overlap([1, 2], [2, 3]) as o, array_intersection([1, 2], [2, 3]) as i, array_except([1, 2], [2]) as x;
-- row: [true, 1, null, true, "[2]", "[1]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_sort
select array_sort([20, 3, 100]) as n, array_sort(['b', 'a'], true) as t, array_sort([1, null, 2], false) as d, array_min([3, 1]) as lo, array_max([3, 1]) as hi, array_reverse([1, 2]) as r;
-- row: ["[3,20,100]", "[\"a\",\"b\"]", "[null,2,1]", "1", "3", "[2,1]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_slice
select array_slice([0, 1, 2, 3], 1, 3) as s, array_slice([0, 1, 2, 3], 0, -1) as back, array_to_string([1, null, 'a'], '-') as t, array_flatten([[1], [2, 3]]) as f, array_size(array_distinct([1, 1, 2])) as d, arrays_to_object(['a'], [1]) as o;
-- row: ["[1,2]", "[0,1,2]", "1--a", "[1,2,3]", 2, "{\"a\":1}"]

-- https://docs.snowflake.com/en/sql-reference/functions/filter
select filter([1, 2, 3], x -> x > 1) as f, transform([1, 2], x -> x::int * 10) as t, reduce([1, 2, 3], 0, (acc, x) -> acc::int + x::int) as r, filter([{'a': 1}, {'a': 5}], o -> o:a::int > 2) as o;
-- row: ["[2,3]", "[10,20]", "6", "[{\"a\":5}]"]

select id, transform([1, 2], x -> x::int + id) as t from docs order by id;
-- row: [1, "[2,3]"]
-- row: [2, "[3,4]"]

select filter([1], 1);
-- error: * * SQL compilation error:

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
select v:name = 'Ann' as e, v:address.n > 1 as n, v:tags[0] || '!' as t, upper(v:name) as u from docs where id = 1;
-- row: [true, true, "a!", "ANN"]

select '{"a": 1}'::variant as text_inside, parse_json('"x"')::string as unquoted, 'x'::variant::string as back, [1, 2]::string as a, {'a': 1}::variant:a::int as o;
-- row: ["\"{\\\"a\\\": 1}\"", "x", "x", "[1,2]", 1]

select parse_json('"abc"')::int;
-- error: 100071 22000 Failed to cast variant value "abc" to FIXED

select parse_json('"abc"')::float;
-- error: 100071 22000 Failed to cast variant value "abc" to REAL

select parse_json('{}')::date;
-- error: 100071 22000 Failed to cast variant value {} to DATE

select parse_json('null')::int as of_null, try_cast(parse_json('"x"') as int) as tried, to_object(to_variant(null::object)) as none;
-- row: [null, null, null]

-- https://docs.snowflake.com/en/sql-reference/data-type-conversion
select to_variant(x'0aff') as hex, to_variant(x'0aff')::binary = x'0aff' as back, to_array('2024-01-31'::date) as of_date, [x'01'] as listed;
-- row: ["\"0AFF\"", true, "[\"2024-01-31\"]", "[\"01\"]"]

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
select {,: 'string'};
-- error: 001003 42000 SQL compilation error:\nsyntax error line 1 at position 8 unexpected ','.

select {:'a'};
-- error: 001003 42000 SQL compilation error:\nsyntax error line 1 at position 8 unexpected ':'.

select [1,,2];
-- error: 001003 42000 SQL compilation error:\nsyntax error line 1 at position 10 unexpected ','.

select upper('a',);
-- error: 001003 42000 SQL compilation error:\nsyntax error line 1 at position 17 unexpected ')'.

select parse_json('1')::object;
-- error: 100071 22000 Failed to cast variant value 1 to OBJECT

create table structured (m map(varchar, int));
-- error: 000002 0A000 SQL compilation error:\nUnsupported data type

create table places (g geography);
-- error: 000002 0A000 SQL compilation error:\nUnsupported data type 'GEOGRAPHY'.

-- https://docs.snowflake.com/en/sql-reference/functions/array_size
select array_size(parse_json('[{r:255, g:12}, {r:0}]')) as unquoted_keys, parse_json($$'a "b" \'c'$$)::varchar as single_quotes, parse_json('NULL') is null as n;
-- row: [2, "a \"b\" 'c", false]

-- https://docs.snowflake.com/en/sql-reference/functions/try_parse_json
select try_parse_json('[-1, FALSE,]') as behind, try_parse_json('[1, ,77]') as between, try_parse_json('{"a": NaN}') as no_number, try_parse_json('{"a":1,"a":2}') as twice, try_parse_json('{"x":[{"a":1,"a":2}]}') as inside, try_parse_json(' \n ') as blank;
-- row: ["[-1,false,null]", "[1,null,77]", null, null, null, null]

-- https://docs.snowflake.com/en/sql-reference/functions/parse_json
select parse_json('{ "a" : "123", "b" : "456", "a": "789"} ');
-- error: 100069 22P02 Error parsing JSON: duplicate object attribute "a", pos 31

select parse_json('{"a":1,"b":[{"c":1,"c":2}],"a":1.50}', 'd') as last, parse_json('{"s": "a,] nan", "n": 1e3}') as kept;
-- row: ["{\"a\":1.50,\"b\":[{\"c\":2}]}", "{\"s\":\"a,] nan\",\"n\":1e3}"]

-- https://docs.snowflake.com/en/sql-reference/functions/check_json
select check_json('{"a":1}') as good, check_json('{"a"') as bad, check_json(null) as none, check_json('{"a":1,"a":1}') as twice;
-- row: [null, "{\"a\"", null, "duplicate object attribute \"a\", pos 10"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_except
select array_except(['A', 'B', 'B', 'B', 'C'], ['B']) as e, array_except(['A', null, null], ['B', null]) as n, array_except(['A'], null) as none, array_intersection(['A', 'B', 'B', 'B'], ['B', 'B']) as i;
-- row: ["[\"A\",\"B\",\"B\",\"C\"]", "[\"A\",null]", null, "[\"B\",\"B\"]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_insert
select array_insert([0, 1, 2, 3], 2, 'x') as i, array_insert([0, 1, 2, 3], 5, 'x') as behind, array_insert([0, 1, 2, 3], -1, 'x') as from_end, array_insert(null, 0, 1) as none;
-- row: ["[0,1,\"x\",2,3]", "[0,1,2,3,null,\"x\"]", "[0,1,2,\"x\",3]", null]

-- https://docs.snowflake.com/en/sql-reference/functions/array_remove_at
select array_remove_at([2, 5, 7], 0) as first, array_remove_at([2, 5, 7], -1) as last, array_remove_at([2, 5, 7], 10) as none;
-- row: ["[5,7]", "[2,5]", "[2,5,7]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_flatten
select array_flatten([[1, 2], [3]]) as f, array_flatten([[1], null]) as n, array_distinct(null) as none;
-- row: ["[1,2,3]", null, null]

select array_flatten([[1], 4]);
-- error: 100107 22000 Not an array: 'Input argument to ARRAY_FLATTEN is not an array of arrays'

-- https://docs.snowflake.com/en/sql-reference/functions/arrays_zip
select arrays_zip([1, 2], ['one']) as z, arrays_zip([1], null) as n, arrays_zip([], []) as e;
-- row: ["[{\"$1\":1,\"$2\":\"one\"},{\"$1\":2,\"$2\":null}]", null, "[{}]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_sort
select array_sort([20, null, 0]) as up, array_sort([20, null, 0], false) as down, array_sort([20, null, 0], false, false) as last;
-- row: ["[0,20,null]", "[null,20,0]", "[20,0,null]"]

-- https://docs.snowflake.com/en/sql-reference/functions/object_insert
select object_insert({'a': 1}, 'd', parse_json('null')) as json_null, object_insert({'a': 1}, 'e', null) as sql_null, object_insert({'a': {'x': 1}}, 'a', {'y': 2}, true) as put_in_place;
-- row: ["{\"a\":1,\"d\":null}", "{\"a\":1}", "{\"a\":{\"y\":2}}"]

-- https://docs.snowflake.com/en/sql-reference/functions/get_ignore_case
select get_ignore_case(parse_json('{"aa":1,"aA":2,"Aa":3}'), 'aA') as same, get_ignore_case(parse_json('{"aa":1,"aA":2,"Aa":3}'), 'AA') as other;
-- row: ["2", "3"]

-- https://docs.snowflake.com/en/sql-reference/functions/filter
select filter([1, null, 3], a -> a is not null) as f, transform(['{"a":1}'], x -> parse_json(x)) as t, filter(null, x -> x > 1) as n;
-- row: ["[1,3]", "[{\"a\":1}]", null]

-- https://docs.snowflake.com/en/sql-reference/functions/object_construct
select object_construct(* exclude (b)) as o, object_construct(* ilike 'b%') as l from (select 1 as a, 2 as b, 3 as c);
-- row: ["{\"A\":1,\"C\":3}", "{\"B\":2}"]

-- https://docs.snowflake.com/en/sql-reference/functions/count
select count(v) as n, count(*) as all_of_them from (select parse_json('null') as v union all select parse_json('1') union all select null);
-- row: [1, 3]

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
create table holders (id int, o object, a array);

insert into holders values (1, null, null), (2, null, null);

select count(*) as n, count(o) as o, hash_agg(*) = hash_agg(* exclude (a)) as h from holders;
-- row: [2, 0, false]

select array_insert([1], 100000000, 2);
-- error: 100078 22000 An array can't have the position 100000000

-- https://docs.snowflake.com/en/sql-reference/functions/get_path
select get_path({'vehicle': [{'make': 'Honda'}]}, 'vehicle[0]:make') as colon, get_path({'x.y': {'z': 1}}, '"x.y".z') as quoted, get_path({'a b': 1}, '[''a b'']') as brackets;
-- row: ["\"Honda\"", "1", "1"]

select get_path({'a': 1}, 'a b');
-- error: 001015 22023 SQL compilation error:\nInvalid extraction path 'a b'

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
-- Places are counted from 0; nothing stands at a negative one.
select [1, 2, 3][-1] as before, [1, 2, 3][c - 2] as counted, [1, 2, 3][c] as second, get([1, 2], -1) as got from (select 1 as c);
-- row: [null, null, "2", null]

-- https://docs.snowflake.com/en/sql-reference/functions/json_extract_path_text
select json_extract_path_text('{"a": [{"b": "x"}]}', 'a[0]:b') as colon, json_extract_path_text(t, p) as column_path from (select '{"a": {"b": 1}}' as t, 'a.b' as p);
-- row: ["x", "1"]
