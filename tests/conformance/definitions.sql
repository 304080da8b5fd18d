-- Functions in SQL, sequences and GET_DDL.

-- https://docs.snowflake.com/en/sql-reference/sql/create-function
create or replace function plus1(a number) returns number language sql as 'a + 1';
-- row: ["Function PLUS1 successfully created."]

select plus1(1) as one, plus1(x) as two, public.plus1(plus1(x)) as three from values (5) as v (x);
-- columns: ONE NUMBER(38,0), TWO NUMBER(38,0), THREE NUMBER(38,0)
-- row: [2, 6, 7]

create function plus1(a number, b number) returns number as $$ a + b $$;

select plus1(1, 2) as n;
-- row: [3]

select plus1();
-- error: 000938 22023 SQL compilation error:\nnot enough arguments for function [PLUS1]

create function plus1(a number) returns number as 'a';
-- error: 002002 42710 *

create table prices (item varchar, price number(10,2));

insert into prices values ('tea', 2.5), ('rice', 1);

create function price_of(name varchar) returns number(10,2) as 'select max(price) from prices where item = name';

select price_of('tea') as a, price_of('none') as b;
-- columns: A NUMBER(10,2), B NUMBER(10,2)
-- row: ["2.50", null]

select item, price_of(item) * 2 as twice from prices group by item, price_of(item) order by item;
-- row: ["rice", "2.00"]
-- row: ["tea", "5.00"]

create function shout(t varchar) returns varchar as $$ upper(snowflake.cortex.complete('mistral-7b', t)) $$;

select shout('ho') as s;
-- row: ["HO"]

create function bad(a number) returns number as 'b + 1';
-- error: 000904 42000 *

create function f(a number) returns number language python as 'x';
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'LANGUAGE PYTHON of a function'.

create procedure p() returns number language sql as 'begin return 1; end';
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE PROCEDURE'.

create function t() returns table (a int) as 'select 1';

-- https://docs.snowflake.com/en/sql-reference/sql/drop-function
drop function plus1(number);
-- row: ["PLUS1 successfully dropped."]

select plus1(1);
-- error: 000938 22023 *

drop function if exists plus1(number);

select nothing_of_that_name(1);
-- error: 002140 42601 SQL compilation error:\nUnknown function NOTHING_OF_THAT_NAME.

-- https://docs.snowflake.com/en/sql-reference/sql/create-sequence
create or replace sequence s start = 10 increment by 5 comment = 'ids';
-- row: ["Sequence S successfully created."]

-- https://docs.snowflake.com/en/user-guide/querying-sequences
select s.nextval as a;
-- columns: A NUMBER(38,0)
-- row: [10]

select public.s.nextval as a;
-- row: [15]

create sequence if not exists s;

create sequence down start with 3 increment by -1;

select down.nextval as a from values (1), (2), (3);
-- rows: unordered
-- row: [3]
-- row: [2]
-- row: [1]

select nothing.nextval;
-- error: 002003 42S02 SQL compilation error:\nSequence 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

-- https://docs.snowflake.com/en/sql-reference/sql/alter-sequence
alter sequence s set increment by 100 comment = 'wider';
-- row: ["Statement executed successfully."]

select s.nextval as reserved_before;
-- row: [20]

select s.nextval as wider;
-- row: [120]

alter sequence s rename to renamed;

select renamed.nextval as a;
-- row: [220]

-- https://docs.snowflake.com/en/sql-reference/functions/get_ddl
select get_ddl('sequence', 'renamed');
-- row: ["create or replace sequence RENAMED start with 10 increment by 100 noorder COMMENT='wider';"]

alter sequence renamed unset comment;

-- https://docs.snowflake.com/en/sql-reference/sql/alter-sequence
alter sequence renamed rename to down;
-- error: 002002 42710 *

alter sequence renamed set increment = 0;
-- error: 001008 *

alter sequence renamed set start = 5;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'ALTER SEQUENCE ... START'.

alter sequence if exists nothing set increment 2;
-- row: ["Statement executed successfully."]

alter sequence nothing set increment 2;
-- error: 002003 42S02 SQL compilation error:\nSequence 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

alter sequence renamed rename to s;

-- https://docs.snowflake.com/en/sql-reference/sql/drop-sequence
drop sequence s;

select s.nextval;
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/functions/get_ddl
create or replace table goods (id int not null comment 'key', "a b" varchar(5) default 'x') comment = 'it''s';

