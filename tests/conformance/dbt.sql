-- What dbt-snowflake 1.10 sends: its macros' statements.

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

show views like 'source';
-- rows: 1

create or replace view source as select 1 as permanent;

select * from source order by id limit 1;
-- row: [2, "B"]

drop view source;

select * from source;
-- row: [1]
