-- SPLIT_TEXT_RECURSIVE_CHARACTER and SPLIT_TEXT_MARKDOWN_HEADER: the vendor's documented vectors. No model is asked.

-- https://docs.snowflake.com/en/sql-reference/functions/split_text_recursive_character-snowflake-cortex
select snowflake.cortex.split_text_recursive_character('hello world are you here', 'none', 15, 10) as a;
-- columns: A ARRAY
-- row: ["[\"hello world are\",\"world are you\",\"are you here\"]"]
-- usage: distinct=0

select snowflake.cortex.split_text_recursive_character('# Title\n\n## Subtitle\n\nMore content.', 'markdown', 25, 3) as a;
-- row: ["[\"# Title\",\"## Subtitle\",\"More content.\"]"]

select snowflake.cortex.split_text_recursive_character('First sentence. Second sentence. Third sentence.', 'none', 15, 3, ['. ', ' ', '']) as a;
-- row: ["[\"First sentence\",\". Second\",\"sentence\",\". Third\",\"sentence.\"]"]

select c.value::string as chunk from (select 'hello world' as t) d, lateral flatten(input => snowflake.cortex.split_text_recursive_character(d.t, 'none', 6)) c order by 1;
-- row: ["hello"]
-- row: ["world"]

select snowflake.cortex.split_text_recursive_character(null, 'none', 15) as a;
-- row: [null]

select snowflake.cortex.split_text_recursive_character('x', 'none', 0);
-- error: 001015 22023 invalid chunk_size 0: it must be greater than 0

select snowflake.cortex.split_text_recursive_character('x', 'none', 5, 5);
-- error: 001015 22023 invalid overlap 5: it must be 0 or more, and less than chunk_size (5)

select snowflake.cortex.split_text_recursive_character('x', 'html', 5);
-- error: 001015 22023 invalid format 'html': it must be one of none, markdown

select snowflake.cortex.split_text_markdown_header('# HEADER 1\nthis is text in header 1\n## HEADER 2\nthis is a subheading', object_construct('#', 'header_1', '##', 'header_2'), 12, 5) as a;
-- columns: A ARRAY
-- row: ["[{\"chunk\":\"this is text\",\"headers\":{\"header_1\":\"HEADER 1\"}},{\"chunk\":\"text in\",\"headers\":{\"header_1\":\"HEADER 1\"}},{\"chunk\":\"in header 1\",\"headers\":{\"header_1\":\"HEADER 1\"}},{\"chunk\":\"this is a\",\"headers\":{\"header_1\":\"HEADER 1\",\"header_2\":\"HEADER 2\"}},{\"chunk\":\"subheading\",\"headers\":{\"header_1\":\"HEADER 1\",\"header_2\":\"HEADER 2\"}}]"]

select snowflake.cortex.split_text_markdown_header('x', {'x': 'y'}, 5);
-- error: 001015 22023 invalid headers: 'x' is no mark of a Markdown heading

select snowflake.cortex.split_text_recursive_character('hello world', 'none', 6) as no_overlap, snowflake.cortex.split_text_recursive_character('', 'none', 6) as empty;
-- row: ["[\"hello\",\"world\"]", "[]"]

select snowflake.cortex.split_text_recursive_character('x', 'none', 5, -1);
-- error: 001015 22023 invalid overlap -1: it must be 0 or more, and less than chunk_size (5)

select snowflake.cortex.split_text_recursive_character('x', 'none', 5, 1, []);
-- error: 001015 22023 invalid separators: an array of texts is needed

select snowflake.cortex.split_text_markdown_header(null, {'#': 'a'}, 5) as a, snowflake.cortex.split_text_markdown_header('no heading', {'#': 'a'}, 20) as b;
-- row: [null, "[{\"chunk\":\"no heading\",\"headers\":{}}]"]

select snowflake.cortex.split_text_markdown_header('x', {'#': 'a'}, 0);
-- error: 001015 22023 invalid chunk_size 0: it must be greater than 0

select snowflake.cortex.split_text_markdown_header('x', {'#': 'a'}, 5, 5);
-- error: 001015 22023 invalid overlap 5: it must be 0 or more, and less than chunk_size (5)

select snowflake.cortex.split_text_markdown_header('x', {}, 5);
-- error: 001015 22023 invalid headers: an object of marks and names is needed
