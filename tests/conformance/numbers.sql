-- Numbers: literals, arithmetic on NUMBER(p, s), rounding, functions, bits.

-- https://docs.snowflake.com/en/sql-reference/operators-arithmetic
select 10 / 3 as d, 1.5 * 2.25 as m, 0.1 + 0.2 as a, 7 % 3 as r, -7 % 3 as negative, 10 / 4::float as f;
-- columns: D NUMBER(8,6), M NUMBER(5,3), A NUMBER(2,1), R NUMBER(1,0), NEGATIVE NUMBER(1,0), F FLOAT
-- row: ["3.333333", "3.375", "0.3", 1, -1, 2.5]

select 2::number(10, 2) / 3 as d, 1::number(38, 10) * 1::number(38, 10) as m, 1::number(20, 5) + 1::number(10, 8) as a;
-- columns: D NUMBER(16,8), M NUMBER(38,12), A NUMBER(24,8)
-- row: ["0.66666667", "1.000000000000", "2.00000000"]

select 1 / 0;
-- error: 100051 22012 Division by zero

select 5 % 0;
-- error: 100051 22012 Division by zero

-- https://docs.snowflake.com/en/sql-reference/functions/div0
select div0(1, 0) as z, div0(1, 4) as q, div0null(1, null) as n, div0(null, 0) as nothing;
-- row: ["0.000000", "0.250000", "0.000000", null]

-- https://docs.snowflake.com/en/sql-reference/data-types-numeric
select 2.5::int as up, -2.5::int as down, 2.45::number(3, 1) as half, 1e3 as e, 1.50 as zeros, '1e2'::number as text;
-- columns: UP NUMBER(38,0), DOWN NUMBER(38,0), HALF NUMBER(3,1), E FLOAT, ZEROS NUMBER(3,2), TEXT NUMBER(38,0)
-- row: [3, -3, "2.5", 1000.0, "1.50", 100]

select 1234::number(3, 0);
-- error: 100046 22003 Number out of representable range

select 99999999999999999999999999999999999999 + 1;
-- error: * 22003 *

select 1::number(39, 0);
-- error: * * SQL compilation error:\ninvalid size of a data type: NUMBER(39,0)

-- https://docs.snowflake.com/en/sql-reference/functions/round
select round(135.135, 1) as one, round(-2.5) as half, round(135.135, -2) as hundreds, round(2.5, 0, 'HALF_TO_EVEN') as even, round(1.55::float, 1) as f;
-- row: ["135.1", -3, 100, 2, 1.6]

-- https://docs.snowflake.com/en/sql-reference/functions/trunc
select trunc(-975.975, -1) as t, trunc(135.135, 2) as two, ceil(135.135, 1) as c, floor(-135.135, 1) as f, truncate(2.9) as whole;
-- row: [-970, "135.13", "135.2", "-135.2", 2]

-- https://docs.snowflake.com/en/sql-reference/functions/sign
select abs(-2.5) as a, sign(-3) as s, mod(-7, 3) as m, square(3) as q, cbrt(27) as c, power(2, 10) as p, factorial(5) as f, pi() > 3.14 as pi;
-- row: ["2.5", -1, -1, 9.0, 3.0, 1024.0, 120, true]

-- https://docs.snowflake.com/en/sql-reference/functions/sqrt
select sqrt(9) as s, ln(1) as l, exp(0) as e, log(10, 100) as b, degrees(pi()) as d, round(cot(1), 4) as c, acos(1) as a;
-- row: [3.0, 0.0, 1.0, 2.0, 180.0, 0.6421, 0.0]

