-- Aggregate and window functions, GROUP BY in all its forms, PIVOT and UNPIVOT.

create table sales (region varchar, quarter varchar, amount number(10, 2), units int);

insert into sales values ('east', 'Q1', 10, 1), ('east', 'Q2', 20, 2), ('west', 'Q1', 30, 3), ('west', 'Q2', null, 4);

-- https://docs.snowflake.com/en/sql-reference/functions-aggregation
select sum(amount) as s, avg(amount) as a, min(amount) as lo, max(quarter) as hi, count(*) as n, count(amount) as filled, count(distinct region) as regions, count_if(units > 1) as many from sales;
-- columns: S NUMBER(38,2), A NUMBER(38,8), LO NUMBER(10,2), HI VARCHAR(16777216), N NUMBER(18,0), FILLED NUMBER(18,0), REGIONS NUMBER(18,0), MANY NUMBER(18,0)
-- row: ["60.00", "20.00000000", "10.00", "Q2", 4, 3, 2, 3]

select sum(amount) as s, count(*) as n, listagg(region) as l, array_agg(region) as a, max(region) as m from sales where false;
-- row: [null, 0, "", "[]", null]

select count(sales.*) as complete_rows, count(region, amount) as both from sales;
-- row: [3, 3]

select median(units) as m, median(amount) as d, mode(region) is not null as mo, stddev(units) as s, var_pop(units) as v, round(kurtosis(units), 1) as k, skew(units) as sk from sales;
-- columns: M NUMBER(38,3), D NUMBER(38,5), MO BOOLEAN, S FLOAT, V FLOAT, K FLOAT, SK FLOAT
-- row: ["2.500", "20.00000", true, 1.2909944487358056, 1.25, -1.2, 0.0]

select percentile_cont(0.5) within group (order by units) as c, percentile_disc(0.5) within group (order by units) as d, approx_percentile(units, 0.5) between 2 and 3 as a, round(corr(units, units), 6) as co from sales;
-- columns: C NUMBER(38,3), D NUMBER(38,0), A BOOLEAN, CO FLOAT
-- row: ["2.500", 2, true, 1.0]

-- https://docs.snowflake.com/en/sql-reference/functions/listagg
select region, listagg(quarter, '|') within group (order by quarter desc) as l, array_agg(units) within group (order by units desc) as a from sales group by region order by region;
-- row: ["east", "Q2|Q1", "[2,1]"]
-- row: ["west", "Q2|Q1", "[4,3]"]

-- https://docs.snowflake.com/en/sql-reference/functions/object_agg
select object_agg(quarter, units) as o, max_by(quarter, units) as top, min_by(quarter, units) as bottom, any_value(region) as a from sales where region = 'east';
-- row: ["{\"Q1\":1,\"Q2\":2}", "Q2", "Q1", "east"]

-- https://docs.snowflake.com/en/sql-reference/functions/booland_agg
select booland_agg(units > 0) as a, boolor_agg(units > 3) as o, bitand_agg(units) as ba, bitor_agg(units) as bo, bitxor_agg(units) as bx, hash_agg(region) = hash_agg(region) as h from sales;
-- row: [true, true, 0, 7, 4, true]

-- https://docs.snowflake.com/en/sql-reference/functions/approx_count_distinct
select approx_count_distinct(region) as a, hll(region) as h, array_size(array_unique_agg(region)) as u from sales;
-- row: [2, 2, 2]

-- https://docs.snowflake.com/en/sql-reference/functions/percentile_disc
select percentile_disc(0.5) within group (order by quarter desc) as q, percentile_disc(0) within group (order by units desc) as top, percentile_disc(0.3) within group (order by units desc) as third from sales;
-- row: ["Q2", 4, 3]

select region, percentile_disc(0.5) within group (order by units) over (partition by region) as d, percentile_cont(0.25) within group (order by amount) over (partition by region) as c from sales order by region, units;
-- row: ["east", 1, "12.50000"]
-- row: ["east", 1, "12.50000"]
-- row: ["west", 3, "30.00000"]
-- row: ["west", 3, "30.00000"]

select percentile_cont(2) within group (order by units) from sales;
-- error: 001015 22023 SQL compilation error:\nPERCENTILE_CONT takes a constant from 0 to 1

