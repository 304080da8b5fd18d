-- Stages, file formats and COPY INTO. The files lie beside this one.

-- https://docs.snowflake.com/en/sql-reference/sql/create-stage
create or replace stage files url = 's3://conformance/' file_format = (type = csv skip_header = 1 field_optionally_enclosed_by = '"');
-- row: ["Stage area FILES successfully created."]

create table people (id number(10,0), name varchar(3) not null, note varchar);

-- https://docs.snowflake.com/en/sql-reference/sql/list
list @files/people;
-- row: ["s3://conformance/people.csv", 65, "*", "*"]
-- notice: s3://conformance/ is mapped to

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
copy into people from @files/people.csv;
-- row: ["s3://conformance/people.csv", "LOADED", 3, 3, 1, 0, null, null, null, null]

select * from people order by id;
-- columns: ID NUMBER(10,0), NAME VARCHAR(3), NOTE VARCHAR(16777216)
-- row: [1, "Ann", "says \"hi\", twice"]
-- row: [2, "Bob", null]
-- row: [3, "Cid", "two\nlines"]

copy into people from @files files = ('people.csv');
-- row: ["Copy executed with 0 files processed."]

copy into people from @files files = ('people.csv') force = true;
-- row: ["s3://conformance/people.csv", "LOADED", 3, 3, 1, 0, null, null, null, null]

truncate table people;
-- row: ["Statement executed successfully."]

-- Nothing of a faulty file is loaded by default.
copy into people from @files/faulty.csv;
-- error: 100080 22000 Number of columns in file (2) does not match that of the corresponding table (3), use file format option error_on_column_count_mismatch=false to ignore this error\n  File 's3://conformance/faulty.csv', line 3, character 3\n  Row 2, column "PEOPLE"["NAME":2]

select count(*) as n from people;
-- row: [0]

copy into people from @files/faulty.csv on_error = continue;
-- row: ["s3://conformance/faulty.csv", "PARTIALLY_LOADED", 4, 2, 4, 2, "~Number of columns in file .2. does not match .*", 3, 3, "\"PEOPLE\"[\"NAME\":2]"]

select id from people order by id;
-- row: [1]
-- row: [4]

copy into people from @files/latin1.csv;
-- error: 100144 22000 Invalid UTF8 detected in string 'caf0xE9'

copy into people from @files/cut.csv.gz;
-- error: 100079 22000 The file 's3://conformance/cut.csv.gz' is cut off

copy into people from @files files = ('nothing.csv');
-- error: 253006 22000 Remote file 's3://conformance/nothing.csv' was not found

copy into people from @files/nothing;
-- row: ["Copy executed with 0 files processed."]

copy into people from @files/../escape;
-- error: 003001 42501 The path '../escape' leads out of its stage

copy into people from 's3://somewhere-else/x/';
-- error: 000002 0A000 The URL 's3://somewhere-else/x/' can't be read

copy into people from @no_such_stage;
-- error: 002003 02000 SQL compilation error:\nStage 'CORTEX_FINETUNING_DB.PUBLIC.NO_SUCH_STAGE' does not exist or not authorized.

copy into no_such_table from @files;
-- error: 002003 42S02 SQL compilation error:

copy into people from @files file_format = (type = avro);
-- error: 000002 0A000 File format type AVRO is not supported

copy into people from @files validation_mode = return_some;
-- error: 001008 22023 SQL compilation error:\ninvalid value [RETURN_SOME] for parameter 'VALIDATION_MODE'

-- https://docs.snowflake.com/en/sql-reference/sql/create-file-format
create file format f type = csv skip_haeder = 1;
-- error: 001006 22023 SQL compilation error:\ninvalid parameter 'SKIP_HAEDER'

create stage s file_format = nothing;
-- error: 002003 02000 SQL compilation error:\nFile format 'CORTEX_FINETUNING_DB.PUBLIC.NOTHING' does not exist or not authorized.

create file format f type = csv field_delimiter = '|' null_if = ('NULL', '');
-- row: ["File format F successfully created."]

-- https://docs.snowflake.com/en/sql-reference/sql/show-file-formats
show file formats;
-- columns: created_on TIMESTAMP_LTZ(9), name VARCHAR(16777216), database_name VARCHAR(16777216), schema_name VARCHAR(16777216), type VARCHAR(16777216), owner VARCHAR(16777216), comment VARCHAR(16777216), format_options VARCHAR(16777216), owner_role_type VARCHAR(16777216)
-- row: ["*", "F", "CORTEX_FINETUNING_DB", "PUBLIC", "CSV", "ACCOUNTADMIN", "", "*", "ROLE"]

-- https://docs.snowflake.com/en/sql-reference/sql/show-stages
show stages;
-- row: ["*", "FILES", "CORTEX_FINETUNING_DB", "PUBLIC", "s3://conformance/", "N", "N", "ACCOUNTADMIN", "", "EXTERNAL", "N", "ROLE"]

-- https://docs.snowflake.com/en/sql-reference/sql/drop-stage
drop stage files;
-- row: ["FILES successfully dropped."]

drop file format f;
-- row: ["F successfully dropped."]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
-- Without FROM the files are the table's own.
copy into people;
-- row: ["Copy executed with 0 files processed."]

copy into people ("nowhere") from @%people;
-- error: 000904 42000 SQL compilation error: error line 1 at position 0\ninvalid identifier '"nowhere"'

-- https://docs.snowflake.com/en/sql-reference/data-types-text
create table short (a varchar(3));

insert into short values ('abcd');
-- error: 100078 22000 String 'abcd' is too long and would be truncated

create table narrow (a varchar(3)) as select 'abcd';
-- error: 100078 22000 String 'abcd' is too long and would be truncated

insert into people (id) values (9);
-- error: 100072 22000 NULL result in a non-nullable column
