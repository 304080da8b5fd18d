-- What Snowpark 1.56 sends, as its SQL generator writes it.

-- https://docs.snowflake.com/en/sql-reference/sql/create-stage
CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_STAGE_A;
-- row: ["Stage area SNOWPARK_TEMP_STAGE_A successfully created."]

CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_STAGE_A;
-- row: ["SNOWPARK_TEMP_STAGE_A already exists, statement succeeded."]

create temp stage snowpark_temp_stage_a;
-- error: 002002 42710 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.PUBLIC.SNOWPARK_TEMP_STAGE_A' already exists.

show stages like 'snowpark_temp%';
-- rows: 1

drop stage snowpark_temp_stage_a;
-- row: ["SNOWPARK_TEMP_STAGE_A successfully dropped."]

list @snowpark_temp_stage_a;
-- error: 002003 02000 SQL compilation error:\nStage 'CORTEX_FINETUNING_DB.PUBLIC.SNOWPARK_TEMP_STAGE_A' does not exist or not authorized.

create stage both;

create temp stage both;

show stages like 'both';
-- rows: 1

drop stage both;

show stages like 'both';
-- rows: 1

-- https://docs.snowflake.com/en/sql-reference/sql/create-file-format
CREATE SCOPED TEMPORARY FILE FORMAT IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_FILE_FORMAT_A TYPE = CSV PARSE_HEADER = False;

show file formats like 'snowpark_temp%';
-- rows: 1

DROP FILE FORMAT IF EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_FILE_FORMAT_A;
-- row: ["SNOWPARK_TEMP_FILE_FORMAT_A successfully dropped."]

-- write_pandas: a temporary stage, INFER_SCHEMA, COPY with a transformation.

CREATE SCOPED TEMPORARY STAGE /* Python:snowflake.connector.pandas_tools.write_pandas() */ identifier('"CORTEX_FINETUNING_DB"."PUBLIC"."s"') URL='s3://conformance/' FILE_FORMAT=(TYPE=PARQUET COMPRESSION=auto BINARY_AS_TEXT=FALSE);

CREATE SCOPED TEMPORARY FILE FORMAT identifier('"CORTEX_FINETUNING_DB"."PUBLIC"."f"') /* x */ TYPE=PARQUET COMPRESSION=auto USE_LOGICAL_TYPE = TRUE;

-- https://docs.snowflake.com/en/sql-reference/functions/infer_schema
SELECT COLUMN_NAME, TYPE FROM table(infer_schema(location=>'@"CORTEX_FINETUNING_DB"."PUBLIC"."s"/rows.parquet', file_format=>'"CORTEX_FINETUNING_DB"."PUBLIC"."f"'));
-- columns: COLUMN_NAME VARCHAR(16777216), TYPE VARCHAR(16777216)
-- row: ["ID", "NUMBER(38, 0)"]
-- row: ["NAME", "TEXT"]
-- row: ["V", "REAL"]
-- row: ["D", "DATE"]

CREATE  TABLE IF NOT EXISTS identifier('"CORTEX_FINETUNING_DB"."PUBLIC"."WP"') ("ID" NUMBER(38, 0), "NAME" TEXT, "V" REAL, "D" DATE)  /* x */ ;
-- row: ["Table WP successfully created."]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
COPY INTO identifier('"CORTEX_FINETUNING_DB"."PUBLIC"."WP"') /* x */ ("ID","NAME","V","D") FROM (SELECT $1:"ID"::NUMBER(38, 0),$1:"NAME"::TEXT,$1:"V"::REAL,$1:"D"::DATE FROM '@"CORTEX_FINETUNING_DB"."PUBLIC"."s"/rows.parquet') FILE_FORMAT=(TYPE=PARQUET USE_VECTORIZED_SCANNER=FALSE COMPRESSION=auto BINARY_AS_TEXT=FALSE USE_LOGICAL_TYPE = TRUE) PURGE=TRUE ON_ERROR='abort_statement';
-- row: ["~.*rows.parquet", "LOADED", 3, 3, 1, 0, null, null, null, null]

select * from wp order by id;
-- columns: ID NUMBER(38,0), NAME VARCHAR(16777216), V FLOAT, D DATE
-- row: [1, "a", 1.5, "2024-01-01"]
-- row: [2, null, 2.5, "2024-01-02"]
-- row: [3, "c", null, "2024-01-03"]

COPY INTO wp (id) FROM (SELECT $1:"ID"::NUMBER FROM @"s"/rows.parquet) FILE_FORMAT=(TYPE=PARQUET);
-- row: ["Copy executed with 0 files processed."]

create or replace table small (n varchar(1), name varchar(9), id number(1,0));

copy into small from @"s"/rows.parquet match_by_column_name = case_insensitive;
-- row: ["~.*rows.parquet", "LOADED", 3, 3, 1, 0, null, null, null, null]

select * from small order by id;
-- row: [null, "a", 1]
-- row: [null, null, 2]
-- row: [null, "c", 3]

create or replace table docs (d variant);

copy into docs from @"s"/rows.json file_format = (type = json);
-- row: ["~.*rows.json", "LOADED", 2, 2, 1, 0, null, null, null, null]

select d:id::int as id, d:name::string as name, d:tags[1]::int as tag from docs order by id;
-- row: [1, "a", 2]
-- row: [2, null, null]

