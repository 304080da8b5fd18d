-- What dbt-snowflake 1.10 sends: its macros' statements.

-- https://docs.snowflake.com/en/sql-reference/sql/merge
create or replace transient table target (id int, name varchar(20), at date default '2024-01-01'::date);

insert into target values (1, 'a', null), (2, 'b', null);

create or replace temporary view source as select * from values (2, 'B'), (3, 'C') as v (id, name);

merge into target as DBT_INTERNAL_DEST using source as DBT_INTERNAL_SOURCE on (DBT_INTERNAL_SOURCE.id = DBT_INTERNAL_DEST.id)
when matched then update set "ID" = DBT_INTERNAL_SOURCE."ID", "NAME" = DBT_INTERNAL_SOURCE."NAME"
when not matched then insert ("ID", "NAME") values ("ID", "NAME");
-- columns: number of rows inserted NUMBER(19,0), number of rows updated NUMBER(19,0)
-- row: [1, 1]

select * from target order by id;
-- row: [1, "a", null]
-- row: [2, "B", null]
-- row: [3, "C", "2024-01-01"]

merge into target t using (select 3 as id) s on t.id = s.id when matched and t.name = 'C' then delete;
-- columns: number of rows deleted NUMBER(19,0)
-- row: [1]

merge into target t using (select * from values (1, 'x'), (1, 'y') as v (id, name)) s on t.id = s.id when matched then update set name = s.name;
-- error: 100090 42P18 Duplicate row detected during DML action

merge into target t using source s on t.id = s.id when matched then update set nme = s.name;
-- error: 000904 42000 *

merge into target t using source s on t.id = s.id when not matched then insert (id) values (t.id);
-- error: 000904 42000 *

merge into target t using source s on t.id = s.id when matched then update set name = 'a text that is too long for it';
-- error: 100078 22000 String 'a text that is too long for it' is too long and would be truncated

merge into target t using (select 2 as id) s on t.id = s.id when matched then update set name = snowflake.cortex.complete('mistral-7b', t.name);
-- columns: number of rows updated NUMBER(19,0)
-- row: [1]

merge into nothing t using source s on t.id = s.id when matched then delete;
-- error: 002003 42S02 *

-- A temporary view is the session's own.

-- https://docs.snowflake.com/en/sql-reference/sql/show-views
show views like 'source';
-- rows: 1

create or replace view source as select 1 as permanent;

select * from source order by id limit 1;
-- row: [2, "B"]

drop view source;

select * from source;
-- row: [1]

-- Lists and changes of relations.

-- https://docs.snowflake.com/en/sql-reference/sql/show-objects
show objects in cortex_finetuning_db.nothing limit 10000;
-- error: 002043 02000 SQL compilation error:\nObject does not exist, or operation cannot be performed.

show terse schemas in database cortex_finetuning_db limit 10000;
-- rows: 2

show objects in cortex_finetuning_db.public starts with 'TARG' limit 1;
-- columns: created_on TIMESTAMP_LTZ(9), name VARCHAR(16777216), database_name VARCHAR(16777216), schema_name VARCHAR(16777216), kind VARCHAR(16777216), comment VARCHAR(16777216), cluster_by VARCHAR(16777216), rows NUMBER(19,0), bytes NUMBER(19,0), owner VARCHAR(16777216), retention_time VARCHAR(16777216), owner_role_type VARCHAR(16777216), is_hybrid VARCHAR(16777216), is_dynamic VARCHAR(16777216), is_iceberg VARCHAR(16777216)
-- rows: 1

show objects limit 5 from 'TARGET';
-- rows: none

-- https://docs.snowflake.com/en/sql-reference/sql/alter-table
alter table target add column extra number(5,2), "more" varchar(3);

alter table target alter "EXTRA" COMMENT $$the extra$$, "more" COMMENT $$$$;

alter table target alter column extra set data type number(10,2);

