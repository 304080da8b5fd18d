-- Dates, times and the three kinds of timestamp: parts, arithmetic, formats, time zones.

-- https://docs.snowflake.com/en/sql-reference/date-time-input-output
select '2024-01-15'::date as iso, '01/15/2024'::date as slashes, '15-Jan-2024'::date as words, '2024-01-15T10:11:12'::timestamp as t, '1700000000'::timestamp as counted;
-- row: ["2024-01-15", "2024-01-15", "2024-01-15", "2024-01-15 10:11:12", "2023-11-14 22:13:20"]

select to_date('15.01.2024', 'DD.MM.YYYY') as d, to_timestamp('2024-01-15 03:04:05 PM', 'YYYY-MM-DD HH12:MI:SS AM') as t, to_time('10-30', 'HH24-MI') as h,
  try_to_date('x', 'YYYY') as none, to_date('2024-01-15', 'AUTO') as auto;
-- columns: D DATE, T TIMESTAMP_NTZ(9), H TIME(9), NONE DATE, AUTO DATE
-- row: ["2024-01-15", "2024-01-15 15:04:05", "10:30:00", null, "2024-01-15"]

select to_date('2024/15/01', 'YYYY-MM-DD');
-- error: 100096 22007 Can't parse '2024/15/01' as date with format 'YYYY-MM-DD'

select '2024-02-30'::date;
-- error: 100040 22018 Date '2024-02-30' is not recognized

select 'soon'::timestamp;
-- error: 100035 22018 Timestamp 'soon' is not recognized

-- https://docs.snowflake.com/en/sql-reference/functions/to_char
select to_char('2024-01-05 15:04:05.123456'::timestamp, 'YYYY/MM/DD HH12:MI:SS.FF3 PM DY MON MMMM YY') as t, to_char('10:11:12'::time, 'HH24.MI') as h,
  to_char('2024-01-05'::date, '"day" DD') as d;
-- row: ["2024/01/05 03:04:05.123 PM Fri Jan January 24", "10.11", "day 05"]

-- https://docs.snowflake.com/en/sql-reference/functions/to_char
select to_varchar('2024-04-05 01:02:03'::timestamp, 'mm/dd/yyyy, hh24:mi hours') as words, to_char('2024-01-05'::date, 'YYYY Q') as letter, to_date('05 of Jan 2024', 'DD of MON YYYY')::varchar as back;
-- row: ["04/05/2024, 01:02 hours", "2024 Q", "2024-01-05"]

-- https://docs.snowflake.com/en/sql-reference/date-time-input-output
select '03-April-2024'::date::varchar as month_name, 0::timestamp_ntz::varchar as epoch, 1700000000::timestamp_ntz::varchar as seconds;
-- row: ["2024-04-03", "1970-01-01 00:00:00.000", "2023-11-14 22:13:20.000"]

-- https://docs.snowflake.com/en/sql-reference/functions/to_timestamp
select to_timestamp(1700000000) as seconds, to_timestamp(1700000000123) as guessed, to_timestamp(1700000000123, 3) as told, to_timestamp_ntz(1.5) as half;
-- row: ["2023-11-14 22:13:20", "2023-11-14 22:13:20.123000", "2023-11-14 22:13:20.123000", "1970-01-01 00:00:01.500000"]

-- https://docs.snowflake.com/en/sql-reference/functions/dateadd
select dateadd(month, 1, '2024-01-31'::date) as m, dateadd('hour', 2, '2024-01-01'::date) as h, dateadd(day, -1, '2024-03-01'::date) as d, dateadd(quarter, 1, '2024-01-01'::date) as q,
  dateadd(minute, 5, '10:00'::time) as t, timestampadd(second, 90, '2024-01-01'::timestamp) as s;
-- columns: M DATE, H TIMESTAMP_NTZ(9), D DATE, Q DATE, T TIME(9), S TIMESTAMP_NTZ(9)
-- row: ["2024-02-29", "2024-01-01 02:00:00", "2024-02-29", "2024-04-01", "10:05:00", "2024-01-01 00:01:30"]

-- https://docs.snowflake.com/en/sql-reference/functions/datediff
select datediff(year, '2023-12-31'::date, '2024-01-01'::date) as y, datediff(week, '2024-01-07'::date, '2024-01-08'::date) as w, datediff(hour, '2024-01-01 10:59'::timestamp, '2024-01-01 11:00'::timestamp) as h,
  datediff(day, '2024-03-01'::date, '2024-02-28'::date) as back, datediff(minute, '10:00'::time, '11:30'::time) as t;
-- row: [1, 1, 1, -2, 90]

select datediff(eon, '2024-01-01'::date, '2024-01-02'::date);
-- error: * * SQL compilation error:\n'eon' is not a valid date/time component

