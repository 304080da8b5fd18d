-- Vectors: a type of fixed length, made from arrays, and the distances between two of them.

-- https://docs.snowflake.com/en/sql-reference/data-types-vector
select [1, 2.5, 3]::vector(float, 3) as f, [1, 2, 3]::vector(int, 3) as i, null::vector(float, 2) as n;
-- columns: F VECTOR(FLOAT, 3), I VECTOR(INT, 3), N VECTOR(FLOAT, 2)
-- row: ["[1.0, 2.5, 3.0]", "[1, 2, 3]", null]

create table vectors (a vector(float, 3), b vector(float, 3));

insert into vectors select [1, 2.5, 3]::vector(float, 3), [4, 6, 8]::vector(float, 3);

insert into vectors select [1, 0, 0]::vector(float, 3), [0, 0, 1]::vector(float, 3);

describe table vectors;
-- row: ["A", "VECTOR(FLOAT, 3)", "COLUMN", "Y", null, "N", "N", null, null, null, null]
-- row: ["B", "VECTOR(FLOAT, 3)", "COLUMN", "Y", null, "N", "N", null, null, null, null]

select a::array as elements, a = b as same from vectors order by elements;
-- columns: ELEMENTS ARRAY, SAME BOOLEAN
-- row: ["[1.0,0.0,0.0]", false]
-- row: ["[1.0,2.5,3.0]", false]

select [1, 2]::vector(float, 3);
-- error: 100071 22000 Array-like value can't be cast to VECTOR(FLOAT, 3)

select [1, 'two', 3]::vector(float, 3);
-- error: 100071 22000 Array-like value can't be cast to VECTOR(FLOAT, 3)

select [1, null, 3]::vector(float, 3);
-- error: 100071 22000 Array-like value can't be cast to VECTOR(FLOAT, 3)

select a::vector(int, 3) from vectors;
-- error: 001007 22023 SQL compilation error:\ninvalid type [CAST(VECTOR(FLOAT, 3) AS VECTOR(INT, 3))]

select '[1, 2]'::vector(float, 2);
-- error: 001007 22023 *

create table too_long (v vector(float, 5000));
-- error: 001003 42000 SQL compilation error:\nInvalid vector dimension '5,000'.

insert into vectors (a) select [1, 2]::vector(float, 2);
-- error: 001007 22023 *

-- https://docs.snowflake.com/en/developer-guide/snowpark/reference/python/latest/snowpark/api/snowflake.snowpark.functions.vector_cosine_distance
select round(vector_cosine_distance([1, 2, 3]::vector(int, 3), [2, 3, 4]::vector(int, 3)), 4) as dist;
-- row: [0.9926]

-- https://docs.snowflake.com/en/sql-reference/functions/vector_cosine_similarity
select vector_cosine_similarity(a, [1, 0, 0]::vector(float, 3)) as s from vectors order by s desc;
-- columns: S FLOAT
-- row: [1.0]
-- row: [0.24806946917841693]

-- https://docs.snowflake.com/en/sql-reference/functions/vector_l2_distance
select vector_l2_distance([1, 2]::vector(int, 2), [4, 6]::vector(int, 2)) as d, vector_l2_distance(null::vector(int, 2), [4, 6]::vector(int, 2)) as n;
-- columns: D FLOAT, N FLOAT
-- row: [5.0, null]

-- https://docs.snowflake.com/en/sql-reference/functions/vector_l1_distance
select vector_l1_distance([1, 2]::vector(int, 2), [4, 6]::vector(int, 2)) as d;
-- row: [7.0]

-- https://docs.snowflake.com/en/sql-reference/functions/vector_inner_product
select vector_inner_product([1, 2]::vector(int, 2), [4, 6]::vector(int, 2)) as p;
-- row: [16.0]

select vector_inner_product([1, 2]::vector(int, 2), [4, 6]::vector(float, 2));
-- error: 001044 42P13 SQL compilation error:\nInvalid argument types for function 'VECTOR_INNER_PRODUCT': (VECTOR(INT, 2), VECTOR(FLOAT, 2))

-- https://docs.snowflake.com/en/sql-reference/functions/vector_truncate
select vector_truncate([1, 2, 3]::vector(int, 3), 2) as a, vector_trunc([1, 2.5, 3]::vector(float, 3), 3) as b, vector_truncate(null::vector(float, 3), 1) as n;
-- columns: A VECTOR(INT, 2), B VECTOR(FLOAT, 3), N VECTOR(FLOAT, 1)
-- row: ["[1, 2]", "[1.0, 2.5, 3.0]", null]

select vector_truncate([1, 2, 3]::vector(int, 3), 4);
-- error: 001003 42000 SQL compilation error:\nInvalid vector dimension 4 for function 'VECTOR_TRUNCATE'

select vector_truncate([1, 2, 3], 2);
-- error: 001044 42P13 SQL compilation error:\nInvalid argument types for function 'VECTOR_TRUNCATE': (ARRAY, NUMBER(1,0))

