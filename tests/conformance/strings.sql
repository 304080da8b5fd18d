-- Functions of texts and bytes, and regular expressions.

-- https://docs.snowflake.com/en/sql-reference/functions/substr
select substr('testing 1 2 3', 9, 5) as s, substr('abc', 0, 2) as zero, substr('abc', -2) as back, substr('abc', 2, -1) as none;
-- row: ["1 2 3", "ab", "bc", ""]

-- https://docs.snowflake.com/en/sql-reference/functions/lpad
select lpad('1', 3, '0') as l, rpad('1', 3, '*') as r, lpad('abcd', 2, '0') as cut, lpad('a', 3, '') as nothing;
-- row: ["001", "1**", "ab", "a"]

-- https://docs.snowflake.com/en/sql-reference/functions/insert
select insert('abcdef', 3, 2, 'zzz') as i, translate('barn', 'bn', 'xy') as t, reverse('abc') as r, repeat('xy', 3) as p, space(2) as s;
-- row: ["abzzzef", "xary", "cba", "xyxyxy", "  "]

-- https://docs.snowflake.com/en/sql-reference/functions/initcap
select initcap('the quick-brown fox') as words, initcap('the quick-brown fox', ' ') as blanks_only;
-- row: ["The Quick-Brown Fox", "The Quick-brown Fox"]

-- https://docs.snowflake.com/en/sql-reference/functions/split_part
select split_part('127.0.0.1', '.', 1) as first, split_part('127.0.0.1', '.', -1) as last, split_part('a|b', '|', 3) as none, split_part('abc', '', 1) as whole;
-- row: ["127", "1", "", "abc"]

-- https://docs.snowflake.com/en/sql-reference/functions/split
select split('127.0.0.1', '.') as s;
-- columns: S ARRAY
-- row: ["[\"127\",\"0\",\"0\",\"1\"]"]

-- https://docs.snowflake.com/en/sql-reference/functions/strtok
select strtok('a.b.c', '.', 2) as second, strtok('user@snowflake.com', '@.', 3) as third, strtok('a b', ' ', 9) as none, strtok_to_array('a.b-c', '.-') as pieces;
-- row: ["b", "com", null, "[\"a\",\"b\",\"c\"]"]

-- https://docs.snowflake.com/en/sql-reference/functions/length
select length('joyeux noël') as letters, octet_length('ë') as bytes, bit_length('abc') as bits, length(to_binary('FFEE', 'hex')) as binary_bytes, rtrimmed_length(' a ') as trimmed;
-- columns: LETTERS NUMBER(18,0), BYTES NUMBER(18,0), BITS NUMBER(18,0), BINARY_BYTES NUMBER(18,0), TRIMMED NUMBER(18,0)
-- row: [11, 2, 24, 2, 2]

-- https://docs.snowflake.com/en/sql-reference/functions/ascii
select ascii('a') as a, ascii('') as nothing, unicode('❄') as flake, chr(83) as s, chr(10052) as snow, chr(null) as none;
-- row: [97, 0, 10052, "S", "❄", null]

-- https://docs.snowflake.com/en/sql-reference/functions/chr
select chr(-1);
-- error: 100062 22021 Invalid character code -1 in the CHR input

-- https://docs.snowflake.com/en/sql-reference/functions/charindex
select charindex('an', 'banana') as first, charindex('an', 'banana', 3) as later, charindex('x', 'banana') as none, position('an' in 'banana') as p;
-- row: [2, 4, 0, 2]

-- https://docs.snowflake.com/en/sql-reference/functions/soundex
select soundex('Marks') as m, soundex('Marx') as x, soundex('Tymczak') as t, soundex('') as nothing;
-- row: ["M620", "M620", "T522", ""]

-- https://docs.snowflake.com/en/sql-reference/functions/editdistance
select editdistance('future', 'past') as d, editdistance('future', 'past', 3) as capped, jarowinkler_similarity('Snowflake', 'snowflake') as same;
-- row: [6, 3, 100]

-- https://docs.snowflake.com/en/sql-reference/functions/hex_encode
select hex_encode('SNOW') as h, hex_decode_string('534E4F57') as d, try_hex_decode_string('zz') as none, to_varchar(hex_decode_binary('FF'), 'hex') as b;
-- row: ["534E4F57", "SNOW", null, "FF"]

-- https://docs.snowflake.com/en/sql-reference/functions/base64_encode
select base64_encode('Snowflake') as e, base64_decode_string('U25vd2ZsYWtl') as d, try_base64_decode_string('!') as none;
-- row: ["U25vd2ZsYWtl", "Snowflake", null]

select base64_encode(x'FBFF', 0, '-_') as url, base64_decode_binary('-_8=', '-_') = x'FBFF' as back, base64_encode('Snowflake', 8) as lines, base64_encode(x'FB', 0, '-_.') as padded;
-- row: ["-_8=", true, "U25vd2Zs\nYWtl", "-w.."]

