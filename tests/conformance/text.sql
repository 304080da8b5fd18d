-- Texts, numbers and dates in SELECT: results of the vendor's documentation.

-- https://docs.snowflake.com/en/sql-reference/functions/trim
select trim('--a-b--', '-') as t, trim('\n x \n', '\n') as newlines_only, trim('  a  ') as blanks;
-- row: ["a-b", " x ", "a"]

-- https://docs.snowflake.com/en/sql-reference/functions/concat
select concat('a', null) as c, concat_ws('-', 'a', 'b') as w, 'a' || 'b' as p;
-- row: [null, "a-b", "ab"]

-- https://docs.snowflake.com/en/sql-reference/functions/iff
select iff(1 > 2, 'yes', 'no') as i, nvl(null, 'x') as n, coalesce(null, null, 'y') as c, zeroifnull(null) as z;
-- row: ["no", "x", "y", 0]

-- https://docs.snowflake.com/en/sql-reference/functions/upper
select upper('aé'), lower('AÉ'), length('aé'), left('abc', 2), right('abc', 2), substr('abcd', 2, 2), replace('aba', 'a', 'c'), reverse('abc');
-- row: ["AÉ", "aé", 2, "ab", "bc", "bc", "cbc", "cba"]

-- https://docs.snowflake.com/en/sql-reference/data-types-text
select 'it\'s' as q, 'a\tb' as t, 'a\\b' as b, $$no \n escape$$ as d;
-- row: ["it's", "a\tb", "a\\b", "no \\n escape"]

-- https://docs.snowflake.com/en/sql-reference/functions/like
select 'abc' like 'a%' as l, 'ABC' ilike 'a%' as i, contains('abc', 'b') as c, startswith('abc', 'a') as s, endswith('abc', 'b') as e;
-- row: [true, true, true, true, false]

-- https://docs.snowflake.com/en/sql-reference/functions/split_part
select split_part('a,b,c', ',', 2) as s, position('b', 'abc') as p, charindex('c', 'abc') as c, lpad('1', 3, '0') as l;
-- row: ["b", 2, 3, "001"]

-- https://docs.snowflake.com/en/sql-reference/operators-arithmetic
select 1 / 4 as d, 7 % 3 as m, round(2.5) as r, floor(-1.5) as f, ceil(1.2) as c, abs(-3) as a;
-- row: ["0.250000", 1, 3, -2, 2, 3]

-- https://docs.snowflake.com/en/sql-reference/functions/cast
select '12'::int + 1 as i, '1.5'::number(5,2) as n, to_varchar(3) as s, try_cast('x' as int) as t;
-- row: [13, "1.50", "3", null]

select 'x'::int;
-- error: 100038 22018 Numeric value 'x' is not recognized

-- https://docs.snowflake.com/en/sql-reference/operators-arithmetic
select 1 / 0;
-- error: 100051 22012 Division by zero

-- https://docs.snowflake.com/en/sql-reference/functions/to_date
select '2024-02-30'::date;
-- error: 100040 * Date '2024-02-30' is not recognized

-- https://docs.snowflake.com/en/sql-reference/functions/dateadd
select dateadd(day, 1, '2024-02-28'::date) as d, datediff(day, '2024-01-01'::date, '2024-03-01'::date) as n, year('2024-02-29'::date) as y;
-- row: ["2024-02-29", 60, 2024]

-- https://docs.snowflake.com/en/sql-reference/constructs/values
select count(*) as n, sum(column1) as s, avg(column1) as a, min(column2) as lo, max(column2) as hi from values (1, 'a'), (2, 'b'), (4, null);
-- columns: N NUMBER(18,0), S NUMBER(38,0), A NUMBER(38,6), LO VARCHAR(1), HI VARCHAR(1)
-- row: [3, 7, "2.333333", "a", "b"]

-- https://docs.snowflake.com/en/sql-reference/constructs/group-by
select column2 as g, count(*) as n from values (1, 'a'), (2, 'b'), (3, 'a') group by g having n > 1 order by g;
-- row: ["a", 2]

-- https://docs.snowflake.com/en/sql-reference/constructs/order-by
select column1 as a from values (2), (null), (1) order by a;
-- row: [1]
-- row: [2]
-- row: [null]

-- https://docs.snowflake.com/en/sql-reference/sql/select
select 1 as a, 'x' as "b", 1 + 1;
-- columns: A NUMBER(1,0), b VARCHAR(1), 1 + 1 NUMBER(2,0)
-- row: [1, "x", 2]

-- https://docs.snowflake.com/en/user-guide/querying-semistructured
select parse_json('{"a": [1, {"b": "x"}]}'):a[1].b::string as x;
-- row: ["x"]

-- https://docs.snowflake.com/en/sql-reference/identifiers-syntax
select a from (select 1 as b);
-- error: 000904 42000 SQL compilation error: error line 1 at position 7\ninvalid identifier 'A'

select no_such_function(1);
-- error: 002140 42601 SQL compilation error:\nUnknown function NO_SUCH_FUNCTION.
