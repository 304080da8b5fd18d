-- Every option of CSV files.
--
-- A file is written as it stands by unloading one text without delimiters, then read with the format under test.

-- https://docs.snowflake.com/en/sql-reference/sql/create-file-format
create stage s;

create file format raw type = csv compression = none field_delimiter = none record_delimiter = none null_if = ()
    empty_field_as_null = false escape_unenclosed_field = none;

-- The defaults: commas, newlines with or without a carriage return, backslash escapes; \N and nothing between commas are NULL.
create file format f type = csv;

copy into @s/defaults.csv from (select 'a,b\\,c,\\N,\nd, e ,"f",g\\\\\r\n') file_format = raw single = true;
-- row: [1, 26, 26]

select $1, $2, $3, $4 from @s/defaults.csv (file_format => f);
-- row: ["a", "b,c", null, null]
-- row: ["d", " e ", "\"f\"", "g\\"]

-- FIELD_DELIMITER: several characters, hexadecimal and octal spelling, NONE.
copy into @s/delimiter.csv from (select 'a||b|c\n') file_format = raw single = true;

create or replace file format f type = csv field_delimiter = '||';

select $1, $2 from @s/delimiter.csv (file_format => f);
-- row: ["a", "b|c"]

create or replace file format f type = csv field_delimiter = '0x7C';

select $1, $2, $3, $4 from @s/delimiter.csv (file_format => f);
-- row: ["a", null, "b", "c"]

create or replace file format f type = csv field_delimiter = '\\174';

select $4 from @s/delimiter.csv (file_format => f);
-- row: ["c"]

create or replace file format f type = csv field_delimiter = none;

select $1, $2 from @s/delimiter.csv (file_format => f);
-- row: ["a||b|c", null]

create or replace file format f type = csv field_delimiter = '\t';

copy into @s/tab.csv from (select 'a\tb') file_format = raw single = true;

select $1, $2 from @s/tab.csv (file_format => f);
-- row: ["a", "b"]

create or replace file format f type = csv field_delimiter = 'ab' record_delimiter = 'abc';
-- error: 001008 22023 SQL compilation error:\nFIELD_DELIMITER and RECORD_DELIMITER may not contain each other

-- RECORD_DELIMITER.
copy into @s/record.csv from (select 'a,b;c,d;') file_format = raw single = true;

create or replace file format f type = csv record_delimiter = ';';

select $1, $2 from @s/record.csv (file_format => f);
-- row: ["a", "b"]
-- row: ["c", "d"]

create or replace file format f type = csv record_delimiter = none field_delimiter = ';';

select $1, $2 from @s/record.csv (file_format => f);
-- row: ["a,b", "c,d"]

-- FIELD_OPTIONALLY_ENCLOSED_BY and MULTI_LINE: delimiters, newlines and doubled marks inside a field.
copy into @s/quoted.csv from (select '"a,1","b ""c""\nd",e"f"\n"", "x",\n') file_format = raw single = true;

create or replace file format f type = csv field_optionally_enclosed_by = '"';

select $1, $2, $3 from @s/quoted.csv (file_format => f);
-- row: ["a,1", "b \"c\"\nd", "e\"f\""]
-- row: ["", " \"x\"", null]

create or replace file format f type = csv field_optionally_enclosed_by = '"' multi_line = false;

select $1 from @s/quoted.csv (file_format => f);
-- error: 100016 22000 A field goes over the end of its line\n  File 's/quoted.csv', line 1, character 1

copy into @s/single.csv from (select '''it''''s'',"b"\n') file_format = raw single = true;

create or replace file format f type = csv field_optionally_enclosed_by = '\'';

select $1, $2 from @s/single.csv (file_format => f);
-- row: ["it's", "\"b\""]

create or replace file format f type = csv field_optionally_enclosed_by = '|';
-- error: 001008 22023 SQL compilation error:\ninvalid value [|] for parameter 'FIELD_OPTIONALLY_ENCLOSED_BY'

-- What is wrong with an enclosed field is told with its place.
copy into @s/open.csv from (select 'a,b\nc,"d\n') file_format = raw single = true;

create or replace file format f type = csv field_optionally_enclosed_by = '"';

select $1 from @s/open.csv (file_format => f);
-- error: 100016 22000 A field that starts with " is not closed before the end of the file\n  File 's/open.csv', line 2, character 3

copy into @s/behind.csv from (select 'a,"b"c\n') file_format = raw single = true;

