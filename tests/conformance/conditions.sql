-- Conditions: CASE and its functions, comparisons, NULLs, logic.

-- https://docs.snowflake.com/en/sql-reference/functions/decode
select decode(2, 1, 'one', 2, 'two', 'other') as d, decode(null, null, 'is null', 'no') as n, decode(3, 1, 'one') as none;
-- row: ["two", "is null", null]

-- https://docs.snowflake.com/en/sql-reference/functions/iff
select iff(true, 1, 2.5) as i, iff(null, 'a', 'b') as n, nvl2(null, 1, 2) as v, ifnull(null, 'x') as x, nullif(1, 1) as f, zeroifnull(null) as z, nullifzero(0) as nz;
-- columns: I NUMBER(2,1), N VARCHAR(1), V NUMBER(1,0), X VARCHAR(1), F NUMBER(1,0), Z NUMBER(38,0), NZ NUMBER(1,0)
-- row: ["1.0", "b", 2, "x", null, 0, null]

-- https://docs.snowflake.com/en/sql-reference/functions/greatest
select greatest(1, 3, 2) as g, greatest(1, null) as n, least('b', 'a') as l, greatest_ignore_nulls(1, null, 3) as gi, least_ignore_nulls(null, 2) as li;
-- row: [3, null, "a", 3, 2]

-- https://docs.snowflake.com/en/sql-reference/functions/equal_null
select equal_null(null, null) as e, null = null as n, null is distinct from 1 as d, 1 is not distinct from 1 as s, null is null as i, (null = 1) is true as t;
-- row: [true, null, true, true, true, false]

-- https://docs.snowflake.com/en/sql-reference/functions/booland
select booland(1, -2) as a, boolor(0, 3) as o, boolxor(1, 1) as x, boolnot(0) as n;
-- row: [true, true, false, true]

-- https://docs.snowflake.com/en/sql-reference/functions/case
select case when 1 > 2 then 'a' when null then 'b' else 'c' end as searched, case 2 when 1 then 10 when 2 then 20.5 end as simple, case 9 when 1 then 'x' end as none;
-- columns: SEARCHED VARCHAR(1), SIMPLE NUMBER(3,1), NONE VARCHAR(1)
-- row: ["c", "20.5", null]

-- https://docs.snowflake.com/en/sql-reference/operators-logical
select true and null as a, false and null as f, true or null as t, not null as n, 'yes'::boolean as y, to_boolean('off') as o, 2::boolean as two;
-- row: [null, false, true, null, true, false, true]

select 'maybe'::boolean;
-- error: 100037 22018 Boolean value 'maybe' is not recognized

-- https://docs.snowflake.com/en/sql-reference/functions/in
select 1 in (1, null) as yes, 2 in (1, null) as unknown, (1, 'a') in ((1, 'a'), (2, 'b')) as pairs, 3 not in (1, 2) as outside, 'b' between 'a' and 'c' as b, 5 not between 1 and 3 as nb;
-- row: [true, null, true, true, true, true]

-- https://docs.snowflake.com/en/sql-reference/operators-subquery
select 3 > all (select column1 from values (1), (2)) as a, 2 = any (select column1 from values (1), (2)) as y, 5 in (select column1 from values (1)) as i, exists (select 1 where false) as e;
-- row: [true, true, false, false]

-- https://docs.snowflake.com/en/sql-reference/data-type-conversion
select '5' + 1 as n, 1 = '1' as e, '2024-01-01' < '2024-02-01'::date as d, 1 || 'a' as t, true + 1 as b;
-- row: ["6.00000", true, true, "1a", 2]

select 'x' + 1;
-- error: 100038 22018 Numeric value 'x' is not recognized

select current_date + current_date;
-- error: * * SQL compilation error:
