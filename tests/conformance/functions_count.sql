-- COUNT_TOKENS and AI_COUNT_TOKENS: for echo a word is a token. No model is asked.

-- https://docs.snowflake.com/en/sql-reference/functions/count_tokens-snowflake-cortex
select snowflake.cortex.count_tokens('echo', 'three little words') as a, snowflake.cortex.count_tokens('SUMMARIZE', 'two words') as b;
-- columns: A NUMBER(18,0), B NUMBER(18,0)
-- row: [3, 2]

select ai_count_tokens('ai_complete', 'echo', 'three little words') as a, ai_count_tokens('ai_complete', 'echo', 'x', {'temperature': 0}) as b;
-- row: [3, 1]

select ai_count_tokens('ai_classify', 'x', ['a', 'b']) as a, ai_count_tokens('ai_sentiment', 'x') > 1 as b, ai_count_tokens('ai_translate', 'x', 'de', 'en') > 1 as c, ai_count_tokens('ai_redact', 'x') > 1 as d;
-- row: [15, true, true, true]

select ai_count_tokens('ai_agg', 'x') as a, ai_count_tokens('nope', 'x', return_error_details => true):error::string as b;
-- row: [null, "AI_COUNT_TOKENS for 'nope' is not supported"]

select ai_count_tokens('ai_summarize', 'x') as unchanged, ai_count_tokens('ai_filter', 'x') as b, ai_count_tokens('ai_extract', 'x', ['a']) > 1 as c, ai_count_tokens('ai_sentiment', 'x', ['a']) > ai_count_tokens('ai_sentiment', 'x') as d, ai_count_tokens('ai_embed', 'echo', 'two words') as e;
-- row: [0, 9, true, true, 2]

select ai_count_tokens('ai_classify', 'x', ['a', 'b'], {'task_description': 'one more word'}) as a, ai_count_tokens('ai_redact', 'x', ['NAME']) < ai_count_tokens('ai_redact', 'x') as b, ai_count_tokens('ai_complete', 'echo', null) as c;
-- row: [18, true, null]

select ai_count_tokens('ai_classify', 'x', return_error_details => true):error::string as few, ai_count_tokens('ai_complete', 'echo', return_error_details => true):error::string as no_text, ai_count_tokens('ai_complete', 'nope', 'x', return_error_details => true):error::string as no_model;
-- row: ["AI_COUNT_TOKENS('ai_classify', ...) needs input, categories, [config]", "AI_COUNT_TOKENS('ai_complete', ...) needs a model and a text", "~.*unknown model .*nope.*"]

select snowflake.cortex.ai_count_tokens('ai_filter', 'x', return_error_details => true) as a;
-- columns: A OBJECT
-- row: ["{\"value\":9,\"error\":null}"]

select snowflake.cortex.count_tokens('sentiment', 'x y') as a, snowflake.cortex.count_tokens('translate', 'x y') as b, snowflake.cortex.count_tokens('complete', 'x y') as c, snowflake.cortex.count_tokens('echo', null) as d;
-- row: [2, 2, 2, null]

select snowflake.cortex.count_tokens('nope', 'x y');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'
