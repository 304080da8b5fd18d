-- INSERT, UPDATE, DELETE, MERGE, transactions, and tables made from others.

create table stock (id int autoincrement, name varchar(10) not null, amount number(6, 2) default 1, noted timestamp);

-- https://docs.snowflake.com/en/sql-reference/sql/insert
insert into stock (name, amount) values ('saw', 2.555), ('axe', default);
-- row: [2]

select id, name, amount, noted from stock order by id;
-- columns: ID NUMBER(38,0), NAME VARCHAR(10), AMOUNT NUMBER(6,2), NOTED TIMESTAMP_NTZ(9)
-- row: [1, "saw", "2.56", null]
-- row: [2, "axe", "1.00", null]

insert into stock (name) values ('a name that is too long');
-- error: 100078 22000 String 'a name that is too long' is too long and would be truncated

insert into stock (name) values (null);
-- error: 100072 22000 NULL result in a non-nullable column

insert into stock (amount) values (3);
-- error: 100072 22000 NULL result in a non-nullable column

insert into stock (name, amount) values ('x');
-- error: 002020 21S01 SQL compilation error:\nInsert value list does not match column list expecting 2 but got 1

insert into stock (name, amount) values ('big', 100000);
-- error: * 22003 *

insert into stock (name, colour) values ('x', 'y');
-- error: 000904 42000 *

insert all into stock (name) values (n) select 'a' as n;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'INSERT ALL'.

-- https://docs.snowflake.com/en/sql-reference/sql/update
update stock set amount = amount * 2, noted = '2024-01-01' where name = 'saw';
-- columns: number of rows updated NUMBER(19,0), number of multi-joined rows updated NUMBER(19,0)
-- row: [1, 0]

update stock s set name = n.new_name from (select 'axe' as old_name, 'hatchet' as new_name) n where s.name = n.old_name;
-- row: [1, 0]

update stock set name = snowflake.cortex.complete('mistral-7b', 'x') where id = 1;
-- row: [1, 0]

select id, name, amount from stock order by id;
-- row: [1, "x", "5.12"]
-- row: [2, "hatchet", "1.00"]

update stock set amount = 1 / 0;
-- error: 100051 22012 Division by zero

-- https://docs.snowflake.com/en/sql-reference/sql/delete
delete from stock using (select 'x' as gone) g where stock.name = g.gone;
-- columns: number of rows deleted NUMBER(19,0)
-- row: [1]

-- https://docs.snowflake.com/en/sql-reference/sql/merge
merge into stock t using (select * from values ('hatchet', 7), ('plane', 3)) s (name, amount) on t.name = s.name
  when matched and s.amount > 100 then delete when matched then update set amount = s.amount when not matched then insert (name, amount) values (s.name, s.amount);
-- columns: number of rows inserted NUMBER(19,0), number of rows updated NUMBER(19,0), number of rows deleted NUMBER(19,0)
-- row: [1, 1, 0]

select name, amount from stock order by name;
-- row: ["hatchet", "7.00"]
-- row: ["plane", "3.00"]

merge into stock t using (select * from values ('plane'), ('plane')) s (name) on t.name = s.name when matched then update set amount = 9;
-- error: 100090 42P18 Duplicate row detected during DML action

-- https://docs.snowflake.com/en/sql-reference/sql/create-clone
create table copied clone stock;

create table shaped like stock;

select (select count(*) from copied) as rows_copied, (select count(*) from shaped) as rows_shaped;
-- row: [2, 0]

delete from copied;

select count(*) as n from stock;
-- row: [2]

-- https://docs.snowflake.com/en/sql-reference/sql/alter-table
alter table stock swap with copied;

select (select count(*) from stock) as stock_rows, (select count(*) from copied) as copied_rows;
-- row: [0, 2]

insert overwrite into stock (name) select name from copied;
-- row: [2]

insert overwrite into stock (name) select name from copied where name = 'plane';

select name from stock;
-- row: ["plane"]

truncate table stock;

select count(*) as n from stock;
-- row: [0]

-- https://docs.snowflake.com/en/sql-reference/transactions
begin transaction;

select current_transaction() is null as none;
-- row: [false]

insert into stock (name) values ('kept');

update stock set amount = 5;

commit;

select current_transaction() as none;
-- row: [null]

start transaction;

delete from stock;

rollback work;

select name, amount from stock;
-- row: ["kept", "5.00"]

create database second_one;

create table second_one.public.t (a int);

use database cortex_finetuning_db;

begin;

insert into second_one.public.t values (1);

insert into cortex_finetuning_db.public.stock (name) values ('both');
-- error: 000002 0A000 A transaction that changes more than one database is not supported

rollback;

select count(*) as n from second_one.public.t;
-- row: [0]

drop database second_one;

-- https://docs.snowflake.com/en/user-guide/tables-temp-transient
create temporary table passing (a int);

create transient table staying (a int);

create or replace temp table passing as select 7 as b;

select * from passing;
-- row: [7]

drop table passing;

select * from passing;
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/sql/create-view
create view shown (what, how_much) comment = 'a view' as select name, amount * 2 from public.stock;

select * from shown;
-- columns: WHAT VARCHAR(10), HOW_MUCH NUMBER(7,2)
-- row: ["kept", "10.00"]

create or replace view shown as select no_such_column from stock;
-- error: 000904 42000 *

create materialized view m as select 1;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE MATERIALIZED'.

drop view shown;

-- https://docs.snowflake.com/en/sql-reference/sql/show-exported-keys
create table parents (id int primary key);

create table children (parent int references parents (id));

show exported keys in table parents;
-- row: ["*", "CORTEX_FINETUNING_DB", "PUBLIC", "PARENTS", "ID", "CORTEX_FINETUNING_DB", "PUBLIC", "CHILDREN", "PARENT", 1, "NO ACTION", "NO ACTION", "*", null, "NOT DEFERRABLE", "false", null]

show exported keys in table children;
-- rows: none
