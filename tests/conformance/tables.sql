-- Databases, schemas, tables, views, variables, transactions: words and columns as the vendor gives them.

-- https://docs.snowflake.com/en/sql-reference/functions-context
select current_database() as d, current_schema() as s, current_role() as r;
-- row: ["CORTEX_FINETUNING_DB", "PUBLIC", "ACCOUNTADMIN"]

-- https://docs.snowflake.com/en/sql-reference/sql/create-table
create table t (id int, "quoted Name" varchar(10) comment 'a comment', d date, n number(10,2) default 1.5);
-- row: ["Table T successfully created."]

create table t (id int);
-- error: 002002 42710 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.PUBLIC.T' already exists.

create table if not exists t (id int);
-- row: ["T already exists, statement succeeded."]

-- https://docs.snowflake.com/en/sql-reference/sql/desc-table
describe table t;
-- columns: name VARCHAR(16777216), type VARCHAR(16777216), kind VARCHAR(16777216), null? VARCHAR(16777216), default VARCHAR(16777216), primary key VARCHAR(16777216), unique key VARCHAR(16777216), check VARCHAR(16777216), expression VARCHAR(16777216), comment VARCHAR(16777216), policy name VARCHAR(16777216)
-- row: ["ID", "NUMBER(38,0)", "COLUMN", "Y", null, "N", "N", null, null, null, null]
-- row: ["quoted Name", "VARCHAR(10)", "COLUMN", "Y", null, "N", "N", null, null, "a comment", null]
-- row: ["D", "DATE", "COLUMN", "Y", null, "N", "N", null, null, null, null]
-- row: ["N", "NUMBER(10,2)", "COLUMN", "Y", "1.5", "N", "N", null, null, null, null]

-- https://docs.snowflake.com/en/sql-reference/sql/insert
insert into t (id, "quoted Name", d) values (1, 'one', '2024-02-29'), (2, null, null);
-- columns: number of rows inserted NUMBER(19,0)
-- row: [2]

select * from t order by id;
-- columns: ID NUMBER(38,0), quoted Name VARCHAR(10), D DATE, N NUMBER(10,2)
-- row: [1, "one", "2024-02-29", "1.50"]
-- row: [2, null, null, "1.50"]

-- https://docs.snowflake.com/en/sql-reference/sql/update
update t set n = n + 1 where id = 2;
-- columns: number of rows updated NUMBER(19,0), number of multi-joined rows updated NUMBER(19,0)
-- row: [1, 0]

-- https://docs.snowflake.com/en/sql-reference/sql/delete
delete from t where id = 1;
-- columns: number of rows deleted NUMBER(19,0)
-- row: [1]

-- https://docs.snowflake.com/en/sql-reference/identifiers-syntax
select "quoted name" from t;
-- error: 000904 42000 SQL compilation error: error line 1 at position 7\ninvalid identifier '"quoted name"'

select * from nothing;
-- error: 002003 42S02 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

selec 1;
-- error: 001003 42000 SQL compilation error:

-- https://docs.snowflake.com/en/sql-reference/sql/create-view
create view v as select id + 1 as next from t;
-- row: ["View V successfully created."]

select next from v;
-- row: [3]

-- https://docs.snowflake.com/en/sql-reference/sql/show-tables
show tables like 'T%';
-- row: ["*", "T", "CORTEX_FINETUNING_DB", "PUBLIC", "TABLE", "", "", 1, "*", "ACCOUNTADMIN", "1", "N", "ROLE"]

-- https://docs.snowflake.com/en/sql-reference/sql/create-table
create or replace table t as select * from t where id = 99;

select count(*) as n from t;
-- row: [0]

-- https://docs.snowflake.com/en/user-guide/tables-temp-transient
create temporary table t as select 7 as seven;

select * from t;
-- columns: SEVEN NUMBER(1,0)
-- row: [7]

drop table t;
-- row: ["T successfully dropped."]

select count(id) as n from t;
-- row: [0]

-- https://docs.snowflake.com/en/sql-reference/sql/drop-table
drop table nothing;
-- error: 002003 42S02 SQL compilation error:\nTable 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

drop table if exists nothing;
-- row: ["Drop statement executed successfully (NOTHING already dropped)."]

-- https://docs.snowflake.com/en/sql-reference/transactions
begin;
-- row: ["Statement executed successfully."]

insert into t (id) values (5);

rollback;

select count(*) as n from t;
-- row: [0]

-- https://docs.snowflake.com/en/sql-reference/sql/create-database
create database other;
-- row: ["Database OTHER successfully created."]

select current_database() as d, current_schema() as s;
-- row: ["OTHER", "PUBLIC"]

-- https://docs.snowflake.com/en/sql-reference/sql/create-schema
create schema inner_one;
-- row: ["Schema INNER_ONE successfully created."]

create table here (a int);

select count(*) as n from other.inner_one.here h join cortex_finetuning_db.public.t t on h.a = t.id;
-- row: [0]

-- https://docs.snowflake.com/en/sql-reference/sql/use-database
use database nothing;
-- error: 002043 02000 SQL compilation error:\nObject does not exist, or operation cannot be performed.

use cortex_finetuning_db.public;

-- https://docs.snowflake.com/en/sql-reference/sql/drop-database
drop database other;
-- row: ["OTHER successfully dropped."]

select * from other.inner_one.here;
-- error: 002003 *

-- https://docs.snowflake.com/en/sql-reference/session-variables
set greeting = 'hello';

select $greeting || '!' as g;
-- row: ["hello!"]

unset greeting;

select $greeting;
-- error: * *

-- https://docs.snowflake.com/en/sql-reference/sql/alter-session
alter session set query_tag = 'mine';

-- https://docs.snowflake.com/en/sql-reference/sql/show-parameters
show parameters like 'QUERY_TAG';
-- row: ["QUERY_TAG", "mine", "", "SESSION", "*", "STRING"]

alter session set no_such_parameter = 1;
-- error: 001006 22023 SQL compilation error:\ninvalid parameter 'NO_SUCH_PARAMETER'

-- https://docs.snowflake.com/en/sql-reference/sql/grant-privilege
grant create model on schema public to role public;
-- row: ["Statement executed successfully."]

-- https://docs.snowflake.com/en/sql-reference/sql/create-warehouse
create warehouse wh;
-- row: ["Warehouse WH successfully created."]

use warehouse wh;

-- https://docs.snowflake.com/en/sql-reference/sql/alter-table
alter table t add column extra varchar(5);
-- row: ["Statement executed successfully."]

alter table t rename to renamed;

select * from renamed;
-- columns: ID NUMBER(38,0), quoted Name VARCHAR(10), D DATE, N NUMBER(10,2), EXTRA VARCHAR(5)
-- rows: none

select * from read_text('/etc/hostname');
-- error: * *

select read_csv('/etc/passwd');
-- error: * *

select * from '/etc/passwd';
-- error: * *

call my_procedure(1);
-- error: 000002 0A000

-- A literal in CTAS makes a column that takes NULL: only a declared NOT NULL is one.

-- https://docs.snowflake.com/en/sql-reference/sql/create-table
create table literals as select 'a' as x;

insert into literals values (null);
-- row: [1]

-- A number below one is JSON with its zero.

-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
select {'half': 0.5, 'minus': -0.25, 'nothing': 0.0, 'one': 1, 'price': 1.50} as o;
-- row: ["{\"half\":0.5,\"minus\":-0.25,\"nothing\":0,\"one\":1,\"price\":1.5}"]