create or replace table two (a int, b int);

copy into two from @"s"/rows.json file_format = (type = json);
-- error: 002019 0A000 SQL compilation error:\nJSON file format can produce one and only one column

copy into two (a) from (select $1:name from @"s"/rows.json) file_format = (type = json);
-- error: 100071 22000 Failed to cast variant value "a" to FIXED

-- read.csv, read.json, read.parquet: SELECT from a stage.

CREATE TEMP FILE FORMAT csvf TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"';

-- https://docs.snowflake.com/en/user-guide/querying-stage
SELECT $1::INT AS "ID", $2 AS "NAME" FROM @"s"/people.csv( FILE_FORMAT  => 'CORTEX_FINETUNING_DB.PUBLIC.CSVF') limit 1;
-- columns: ID NUMBER(38,0), NAME VARCHAR(16777216)
-- rows: 1

select t.$1, $9, metadata$file_row_number as n, metadata$filename as f from @"s" (file_format => csvf, pattern => '.*people.csv') t order by n limit 1;
-- row: ["*", null, 1, "~.*people.csv"]

SELECT $1:"ID"::INT AS "ID" FROM @"s"/rows.parquet( FILE_FORMAT  => '"f"') where "ID" > 1 order by 1;
-- row: [2]
-- row: [3]

select * from '@nothing';
-- error: 002003 02000 SQL compilation error:\nStage 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

select * from '/etc/passwd';
-- error: 000002 0A000 SQL compilation error:\nOnly files of a stage can be read in FROM.

select $1 from @"s"/../../etc/passwd;
-- error: 003001 42501 The path '../../etc/passwd' leads out of its stage

-- RESULT_SCAN

-- https://docs.snowflake.com/en/sql-reference/functions/result_scan
select 1 as a, 'x' as b;

select * from table(result_scan(last_query_id()));
-- columns: A NUMBER(1,0), B VARCHAR(1)
-- row: [1, "x"]

show stages like 'both';

select "name", "type" from table(result_scan(last_query_id()));
-- row: ["BOTH", "INTERNAL"]

select "name" from table(result_scan()) limit 1;
-- row: ["BOTH"]

-- https://docs.snowflake.com/en/sql-reference/functions/last_query_id
select last_query_id() = last_query_id(-1) as same, last_query_id(1) is null as first, last_query_id(9999) as none;
-- row: [true, false, null]

select * from table(result_scan('01b00000-0000-0000-0000-000000000000'));
-- error: 000709 02000 SQL compilation error:\nstatement 01b00000-0000-0000-0000-000000000000 not found

select * from table(nothing(1));
-- error: 002140 42601 SQL compilation error:\nUnknown table function NOTHING.

-- Functions and clauses as the DataFrame API writes them.

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_replace
select regexp_replace('axbx', 'x', 'y', 1, 0) as a, regexp_replace('axbx', 'x', 'y', 1, 1) as b, regexp_replace('axbX', 'X', '', 1, 0, 'i') as c;
-- row: ["ayby", "aybx", "ab"]

select system$cancel_all_queries(42);
-- row: ["0 statements cancelled."]

select system$client_version_info();
-- row: ["[]"]

create or replace table sales as select * from values ('e1', 'Jan', 100), ('e1', 'Feb', 200), ('e2', 'Jan', 5), ('e2', 'Jan', 6) as v (emp, month, amt);

-- https://docs.snowflake.com/en/sql-reference/constructs/pivot
SELECT  *  FROM ( SELECT  *  FROM sales) PIVOT ( sum("AMT") FOR "MONTH" IN ('Jan', 'Feb')) order by emp;
-- columns: EMP VARCHAR(2), 'Jan' NUMBER(38,0), 'Feb' NUMBER(38,0)
-- row: ["e1", 100, 200]
-- row: ["e2", 11, null]

select * from sales pivot (count(amt) for month in ('Jan' as january, 'Mar')) as p (who, j, m) order by who;
-- columns: WHO VARCHAR(2), J NUMBER(18,0), M NUMBER(18,0)
-- row: ["e1", 1, 0]
-- row: ["e2", 2, 0]

select * from sales pivot (sum(amt) for month in ('Feb') default on null (0)) order by emp;
-- row: ["e1", 200]
-- row: ["e2", 0]

select * from sales pivot (sum(amt) for month in (any)) order by emp;
-- row: ["e1", 200, 100]
-- row: ["e2", null, 11]

-- https://docs.snowflake.com/en/sql-reference/constructs/unpivot
select * from (select 1 as id, 10 as jan, null::int as feb, 30 as mar) unpivot (sales for month in (jan, feb as 'February', mar)) order by month;
-- columns: ID NUMBER(1,0), MONTH VARCHAR(16777216), SALES NUMBER(38,0)
-- row: [1, "JAN", 10]
-- row: [1, "MAR", 30]

select count(*) as n from (select 1 as id, 10 as jan, null::int as feb) unpivot include nulls (sales for month in (jan, feb));
-- row: [2]

CREATE SCOPED TEMPORARY STAGE /* Python:snowflake.connector.pandas_tools.write_pandas() */ identifier('"written"') FILE_FORMAT=(TYPE=PARQUET COMPRESSION=gzip BINARY_AS_TEXT=FALSE);
-- row: ["Stage area written successfully created."]
