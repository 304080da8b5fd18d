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
