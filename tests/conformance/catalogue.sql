-- What is declared is told again: keys, privileges and roles in INFORMATION_SCHEMA, DESCRIBE of functions and results, GET_DDL.

create table customers (id int, email varchar unique, constraint customers_key primary key (id));

create table orders (number int primary key, customer int, foreign key (customer) references customers (id));

-- https://docs.snowflake.com/en/sql-reference/info-schema/table_constraints
select table_name, constraint_name = 'CUSTOMERS_KEY' as named, constraint_type, enforced
from information_schema.table_constraints order by table_name, constraint_type;
-- row: ["CUSTOMERS", true, "PRIMARY KEY", "NO"]
-- row: ["CUSTOMERS", false, "UNIQUE", "NO"]
-- row: ["ORDERS", false, "FOREIGN KEY", "NO"]
-- row: ["ORDERS", false, "PRIMARY KEY", "NO"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/referential_constraints
select unique_constraint_schema, unique_constraint_name, update_rule, delete_rule from information_schema.referential_constraints;
-- row: ["PUBLIC", "CUSTOMERS_KEY", "NO ACTION", "NO ACTION"]

-- https://docs.snowflake.com/en/sql-reference/functions/get_ddl
select get_ddl('table', 'customers') as ddl;
-- row: ["create or replace TABLE CUSTOMERS (\n\tID NUMBER(38,0) NOT NULL,\n\tEMAIL VARCHAR(16777216),\n\tunique (EMAIL),\n\tconstraint CUSTOMERS_KEY primary key (ID)\n);"]

select get_ddl('table', 'orders') like '%primary key (NUMBER)%foreign key (CUSTOMER) references CORTEX_FINETUNING_DB.PUBLIC.CUSTOMERS(ID)%' as ddl;
-- row: [true]

create file format piped type = csv field_delimiter = '|' skip_header = 1 null_if = ('', '\\N') comment = 'from the mainframe';

select get_ddl('file_format', 'piped') as ddl;
-- row: ["CREATE OR REPLACE FILE FORMAT PIPED\n\tTYPE = 'CSV'\n\tFIELD_DELIMITER = '|'\n\tSKIP_HEADER = 1\n\tNULL_IF = ('', '\\\\N') COMMENT = 'from the mainframe'\n;"]

select get_ddl('file_format', 'nothing');
-- error: 002003 02000 *

-- https://docs.snowflake.com/en/sql-reference/sql/desc-function
create function doubled(n number, unit varchar) returns varchar language sql as $$n * 2 || unit$$;

describe function doubled(number, varchar);
-- row: ["signature", "(N NUMBER(38,0), UNIT VARCHAR(16777216))"]
-- row: ["returns", "VARCHAR(16777216)"]
-- row: ["language", "SQL"]
-- row: ["body", "n * 2 || unit"]

describe function doubled(number);
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/sql/desc-result
select 7 as lucky, 'x' as letter;

desc result last_query_id();
-- row: ["LUCKY", "NUMBER(1,0)", "COLUMN", "*", null, "N", "N", null, null, null, null]
-- row: ["LETTER", "VARCHAR(1)", "COLUMN", "*", null, "N", "N", null, null, null, null]

desc result '00000000-0000-0000-0000-000000000000';
-- error: 000709 02000 *

-- https://docs.snowflake.com/en/sql-reference/info-schema/object_privileges
create role clerk;

create role chief;

grant role clerk to role chief;

grant role chief to user admin;

grant select on table orders to role clerk;

grant usage on schema public to role clerk with grant option;

select object_catalog, object_schema, object_name, object_type, privilege_type, is_grantable
from information_schema.object_privileges where grantee = 'CLERK' order by privilege_type;
-- row: ["CORTEX_FINETUNING_DB", "PUBLIC", "ORDERS", "TABLE", "SELECT", "NO"]
-- row: ["CORTEX_FINETUNING_DB", null, "PUBLIC", "SCHEMA", "USAGE", "YES"]

select table_schema, table_name, privilege_type from information_schema.table_privileges where grantee = 'CLERK';
-- row: ["PUBLIC", "ORDERS", "SELECT"]

select object_name from information_schema.usage_privileges where grantee = 'CLERK';
-- row: ["PUBLIC"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/applicable_roles
select grantee, role_name, role_owner from information_schema.applicable_roles where role_name in ('CLERK', 'CHIEF') order by role_name;
-- row: ["ADMIN", "CHIEF", "ACCOUNTADMIN"]
-- row: ["CHIEF", "CLERK", "ACCOUNTADMIN"]

use role chief;

select role_name from information_schema.enabled_roles order by role_name;
-- row: ["CHIEF"]
-- row: ["CLERK"]
-- row: ["PUBLIC"]

use role accountadmin;

-- https://docs.snowflake.com/en/sql-reference/sql/show-parameters
show parameters like 'TIMEZONE' in warehouse compute_wh;
-- row: ["TIMEZONE", "*", "*", "*", "*", "STRING"]

-- https://docs.snowflake.com/en/sql-reference/account-usage/cortex_aisql_usage_history
alter session set query_tag = 'monthly';

select snowflake.cortex.complete('mistral-7b', 'two words') as a;

select model_name, function_name, tokens > 0 as used, user_id, query_tag, usage_time <= current_timestamp() as past
from snowflake.account_usage.cortex_aisql_usage_history;
-- row: ["echo", "COMPLETE", true, "ADMIN", "monthly", true]