select get_ddl('table', 'goods') as d;
-- row: ["create or replace TABLE GOODS (\n\tID NUMBER(38,0) NOT NULL COMMENT 'key',\n\t\"a b\" VARCHAR(5) DEFAULT 'x'\n) COMMENT='it''s';"]

create view some_goods as select id from goods;

select get_ddl('VIEW', 'public.some_goods') like 'create or replace view SOME_GOODS(%ID%) as select id from %;' as d;
-- row: [true]

select get_ddl('function', 'price_of(varchar)') like 'CREATE OR REPLACE FUNCTION PRICE_OF(NAME VARCHAR(16777216))%' as d;
-- row: [true]

select get_ddl('table', 'nothing');
-- error: 002003 42S02 *

select get_ddl('pipe', 'x');
-- error: 000002 0A000 GET_DDL of a pipe is not supported

-- AUTOINCREMENT, and changes without AUTOCOMMIT.

-- https://docs.snowflake.com/en/sql-reference/sql/create-table
create or replace table counted (id int not null autoincrement, other int identity(10, 5), x varchar default 'd');

insert into counted (x) values ('a'), ('b');

insert into counted (id, x) values (7, 'c');

select id, x from counted order by x;
-- row: [1, "a"]
-- row: [2, "b"]
-- row: [7, "c"]

select other from counted order by 1;
-- row: [10]
-- row: [15]
-- row: [20]

describe table counted;
-- row: ["ID", "NUMBER(38,0)", "COLUMN", "N", "IDENTITY START 1 INCREMENT 1 NOORDER", "N", "N", null, null, null, null]
-- row: ["OTHER", "NUMBER(38,0)", "COLUMN", "Y", "IDENTITY START 10 INCREMENT 5 NOORDER", "N", "N", null, null, null, null]
-- row: ["X", "VARCHAR(16777216)", "COLUMN", "Y", "'d'", "N", "N", null, null, null, null]

alter table counted rename to counted_2;

insert into counted_2 (x) values ('d');

select id from counted_2 where x = 'd';
-- row: [3]

-- https://docs.snowflake.com/en/sql-reference/sql/show-sequences
show sequences like '%identity%';
-- rows: none

-- https://docs.snowflake.com/en/sql-reference/transactions
alter session set autocommit = false;

insert into counted_2 (x) values ('lost');

rollback;

select count(*) as n from counted_2 where x = 'lost';
-- row: [0]

insert into counted_2 (x) values ('kept');

alter session set autocommit = true;

rollback;

select count(*) as n from counted_2 where x = 'kept';
-- row: [1]

-- https://docs.snowflake.com/en/user-guide/querying-sequences
create or replace sequence ids;

create or replace table numbered (id int default ids.nextval, x int);

describe table numbered;
-- row: ["ID", "NUMBER(38,0)", "COLUMN", "Y", "CORTEX_FINETUNING_DB.PUBLIC.IDS.nextval", "N", "N", null, null, null, null]
-- row: ["X", "NUMBER(38,0)", "COLUMN", "Y", null, "N", "N", null, null, null, null]

insert into numbered (x) values (1), (2);

select id from numbered order by id;
-- row: [1]
-- row: [2]

-- Keys are declared and shown, and nobody enforces them.

-- https://docs.snowflake.com/en/sql-reference/constraints-overview
create or replace table parent (a int, b int unique, constraint pk primary key (a));

create or replace table child (x int primary key, y int references parent (a), z int, foreign key (y, z) references public.parent (a, b), constraint yz unique (y, z));

show primary keys in table parent;
-- row: ["*", "CORTEX_FINETUNING_DB", "PUBLIC", "PARENT", "A", 1, "PK", "false", null]

create table "" (a int);
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'a name without a character'

show unique keys in schema public;
-- row: ["*", "CORTEX_FINETUNING_DB", "PUBLIC", "CHILD", "Y", 1, "YZ", "false", null]
-- row: ["*", "CORTEX_FINETUNING_DB", "PUBLIC", "CHILD", "Z", 2, "YZ", "false", null]
-- row: ["*", "CORTEX_FINETUNING_DB", "PUBLIC", "PARENT", "B", 1, "~SYS_CONSTRAINT_[0-9a-f]{8}-[0-9a-f-]{27}", "false", null]

show imported keys in table child;
-- rows: 3

