-- INFORMATION_SCHEMA, query history and usage: views over what the catalogue knows.

-- https://docs.snowflake.com/en/sql-reference/info-schema/tables
create table t (id int not null comment 'the key', name varchar(10) default 'x', price number(10,2), at timestamp_ntz) comment = 'a table';

create view v as select id from t;

create temporary table tmp (a int);

insert into t (id) values (1), (2);

select table_name, table_type, row_count, comment from information_schema.tables where table_schema = 'PUBLIC' order by 1;
-- columns: TABLE_NAME VARCHAR(16777216), TABLE_TYPE VARCHAR(16777216), ROW_COUNT NUMBER(38,0), COMMENT VARCHAR(16777216)
-- row: ["T", "BASE TABLE", 2, "a table"]
-- row: ["TMP", "LOCAL TEMPORARY", 0, null]
-- row: ["V", "VIEW", null, null]

-- Rows that were written just now lie in the log beside the file.
create table "a ""name" as select 1 as a;

select table_name, row_count, bytes, retention_time from information_schema.tables where table_name in ('T', 'V', 'a "name') order by 1;
-- row: ["T", 2, 0, 1]
-- row: ["V", null, null, null]
-- row: ["a \"name", 1, null, 1]

drop table "a ""name";

-- https://docs.snowflake.com/en/sql-reference/info-schema/columns
select column_name, ordinal_position, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, column_default, comment from cortex_finetuning_db.information_schema.columns where table_name = 'T' order by 2;
-- row: ["ID", 1, "NO", "NUMBER", null, 38, 0, null, "the key"]
-- row: ["NAME", 2, "YES", "TEXT", 10, null, null, "'x'", null]
-- row: ["PRICE", 3, "YES", "NUMBER", null, 10, 2, null, null]
-- row: ["AT", 4, "YES", "TIMESTAMP_NTZ", null, null, null, null, null]

-- https://docs.snowflake.com/en/sql-reference/sql/show-schemas
show terse schemas;
-- row: ["*", "INFORMATION_SCHEMA", "CORTEX_FINETUNING_DB"]
-- row: ["*", "PUBLIC", "CORTEX_FINETUNING_DB"]

show views like 'tables' in schema information_schema;
-- row: ["*", "TABLES", "VIEW", "", "CORTEX_FINETUNING_DB", "INFORMATION_SCHEMA", "", "", "", "false", "false", "ROLE"]

describe view information_schema.information_schema_catalog_name;
-- row: ["CATALOG_NAME", "VARCHAR(16777216)", "COLUMN", "Y", null, "N", "N", null, null, null, null]

-- https://docs.snowflake.com/en/sql-reference/info-schema/packages
select language, package_name, version, runtime_version from information_schema.packages;
-- rows: none

-- https://docs.snowflake.com/en/sql-reference/info-schema/schemata
select schema_name from information_schema.schemata order by 1;
-- row: ["INFORMATION_SCHEMA"]
-- row: ["PUBLIC"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/databases
select database_name, type from information_schema.databases;
-- row: ["CORTEX_FINETUNING_DB", "STANDARD"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/views
select table_name, view_definition from information_schema.views;
-- row: ["V", "select id from \"CORTEX_FINETUNING_DB\".\"PUBLIC\".\"T\""]

select * from other_db.information_schema.tables;
-- error: 002003 42S02 *

select * from information_schema.nothing;
-- error: 002003 42S02 *

create view of_tables as select table_name from information_schema.tables;

select count(*) as n from of_tables;
-- row: [4]

-- https://docs.snowflake.com/en/sql-reference/info-schema/stages
create stage st url = 's3://conformance/' comment = 'here';

create file format ff type = csv skip_header = 1;

select stage_name, stage_type, stage_url, comment from information_schema.stages;
-- row: ["ST", "External Named", "s3://conformance/", "here"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/file_formats
select file_format_name, file_format_type, skip_header from information_schema.file_formats;
-- row: ["FF", "CSV", "1"]

-- https://docs.snowflake.com/en/sql-reference/info-schema/load_history
create table people (name varchar, age int);

copy into people from @st/rows.parquet file_format = (type = parquet) match_by_column_name = case_insensitive;

select table_name, status, row_count, row_parsed from information_schema.load_history;
-- row: ["PEOPLE", "Loaded", 3, 3]

-- https://docs.snowflake.com/en/sql-reference/functions/copy_history
select status, row_count from table(information_schema.copy_history(table_name => 'people', start_time => dateadd(hours, -1, current_timestamp())));
-- row: ["Loaded", 3]

-- https://docs.snowflake.com/en/sql-reference/functions/query_history
alter session set query_tag = 'tagged';

select current_query_tag();
-- row: ["tagged"]

select 'find me';

select query_text, query_tag, execution_status, user_name, database_name, rows_produced from table(information_schema.query_history(result_limit => 1));
-- row: ["select 'find me'", "tagged", "SUCCESS", "ADMIN", "CORTEX_FINETUNING_DB", 1]

select count(*) > 5 as many from table(information_schema.query_history_by_session());
-- row: [true]

-- https://docs.snowflake.com/en/sql-reference/account-usage/cortex_functions_usage_history
select snowflake.cortex.complete('mistral-7b', 'ho') as a;

select function_name, model_name, tokens > 0 as used from snowflake.account_usage.cortex_functions_usage_history;
-- row: ["COMPLETE", "echo", true]

-- https://docs.snowflake.com/en/sql-reference/account-usage/cortex_functions_query_usage_history
select function_name, tokens > 0 as used from snowflake.account_usage.cortex_functions_query_usage_history;
-- row: ["COMPLETE", true]

select rows_asked, questions, cached, failed, user_name from snowflake.account_usage.query_answers;
-- row: [1, 1, 0, 0, "ADMIN"]

-- https://docs.snowflake.com/en/sql-reference/account-usage/cortex_fine_tuning_usage_history
select count(*) as n from snowflake.account_usage.cortex_fine_tuning_usage_history;
-- row: [0]