-- https://docs.snowflake.com/en/sql-reference/functions/max_by
select max_by(quarter, units, 3) as top, min_by(amount, units, 9) as bottom, max_by(amount, units) as of_null from sales;
-- columns: TOP ARRAY, BOTTOM ARRAY, OF_NULL NUMBER(10,2)
-- row: ["[\"Q2\",\"Q1\",\"Q2\"]", "[10,20,30,null]", null]

-- https://docs.snowflake.com/en/sql-reference/functions/array_union_agg
select array_union_agg(a) as u from (select [1, 1, 2] as a union all select [1, 2, 3] union all select null);
-- row: ["[1,1,2,3]"]

-- https://docs.snowflake.com/en/sql-reference/functions/array_agg
select array_agg(distinct quarter) within group (order by quarter desc) as d, array_agg(distinct units) within group (order by units) as u from sales;
-- row: ["[\"Q2\",\"Q1\"]", "[1,2,3,4]"]

-- https://docs.snowflake.com/en/sql-reference/functions/approx_top_k
select approx_top_k(region) as one, approx_top_k(iff(units = 4, 'east', region), 2) as two, approx_top_k(amount, 1, 1000) as a from sales where units <> 1;
-- row: ["[[\"west\",2]]", "[[\"east\",2],[\"west\",1]]", "[[30,1]]"]

-- https://docs.snowflake.com/en/sql-reference/functions/boolxor_agg
select boolxor_agg(units = 1) as one, boolxor_agg(units > 1) as many, boolxor_agg(units > 9) as none, boolxor_agg(null) as n from sales;
-- row: [true, false, false, null]

-- https://docs.snowflake.com/en/sql-reference/functions/regr_count
select regr_count(amount, units) as n, regr_valx(null, 1) as x, regr_valy(2, 1) as y, variance_samp(units) as v, bit_oragg(units) as b from sales;
-- row: [3, null, 2.0, 1.6666666666666667, 7]

-- https://docs.snowflake.com/en/sql-reference/functions/bitmap_construct_agg
select bitmap_count(bitmap_construct_agg(bitmap_bit_position(units))) as n, bitmap_bit_position(32769) as p, bitmap_bucket_number(32768) as first, bitmap_bucket_number(32769) as second from sales;
-- row: [4, 0, 1, 2]

select bitmap_count(bitmap_or_agg(b)) as n from (select bitmap_construct_agg(bitmap_bit_position(units)) as b from sales group by region);
-- row: [4]

-- https://docs.snowflake.com/en/sql-reference/functions/conditional_true_event
select x, conditional_true_event(x) over (order by x) as e from (values (0), (13), (13), (14)) v (x) order by x, e;
-- row: [0, 0]
-- row: [13, 1]
-- row: [13, 2]
-- row: [14, 3]

-- https://docs.snowflake.com/en/sql-reference/functions/conditional_change_event
create table readings (site int, hour int, volts float, word varchar);

insert into readings values (1, 1, 120, 'a'), (1, 2, 120, 'a'), (1, 3, 0, null), (1, 4, 0, 'a'), (1, 5, 120, 'b'), (2, 1, 0, 'z'), (2, 2, 120, 'y'), (2, 3, 0, 'y');

select *, conditional_change_event(volts = 0) over (partition by site order by hour) as power, conditional_change_event(r.word) over (partition by site order by hour) as word, sum(hour) over (partition by site) as s from readings r where hour < 5 qualify power >= 0 order by site, hour;
-- row: [1, 1, 120.0, "a", 0, 0, 10]
-- row: [1, 2, 120.0, "a", 0, 0, 10]
-- row: [1, 3, 0.0, null, 1, 0, 10]
-- row: [1, 4, 0.0, "a", 1, 0, 10]
-- row: [2, 1, 0.0, "z", 0, 0, 6]
-- row: [2, 2, 120.0, "y", 1, 1, 6]
-- row: [2, 3, 0.0, "y", 2, 1, 6]