-- https://docs.snowflake.com/en/sql-reference/functions/sha2
select md5('Snowflake') as m, sha1('Snowflake') as s, left(sha2('Snowflake'), 8) as s2;
-- row: ["edf1439075a83a447fb8b630ddc9c8de", "fda76b0bcc1e87cf259b1d1e3271d76f590fb5dd", "1dbd59f6"]

select sha2('Snowflake', 224) as short, length(sha2('Snowflake', 512)) as n, md5(x'616263') = md5('abc') and sha2(x'616263', 384) = sha2('abc', 384) as of_bytes;
-- columns: SHORT VARCHAR(56), N NUMBER(18,0), OF_BYTES BOOLEAN
-- row: ["6267d3d7a59929e6864dd4b737d98e3ef8569d9f88a7466647838532", 128, true]

select sha2('a', 100);
-- error: 001015 22023 SQL compilation error:\nSHA2 takes 224, 256, 384 or 512

-- https://docs.snowflake.com/en/sql-reference/functions/substr
select substr(x'48656C6C6F', 1, 2) = x'4865' as a, substr(x'48656C6C6F', -2) = x'6C6F' as b, left(x'4865', 1) = x'48' as c, right(x'4865', 1) = x'65' as d;
-- row: [true, true, true, true]

select upper(x'48');
-- error: 001007 22023 SQL compilation error:\nInvalid argument types: a text is needed here, found BINARY

-- https://docs.snowflake.com/en/sql-reference/functions/parse_url
select parse_url('http://USER:PASS@EXAMPLE.INT:4345/HELLO.PHP?USER=1') as u, parse_url('example.int/x', 1) as wrong, parse_url('https://www.snowflake.com/'):host::varchar as host, parse_url(null) as n;
-- row: ["{\"fragment\":null,\"host\":\"USER:PASS@EXAMPLE.INT\",\"parameters\":{\"USER\":\"1\"},\"path\":\"HELLO.PHP\",\"port\":\"4345\",\"query\":\"USER=1\",\"scheme\":\"http\"}", "{\"error\":\"scheme not specified\"}", "www.snowflake.com", null]

select parse_url('example.int/hello.php?user=12#nofragment', 0);
-- error: 100139 22000 Error parsing URL: scheme not specified

-- https://docs.snowflake.com/en/sql-reference/functions/uuid_string
select uuid_string('fe971b24-9572-4005-b22f-351e9c09274d', 'foo') as named, length(uuid_string()) as n;
-- row: ["dc0b6f65-fca6-5b4b-9d37-ccc3fde1f3e2", 36]

-- https://docs.snowflake.com/en/sql-reference/functions/editdistance
select editdistance('Ich weiß nicht', 'Ich wei? nicht') as letters, editdistance('kitten', 'sitting') as ascii, editdistance('święta', 'swieta', 1) as most, editdistance(null, '') as n;
-- row: [1, 3, 1, null]

-- https://docs.snowflake.com/en/sql-reference/functions/strtok
select strtok('a.b', '', 1) as whole, strtok('a.b', '.', 2) as second;
-- row: ["a.b", "b"]

-- https://docs.snowflake.com/en/sql-reference/functions/try_cast
select try_cast('ABCD' as char(2)) as too_long, try_cast('AB' as char(2)) as fits, cast('ABCD' as char(2)) as cut;
-- row: [null, "AB", "AB"]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_instr
select regexp_instr('a1', 'a(1)', 1, 1, 0, 'e');
-- error: 000002 0A000 SQL compilation error:\nREGEXP_INSTR finds whole matches, not parts of them ('e').

-- https://docs.snowflake.com/en/sql-reference/data-types-text
select x'48656C6C6F' as b, to_varchar(x'48656C6C6F', 'utf-8') as t, x'0a' || x'0b' = x'0A0B' as joined;
-- columns: B BINARY(8388608), T VARCHAR(16777216), JOINED BOOLEAN
-- row: ["b'Hello'", "Hello", true]

select x'ABC';
-- error: 001003 42000 *

-- https://docs.snowflake.com/en/sql-reference/functions/like
select like('John Doe', 'j%') as l, ilike('John Doe', 'j%') as i, like('a%b', 'a^%b', '^') as e, like(null, 'a') as n;
-- row: [false, true, true, null]