-- https://docs.snowflake.com/en/sql-reference/sql/create-table-constraint
create table later (a int, b int);

alter table later add constraint first primary key (a);

alter table later add unique (a, b);

alter table later add foreign key (b) references parent (a);

alter table later add primary key (b);
-- error: 001003 42000 SQL compilation error:\nprimary key already exists for table 'LATER'

alter table later add unique (c);
-- error: 000904 42000 *

show unique keys in table later;
-- rows: 2

alter table later drop unique (a, b);

alter table later drop constraint first;

alter table later drop primary key;
-- error: 002003 42S02 SQL compilation error:\nConstraint 'PRIMARY KEY' does not exist or not authorized.

show primary keys in table later;
-- rows: none

show imported keys in table later;
-- rows: 1

drop table later;

insert into parent values (1, 1), (1, 1);

insert into parent (b) values (1);
-- error: 100072 22000 NULL result in a non-nullable column

drop table parent;

show primary keys in schema public;
-- rows: 1

-- https://docs.snowflake.com/en/sql-reference/sql/desc-sequence
create or replace schema places;

create sequence numbers start 5 increment 2 comment = 'odd';

describe sequence numbers;
-- columns: name VARCHAR(16777216), database_name VARCHAR(16777216), schema_name VARCHAR(16777216), next_value VARCHAR(16777216), interval VARCHAR(16777216), created_on VARCHAR(16777216), owner VARCHAR(16777216), comment VARCHAR(16777216), ordered VARCHAR(16777216)
-- row: ["NUMBERS", "CORTEX_FINETUNING_DB", "PLACES", "*", "2", "*", "ACCOUNTADMIN", "odd", "N"]

desc sequence cortex_finetuning_db.places.nothing;
-- error: 002003 42S02 SQL compilation error:\nSequence 'CORTEX_FINETUNING_DB.PLACES.NOTHING' does not exist

-- https://docs.snowflake.com/en/sql-reference/sql/desc-table
create table keyed (a int, b int, c int unique, primary key (a, b));

describe table keyed;
-- row: ["A", "NUMBER(38,0)", "COLUMN", "N", null, "Y", "N", null, null, null, null]
-- row: ["B", "NUMBER(38,0)", "COLUMN", "N", null, "Y", "N", null, null, null, null]
-- row: ["C", "NUMBER(38,0)", "COLUMN", "Y", null, "N", "Y", null, null, null, null]

create view seen as select a from keyed;

-- https://docs.snowflake.com/en/sql-reference/sql/show-views
show views like 'seen';
-- row: ["*", "SEEN", "VIEW", "", "CORTEX_FINETUNING_DB", "PLACES", "ACCOUNTADMIN", "", "create or replace view SEEN(\n\tA\n) as select a from \"CORTEX_FINETUNING_DB\".\"PLACES\".\"KEYED\";", "false", "false", "ROLE"]

-- https://docs.snowflake.com/en/sql-reference/sql/desc-schema
describe schema places;
-- columns: created_on TIMESTAMP_LTZ(9), name VARCHAR(16777216), kind VARCHAR(16777216)
-- row: ["*", "KEYED", "TABLE"]
-- row: ["*", "SEEN", "VIEW"]

describe database cortex_finetuning_db;
-- row: ["*", "PLACES", "SCHEMA"]
-- row: ["*", "PUBLIC", "SCHEMA"]

-- https://docs.snowflake.com/en/sql-reference/sql/desc-warehouse
describe warehouse compute_wh;
-- row: ["*", "COMPUTE_WH", "WAREHOUSE"]

describe warehouse nothing;
-- error: 002003 42S02 SQL compilation error:\nWarehouse 'NOTHING' does not exist

drop schema places;

-- https://docs.snowflake.com/en/sql-reference/name-resolution
-- Bare names in a view or a function stand for what lies beside it, wherever the session is.
create schema near;

create table worth (p int) as select 1;

create function highest() returns int as 'select max(p) from worth';

create function all_of_them() returns table (p int) as 'select p from worth';

create schema far;

create table worth (p int) as select 2;

create view near.seen as select p, highest() as h from worth;

select near.highest() as f, (select max(p) from table(near.all_of_them())) as t, p, h from near.seen;
-- row: [1, 1, 1, 1]

create view near.nothing as select * from far_only;
-- error: 002003 42S02 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.NEAR.FAR_ONLY' does not exist or not authorized.

drop schema near;

drop schema far;

use schema public;