-- https://docs.snowflake.com/en/sql-reference/functions/vector_normalize
select vector_normalize([3, 4]::vector(int, 2)) as a, vector_normalize([0, 0]::vector(float, 2)) as zero, vector_normalize(null::vector(float, 2)) as n;
-- columns: A VECTOR(FLOAT, 2), ZERO VECTOR(FLOAT, 2), N VECTOR(FLOAT, 2)
-- row: ["[0.6000000238418579, 0.800000011920929]", "[0.0, 0.0]", null]

create table vector_data (id int, category varchar, embedding vector(float, 3), counts vector(int, 2));

insert into vector_data select 1, 'A', [2.0, 4.0, 6.0]::vector(float, 3), [1, 2]::vector(int, 2) union all select 2, 'A', [4.0, 8.0, 12.0]::vector(float, 3), [2, 1]::vector(int, 2) union all select 3, 'B', [1.0, 2.0, 3.0]::vector(float, 3), null union all select 4, 'B', null, null;

-- https://docs.snowflake.com/en/sql-reference/functions/vector_avg
select category, vector_avg(embedding) as a, vector_avg(counts) as c from vector_data group by category order by category;
-- columns: CATEGORY VARCHAR(16777216), A VECTOR(FLOAT, 3), C VECTOR(FLOAT, 2)
-- row: ["A", "[3.0, 6.0, 9.0]", "[1.5, 1.5]"]
-- row: ["B", "[1.0, 2.0, 3.0]", null]

-- https://docs.snowflake.com/en/sql-reference/functions/vector_sum
-- https://docs.snowflake.com/en/sql-reference/functions/vector_min
-- https://docs.snowflake.com/en/sql-reference/functions/vector_max
select vector_sum(counts) as s, vector_min(counts) as lo, vector_max(counts) as hi, vector_sum(embedding) as f from vector_data;
-- columns: S VECTOR(INT, 2), LO VECTOR(INT, 2), HI VECTOR(INT, 2), F VECTOR(FLOAT, 3)
-- row: ["[3, 3]", "[1, 1]", "[2, 2]", "[7.0, 14.0, 21.0]"]

select vector_sum(embedding) as nothing from vector_data where false;
-- row: [null]

select id, vector_max(embedding) over (partition by category order by id) as so_far from vector_data where category = 'A' order by id;
-- row: [1, "[2.0, 4.0, 6.0]"]
-- row: [2, "[4.0, 8.0, 12.0]"]

select vector_sum(id) from vector_data;
-- error: 001044 42P13 SQL compilation error:\nInvalid argument types for function 'VECTOR_SUM': (NUMBER(38,0))

select vector_sum(distinct embedding) from vector_data;
-- error: 000002 0A000 SQL compilation error:\nVECTOR_SUM of DISTINCT vectors is not supported.

-- https://docs.snowflake.com/en/sql-reference/data-types-vector
create table holder (v variant, x vector(float, 2));

insert into holder (v) select [1, 2]::vector(float, 2);
-- error: 001007 22023 SQL compilation error:\ninvalid type [CAST(VECTOR(FLOAT, 2) AS VARIANT)] for parameter 'TO_VARIANT'

select array_construct([1, 2]::vector(float, 2));
-- error: 001007 22023 *

select [1, 2]::vector(float, 0);
-- error: 001003 42000 SQL compilation error:\nInvalid vector dimension '0'.

select [1, 2]::vector(varchar, 2);
-- error: 001003 42000 SQL compilation error:\ninvalid data type 'VECTOR(VARCHAR, 2)'

select vector_l2_distance([1, 2]::vector(float, 2), [1, 2, 3]::vector(float, 3));
-- error: 001044 42P13 SQL compilation error:\nInvalid argument types for function 'VECTOR_L2_DISTANCE': (VECTOR(FLOAT, 2), VECTOR(FLOAT, 3))

create table arrays (id int, a array, v vector(float, 2));

insert into arrays select 1, [1, 2], [1, 2]::vector(float, 2) union all select 2, null, null union all select 3, [3, 4], [3, 4]::vector(float, 2);

select id, a::vector(float, 2) as v from arrays order by id;
-- row: [1, "[1.0, 2.0]"]
-- row: [2, null]
-- row: [3, "[3.0, 4.0]"]

select a::vector(float, 3) from arrays;
-- error: 100071 22000 Array-like value can't be cast to VECTOR(FLOAT, 3)

select id, coalesce(v, [0, 0]::vector(float, 2)) as c, iff(id = 1, v, null) as i, case id when 3 then v end as w, nullif(v, [1, 2]::vector(float, 2)) as n, decode(id, 1, v, [9, 9]::vector(float, 2)) as d from arrays order by id;
-- columns: ID NUMBER(38,0), C VECTOR(FLOAT, 2), I VECTOR(FLOAT, 2), W VECTOR(FLOAT, 2), N VECTOR(FLOAT, 2), D VECTOR(FLOAT, 2)
-- row: [1, "[1.0, 2.0]", "[1.0, 2.0]", null, null, "[1.0, 2.0]"]
-- row: [2, "[0.0, 0.0]", null, null, null, "[9.0, 9.0]"]
-- row: [3, "[3.0, 4.0]", null, "[3.0, 4.0]", "[3.0, 4.0]", "[9.0, 9.0]"]