-- https://docs.snowflake.com/en/sql-reference/data-types-datetime
select interval '1 day' + to_date('2024-01-31') as first, '2024-01-31'::date + interval '1 month' as m, '2024-01-01'::date + interval '1 year, 2 months, 3 days' as several, '2024-01-01'::timestamp - interval '90 seconds' as s, '2024-01-01'::timestamp + interval '2h' as h;
-- row: ["2024-02-01", "2024-02-29", "2025-03-04", "2023-12-31 23:58:30", "2024-01-01 02:00:00"]

select '2024-03-01'::date - '2024-02-01'::date as days, '2024-03-01'::date - 1 as before, '2024-02-28'::date + 2 as later;
-- columns: DAYS NUMBER(9,0), BEFORE DATE, LATER DATE
-- row: [29, "2024-02-29", "2024-03-01"]

-- https://docs.snowflake.com/en/sql-reference/functions/date_part
select date_part(quarter, '2024-05-15'::date) as q, date_part(epoch_second, '2024-01-15'::timestamp) as e, date_part(epoch_millisecond, '2024-01-15'::timestamp) as ms, extract(dayofweekiso from '2024-01-14'::date) as iso,
  date_part(nanosecond, '2024-01-15 00:00:00.5'::timestamp) as ns, date_part(weekday, '2024-01-14'::date) as sunday;
-- row: [2, 1705276800, 1705276800000, 7, 500000000, 0]

-- https://docs.snowflake.com/en/sql-reference/functions/year
select year(d) as y, month(d) as m, day(d) as d1, week(d) as w, yearofweek(d) as yw, yearofweekiso(d) as ywi, dayofyear(d) as doy, quarter(d) as q, dayname(d) as dn, monthname(d) as mn from (select '2024-12-30'::date as d);
-- row: [2024, 12, 30, 1, 2025, 2025, 365, 4, "Mon", "Dec"]

select hour('10:11:12'::time) as h, minute('2024-01-01 10:11:12'::timestamp) as m, second('2024-01-01 10:11:12.5'::timestamp) as s;
-- row: [10, 11, 12]

