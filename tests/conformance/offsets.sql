-- TIMESTAMP_TZ: a moment that keeps the offset at which it was written

-- https://docs.snowflake.com/en/sql-reference/data-types-datetime
create table calls (id int, at timestamp_tz);

insert into calls values (1, '2024-01-01 12:00:00 +0500'), (2, '2024-01-01 07:00:00Z'), (3, '2024-01-01 01:30:00 -08:00'), (4, null);

select id, at from calls order by id;
-- columns: ID NUMBER(38,0), AT TIMESTAMP_TZ(9)
-- row: [1, "2024-01-01 12:00:00+05:00"]
-- row: [2, "2024-01-01 07:00:00+00:00"]
-- row: [3, "2024-01-01 01:30:00-08:00"]
-- row: [4, null]

-- Values are compared by their times in UTC: 12:00 +0500 is 07:00 Z, and 01:30 -0800 is later than both.
select a.id as one, b.id as other from calls a join calls b on a.at = b.at and a.id < b.id;
-- row: [1, 2]

select one.id as one, other.id as other from calls one join calls other using (at) where one.id < other.id;
-- row: [1, 2]

select id, at in ('2024-01-01 09:00:00 +0200') as listed, at between '2024-01-01 06:59:00Z' and '2024-01-01 07:01:00Z' as close, case at when '2024-01-01 07:00:00Z' then 'seven' end as word, nullif(at, '2024-01-01 07:00:00Z') is null as same from calls order by id;
-- row: [1, true, true, "seven", true]
-- row: [2, true, true, "seven", true]
-- row: [3, false, false, null, false]
-- row: [4, null, null, null, true]

select id from calls order by at desc nulls last, id;
-- row: [3]
-- row: [1]
-- row: [2]
-- row: [4]

select count(*) as calls, count(at) as known, hour(max(at)) as latest from calls group by at order by 1 desc, 3 desc;
-- row: [2, 2, 12]
-- row: [1, 0, null]
-- row: [1, 1, 1]

select at::timestamp_ltz as utc, count(*) as n from (select distinct at from calls) group by all order by 1;
-- row: ["2024-01-01 07:00:00+00:00", 1]
-- row: ["2024-01-01 09:30:00+00:00", 1]
-- row: [null, 1]

select at, date_trunc('hour', at) as hour, count(*) as n from calls where id = 3 group by 1, 2;
-- row: ["2024-01-01 01:30:00-08:00", "2024-01-01 01:00:00-08:00", 1]

select grouping(at) as whole, count(*) as n from calls group by rollup (at) order by 1, 2;
-- row: [0, 1]
-- row: [0, 1]
-- row: [0, 2]
-- row: [1, 4]

select count(distinct at) as n, count(distinct hash(at)) as hashes from calls;
-- row: [2, 3]

select at from calls where id = 1 union select at from calls where id < 3;
-- row: ["2024-01-01 12:00:00+05:00"]

select at from calls except select at from calls where id in (2, 4);
-- row: ["2024-01-01 01:30:00-08:00"]

select at, 1 as one from calls where id <> 2 intersect select at, 1 from calls where id in (2, 4) order by 1;
-- row: ["2024-01-01 12:00:00+05:00", 1]
-- row: [null, 1]

select id, rank() over (order by at) as place, row_number() over (partition by at order by id) as among from calls order by id;
-- row: [1, 1, 1]
-- row: [2, 1, 2]
-- row: [3, 3, 1]
-- row: [4, 4, 1]

-- All operations are performed with the offset of each value.
select at::varchar as t, at::date as d, at::time as clock, hour(at) as h, date_part(tzh, at) as tzh, date_part(tzm, at) as tzm, date_part(epoch_second, at) as s, at::timestamp_ntz as n, at::timestamp_ltz as l, to_varchar(at, 'HH24:MI TZH:TZM') as f, to_variant(at)::varchar as v from calls where id = 1;
-- row: ["2024-01-01 12:00:00.000 +0500", "2024-01-01", "12:00:00", 12, 5, 0, 1704092400, "2024-01-01 12:00:00", "2024-01-01 07:00:00+00:00", "12:00 +05:00", "2024-01-01 12:00:00.000 +0500"]

select dateadd(month, 1, at) as m, dateadd(hour, 8, at) as h, date_trunc('day', at) as d, time_slice(at, 1, 'day', 'end') as s, at + interval '1 day, 1 hour' as i from calls where id = 3;
-- row: ["2024-02-01 01:30:00-08:00", "2024-01-01 09:30:00-08:00", "2024-01-01 00:00:00-08:00", "2024-01-02 00:00:00-08:00", "2024-01-02 02:30:00-08:00"]