describe table target;
-- row: ["ID", "NUMBER(38,0)", "COLUMN", "Y", null, "N", "N", null, null, null, null]
-- row: ["NAME", "VARCHAR(20)", "COLUMN", "Y", null, "N", "N", null, null, null, null]
-- row: ["AT", "DATE", "COLUMN", "Y", "'2024-01-01'::date", "N", "N", null, null, null, null]
-- row: ["EXTRA", "NUMBER(10,2)", "COLUMN", "Y", null, "N", "N", null, null, "the extra", null]
-- row: ["more", "VARCHAR(3)", "COLUMN", "Y", null, "N", "N", null, null, null, null]

alter table target alter column name set data type varchar(1);

alter table target alter column id set not null, column name drop not null;

insert into target (name) values ('x');
-- error: 100072 22000 *

alter table target drop column extra, "more";

alter table target add column if not exists id int;

alter table target drop column if exists nothing;

alter table target drop column id, nothing;
-- error: 000904 42000 *

select id from target limit 1;
-- rows: 1

-- https://docs.snowflake.com/en/sql-reference/sql/alter-view
create or replace view relabelled as select id from target;

alter view relabelled rename to relabelled_2;

select count(*) > 0 as some from relabelled_2;
-- row: [true]

-- https://docs.snowflake.com/en/sql-reference/sql/alter-warehouse
alter warehouse compute_wh resume if suspended;
-- row: ["Statement executed successfully."]

alter warehouse compute_wh set warehouse_size = 'LARGE' auto_suspend = 60;
-- row: ["Statement executed successfully."]

alter warehouse nothing suspend;
-- error: 002003 02000 *

-- https://docs.snowflake.com/en/sql-reference/sql/create-sequence
create sequence counter start 5;

show sequences like 'counter';
-- row: ["COUNTER", "CORTEX_FINETUNING_DB", "PUBLIC", null, "1", "*", "ACCOUNTADMIN", "", "ROLE", "N"]

-- https://docs.snowflake.com/en/sql-reference/sql/show-user-functions
create function twice(a number) returns number as 'a * 2';

show user functions like 'twice';
-- row: ["*", "TWICE", "PUBLIC", "N", "N", 1, 1, "TWICE(NUMBER) RETURN NUMBER", "user-defined function", "CORTEX_FINETUNING_DB", "SQL"]

-- https://docs.snowflake.com/en/sql-reference/sql/show-imported-keys
show imported keys in table target;
-- rows: none

-- Functions of the catalogue query.

-- https://docs.snowflake.com/en/sql-reference/functions/convert_timezone
select convert_timezone('UTC', 'Europe/Berlin', '2024-07-01 12:00:00'::timestamp_ntz) as a, to_varchar(convert_timezone('UTC', '2024-01-01 00:00:00'::timestamp_ntz)) like '2024-01-01 00:00:00%' as b;
-- columns: A TIMESTAMP_NTZ(9), B BOOLEAN
-- row: ["2024-07-01 14:00:00", true]

select to_varchar(convert_timezone('UTC', '2024-01-01 10:00:00'::timestamp_ntz), 'yyyy-mm-dd HH24:MI:SS' || 'UTC') as t;
-- row: ["2024-01-01 10:00:00UTC"]

select convert_timezone('Europe/Berlin', current_timestamp()) = current_timestamp() as same;
-- row: [true]

-- https://docs.snowflake.com/en/user-guide/tables-clustering-keys
-- How files lie is nobody's concern here.
create table clustered (a int, b text) cluster by (a);

alter table clustered cluster by (to_date(b), a);
-- row: ["Statement executed successfully."]

alter table clustered resume recluster;

alter table if exists clustered drop clustering key;

alter table nowhere cluster by (a);
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/data-types-datetime
create table zoned (a timestamp without time zone, b timestamp(3) with time zone, c timestamp with local time zone, d double precision);

select column_name, data_type, datetime_precision from information_schema.columns where table_name = 'ZONED' order by ordinal_position;
-- row: ["A", "TIMESTAMP_NTZ", 9]
-- row: ["B", "TIMESTAMP_TZ", 3]
-- row: ["C", "TIMESTAMP_LTZ", 9]
-- row: ["D", "FLOAT", null]