select a.hour, b.site, conditional_change_event(b.site) over (order by a.hour, b.site) as c from readings a left join readings b on a.hour = b.site and b.hour = 1 where a.site = 1 order by a.hour;
-- row: [1, 1, 0]
-- row: [2, 2, 1]
-- row: [3, null, 1]
-- row: [4, null, 1]
-- row: [5, null, 1]

select conditional_change_event(volts) over (partition by site) as e from readings;
-- error: 000002 0A000 *

select site, conditional_change_event(count(*)) over (order by site) as e from readings group by site;
-- error: 000002 0A000 *

-- https://docs.snowflake.com/en/sql-reference/functions/regr_slope
select regr_slope(amount, units) as s, regr_intercept(amount, units) as i, regr_r2(amount, units) as r, covar_pop(amount, units) as c from sales;
-- row: [10.0, 0.0, 1.0, 6.666666666666667]

-- https://docs.snowflake.com/en/sql-reference/constructs/group-by
select region, sum(units) as s from sales group by 1 having s > 3 order by all_of_it;
-- error: 000904 42000 *

select upper(region) as r, sum(units) as s from sales group by r order by r;
-- row: ["EAST", 3]
-- row: ["WEST", 7]

select region, quarter, sum(units) as s from sales group by all order by region, quarter;
-- row: ["east", "Q1", 1]
-- row: ["east", "Q2", 2]
-- row: ["west", "Q1", 3]
-- row: ["west", "Q2", 4]

-- https://docs.snowflake.com/en/sql-reference/constructs/group-by-rollup
select region, quarter, sum(units) as s, grouping(region) as gr, grouping_id(region, quarter) as g from sales group by rollup (region, quarter) order by g, region, quarter;
-- row: ["east", "Q1", 1, 0, 0]
-- row: ["east", "Q2", 2, 0, 0]
-- row: ["west", "Q1", 3, 0, 0]
-- row: ["west", "Q2", 4, 0, 0]
-- row: ["east", null, 3, 0, 1]
-- row: ["west", null, 7, 0, 1]
-- row: [null, null, 10, 1, 3]

-- https://docs.snowflake.com/en/sql-reference/constructs/group-by-cube
select region, quarter, count(*) as n from sales group by cube (region, quarter);
-- rows: 9

-- https://docs.snowflake.com/en/sql-reference/constructs/group-by-grouping-sets
select region, quarter, sum(units) as s from sales group by grouping sets ((region), (quarter), ()) order by s;
-- row: ["east", null, 3]
-- row: [null, "Q1", 4]
-- row: [null, "Q2", 6]
-- row: ["west", null, 7]
-- row: [null, null, 10]

select region, units from sales group by region;
-- error: 000979 42601 SQL compilation error:\n[SALES.UNITS] is not a valid group by expression

select sum(units) from sales where sum(units) > 1;
-- error: * * SQL compilation error: error line 1 at position

-- https://docs.snowflake.com/en/sql-reference/functions-analytic
select units, row_number() over (order by units desc) as rn, rank() over (order by region) as r, dense_rank() over (order by region) as d, ntile(2) over (order by units) as nt, percent_rank() over (order by units) as p from sales order by units;
-- row: [1, 4, 1, 1, 1, 0.0]
-- row: [2, 3, 1, 1, 1, 0.3333333333333333]
-- row: [3, 2, 3, 2, 2, 0.6666666666666666]
-- row: [4, 1, 3, 2, 2, 1.0]

-- https://docs.snowflake.com/en/sql-reference/functions/lag
select units, lag(units) over (order by units) as before, lead(units, 2, 0) over (order by units) as later, first_value(units) over (partition by region order by units) as f, last_value(units) over (partition by region order by units) as l, nth_value(units, 2) over (order by units) as n from sales order by units;
-- row: [1, null, 3, 1, 2, 2]
-- row: [2, 1, 4, 1, 2, 2]
-- row: [3, 2, 0, 3, 4, 2]
-- row: [4, 3, 0, 3, 4, 2]

select lag(amount) ignore nulls over (order by units desc) as l from sales order by units;
-- row: ["20.00"]
-- row: ["30.00"]
-- row: [null]
-- row: [null]

