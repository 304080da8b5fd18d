-- EMBED_TEXT_768, EMBED_TEXT_1024, AI_EMBED and AI_SIMILARITY; echo makes a vector of each text that is its own.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_embed
select snowflake.cortex.embed_text_768('echo', 'hello') as a, snowflake.cortex.embed_text_1024('echo', 'hello') as b, ai_embed('echo', null) as c;
-- columns: A VECTOR(FLOAT, 768), B VECTOR(FLOAT, 1024), C VECTOR(FLOAT, 768)
-- row: ["*", "*", null]
-- usage: distinct=2

create table texts as select column1 as id, column2 as body from values (1, 'hello'), (2, 'hello'), (3, 'there'), (4, null);

create table embedded as select id, ai_embed('echo', body) as v from texts;

describe table embedded;
-- row: ["ID", "*", "COLUMN", "*", null, "N", "N", null, null, null, null]
-- row: ["V", "VECTOR(FLOAT, 768)", "COLUMN", "Y", null, "N", "N", null, null, null, null]

select a.id, b.id, round(vector_cosine_similarity(a.v, b.v), 4) = 1 as same from embedded a join embedded b on a.id < b.id order by 1, 2;
-- row: [1, 2, true]
-- row: [1, 3, false]
-- row: [1, 4, null]
-- row: [2, 3, false]
-- row: [2, 4, null]
-- row: [3, 4, null]

select id from embedded where v is not null order by vector_l2_distance(v, ai_embed('echo', 'there')) limit 1;
-- row: [3]
-- usage: cached=1

select round(ai_similarity('x', 'x', {'model': 'echo'}), 4) as same, ai_similarity('x', null, {'model': 'echo'}) as nothing;
-- columns: SAME FLOAT, NOTHING FLOAT
-- row: [1.0, null]

select ai_similarity('x', 'y', {'model': 'echo'}) between -1 and 1 as within;
-- row: [true]

select ai_count_tokens('ai_embed', 'echo', 'two words') as a, ai_count_tokens('ai_similarity', 'one', 'two words', {'model': 'echo'}) as b;
-- row: [2, 3]

select ai_similarity('x', 'y', {'metric': 'l2'});
-- error: 100351 P0000 invalid options object: AI_SIMILARITY's configuration has 'model' and nothing else

select ai_embed(body, 'x') from texts;
-- error: 001015 22023 AI_EMBED needs a constant as its model

select ai_embed('smollm2-135m-instruct', 'x');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"model \"smollm2-135m-instruct\" does not support given modality"'

select snowflake.cortex.embed_text_768('smollm2-135m-instruct', 'x');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"model \"smollm2-135m-instruct\" does not support given modality"'

select snowflake.cortex.embed_text_768('nope', 'x');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

select ai_embed('echo', 'hello') = snowflake.cortex.ai_embed('echo', 'hello') as same, snowflake.cortex.embed_text_768(null, 'x') as a, snowflake.cortex.embed_text_1024('echo', null) as b;
-- columns: SAME BOOLEAN, A VECTOR(FLOAT, 768), B VECTOR(FLOAT, 1024)
-- row: [true, null, null]

select ai_embed('all-minilm-l6-v2', null) as its_own_size, ai_embed('snowflake-arctic-embed-m-v1.5', null) as a, ai_embed('e5-base-v2', null) as b, ai_embed('snowflake-arctic-embed-l-v2.0', null) as c, ai_embed('multilingual-e5-large', null) as d;
-- columns: ITS_OWN_SIZE VECTOR(FLOAT, 384), A VECTOR(FLOAT, 768), B VECTOR(FLOAT, 768), C VECTOR(FLOAT, 1024), D VECTOR(FLOAT, 1024)
-- usage: distinct=0

select snowflake.cortex.embed_text_768('snowflake-arctic-embed-l-v2.0', 'x');
-- error: 001015 22023 model snowflake-arctic-embed-l-v2.0 makes vectors of 1024 elements, and EMBED_TEXT_768 gives 768

select snowflake.cortex.embed_text_1024('all-minilm-l6-v2', 'x');
-- error: 001015 22023 model all-minilm-l6-v2 makes vectors of 384 elements, and EMBED_TEXT_1024 gives 1024

select ai_embed('nope', 'x');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

select ai_embed('echo', '#error: no luck');
-- error: 100351 P0000 Request failed for external function AI_EMBED$V2 with remote service error: 400 '"no luck"'

select ai_similarity('x', 'y', {'model': 'smollm2-135m-instruct'});
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"model \"smollm2-135m-instruct\" does not support given modality"'

select snowflake.cortex.ai_similarity(first => 'x', second => 'x', config => {'model': 'echo'}) > 0.99 as named;
-- row: [true]

select round(vector_inner_product(v, v), 3) as length, vector_avg(v) over () = v as same from (select vector_normalize(vector_truncate(ai_embed('echo', 'hello'), 256)) as v);
-- row: [1.0, true]
