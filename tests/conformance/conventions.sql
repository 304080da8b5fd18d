-- What a session agrees on for dates and times: formats, weeks, the meaning of TIMESTAMP

-- https://docs.snowflake.com/en/sql-reference/parameters
select '12:13:14.5'::time::varchar as t, '2024-01-31'::date::varchar as d, '2024-01-31 10:11:12.123456'::timestamp::varchar as n, '2024-01-31 10:11:12 +0200'::timestamp_tz::varchar as z;
-- row: ["12:13:14", "2024-01-31", "2024-01-31 10:11:12.123", "2024-01-31 10:11:12.000 +0200"]

alter session set date_output_format = 'DD-MON-YYYY', time_output_format = 'HH12:MI AM', timestamp_output_format = 'DD.MM.YYYY HH24:MI TZH', timestamp_ntz_output_format = 'YYYY/MM/DD "at" HH24.FF1';

select '12:13:14.5'::time::varchar as t, to_varchar('2024-01-31'::date) as d, '2024-01-31 10:11:12.123456'::timestamp || '' as n, '2024-01-31 10:11:12 -0330'::timestamp_tz::varchar as z, concat('2024-01-31 10:11:12'::timestamp_ltz, '!') as l, listagg('2024-01-31'::date) as listed;
-- row: ["12:13 PM", "31-Jan-2024", "2024/01/31 at 10.1", "31.01.2024 10:11 -03", "31.01.2024 10:11 +00!", "31-Jan-2024"]

-- A time that is inside of a VARIANT does not depend on the session.
select to_variant('2024-01-31'::date)::varchar as d, '2024-01-31 10:11:12'::timestamp::variant::timestamp as back;
-- row: ["2024-01-31", "2024-01-31 10:11:12"]

alter session set timestamp_tz_output_format = 'YYYY', timestamp_ltz_output_format = 'MM';

select '2024-01-31 10:11:12 -0330'::timestamp_tz::varchar as z, '2024-01-31 10:11:12'::timestamp_ltz::varchar as l, to_varchar('2024-01-31 10:11:12'::timestamp_ltz, 'AUTO') as a;
-- row: ["2024", "01", "01"]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
create stage conventions;

copy into @conventions/dates from (select '2024-01-31'::date, '10:11:12'::time, '2024-01-31 10:11:12'::timestamp) file_format = (time_format = 'HH24');

select $1, $2, $3 from @conventions/dates;
-- row: ["31-Jan-2024", "10", "2024/01/31 at 10.0"]

-- https://docs.snowflake.com/en/sql-reference/date-time-input-output
alter session set date_input_format = 'DD/MM/YYYY', time_input_format = 'HH24.MI', timestamp_input_format = 'MM/DD/YYYY HH24:MI';

select '03/02/2024'::date as d, to_date('03/02/2024') as f, try_to_date('2024-02-03') as none, '10.11'::time as t, '02/03/2024 10:11'::timestamp as n, '02/03/2024 10:11'::timestamp_tz as z;
-- row: ["2024-02-03", "2024-02-03", null, "10:11:00", "2024-02-03 10:11:00", "2024-02-03 10:11:00+00:00"]

select '2024-02-03'::date;
-- error: 100096 22007 Can't parse '2024-02-03' as date with format 'DD/MM/YYYY'

select to_date('2024-02-03', 'AUTO') as a, to_date('2024.02.03', 'YYYY.MM.DD') as own, parse_json('"2024-02-03"')::date as v;
-- row: ["2024-02-03", "2024-02-03", "2024-02-03"]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
create table dated (d date, t time, at timestamp);

copy into @conventions/texts from (select '03/02/2024', '10.11', '02/03/2024 10:11') overwrite = true;

copy into dated from @conventions/texts;

alter session unset date_input_format, time_input_format, timestamp_input_format, date_output_format, time_output_format, timestamp_output_format, timestamp_ntz_output_format, timestamp_ltz_output_format, timestamp_tz_output_format;

select d::varchar as d, t::varchar as t, at::varchar as at from dated;
-- row: ["2024-02-03", "10:11:00", "2024-02-03 10:11:00.000"]

alter session set date_input_format = '';
-- error: 001008 22023 SQL compilation error:\ninvalid value [] for parameter 'DATE_INPUT_FORMAT'

-- https://docs.snowflake.com/en/sql-reference/functions-date-time
select dayofweek('2024-01-07'::date) as sunday, date_trunc('week', '2024-01-07'::date) as monday, week('2024-01-07'::date) as w;
-- row: [0, "2024-01-01", 1]

alter session set week_start = 7;

select dayofweek('2024-01-07'::date) as sunday, dayofweek('2024-01-06'::date) as saturday, date_trunc('week', '2024-01-10'::date) as first, date_trunc('week', '2024-01-07 10:00:00'::timestamp) as itself, last_day('2024-01-10'::date, 'week') as last, datediff('week', '2024-01-06'::date, '2024-01-07'::date) as crossed, datediff('week', '2024-01-07'::date, '2024-01-08'::date) as not_crossed, time_slice('2024-01-10'::date, 1, 'week') as slice;
-- row: [1, 7, "2024-01-07", "2024-01-07 00:00:00", "2024-01-13", 1, 0, "2024-01-07"]

-- From 31 December 2023, a Sunday, six of the seven days are in 2024.
select week('2023-12-31'::date) as w, yearofweek('2023-12-31'::date) as y, date_part(week, '2024-01-07'::date) as next, weekiso('2023-12-31'::date) as iso, yearofweekiso('2023-12-31'::date) as iso_year, dayofweekiso('2024-01-07'::date) as iso_day;
-- row: [1, 2024, 2, 52, 2023, 7]

alter session set week_start = 1, week_of_year_policy = 1;

-- 1 January 2017 is a Sunday, and so a week of one day.
select week('2016-12-31'::date) as a, week('2017-01-01'::date) as b, week('2017-01-02'::date) as c, yearofweek('2017-01-01'::date) as y, dayofweek('2017-01-01'::date) as d, weekofyear('2017-12-31'::date) as last;
-- row: [53, 1, 2, 2017, 7, 53]

alter session set week_start = 3, week_of_year_policy = 0;

-- Weeks from Wednesday: 4 January 2017 is one, so the days before it are in a week of 2016, which has four of its days.
select week('2017-01-03'::date) as a, yearofweek('2017-01-03'::date) as y, week('2017-01-04'::date) as b, dayofweek('2017-01-03'::date) as tuesday;
-- row: [53, 2016, 1, 7]

alter session unset week_start, week_of_year_policy;

-- https://docs.snowflake.com/en/sql-reference/data-types-datetime
alter session set timestamp_type_mapping = 'TIMESTAMP_LTZ';

create table mapped (at timestamp, n timestamp_ntz, d datetime);

select at, n, d, to_timestamp('2024-01-01') as f, '2024-01-01'::timestamp as c from mapped right join (select 1) on true;
-- columns: AT TIMESTAMP_LTZ(9), N TIMESTAMP_NTZ(9), D TIMESTAMP_NTZ(9), F TIMESTAMP_LTZ(9), C TIMESTAMP_LTZ(9)

alter session set timestamp_type_mapping = 'TIME';
-- error: 000002 0A000 TIMESTAMP_TYPE_MAPPING = TIME is not supported