-- https://docs.snowflake.com/en/sql-reference/functions-window-syntax
select units, sum(units) over (order by units rows between 1 preceding and current row) as two, sum(units) over (partition by region) as whole, avg(units) over (order by units range between unbounded preceding and current row) as running from sales order by units;
-- row: [1, 1, 3, "1.000000"]
-- row: [2, 3, 3, "1.500000"]
-- row: [3, 5, 7, "2.000000"]
-- row: [4, 7, 7, "2.500000"]

-- https://docs.snowflake.com/en/sql-reference/functions/ratio_to_report
-- https://docs.snowflake.com/en/sql-reference/functions-window-syntax
select day, sum(n) over (order by day range between interval '2 days' preceding and current row) as near from (select '2024-01-0' || column1::varchar as text, text::date as day, 1 as n from values (1), (2), (5), (6)) order by day;
-- row: ["2024-01-01", 1]
-- row: ["2024-01-02", 2]
-- row: ["2024-01-05", 1]
-- row: ["2024-01-06", 2]

select count(*) over (order by at range between interval '1 day, 12 hours' preceding and current row) as near from (select column1::timestamp_ntz as at from values ('2024-01-01 00:00:00'), ('2024-01-02 12:00:00'), ('2024-01-04 00:00:01')) order by at;
-- row: [1]
-- row: [2]
-- row: [1]

select sum(a) over (order by a range between interval '1 dow' preceding and current row) from values (1) as t (a);
-- error: 000002 0A000 *

select units, ratio_to_report(units) over () as share, conditional_true_event(units > 2) over (order by units) as event from sales order by units;
-- row: [1, "0.100000", 0]
-- row: [2, "0.200000", 0]
-- row: [3, "0.300000", 1]
-- row: [4, "0.400000", 2]

select row_number() from sales;
-- error: * * SQL compilation error: error line 1 at position

-- https://docs.snowflake.com/en/sql-reference/constructs/qualify
select region, units from sales qualify row_number() over (partition by region order by units desc) = 1 order by region;
-- row: ["east", 2]
-- row: ["west", 4]

-- https://docs.snowflake.com/en/sql-reference/constructs/pivot
select * from (select region, quarter, units from sales) pivot(sum(units) for quarter in ('Q1', 'Q2')) order by region;
-- columns: REGION VARCHAR(16777216), 'Q1' NUMBER(38,0), 'Q2' NUMBER(38,0)
-- row: ["east", 1, 2]
-- row: ["west", 3, 4]

select * from (select region, quarter, units from sales) pivot(max(units) for quarter in ('Q1' as first, 'Q9' as other) default on null (0)) as p order by region;
-- columns: REGION VARCHAR(16777216), FIRST NUMBER(38,0), OTHER NUMBER(38,0)
-- row: ["east", 1, 0]
-- row: ["west", 3, 0]

select * from (select region, quarter, units from sales) pivot(sum(units) for quarter in (any order by quarter desc)) order by region;
-- columns: REGION VARCHAR(16777216), 'Q2' NUMBER(38,0), 'Q1' NUMBER(38,0)
-- row: ["east", 2, 1]
-- row: ["west", 4, 3]

select * from (select region, quarter, units from sales) pivot(sum(units) for quarter in (select distinct quarter from sales where units < 2)) order by region;
-- columns: REGION VARCHAR(16777216), 'Q1' NUMBER(38,0)
-- row: ["east", 1]
-- row: ["west", 3]

-- https://docs.snowflake.com/en/sql-reference/constructs/unpivot
select * from (select 'x' as k, 1 as jan, 2 as feb, null::int as mar) unpivot(n for month in (jan, feb, mar)) order by n;
-- columns: K VARCHAR(1), MONTH VARCHAR(16777216), N NUMBER(38,0)
-- row: ["x", "JAN", 1]
-- row: ["x", "FEB", 2]

select * from (select 'x' as k, 1 as jan, null::int as mar) unpivot include nulls (n for month in (jan as 'January', mar as 'March')) order by month;
-- row: ["x", "January", 1]
-- row: ["x", "March", null]

-- https://docs.snowflake.com/en/sql-reference/functions-window-syntax
select sum(row_number() over (order by units)) from sales;
-- error: 001003 42000 SQL compilation error: error line 1 at position
