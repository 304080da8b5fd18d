-- Options of COPY INTO <table>.

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
create stage s;

create file format raw type = csv compression = none field_delimiter = none record_delimiter = none null_if = ()
    empty_field_as_null = false escape_unenclosed_field = none;

copy into @s/in/good.csv from (select '1,a\n2,b\n') file_format = raw single = true;

copy into @s/in/half.csv from (select '3,c\nx,d\n5,e\ny,f\n') file_format = raw single = true;

copy into @s/in/bad.csv from (select 'z,z\n') file_format = raw single = true;

create table t (n number(2,0), v varchar(3));

-- ABORT_STATEMENT is the default: nothing of any file is loaded.
copy into t from @s/in/;
-- error: 100038 22018 Numeric value 'z' is not recognized\n  File 's/in/bad.csv', line 1, character 1\n  Row 1, column "T"["N":1]

copy into t from @s/in/ on_error = abort_statement files = ('good.csv', 'half.csv');
-- error: 100038 22018 Numeric value 'x' is not recognized\n  File 's/in/half.csv', line 2, character 1\n  Row 2, column "T"["N":1]

select count(*) as n from t;
-- row: [0]

-- SKIP_FILE: a file with an error is left out.
copy into t from @s/in/ on_error = skip_file;
-- row: ["s/in/bad.csv", "LOAD_FAILED", 1, 0, 1, 1, "Numeric value 'z' is not recognized", 1, 1, "\"T\"[\"N\":1]"]
-- row: ["s/in/good.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]
-- row: ["s/in/half.csv", "LOAD_FAILED", 4, 0, 1, 2, "Numeric value 'x' is not recognized", 2, 1, "\"T\"[\"N\":1]"]

-- SKIP_FILE_<n>: from that many errors; 'SKIP_FILE_<n>%': above that share.
copy into t from @s/in/ on_error = skip_file_3 files = ('half.csv') validation_mode = return_errors;
-- rows: 2

truncate table t;

copy into t from @s/in/ on_error = skip_file_2 files = ('half.csv');
-- row: ["s/in/half.csv", "LOAD_FAILED", 4, 0, 2, 2, "*", 2, 1, "*"]

copy into t from @s/in/ on_error = 'SKIP_FILE_49%' files = ('half.csv');
-- row: ["s/in/half.csv", "LOAD_FAILED", 4, 0, 4, 2, "*", 2, 1, "*"]

copy into t from @s/in/ on_error = 'SKIP_FILE_50%' files = ('half.csv');
-- row: ["s/in/half.csv", "PARTIALLY_LOADED", 4, 2, 4, 2, "*", 2, 1, "*"]

truncate table t;

copy into t from @s/in/ on_error = skip_file_3 files = ('half.csv');
-- row: ["s/in/half.csv", "PARTIALLY_LOADED", 4, 2, 3, 2, "*", 2, 1, "*"]

-- CONTINUE with RETURN_FAILED_ONLY.
copy into t from @s/in/ on_error = continue return_failed_only = true force = true;
-- row: ["s/in/bad.csv", "LOAD_FAILED", 1, 0, 1, 1, "*", 1, 1, "*"]

select n, v from t order by n, v;
-- row: [1, "a"]
-- row: [2, "b"]
-- row: [3, "c"]
-- row: [3, "c"]
-- row: [5, "e"]
-- row: [5, "e"]

copy into t from @s/in/ on_error = stop;
-- error: 001008 22023 SQL compilation error:\ninvalid value [STOP] for parameter 'ON_ERROR'

-- VALIDATION_MODE loads nothing.
create or replace table t (n number(2,0), v varchar(3));

copy into t from @s/in/ validation_mode = return_errors;
-- columns: ERROR VARCHAR(16777216), FILE VARCHAR(16777216), LINE NUMBER(19,0), CHARACTER NUMBER(19,0), BYTE_OFFSET NUMBER(19,0), CATEGORY VARCHAR(16777216), CODE NUMBER(19,0), SQL_STATE VARCHAR(16777216), COLUMN_NAME VARCHAR(16777216), ROW_NUMBER NUMBER(19,0), ROW_START_LINE NUMBER(19,0), REJECTED_RECORD VARCHAR(16777216)
-- row: ["Numeric value 'z' is not recognized", "s/in/bad.csv", 1, 1, 0, "conversion", 100038, "22018", "\"T\"[\"N\":1]", 1, 1, "z,z\n"]
-- row: ["Numeric value 'x' is not recognized", "s/in/half.csv", 2, 1, 4, "conversion", 100038, "22018", "\"T\"[\"N\":1]", 2, 2, "x,d\n"]
-- row: ["Numeric value 'y' is not recognized", "s/in/half.csv", 4, 1, 12, "conversion", 100038, "22018", "\"T\"[\"N\":1]", 4, 4, "y,f\n"]

copy into t from @s/in/good.csv validation_mode = return_1_rows;
-- columns: N NUMBER(2,0), V VARCHAR(3)
-- row: [1, "a"]

copy into t from @s/in/half.csv validation_mode = return_3_rows;
-- error: 100038 22018 Numeric value 'x' is not recognized\n  File 's/in/half.csv', line 2

copy into t from @s/in/ on_error = continue files = ('half.csv', 'good.csv');
-- rows: 2

-- https://docs.snowflake.com/en/sql-reference/functions/validate
select error, file, line, code, column_name, rejected_record from table(validate(t, job_id => '_last'));
-- row: ["Numeric value 'x' is not recognized", "s/in/half.csv", 2, 100038, "\"T\"[\"N\":1]", "x,d\n"]
-- row: ["Numeric value 'y' is not recognized", "s/in/half.csv", 4, 100038, "\"T\"[\"N\":1]", "y,f\n"]

select count(*) as n from table(validate(public.t, job_id => last_query_id(-2)));
-- row: [2]

select * from table(validate(t, job_id => 'nothing'));
-- error: 000709 02000 SQL compilation error:\nNo COPY INTO CORTEX_FINETUNING_DB.PUBLIC.T with the job id 'nothing' in this session

select * from table(validate('t'));
-- error: 001003 * SQL compilation error:\nVALIDATE takes a table's name and JOB_ID

copy into t from @s/in/half.csv validation_mode = return_errors;
-- rows: none

copy into t from @s/in/half.csv validation_mode = return_all_errors;
-- rows: 2

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
-- FILES, PATTERN, SIZE_LIMIT, FORCE.
truncate table t;

copy into t from @s pattern = '.*/go.*[.]csv';
-- row: ["s/in/good.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]

copy into t from @s pattern = '.*/go.*[.]csv' force = true;
-- row: ["s/in/good.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]

copy into t from @s pattern = '(';
-- error: 100048 2201B Invalid regular expression: '('

copy into t from @s/in/ on_error = skip_file size_limit = 1;
-- row: ["s/in/bad.csv", "LOAD_FAILED", 1, 0, 1, 1, "*", 1, 1, "*"]

-- TRUNCATECOLUMNS and ENFORCE_LENGTH.
copy into @s/long.csv from (select '7,abcdef\n') file_format = raw single = true;

copy into t from @s/long.csv;
-- error: 100074 22000 User character length limit (3) exceeded by string 'abcdef'\n  File 's/long.csv', line 1, character 3\n  Row 1, column "T"["V":2]

copy into t from @s/long.csv truncatecolumns = true;
-- row: ["s/long.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

copy into t from @s/long.csv enforce_length = false force = true;
-- row: ["s/long.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

select v from t where n = 7;
-- row: ["abc"]
-- row: ["abc"]

-- A column list, defaults for the others, and NOT NULL.
create or replace table d (id int autoincrement, n int not null, w varchar default 'none');

copy into d (n) from @s/long.csv file_format = (type = csv error_on_column_count_mismatch = false);
-- row: ["s/long.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

select n, w from d;
-- row: [7, "none"]

copy into @s/null.csv from (select ',x\n') file_format = raw single = true;

copy into d (n, w) from @s/null.csv;
-- error: 100088 22000 NULL result in a non-nullable column. Use quotes if an empty field should be interpreted as an empty string instead of a null\n  File 's/null.csv', line 1, character 1\n  Row 1, column "D"["N":1]

-- https://docs.snowflake.com/en/user-guide/data-load-transform
-- Transformations.
create or replace table made (id int, upper_v varchar(2), place varchar, row_number int);

copy into made from (select $1::int * 10, upper($2), metadata$filename, metadata$file_row_number from @s/in/good.csv);
-- row: ["s/in/good.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]

copy into made (row_number, id) from (select f.metadata$file_row_number, f.$1 from @s/in/half.csv f) on_error = continue;
-- row: ["s/in/half.csv", "PARTIALLY_LOADED", 4, 2, 4, 2, "Numeric value 'x' is not recognized", 2, 1, null]

select * from made order by id desc;
-- row: [20, "B", "in/good.csv", 2]
-- row: [10, "A", "in/good.csv", 1]
-- row: [5, null, null, 3]
-- row: [3, null, null, 1]

copy into made (id) from (select $1 from @s/in/half.csv) force = true;
-- error: 100038 22018 Numeric value 'x' is not recognized\n  File 's/in/half.csv', line 2, character 1\n  Row 2

copy into made (upper_v) from (select $2 from @s/long.csv);
-- error: 100074 22000 User character length limit (2) exceeded by string 'abcdef'\n  File 's/long.csv', line 1

copy into made (upper_v) from (select $2 from @s/long.csv) truncatecolumns = true;
-- row: ["s/long.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

copy into made (id) from (select $1 from @s/in/ order by 1);
-- error: 000002 0A000 *

copy into made (id) from (select sum($1) from @s/in/);
-- error: 000002 0A000 *

copy into made (id) from (select $1 from @s/in/) validation_mode = return_errors;
-- error: 000002 0A000 VALIDATION_MODE is not supported for a COPY with a transformation

-- https://docs.snowflake.com/en/user-guide/querying-stage
-- SELECT from files, with a format and a pattern.
create file format plain type = csv;

select t.$1, t.$2, metadata$filename as f, metadata$file_row_number as r from @s/in (file_format => 'plain', pattern => '.*good.*') t order by r;
-- row: ["1", "a", "in/good.csv", 1]
-- row: ["2", "b", "in/good.csv", 2]

select metadata$file_last_modified > '2020-01-01' as m, metadata$start_scan_time > '2020-01-01' as s from @s/in/bad.csv (file_format => plain);
-- row: [true, true]

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
-- JSON.
create table j (v variant);

copy into @s/array.json from (select '[{"a": 1, "b": null},\n {"a": 2, "c": [1, null]}]') file_format = raw single = true;

copy into j from @s/array.json file_format = (type = json);
-- row: ["s/array.json", "LOADED", 1, 1, 1, 0, null, null, null, null]

copy into j from @s/array.json file_format = (type = json strip_outer_array = true strip_null_values = true) force = true;
-- row: ["s/array.json", "LOADED", 2, 2, 1, 0, null, null, null, null]

select to_json(v) as v from j order by v;
-- rows: unordered
-- row: ["[{\"a\":1,\"b\":null},{\"a\":2,\"c\":[1,null]}]"]
-- row: ["{\"a\":1}"]
-- row: ["{\"a\":2,\"c\":[1]}"]

copy into @s/lines.json from (select '{"a": 1}\n{"a": oops}\n{"a": 3}\n{"a": "x", "a": 4}\n') file_format = raw single = true;

copy into j from @s/lines.json file_format = (type = json);
-- error: 100069 22P02 Error parsing JSON: expecting value\n  File 's/lines.json', line 2, character 7\n  Row 2

copy into j from @s/lines.json file_format = (type = json) on_error = continue;
-- row: ["s/lines.json", "PARTIALLY_LOADED", 4, 2, 4, 2, "Error parsing JSON: expecting value", 2, 7, null]

create table named (a int, b varchar);

copy into named from @s/lines.json file_format = (type = json allow_duplicate = true) match_by_column_name = case_insensitive on_error = continue;
-- row: ["s/lines.json", "PARTIALLY_LOADED", 4, 3, 4, 1, "Error parsing JSON: expecting value", 2, 7, null]

select a, b from named order by a;
-- row: [1, null]
-- row: [3, null]
-- row: [4, null]

copy into @s/texts.json from (select '{"b": " nil "}\n{"b": " x "}\n{"b": "nil", "a": "nil"}\n') file_format = raw single = true;

truncate table named;

copy into named from @s/texts.json file_format = (type = json null_if = ('nil') trim_space = true) match_by_column_name = case_insensitive;
-- row: ["s/texts.json", "LOADED", 3, 3, 1, 0, null, null, null, null]

select a, b from named order by b;
-- row: [null, "x"]
-- row: [null, null]
-- row: [null, null]

remove @s/texts.json;

copy into j from @s/lines.json file_format = (type = json enable_octal = true);
-- error: 000002 0A000 ENABLE_OCTAL = True is not supported

copy into j from @s/lines.json file_format = (type = xml);
-- error: 000002 0A000 File format type XML is not supported

copy into j from @s/lines.json file_format = (type = orc);
-- error: 000002 0A000 File format type ORC is not supported

copy into j from @s/in/good.csv file_format = (type = parquet);
-- error: 100095 22000 The file 's/in/good.csv' is no Parquet file

-- PURGE takes away what was loaded without errors; not inside a transaction.
truncate table t;

begin;

copy into t from @s/in/good.csv purge = true;
-- row: ["s/in/good.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]

-- A statement that fails leaves the rest of its transaction as it was.
copy into t from @s/in/ files = ('good.csv', 'half.csv') force = true;
-- error: 100038 22018 Numeric value 'x' is not recognized

select count(*) as n from t;
-- row: [2]

rollback;

copy into t from @s/in/ on_error = continue purge = true;
-- rows: 3

list @s/in/;
-- row: ["s/in/bad.csv", 4, "*", "*"]
-- row: ["s/in/half.csv", 16, "*", "*"]

-- LIST, REMOVE with a pattern, stages of users and tables.
list @s pattern = '.*[.]json';
-- rows: 2

remove @s pattern = '.*[.]json';
-- row: ["s/array.json", "removed"]
-- row: ["s/lines.json", "removed"]

copy into @%t/own.csv from (select 8, 'own') single = true file_format = (type = csv compression = none);

copy into t from @%t;
-- row: ["own.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

list @~/../x;
-- error: 003001 42501 The path '../x' leads out of its stage

copy into t from @s some_option = 1;
-- error: 000002 0A000 The option SOME_OPTION of COPY INTO is not supported