-- https://docs.snowflake.com/en/sql-reference/functions/like_any
select 'Joe Blow' like any ('%Joe%', 'T%e') as a, 'Tom' like all ('T%', '%m') as b, 'a%b' like 'a^%b' escape '^' as c, 'ABC' ilike any ('a%', 'z%') as d;
-- row: [true, true, true, true]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_like
select regexp_like('Sacramento', 'San.*') as no, regexp_like('San Jose', 'san.*', 'i') as yes, 'abc' rlike 'b' as whole_only, 'abc' regexp 'a.c' as r;
-- row: [false, true, false, true]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_count
select regexp_count('It was the best of times, it was the worst of times', '\\bwas\\b', 1) as n, regexp_count('aAa', 'a', 1, 'i') as letters;
-- columns: N NUMBER(18,0), LETTERS NUMBER(18,0)
-- row: [2, 3]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_instr
select regexp_instr('hello world', 'o') as first, regexp_instr('hello world', 'o', 1, 2) as second, regexp_instr('hello world', 'o', 6) as later,
  regexp_instr('hello world', 'wor', 1, 1, 1) as behind, regexp_instr('hello', 'x') as none;
-- row: [5, 8, 8, 10, 0]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_substr
select regexp_substr('a1b22c333', '[0-9]+') as first, regexp_substr('a1b22c333', '[0-9]+', 1, 3) as third, regexp_substr('a1b22', '([a-z])([0-9]+)', 1, 2, 'e', 2) as part,
  regexp_substr('a1', '[x]') as none, regexp_substr_all('a1b22', '[0-9]+') as all_of_them;
-- row: ["1", "333", "22", null, "[\"1\",\"22\"]"]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_replace
select regexp_replace('customer(a)', '[()]', '') as r, regexp_replace('firstname middlename lastname', '(.*) (.*) (.*)', '\\3, \\1 \\2') as swapped,
  regexp_replace('aaa', 'a', 'b', 1, 1) as first, regexp_replace('aaa', 'a', 'b', 2) as later, regexp_replace('a-b', '-') as gone;
-- row: ["customera", "lastname, firstname middlename", "baa", "abb", "ab"]

select regexp_like('a', '(');
-- error: 100048 2201B Invalid regular expression: missing )

select regexp_replace('aaa', 'a', 'b', 1, 2) as second, regexp_replace('aaa', 'a', 'b', 2, 2) as third, regexp_replace('aaa', 'a', 'b', 1, 4) as none, regexp_replace('a1b22c333', '[0-9]+', '<\\0>', 1, 2) as part, regexp_replace('It was was', '\\bwas\\b', 'is', 1, 2) as word, regexp_replace(null, 'a', 'b', 1, 2) as n;
-- row: ["aba", "aab", "aaa", "a1b<22>c333", "It was is", null]

-- https://docs.snowflake.com/en/sql-reference/functions/concat
select concat('a', null) as n, 'a' || 1 || true as mixed, concat_ws('-', 'a', null) as w;
-- row: [null, "a1true", null]

-- https://docs.snowflake.com/en/sql-reference/data-types-text
select 'abcdef'::varchar(3) as cut, 'a'::char = 'a' as c, 'Ä'::varchar(1) as one_letter;
-- columns: CUT VARCHAR(3), C BOOLEAN, ONE_LETTER VARCHAR(1)
-- row: ["abc", true, "Ä"]

select soundex();
-- error: 000938 * SQL compilation error:\nnot enough arguments for function [SOUNDEX], expected 1, got 0

select upper('a', 'b');
-- error: 000939 * SQL compilation error:\ntoo many arguments for function [UPPER], expected 1, got 2

select no_such_function(1);
-- error: 002140 42601 SQL compilation error:\nUnknown function NO_SUCH_FUNCTION.

-- https://docs.snowflake.com/en/sql-reference/functions/to_binary
select to_binary('616263')::varchar as hex, to_binary('Y W Jj', 'base64') = x'616263' as base64, try_to_binary('zz') as none, try_cast('abc' as binary) as odd;
-- row: ["616263", true, null, null]

select to_binary('abc');
-- error: 100115 22000 The following string is not a legal hex-encoded value: 'abc'

select to_binary('a', 'base64');
-- error: 100115 22000 The following string is not a legal base64-encoded value: 'a'

-- https://docs.snowflake.com/en/sql-reference/functions/base64_decode_string
select base64_decode_string('YWJj') as a, hex_decode_string('616263') as h, try_base64_decode_string(dayname('2024-01-05'::date)) as none, try_hex_decode_string('ff') as no_text;
-- row: ["abc", "abc", null, null]

-- https://docs.snowflake.com/en/sql-reference/functions/regexp_replace
select regexp_replace('It was the best of times, it was the worst of times', '( ){1,}', '') as joined, regexp_replace('aXbX', 'X{1}', '{0}', 1, 2) as second;
-- row: ["Itwasthebestoftimes,itwastheworstoftimes", "aXb{0}"]

-- https://docs.snowflake.com/en/sql-reference/functions/jarowinkler_similarity
-- What is behind the point is cut off.
select jarowinkler_similarity('Snowflake', 'Oracle') as oracle, jarowinkler_similarity('Gute nacht', 'Ich weis nicht') as night, jarowinkler_similarity('', '') as nothing, jarowinkler_similarity('test', 'TEST') as same;
-- row: [61, 56, 0, 100]
