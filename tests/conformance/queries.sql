-- SELECT: names, joins, set operations, CTEs, samples, order and limits.

create table people (id int, name varchar(20), boss int);

insert into people values (1, 'Ann', null), (2, 'Bob', 1), (3, 'Cid', 1), (4, 'Dee', 2);

-- https://docs.snowflake.com/en/sql-reference/identifiers-syntax
select id as "Id", ID as iD, name as "a ""b""", "ID" from people where id = 1;
-- columns: Id NUMBER(38,0), ID NUMBER(38,0), a "b" VARCHAR(20), ID NUMBER(38,0)
-- row: [1, 1, "Ann", 1]

select "id" from people;
-- error: 000904 42000 SQL compilation error: error line 1 at position 7\ninvalid identifier '"id"'

select nmae from people;
-- error: 000904 42000 SQL compilation error: error line 1 at position 7\ninvalid identifier 'NMAE'

-- https://docs.snowflake.com/en/sql-reference/sql/select
select * exclude boss rename name as who from people where id = 1;
-- columns: ID NUMBER(38,0), WHO VARCHAR(20)
-- row: [1, "Ann"]

select * replace (upper(name) as name) from people where id = 1;
-- row: [1, "ANN", null]

select * ilike '%s%' from people where id = 2;
-- columns: BOSS NUMBER(38,0)
-- row: [1]

select id + 1 as next, next * 2 as twice from people where next = 3;
-- row: [3, 6]

select $1 as first, $2 as second from values (1, 'a'), (2, 'b') order by 1 desc;
-- row: [2, "b"]
-- row: [1, "a"]

select count(*), 1 + 1, 'x' || 'y', null, current_user() from people;
-- columns: COUNT(*) NUMBER(18,0), 1 + 1 NUMBER(2,0), 'X' || 'Y' VARCHAR(2), NULL VARCHAR(16777216), CURRENT_USER() VARCHAR(5)

-- https://docs.snowflake.com/en/sql-reference/constructs/order-by
select boss from people order by boss desc, id;
-- row: [null]
-- row: [2]
-- row: [1]
-- row: [1]

select boss from people order by boss nulls first limit 1;
-- row: [null]

-- https://docs.snowflake.com/en/sql-reference/constructs/limit
select id from people order by id limit 2 offset 1;
-- row: [2]
-- row: [3]

select boss, id from people order by all desc limit 2;
-- row: [null, 1]
-- row: [2, 4]

select id as "ALL", -id as other from people order by all desc limit 1;
-- row: [4, -4]

select top 1 id from people order by id desc;
-- row: [4]

select id from people order by id offset 3 rows fetch next 5 rows only;
-- row: [4]

-- https://docs.snowflake.com/en/sql-reference/constructs/join
select p.name, b.name as boss_name from people p left join people b on p.boss = b.id order by p.id;
-- row: ["Ann", null]
-- row: ["Bob", "Ann"]
-- row: ["Cid", "Ann"]
-- row: ["Dee", "Bob"]

select id, a, b from (select 1 as id, 'a' as a) full outer join (select 2 as id, 'b' as b) using (id) order by id;
-- row: [1, "a", null]
-- row: [2, null, "b"]

select * from (select 1 as id, 'a' as a) natural join (select 1 as id, 'b' as b);
-- columns: ID NUMBER(1,0), A VARCHAR(1), B VARCHAR(1)
-- row: [1, "a", "b"]

select count(*) as n from people cross join people;
-- error: 002012 42710 SQL compilation error:\nduplicate alias 'PEOPLE'

select id from people p, people q;
-- error: 002028 42601 SQL compilation error: error line 1 at position 7\nambiguous column name 'ID'

-- https://docs.snowflake.com/en/sql-reference/constructs/asof-join
select t.at, q.price from (select column1 as at from values (5), (9), (1)) t asof join (select column1 as at, column2 as price from values (2, 20), (6, 60)) q match_condition (t.at >= q.at) order by t.at;
-- row: [1, null]
-- row: [5, 20]
-- row: [9, 60]

select t.k, q.price from (select 'a' as k, 5 as at) t asof join (select column1 as k, column2 as at, column3 as price from values ('a', 2, 20), ('b', 4, 40)) q match_condition (t.at > q.at) on t.k = q.k;
-- row: ["a", 20]