select $1 from @s/behind.csv (file_format => f);
-- error: 100016 22000 Found character 'c' instead of field delimiter ','\n  File 's/behind.csv', line 1, character 6

-- ESCAPE and ESCAPE_UNENCLOSED_FIELD.
copy into @s/escape.csv from (select '"a\\"b\\\\","c\\n"\nx\\,y,z\\\\\n') file_format = raw single = true;

create or replace file format f type = csv field_optionally_enclosed_by = '"' escape = '\\';

select $1, $2 from @s/escape.csv (file_format => f);
-- row: ["a\"b\\", "c\n"]
-- row: ["x,y", "z\\"]

copy into @s/plain.csv from (select 'x\\,y,z\\n') file_format = raw single = true;

create or replace file format f type = csv escape_unenclosed_field = none;

select $1, $2, $3 from @s/plain.csv (file_format => f);
-- row: ["x\\", "y", "z\\n"]

create or replace file format f type = csv escape_unenclosed_field = '~';

select $1 from @s/plain.csv (file_format => f);
-- row: ["x\\"]

-- SKIP_HEADER counts lines, whatever they enclose; SKIP_BLANK_LINES.
copy into @s/header.csv from (select '"one\ntwo"\n\na,b\n\nc,d\n') file_format = raw single = true;

create or replace file format f type = csv skip_header = 2 skip_blank_lines = true;

select $1, $2 from @s/header.csv (file_format => f);
-- row: ["a", "b"]
-- row: ["c", "d"]

create or replace file format f type = csv skip_header = 3;

select $1, $2 from @s/header.csv (file_format => f);
-- row: ["a", "b"]
-- row: [null, null]
-- row: ["c", "d"]

create or replace file format f type = csv skip_header = -1;
-- error: 001008 22023 SQL compilation error:\ninvalid value [-1] for parameter 'SKIP_HEADER'

-- TRIM_SPACE, NULL_IF and EMPTY_FIELD_AS_NULL.
copy into @s/blanks.csv from (select ' a , "b" ,nil,NULL,,"nil"\n') file_format = raw single = true;

create or replace file format f type = csv trim_space = true field_optionally_enclosed_by = '"' null_if = ('nil', 'NULL');

select $1, $2, $3, $4, $5, $6 from @s/blanks.csv (file_format => f);
-- row: ["a", "b", null, null, null, null]

create or replace file format f type = csv null_if = () empty_field_as_null = false;

select $1, $2, $3, $4, $5 from @s/blanks.csv (file_format => f);
-- row: [" a ", " \"b\" ", "nil", "NULL", ""]

-- ENCODING, REPLACE_INVALID_CHARACTERS and SKIP_BYTE_ORDER_MARK.
create or replace file format f type = csv encoding = 'iso-8859-1' skip_header = 1;

create stage shared url = 's3://conformance/';

select $1, $3 from @shared/latin1.csv (file_format => f);
-- row: ["1", "café"]

create or replace file format f type = csv encoding = 'utf-16' skip_header = 1;

select $1 from @shared/latin1.csv (file_format => f);
-- error: 100144 22000 The file 's3://conformance/latin1.csv' is not in the encoding utf-16

create or replace file format f type = csv replace_invalid_characters = true skip_header = 1;

select $3 from @shared/latin1.csv (file_format => f);
-- row: ["caf\ufffd"]

create or replace file format f type = csv encoding = 'klingon';
-- error: 000002 0A000 ENCODING = klingon is not supported

copy into @s/mark.csv from (select '\ufeffa,b\n') file_format = raw single = true;

create or replace file format f type = csv;

select length($1) as n from @s/mark.csv (file_format => f);
-- row: [1]

create or replace file format f type = csv skip_byte_order_mark = false;

select length($1) as n from @s/mark.csv (file_format => f);
-- row: [2]

-- ERROR_ON_COLUMN_COUNT_MISMATCH.
copy into @s/ragged.csv from (select '1\n2,x\n3,y,z\n') file_format = raw single = true;

create table two (n int, t varchar);

copy into two from @s/ragged.csv;
-- error: 100080 22000 Number of columns in file (1) does not match that of the corresponding table (2), use file format option error_on_column_count_mismatch=false to ignore this error\n  File 's/ragged.csv', line 1, character 1\n  Row 1, column "TWO"["N":1]

copy into two from @s/ragged.csv file_format = (type = csv error_on_column_count_mismatch = false);
-- row: ["s/ragged.csv", "LOADED", 3, 3, 1, 0, null, null, null, null]

select * from two order by n;
-- row: [1, null]
-- row: [2, "x"]
-- row: [3, "y"]