-- https://docs.snowflake.com/en/sql-reference/functions/date_trunc
select date_trunc('month', '2024-05-15'::date) as d, date_trunc(hour, '2024-05-15 10:11:12'::timestamp) as h, trunc('2024-05-15'::date, 'quarter') as q, date_trunc('week', '2024-05-15'::date) as w, date_trunc('hour', '10:11'::time) as t;
-- columns: D DATE, H TIMESTAMP_NTZ(9), Q DATE, W DATE, T TIME(9)
-- row: ["2024-05-01", "2024-05-15 10:00:00", "2024-04-01", "2024-05-13", "10:00:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/last_day
select last_day('2024-02-10'::date) as m, last_day('2024-02-10'::date, 'year') as y, last_day('2024-02-10'::date, 'week') as w, last_day('2024-02-10'::date, 'quarter') as q;
-- row: ["2024-02-29", "2024-12-31", "2024-02-11", "2024-03-31"]

-- https://docs.snowflake.com/en/sql-reference/functions/add_months
select add_months('2016-05-15'::timestamp, 2) as t, add_months('2016-02-29'::date, 1) as last_to_last, add_months('2016-05-31'::date, -1) as shorter;
-- columns: T TIMESTAMP_NTZ(9), LAST_TO_LAST DATE, SHORTER DATE
-- row: ["2016-07-15 00:00:00", "2016-03-31", "2016-04-30"]

-- https://docs.snowflake.com/en/sql-reference/functions/months_between
select months_between('2019-03-15'::date, '2019-02-15'::date) as same_day, months_between('2019-03-31'::date, '2019-02-28'::date) as last_days, months_between('2019-03-01'::date, '2019-02-15'::date) as part;
-- row: [1.0, 1.0, 0.548387]

-- https://docs.snowflake.com/en/sql-reference/functions/next_day
select next_day('2024-01-15'::date, 'friday') as f, next_day('2024-01-15'::date, 'mo') as m, previous_day('2024-01-15'::date, 'su') as s;
-- row: ["2024-01-19", "2024-01-22", "2024-01-14"]

-- https://docs.snowflake.com/en/sql-reference/functions/time_slice
select time_slice('2019-02-28'::date, 4, 'month', 'start') as s, time_slice('2019-02-28'::date, 4, 'month', 'end') as e, time_slice('2024-01-15 10:17:00'::timestamp, 15, 'minute') as q;
-- columns: S DATE, E DATE, Q TIMESTAMP_NTZ(9)
-- row: ["2019-01-01", "2019-05-01", "2024-01-15 10:15:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/date_from_parts
select date_from_parts(1977, 8, 7) as d, date_from_parts(2004, 1, 0) as before, date_from_parts(2004, 13, 1) as after, time_from_parts(12, 34, 56, 987654000) as t, time_from_parts(0, 100, 0) as over;
-- row: ["1977-08-07", "2003-12-31", "2005-01-01", "12:34:56.987654", "01:40:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/timestamp_from_parts
select timestamp_ntz_from_parts(2013, 4, 5, 12, 0, 0, 987654000) as t, timestamp_from_parts('2013-04-05'::date, '12:00:00'::time) as joined;
-- row: ["2013-04-05 12:00:00.987654", "2013-04-05 12:00:00"]

-- https://docs.snowflake.com/en/sql-reference/functions/convert_timezone
select convert_timezone('America/Los_Angeles', 'America/New_York', '2024-01-01 14:00:00'::timestamp_ntz) as t, convert_timezone('UTC', 'Asia/Kolkata', '2024-01-01'::timestamp) as k;
-- row: ["2024-01-01 17:00:00", "2024-01-01 05:30:00"]

-- https://docs.snowflake.com/en/sql-reference/data-types-datetime
select '2024-01-01 12:00:00 +0500'::timestamp_ntz as n, '2024-01-01 12:00:00 +05:00'::timestamp_tz as z, '2024-01-01 12:00:00Z'::timestamp_ltz as l;
-- columns: N TIMESTAMP_NTZ(9), Z TIMESTAMP_TZ(9), L TIMESTAMP_LTZ(9)
-- row: ["2024-01-01 12:00:00", "2024-01-01 12:00:00+05:00", "2024-01-01 12:00:00+00:00"]

-- https://docs.snowflake.com/en/sql-reference/parameters
create table moments (n timestamp_ntz, l timestamp_ltz);

insert into moments values ('2024-07-01 12:00:00', '2024-07-01 12:00:00');

alter session set timezone = 'America/New_York';

select n::varchar as n, l::varchar as l, to_char(l, 'HH24:MI TZH:TZM') as f, hour(l) as h, date_trunc('day', l)::varchar as d, l::date as day, (l::timestamp_ntz)::varchar as clock from moments;
-- row: ["2024-07-01 12:00:00.000", "2024-07-01 08:00:00.000 -0400", "08:00 -04:00", 8, "2024-07-01 00:00:00.000 -0400", "2024-07-01", "2024-07-01 08:00:00.000"]

select '2024-07-01 08:00:00'::timestamp_ltz = l as same, n::timestamp_ltz > l as later, dateadd(day, 1, '2024-03-09 12:00:00'::timestamp_ltz)::varchar as over_the_change from moments;
-- row: [true, true, "2024-03-10 12:00:00.000 -0400"]

alter session set timezone = 'Mars/Olympus';
-- error: 001008 22023 SQL compilation error:\ninvalid value [Mars/Olympus] for parameter 'TIMEZONE'

alter session unset timezone;

select l::varchar as l from moments;
-- row: ["2024-07-01 12:00:00.000 +0000"]

-- https://docs.snowflake.com/en/sql-reference/functions/current_timestamp
select current_timestamp() = current_timestamp as same, current_date() = current_timestamp()::date as today, sysdate()::date = current_date as utc, typeof(current_timestamp()::variant) as t;
-- row: [true, true, true, "VARCHAR"]

-- Clients bind far dates as nanoseconds since 1970.
select '32472144000000000000'::date as far, '-86400000000000000'::timestamp_ntz as before;
-- row: ["2999-01-01", "1967-04-07 00:00:00"]

select '99999999999999999999999999999999999999'::date;
-- error: 100040 22018 Date '99999999999999999999999999999999999999' is not recognized

-- https://docs.snowflake.com/en/sql-reference/functions/to_date
-- A number is no date: who means YYYYMMDD gives a format.
select to_date(20240105);
-- error: 001007 22023 SQL compilation error:\ninvalid type [CAST(NUMBER(8,0) AS DATE)] for parameter 'TO_DATE'

select to_date(20240105::varchar, 'YYYYMMDD') as d, to_date('15000000') as counted;
-- row: ["2024-01-05", "1970-06-23"]

-- https://docs.snowflake.com/en/sql-reference/date-time-input-output
select 'Mon Jul 08 18:09:51 +0200 2013'::timestamp_ntz as n, 'Mon Jul 08 18:09:51 +0200 2013'::timestamp_tz as z, 'Mon Jul 08 18:09:51 2013'::timestamp as t;
-- row: ["2013-07-08 18:09:51", "2013-07-08 18:09:51+02:00", "2013-07-08 18:09:51"]