select 1 from people p asof join people q on p.id = q.id;
-- error: * * SQL compilation error:\nASOF JOIN needs MATCH_CONDITION

-- https://docs.snowflake.com/en/sql-reference/operators-query
select 1 as n union select 1 union all select 2.5 order by n;
-- columns: N NUMBER(2,1)
-- row: ["1.0"]
-- row: ["2.5"]

select column1 from values (1), (2), (2) intersect select column1 from values (2), (3);
-- row: [2]

select column1 from values (1), (2) minus select 2;
-- row: [1]

select 1, 2 union select 1;
-- error: 001789 42601 *

-- https://docs.snowflake.com/en/sql-reference/constructs/with
with a (x) as (select 1), b as (select x + 1 as y from a) select a.x, b.y from a, b;
-- row: [1, 2]

with recursive up (id, name, boss, depth) as (
  select id, name, boss, 0 from people where id = 4
  union all
  select p.id, p.name, p.boss, depth + 1 from people p join up on p.id = up.boss
) select name, depth from up order by depth;
-- row: ["Dee", 0]
-- row: ["Bob", 1]
-- row: ["Ann", 2]

with n (i) as (select 1 union all select i + 1 from n where i < 3) select i from n order by i;
-- row: [1]
-- row: [2]
-- row: [3]

-- https://docs.snowflake.com/en/user-guide/querying-subqueries
select name, (select count(*) from people q where q.boss = p.id) as reports from people p where exists (select 1 from people q where q.boss = p.id) order by name;
-- row: ["Ann", 2]
-- row: ["Bob", 1]

-- https://docs.snowflake.com/en/sql-reference/functions/in
select (1, 2) in (select 1, 2) as y, (1, 3) in (select 1, 2) as n, (2, null) in (select 1, 2) as surely_not, (1, null) in (select 1, 2) as unknown, (1, 2) not in (select 2, null) as other;
-- row: [true, false, false, null, true]

select (1, 2) in (select 1);
-- error: 001003 42000 SQL compilation error: error line 1 at position 8\nThe query behind IN must give 2 columns, found 1.

-- https://docs.snowflake.com/en/sql-reference/constructs/from
select 5 as five from dual;
-- row: [5]

-- https://docs.snowflake.com/en/sql-reference/constructs/limit
select column1 from values (1), (2) order by 1 limit null offset null;
-- row: [1]
-- row: [2]

-- https://docs.snowflake.com/en/sql-reference/constructs/sample
select count(*) as n from people sample (100);
-- row: [4]

select count(*) as n from people sample (3 rows);
-- row: [3]

select count(*) as n from people tablesample bernoulli (0);
-- row: [0]

-- https://docs.snowflake.com/en/sql-reference/constructs/values
select * from (values (1, 'a'), (2, null)) as t (n, letter) order by n desc;
-- columns: N NUMBER(1,0), LETTER VARCHAR(1)
-- row: [2, null]
-- row: [1, "a"]

-- https://docs.snowflake.com/en/sql-reference/identifier-literal
set column_name = 'name';

select identifier($column_name) as n, identifier('people.id') as i from identifier('people') order by identifier('ID') limit 1;
-- row: ["Ann", 1]

select * from table('people') where id = 1;
-- row: [1, "Ann", null]

-- https://docs.snowflake.com/en/sql-reference/constructs/match_recognize
select * from people match_recognize (order by id pattern (a+) define a as id > 1);
-- error: 000002 0A000 SQL compilation error:\nUnsupported clause: MATCH RECOGNIZE.

-- https://docs.snowflake.com/en/sql-reference/constructs/at-before
select * from people at (offset => -60);
-- error: 000002 0A000 *

-- https://docs.snowflake.com/en/sql-reference/functions-all
select st_makepoint(1, 2);
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'function ST_MAKEPOINT'.

select no_such_thing(1);
-- error: 002140 42601 SQL compilation error:\nUnknown function NO_SUCH_THING.

select * replace (a + 1 as b, b) from (select 1 as a, 2 as b);
-- error: 001003 42000 SQL compilation error:\nsyntax error: each item of REPLACE needs AS <name>.

create view from_dual as select 1 as a from dual;

select a from from_dual;
-- row: [1]