-- DATE_FORMAT, TIME_FORMAT, TIMESTAMP_FORMAT, BINARY_FORMAT; AUTO takes the usual spellings.
create table moments (d date, t time, ts timestamp_ntz, b binary);

copy into @s/auto.csv from (select '2024-02-29,10:11:12,2024-02-29T10:11:12.5,4142\n29-FEB-2024,10:11,2024-02-29 10:11,61\n') file_format = raw single = true;

copy into moments from @s/auto.csv;
-- row: ["s/auto.csv", "LOADED", 2, 2, 1, 0, null, null, null, null]

select d, t, ts, hex_encode(b) as b from moments order by b;
-- row: ["2024-02-29", "10:11:12", "2024-02-29 10:11:12.500000", "4142"]
-- row: ["2024-02-29", "10:11:00", "2024-02-29 10:11:00", "61"]

truncate table moments;

copy into @s/forms.csv from (select '29.02.2024,11.10,Feb 29 2024 10|11,QUI=\n') file_format = raw single = true;

copy into moments from @s/forms.csv
    file_format = (type = csv date_format = 'DD.MM.YYYY' time_format = 'MI.HH24' timestamp_format = 'MON DD YYYY HH24|MI' binary_format = base64);
-- row: ["s/forms.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

select d, t, ts, hex_encode(b) as b from moments;
-- row: ["2024-02-29", "10:11:00", "2024-02-29 10:11:00", "4142"]

copy into moments from @s/forms.csv force = true;
-- error: 100040 22007 Date '29.02.2024' is not recognized\n  File 's/forms.csv', line 1, character 1\n  Row 1, column "MOMENTS"["D":1]

-- COMPRESSION: each kind by its suffix, and by name.
copy into @s/z/a.csv.gz from (select 1, 'gzip') single = true;

copy into @s/z/b.csv.bz2 from (select 2, 'bz2') file_format = (type = csv compression = bz2) single = true;

copy into @s/z/c.csv.br from (select 3, 'brotli') file_format = (type = csv compression = brotli) single = true;

copy into @s/z/d.csv.zst from (select 4, 'zstd') file_format = (type = csv compression = zstd) single = true;

copy into @s/z/e.csv.deflate from (select 5, 'deflate') file_format = (type = csv compression = deflate) single = true;

copy into @s/z/f.csv.raw_deflate from (select 6, 'raw_deflate') file_format = (type = csv compression = raw_deflate) single = true;

copy into @s/z/g.csv from (select 7, 'none') file_format = (type = csv compression = none) single = true;

truncate table two;

copy into two from @s/z/;
-- rows: 7

select listagg(t, ' ') within group (order by n) as t from two;
-- row: ["gzip bz2 brotli zstd deflate raw_deflate none"]

copy into two from @s/z/a.csv.gz file_format = (type = csv compression = bz2) force = true;
-- error: 100079 22000 The file 's/z/a.csv.gz' can't be decompressed as BZ2

copy into @s/hidden from (select 8, 'gzip by its first bytes') single = true;

copy into two from @s/hidden;
-- row: ["s/hidden", "LOADED", 1, 1, 1, 0, null, null, null, null]

create or replace file format f type = csv compression = lzo;
-- error: 001008 22023 SQL compilation error:\ninvalid value [LZO] for parameter 'COMPRESSION'

-- PARSE_HEADER with MATCH_BY_COLUMN_NAME: the file's order does not matter, columns that it lacks are NULL.
copy into @s/named.csv from (select 't,Extra,N\nx,1,9\n') file_format = raw single = true;

truncate table two;

copy into two from @s/named.csv file_format = (type = csv parse_header = true) match_by_column_name = case_insensitive;
-- row: ["s/named.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

copy into two from @s/named.csv file_format = (type = csv parse_header = true) match_by_column_name = case_sensitive force = true;
-- row: ["s/named.csv", "LOADED", 1, 1, 1, 0, null, null, null, null]

select * from two order by t;
-- row: [9, "x"]
-- row: [9, null]

copy into two from @s/named.csv file_format = (type = csv parse_header = true skip_header = 1) match_by_column_name = case_sensitive;
-- error: 001008 22023 SQL compilation error:\nPARSE_HEADER and SKIP_HEADER can't be given together

copy into two from @s/named.csv match_by_column_name = case_sensitive;
-- error: 001008 22023 SQL compilation error:\nFor CSV files PARSE_HEADER = TRUE and MATCH_BY_COLUMN_NAME must be given together
