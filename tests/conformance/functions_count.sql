-- COUNT_TOKENS and AI_COUNT_TOKENS: for echo a word is a token. No model is asked.

select snowflake.cortex.count_tokens('echo', 'three little words') as a, snowflake.cortex.count_tokens('SUMMARIZE', 'two words') as b;
-- columns: A NUMBER(18,0), B NUMBER(18,0)
-- row: [3, 2]

select ai_count_tokens('ai_complete', 'echo', 'three little words') as a, ai_count_tokens('ai_complete', 'echo', 'x', {'temperature': 0}) as b;
-- row: [3, 1]

select ai_count_tokens('ai_classify', 'x', ['a', 'b']) as a, ai_count_tokens('ai_sentiment', 'x') > 1 as b, ai_count_tokens('ai_translate', 'x', 'de', 'en') > 1 as c, ai_count_tokens('ai_redact', 'x') > 1 as d;
-- row: [15, true, true, true]

select ai_count_tokens('ai_agg', 'x') as a, ai_count_tokens('nope', 'x', return_error_details => true):error::string as b;
-- row: [null, "AI_COUNT_TOKENS for 'nope' is not supported"]