select sqrt(-1);
-- error: 100061 22P02 Invalid floating point operation: sqrt(-1

select ln(0);
-- error: 100061 22P02 Invalid floating point operation: ln(0

select acos(2);
-- error: 100061 22P02 Invalid floating point operation: acos(2

select factorial(-1);
-- error: 100046 22003 *

-- https://docs.snowflake.com/en/sql-reference/functions/width_bucket
select width_bucket(290000, 200000, 600000, 4) as w, width_bucket(1, 2, 3, 4) as below, width_bucket(9, 2, 3, 4) as above, round(haversine(40.7127, -74.0059, 34.0500, -118.2500), 3) as km;
-- row: [1, 0, 5, 3936.385]

-- https://docs.snowflake.com/en/sql-reference/functions/bitand
select bitand(5, 3) as a, bitor(5, 3) as o, bitxor(5, 3) as x, bitnot(5) as n, bitshiftleft(1, 10) as l, bitshiftright(-5, 1) as r, getbit(5, 2) as g;
-- columns: A NUMBER(38,0), O NUMBER(38,0), X NUMBER(38,0), N NUMBER(38,0), L NUMBER(38,0), R NUMBER(38,0), G NUMBER(38,0)
-- row: [1, 7, 6, -6, 1024, -3, 1]

-- https://docs.snowflake.com/en/sql-reference/functions/to_char
select to_char(12345.678, '99,999.00') as g, to_char(-12.3, '$99.0') as m, to_char(0.5, '90.99') as z, to_char(5, 'FM000') as f, to_char(1234567, '999,999') as over, to_char(12, 'S99') as s;
-- row: [" 12,345.68", "-$12.3", "  0.5 ", "005", "########", "+12"]

select to_char(column1, '">"$99.0"<"') as d, to_char(column1, '">"B9,999.0"<"') as b, to_char(column1, 'TM') as tm, to_char(column1, 'TME') as tme, to_char(column1, 'TM9') as tm9, to_char(column1, '0XXX') as x, to_char(column1, 'S0XXX') as sx from values (-12.391), (0), (-1), (0.1), (3987), (null);
-- row: [">-$12.4<", ">   -12.4<", "-12.391", "-1.2391E1", "-12.391", "FFF4", "-000C"]
-- row: ["> $0.0<", ">      .0<", "0.000", "0E0", "0.000", "0000", "+0000"]
-- row: [">-$1.0<", ">    -1.0<", "-1.000", "-1E0", "-1.000", "FFFF", "-0001"]
-- row: ["> $0.1<", ">     0.1<", "0.100", "1E-1", "0.100", "0000", "+0000"]
-- row: ["*", "> 3,987.0<", "3987.000", "3.987E3", "3987.000", "0F93", "+0F93"]
-- row: [null, null, null, null, null, null, null]

-- https://docs.snowflake.com/en/sql-reference/sql-format-models
select to_varchar(1.2, '999,999.999') as short, to_varchar(-123456.789, '999,999.999') as long, to_varchar(1.2, 'S000,000.000') as zeros, to_char(255, 'XXXX') as x, to_char(256, 'XX') as too_much, to_number('ff', 'XX') as back, to_number('12.5', 'TM9', 10, 2) as tm;
-- row: ["       1.2  ", "-123,456.789", "+000,001.200", "  FF", "##", 255, "12.50"]

select to_char(1, '9EEEE');
-- error: 000002 0A000 SQL compilation error:\nTO_CHAR does not know the number format '9EEEE'.

-- https://docs.snowflake.com/en/sql-reference/functions/to_decimal
select to_number('12.3456') as n, to_number('98.76546', 10, 1) as rounded, to_number('$1,234.50', '$9,999.99', 10, 2) as formatted, try_to_number('x') as none, to_decimal('1.5', 3, 1) as d;
-- columns: N NUMBER(38,0), ROUNDED NUMBER(10,1), FORMATTED NUMBER(10,2), NONE NUMBER(38,0), D NUMBER(3,1)
-- row: [12, "98.8", "1234.50", null, "1.5"]

-- https://docs.snowflake.com/en/sql-reference/functions/to_double
select to_double('1.5') as d, try_to_double('x') as none, 'NaN'::float = 'NaN'::float as nan, 'inf'::float > 1e300 as inf;
-- row: [1.5, null, true, true]

-- https://docs.snowflake.com/en/sql-reference/functions/uniform
select uniform(1, 6, 42) = uniform(1, 6, 42) as same, uniform(0::float, 1::float, random()) < 1 as f, random(7) = random(7) as seeded, length(uuid_string()) as u;
-- row: [true, true, true, 36]

-- https://docs.snowflake.com/en/sql-reference/functions/hash
select hash(1, 'a') = hash(1, 'a') as same, hash(null) is not null as never_null, hash('a') <> hash('b') as other;
-- row: [true, true, true]

-- Numbers that are equal have the same hash, whatever their precision and scale; so have whole FLOATs.
select hash(10::number(38,0)) = hash(10::number(5,3)) as scales, hash(10) = hash(10::float) as floats, hash(1.5) = hash(1.500) as fractions, hash(0.5) = hash(0.6) as others, hash(1) = hash('1') as text, hash_agg(1) = hash_agg(1.0) as agg;
-- row: [true, true, true, false, false, true]

-- https://docs.snowflake.com/en/sql-reference/data-types-numeric
-- A FLOAT has some 15 digits that are sure; these are written.
select (0.1::float + 0.2::float)::varchar as sum, 123456789012345678::float::varchar as large, 1e15::float::varchar as power, 1e14::float::varchar as whole, 0.00001::float::varchar as small, 'nan'::float::varchar as n, '-inf'::float || '' as i;
-- row: ["0.3", "1.23456789012346e+17", "1e+15", "100000000000000", "1e-05", "NaN", "-inf"]
