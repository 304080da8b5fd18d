-- COPY INTO <location>.

-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
create stage out;

create table people (id number(10,0), name varchar, born date, seen timestamp, score float, is_in boolean, more variant);

insert into people select 1, 'Ann, "A"', '2001-02-03', '2024-01-02 03:04:05', 1.5, true, parse_json('{"a": [1, null]}');

insert into people (id, name) values (2, ''), (3, null), (4, 'a\\b\nc');

-- Files are packed with gzip, and named after the path or `data`.
copy into @out/all/ from people;
-- columns: rows_unloaded NUMBER(19,0), input_bytes NUMBER(19,0), output_bytes NUMBER(19,0)
-- row: [4, "*", "*"]

list @out;
-- row: ["out/all/data_0_0_0.csv.gz", "*", "*", "*"]

copy into @out/all/ from people;
-- error: 001030 22000 Files already existing at the unload destination: out/all/data_0_0_0.csv.gz. Use overwrite option to force unloading.

copy into @out/all/ from people overwrite = true detailed_output = true;
-- columns: FILE_NAME VARCHAR(16777216), FILE_SIZE NUMBER(19,0), ROW_COUNT NUMBER(19,0)
-- row: ["all/data_0_0_0.csv.gz", "*", 4]

-- NULL is the first text of NULL_IF; marks in fields that are not enclosed are escaped.
select $1, $2, $3, $4, $5, $6, $7 from @out/all/ order by $1;
-- row: ["1", "Ann, \"A\"", "2001-02-03", "2024-01-02 03:04:05.000", "1.5", "true", "{\"a\":[1,null]}"]
-- row: ["2", null, null, null, null, null, null]
-- row: ["3", null, null, null, null, null, null]
-- row: ["4", "a\\b\nc", null, null, null, null, null]

create file format lines type = csv field_delimiter = none compression = none null_if = () empty_field_as_null = false escape_unenclosed_field = none;

copy into @out/one.csv from (select id, name, born from people where id <= 3 order by id)
    file_format = (type = csv compression = none field_optionally_enclosed_by = '"' date_format = 'DD/MM/YYYY' null_if = ('nil'))
    single = true header = true;
-- row: [3, 64, 64]

select $1 from @out/one.csv (file_format => lines);
-- row: ["\"ID\",\"NAME\",\"BORN\""]
-- row: ["1,\"Ann, \"\"A\"\"\",03/02/2001"]
-- row: ["2,\"\",nil"]
-- row: ["3,nil,nil"]

copy into @out/tab from (select 1, 'a|b') file_format = (type = csv field_delimiter = '|' compression = bz2 file_extension = 'tab');
-- row: [1, "*", "*"]

list @out/tab;
-- row: ["out/tab_0_0_0.tab.bz2", "*", "*", "*"]

-- JSON from one column of objects, each on its line.
copy into @out/json/ from (select object_construct('id', id, 'name', name) from people where id < 3 order by id) file_format = (type = json compression = zstd);
-- row: [2, "*", "*"]

select $1:id::int as id, $1:name::varchar as name from @out/json/data_0_0_0.json.zst (file_format => 'js');
-- error: 002003 02000 SQL compilation error:\nFile format 'CORTEX_FINETUNING_DB.PUBLIC.JS' does not exist or not authorized.

create file format js type = json;

select $1:id::int as id, $1:name::varchar as name from @out/json/data_0_0_0.json.zst (file_format => 'js');
-- row: [1, "Ann, \"A\""]
-- row: [2, ""]

copy into @out/json/ from people file_format = (type = json);
-- error: 002019 0A000 SQL compilation error:\nJSON files can only be unloaded from one column

-- Parquet has the names of columns with HEADER = TRUE, else _COL_0, _COL_1, ...
copy into @out/p/ from people file_format = (type = parquet) header = true;
-- row: [4, "*", "*"]