select datediff('hour', a.at, b.at) as hours, datediff('minute', a.at, c.at) as minutes from calls a, calls b, calls c where a.id = 1 and b.id = 2 and c.id = 3;
-- row: [0, 150]

select coalesce(null, at) as c, greatest(at, '2020-01-01 00:00:00 +0100'::timestamp_tz) as g, iff(true, at, null) as i, parse_json('"2024-01-01 12:00:00 -0330"')::timestamp_tz as v from calls where id = 1;
-- row: ["2024-01-01 12:00:00+05:00", "2024-01-01 12:00:00+05:00", "2024-01-01 12:00:00+05:00", "2024-01-01 12:00:00-03:30"]

-- What has no offset gets the session's, as it is at that moment.
alter session set timezone = 'America/Los_Angeles';

select '2024-07-01 12:00:00'::timestamp_tz as summer, '2024-01-01 12:00:00'::timestamp_ntz::timestamp_tz as winter, '2024-01-01 20:00:00Z'::timestamp_ltz::timestamp_tz as moment, '2024-01-01'::date::timestamp_tz as day, at from calls where id = 1;
-- row: ["2024-07-01 12:00:00-07:00", "2024-01-01 12:00:00-08:00", "2024-01-01 12:00:00-08:00", "2024-01-01 00:00:00-08:00", "2024-01-01 12:00:00+05:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/convert_timezone
select convert_timezone('America/New_York', '2024-01-01 12:00:00 +0500'::timestamp_tz) as t, convert_timezone('Asia/Kolkata', '2024-01-01 00:00:00'::timestamp_ntz) as k;
-- columns: T TIMESTAMP_TZ(9), K TIMESTAMP_TZ(9)
-- row: ["2024-01-01 02:00:00-05:00", "2024-01-01 13:30:00+05:30"]

-- https://docs.snowflake.com/en/sql-reference/functions/timestamp_from_parts
select timestamp_tz_from_parts(2013, 4, 5, 12, 0, 0, 0, 'America/New_York') as t, timestamp_tz_from_parts(2013, 4, 5, 12, 0, 0) as here;
-- row: ["2013-04-05 12:00:00-04:00", "2013-04-05 12:00:00-07:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/to_timestamp
select to_timestamp_tz('04/05/2013 01:02:03 -0830', 'mm/dd/yyyy hh24:mi:ss tzhtzm') as f, to_timestamp_tz('2013-04-05 01:02:03') as auto, to_timestamp_tz(1365123723) as counted, try_to_timestamp_tz('2013-04-05 01:02:03 +99:00') as none;
-- row: ["2013-04-05 01:02:03-08:30", "2013-04-05 01:02:03-07:00", "2013-04-05 01:02:03+00:00", null]

-- https://docs.snowflake.com/en/sql-reference/date-time-input-output
select 'Thu, 21 Dec 2000 16:01:07 +0200'::timestamp_tz as mail, '2024-01-01T12:00:00.123+05:30'::timestamp_tz as iso, '12/21/2000 16:01:07 -0500'::timestamp_ltz::varchar as slashes, '2024-01-01 12:00:00 GMT'::timestamp_tz as g;
-- row: ["2000-12-21 16:01:07+02:00", "2024-01-01 12:00:00.123000+05:30", "2000-12-21 13:01:07.000 -0800", "2024-01-01 12:00:00+00:00"]

-- https://docs.snowflake.com/en/sql-reference/sql/alter-table
alter table calls add column planned timestamp_tz default '2024-01-01 08:00:00 +0900';

update calls set at = dateadd(day, 1, at), planned = at where id = 2;

select id, at, planned from calls where id < 3 order by id;
-- row: [1, "2024-01-01 12:00:00+05:00", "2024-01-01 08:00:00+09:00"]
-- row: [2, "2024-01-02 07:00:00+00:00", "2024-01-01 07:00:00+00:00"]

-- https://docs.snowflake.com/en/sql-reference/sql/set
set first_call = (select at from calls where id = 1);

select id from calls where at = $first_call::timestamp_tz;
-- row: [1]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
create stage offsets;

copy into @offsets/auto from calls;

copy into @offsets/written from calls file_format = (timestamp_format = 'YYYY-MM-DD HH24:MI:SS TZH:TZM');

select $2 from @offsets/written where $1 = '1';
-- row: ["2024-01-01 12:00:00 +05:00"]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
create table copied like calls;

copy into copied from @offsets/auto;

select a.id, a.at = b.at and date_part(tzh, a.at) = date_part(tzh, b.at) as same from calls a join copied b using (id) where a.id < 4 order by 1;
-- row: [1, true]
-- row: [2, true]
-- row: [3, true]

copy into copied from (select $1, $2::timestamp_tz, $3 from @offsets/written) force = true;

select count(distinct date_part(tzh, at)) as offsets from copied where id = 1;
-- row: [1]
