-- Variables, EXECUTE IMMEDIATE, functions that users make, sequences; what is refused by name.

-- https://docs.snowflake.com/en/sql-reference/sql/execute-immediate
execute immediate 'select 1 as one';
-- columns: ONE NUMBER(1,0)
-- row: [1]

execute immediate $$ select 'a;b' as t $$;
-- row: ["a;b"]

set statement_text = 'create table made_by_text (a int)';

execute immediate $statement_text;
-- row: ["Table MADE_BY_TEXT successfully created."]

execute immediate 'selec 1';
-- error: 001003 42000 SQL compilation error:\nsyntax error

execute immediate 'select 1; select 2';
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'EXECUTE IMMEDIATE of other than one statement'.

execute immediate 'select ?' using (statement_text);
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'EXECUTE IMMEDIATE ... USING'.

-- https://docs.snowflake.com/en/developer-guide/snowflake-scripting/blocks
begin let x := 1; if (x > 0) then return case when x = 1 then 'one' end; end if; end;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'scripting: BEGIN ... END'.

declare x int default 1; begin return x; end;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'scripting: BEGIN ... END'.

call some_procedure();
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CALL'.

create procedure p() returns int language sql as 'begin return 1; end';
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE PROCEDURE'.

-- https://docs.snowflake.com/en/sql-reference/session-variables
set (low, high) = (2, 2 + 3);
-- row: ["Statement executed successfully."]

select $low * $high as n, getvariable('HIGH') as h, getvariable('NOT_SET') as none;
-- row: [10, 5, null]

select $not_set;
-- error: * * SQL compilation error:

unset (low, high);

-- https://docs.snowflake.com/en/developer-guide/udf/sql/udf-sql-scalar-functions
create function area_of(radius float) returns float as 'pi() * radius * radius';
-- row: ["Function AREA_OF successfully created."]

select round(area_of(2), 3) as a, area_of(null) as n;
-- row: [12.566, null]

select area_of(1, 2);
-- error: 000939 * SQL compilation error:\ntoo many arguments for function [AREA_OF], expected 1, got 2

create function area_of(width float, height float) returns float as 'width * height';

select area_of(2, 3) as a;
-- row: [6.0]

create function wrong() returns int as 'no_such_column + 1';
-- error: 000904 42000 *

-- https://docs.snowflake.com/en/developer-guide/udf/sql/udf-sql-tabular-functions
create table stock (product varchar, place varchar, quantity int);

insert into stock values ('saw', 'north', 5), ('saw', 'south', 7), ('axe', 'north', 1);

create function places_of(wanted varchar) returns table (place varchar, quantity number(10, 1)) as 'select place, quantity from stock where product = wanted';
-- row: ["Function PLACES_OF successfully created."]

select * from table(places_of('saw')) order by place;
-- columns: PLACE VARCHAR(16777216), QUANTITY NUMBER(10,1)
-- row: ["north", "5.0"]
-- row: ["south", "7.0"]

select p.column1 as product, t.quantity from values ('axe'), ('saw') p, table(places_of(p.column1)) t order by product, quantity;
-- row: ["axe", "1.0"]
-- row: ["saw", "5.0"]
-- row: ["saw", "7.0"]

select * from table(places_of());
-- error: 000938 * SQL compilation error:\nnot enough arguments for function [PLACES_OF], expected 1, got 0

select * from table(no_such_rows(1));
-- error: 002140 42601 SQL compilation error:\nUnknown table function NO_SUCH_ROWS.

create function too_few() returns table (a int, b int) as 'select 1';
-- error: * * SQL compilation error:\nThe query of TOO_FEW gives 1 columns; it declares 2.

select get_ddl('function', 'places_of(varchar)') as ddl;
-- row: ["CREATE OR REPLACE FUNCTION PLACES_OF(WANTED VARCHAR(16777216))\nRETURNS TABLE (PLACE VARCHAR(16777216), QUANTITY NUMBER(10,1))\nLANGUAGE SQL\nAS 'select place, quantity from stock where product = wanted';"]

drop function places_of(varchar);
-- row: ["PLACES_OF successfully dropped."]

-- https://docs.snowflake.com/en/sql-reference/sql/create-sequence
create sequence counter start = 10 increment = 5;

select counter.nextval as a, counter.nextval as b;
-- row: [10, 15]

create table numbered (id int default counter.nextval, name varchar);

insert into numbered (name) values ('x'), ('y');

select * from numbered order by id;
-- row: [20, "x"]
-- row: [25, "y"]

select no_such_sequence.nextval;
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/sql/undrop-table
drop table numbered;

undrop table numbered;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'UNDROP TABLE'.

create dynamic table d as select 1;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE DYNAMIC'.

create stream s on table stock;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE STREAM'.

create task t as select 1;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'CREATE TASK'.
