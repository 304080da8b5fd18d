-- CLONE of schemas and databases: a copy that goes its own way.

-- https://docs.snowflake.com/en/sql-reference/sql/create-clone
create schema plan;

create sequence ids start 5 increment 2;

select ids.nextval as n;
-- row: [5]

create table parents (id int autoincrement, a int default ids.nextval, b varchar(5) comment 'said', primary key (id));

insert into parents (b) values ('x'), ('y');

create table children (k int references parents (id));

create view seen as select b from parents;

create function more(x int) returns int as 'x + 1';

create tag kind;

alter table parents set tag kind = 'old';

create file format lines type = csv skip_header = 1;

create stage outside url = 's3://conformance/' file_format = lines;

create stage inside;

create schema copy clone plan comment = 'a copy';
-- row: ["Schema COPY successfully created."]

select current_schema() as s, id, a, b from parents order by id;
-- row: ["COPY", 1, 7, "x"]
-- row: ["COPY", 2, 9, "y"]

-- https://docs.snowflake.com/en/user-guide/object-clone
-- Sequences count on, each for itself; views, keys, tags and formats are the copy's; internal stages stay where they are.
insert into parents (b) values ('new');

insert into plan.parents (b) values ('old');

select 'copy' as place, id, a, b from copy.parents where id = 3 union all select 'plan', id, a, b from plan.parents where id = 3;
-- row: ["copy", 3, 11, "new"]
-- row: ["plan", 3, 11, "old"]

select b from seen order by b;
-- row: ["new"]
-- row: ["x"]
-- row: ["y"]

select more(1) as m, system$get_tag('kind', 'parents', 'table') as t;
-- row: [2, "old"]

show imported keys in table children;

select "pk_schema_name", "pk_table_name" from table(result_scan(last_query_id()));
-- row: ["COPY", "PARENTS"]

show stages in schema copy;

select "name" from table(result_scan(last_query_id()));
-- row: ["OUTSIDE"]

select $1 as line from @outside/people.csv limit 1;
-- rows: 1

describe table parents;
-- row: ["ID", "NUMBER(38,0)", "COLUMN", "N", "IDENTITY START 1 INCREMENT 1 NOORDER", "Y", "N", null, null, null, null]
-- row: ["A", "NUMBER(38,0)", "COLUMN", "Y", "CORTEX_FINETUNING_DB.COPY.IDS.nextval", "N", "N", null, null, null, null]
-- row: ["B", "VARCHAR(5)", "COLUMN", "Y", null, "N", "N", null, null, "said", null]

create schema copy clone plan;
-- error: 002002 42710 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.COPY' already exists.

create or replace schema copy clone copy;
-- error: 000002 0A000 A schema can't be replaced by its own clone

create or replace schema copy clone nothing;
-- error: 002003 02000 SQL compilation error:\nSchema 'CORTEX_FINETUNING_DB.NOTHING' does not exist or not authorized.

create schema older clone plan at (offset => -60);
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'AT of a schema'.

select count(*) as still_there from copy.parents;
-- row: [3]

create database copied clone cortex_finetuning_db;
-- row: ["Database COPIED successfully created."]

drop schema cortex_finetuning_db.plan;

insert into copied.plan.parents (b) values ('later');

select current_database() as d, count(*) as n from copied.plan.seen;
-- row: ["COPIED", 4]

create database other clone nothing;
-- error: 002003 02000 SQL compilation error:\nDatabase 'NOTHING' does not exist or not authorized.

drop database copied;

use cortex_finetuning_db.public;

drop schema copy;

-- Who clones has to own the source: the copy's rows are the cloner's.
create schema owned;

create role guest;

grant usage on database cortex_finetuning_db to role guest;

grant create schema on database cortex_finetuning_db to role guest;

grant usage on schema owned to role guest;

use role guest;

create schema taken clone cortex_finetuning_db.owned;
-- error: 003001 42501 SQL access control error:\nInsufficient privileges to operate on schema 'OWNED'.

use role accountadmin;

drop schema owned;