copy into @out/p2/ from (select id, name from people where id = 2) file_format = (type = parquet compression = none);
-- row: [1, "*", "*"]

list @out/p;
-- row: ["out/p/data_0_0_0.snappy.parquet", "*", "*", "*"]
-- row: ["out/p2/data_0_0_0.parquet", "*", "*", "*"]

create table again like people;

copy into again from @out/p/ file_format = (type = parquet) match_by_column_name = case_sensitive;
-- row: ["out/p/data_0_0_0.snappy.parquet", "LOADED", 4, 4, 1, 0, null, null, null, null]

select id, name, born, seen, score, is_in from again order by id limit 1;
-- row: [1, "Ann, \"A\"", "2001-02-03", "2024-01-02 03:04:05", 1.5, true]

create file format pq type = parquet;

select $1:"_COL_0"::int as id, $1:"_COL_1"::varchar as name from @out/p2/ (file_format => pq);
-- row: [2, ""]

-- PARTITION BY: a folder a value, and the query's id in the names.
copy into @out/parts/ from (select id, name, id % 2 as odd from people) partition by ('odd=' || odd) file_format = (type = csv compression = none);
-- row: [4, "*", "*"]

list @out/parts/;
-- row: ["~out/parts/odd=0/data_[0-9a-f-]+_0_0_0.csv", "*", "*", "*"]
-- row: ["~out/parts/odd=1/data_[0-9a-f-]+_0_1_0.csv", "*", "*", "*"]

select $1, $3 from @out/parts/odd=1/ order by 1;
-- row: ["1", "1"]
-- row: ["3", "1"]

copy into @out/nulls/ from people partition by (name) file_format = (type = csv compression = none);
-- row: [4, "*", "*"]

list @out/nulls/__NULL__;
-- row: ["~out/nulls/__NULL__/data_.*.csv", "*", "*", "*"]

copy into @out/up/ from people partition by ('../x');
-- error: 001003 42000 The partition '../x' is no path

copy into @out/parts/ from people partition by (id) single = true;
-- error: 001008 22023 SQL compilation error:\nPARTITION BY can't be given together with SINGLE = TRUE

-- MAX_FILE_SIZE begins another file.
copy into @out/many/ from (select seq4() as n, repeat('x', 90) as t from table(generator(rowcount => 30000))) file_format = (type = csv compression = none) max_file_size = 1000000;
-- row: [30000, 2898890, 2898890]

list @out/many;
-- rows: 3

copy into @out/v from people validation_mode = return_rows;
-- rows: 4

copy into @out/v from people max_file_size = 0;
-- error: 001008 * SQL compilation error:\nMAX_FILE_SIZE is a number from 1 to 5368709120

copy into @out/v from people speed = 3;
-- error: 001006 22023 SQL compilation error:\ninvalid parameter 'SPEED'

copy into @out/v from no_such_table;
-- error: 002003 42S02 SQL compilation error:

copy into @out/../v from people;
-- error: 003001 42501 The path '../v' leads out of its stage

copy into 's3://sfquickstarts/x/' from people;
-- error: 003001 42501 Nothing can be written to 's3://sfquickstarts/'

copy into @~/mine.csv.gz from (select 1 as a) single = true;
-- row: [1, "*", "*"]

select $1 from @~/mine.csv.gz;
-- row: ["1"]

remove @~/mine.csv.gz;
-- row: ["mine.csv.gz", "removed"]

-- A query's models are asked once for each distinct row.
copy into @out/said/ from (select snowflake.cortex.complete('mistral-7b', name) from people where id = 1);
-- row: [1, "*", "*"]

drop table people;

-- https://docs.snowflake.com/en/sql-reference/sql/drop-schema
create schema passing;

create stage passing.kept;

copy into @passing.kept/a from (select 1);

create or replace schema passing;

create stage passing.kept;

list @passing.kept;
-- rows: none

drop schema passing;
