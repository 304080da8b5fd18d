-- Table functions: FLATTEN with all its arguments, lateral joins, SPLIT_TO_TABLE, GENERATOR.

create table orders (id int, tags varchar(20), content variant);

insert into orders select 1, 'a,b', parse_json('{"items": [10, 20, 30], "who": {"name": "x"}}');

insert into orders select 2, 'c', parse_json('{"items": [40], "who": null}');

insert into orders select 3, null, null;

-- https://docs.snowflake.com/en/sql-reference/functions/flatten
select o.id, f.seq, f.key, f.path, f.index, f.value, f.this from orders o, lateral flatten(input => content:items) f;
-- columns: ID NUMBER(38,0), SEQ NUMBER(38,0), KEY VARCHAR(16777216), PATH VARCHAR(16777216), INDEX NUMBER(38,0), VALUE VARIANT, THIS VARIANT
-- row: [1, 1, null, "[0]", 0, "10", "[10,20,30]"]
-- row: [1, 1, null, "[1]", 1, "20", "[10,20,30]"]
-- row: [1, 1, null, "[2]", 2, "30", "[10,20,30]"]
-- row: [2, 2, null, "[0]", 0, "40", "[40]"]

select id, path, value from orders, table(flatten(content, 'items')) f where id = 1;
-- row: [1, "items[0]", "10"]
-- row: [1, "items[1]", "20"]
-- row: [1, "items[2]", "30"]

select id, f.key, f.value from orders, lateral flatten(input => content, mode => 'OBJECT') f;
-- row: [1, "items", "[10,20,30]"]
-- row: [1, "who", "{\"name\":\"x\"}"]
-- row: [2, "items", "[40]"]
-- row: [2, "who", "null"]

select id, f.key from orders, lateral flatten(input => content, mode => 'ARRAY') f;
-- rows: none

select id, f.index, f.value from orders, lateral flatten(input => content:items, outer => true) f where id > 1;
-- row: [2, 0, "40"]
-- row: [3, null, null]

select f.path, f.value from orders, lateral flatten(input => content, recursive => true) f where id = 1;
-- row: ["items", "[10,20,30]"]
-- row: ["items[0]", "10"]
-- row: ["items[1]", "20"]
-- row: ["items[2]", "30"]
-- row: ["who", "{\"name\":\"x\"}"]
-- row: ["who.name", "\"x\""]

select id, g.value from orders, lateral flatten(input => content:items) f, lateral flatten(input => array_construct(f.value, 'z')) g where id = 2;
-- row: [2, "40"]
-- row: [2, "\"z\""]

select id, sum(f.value::int) as total from orders, lateral flatten(input => content:items) f group by id order by id;
-- row: [1, 60]
-- row: [2, 40]

select o.id, f.value from orders o left join lateral flatten(input => o.content:items) f on true where o.id > 1;
-- row: [2, "40"]
-- row: [3, null]

select o.id, f.value from orders o left join lateral flatten(input => o.content:items) f where o.id > 1;
-- row: [2, "40"]
-- row: [3, null]

select o.id, f.value from orders o inner join lateral flatten(input => o.content:items) f on f.index = 2;
-- row: [1, "30"]

select id, (select count(*) from table(flatten(input => o.content:items))) as n from orders o order by id;
-- row: [1, 3]
-- row: [2, 1]
-- row: [3, 0]

select * from table(flatten(input => parse_json('[1, {"a b": 2}]'))) f;
-- row: [1, null, "[0]", 0, "1", "[1,{\"a b\":2}]"]
-- row: [1, null, "[1]", 1, "{\"a b\":2}", "[1,{\"a b\":2}]"]

select path from table(flatten(input => parse_json('{"a b": 2}')));
-- row: ["['a b']"]

select * from table(flatten(input => parse_json('[]')));
-- rows: none

select * from table(flatten(input => parse_json('[1]'), mode => 'LIST'));
-- error: 001003 42000 SQL compilation error:\nFLATTEN knows the modes ARRAY, OBJECT and BOTH, not LIST.

select * from table(flatten(inputs => parse_json('[1]')));
-- error: * * SQL compilation error:\nFLATTEN has no argument INPUTS.

-- https://docs.snowflake.com/en/sql-reference/constructs/join-lateral
select o.id, l.next from orders o, lateral (select o.id + 1 as next) l order by o.id;
-- row: [1, 2]
-- row: [2, 3]
-- row: [3, 4]

-- https://docs.snowflake.com/en/sql-reference/functions/split_to_table
select id, s.seq, s.index, s.value from orders, lateral split_to_table(tags, ',') s;
-- columns: ID NUMBER(38,0), SEQ NUMBER(38,0), INDEX NUMBER(38,0), VALUE VARCHAR(16777216)
-- row: [1, 1, 1, "a"]
-- row: [1, 1, 2, "b"]
-- row: [2, 2, 1, "c"]

-- https://docs.snowflake.com/en/sql-reference/functions/strtok_split_to_table
select index, value from table(strtok_split_to_table('a.b  c', '. '));
-- row: [1, "a"]
-- row: [2, "b"]
-- row: [3, "c"]

-- https://docs.snowflake.com/en/sql-reference/functions/generator
select seq4() as n, n * n as square from table(generator(rowcount => 3));
-- row: [0, 0]
-- row: [1, 1]
-- row: [2, 4]

set rows_wanted = 2;

select count(*) as n from table(generator(rowcount => $rows_wanted));
-- row: [2]

select seq4() from table(generator(timelimit => 1));
-- error: 000002 0A000 SQL compilation error:\nGENERATOR with TIMELIMIT is not supported.

-- https://docs.snowflake.com/en/sql-reference/functions/randstr
select length(randstr(8, random())) as n, randstr(8, 7) = randstr(8, 7) as same, uniform(1, 6, random()) between 1 and 6 as die;
-- row: [8, true, true]

-- https://docs.snowflake.com/en/sql-reference/constructs/join-lateral
-- LEFT JOIN LATERAL needs no ON: a row without any stays.
select n, l.double from (values (1), (2)) v (n) left join lateral (select v.n * 2 as double where v.n > 1) l order by n;
-- row: [1, null]
-- row: [2, 4]
