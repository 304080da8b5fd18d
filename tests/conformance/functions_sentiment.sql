-- SENTIMENT, ENTITY_SENTIMENT and AI_SENTIMENT, answered by echo: the first value, or what `#answer:` in the text says.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_sentiment
select snowflake.cortex.sentiment('#answer: very positive') as a, snowflake.cortex.sentiment('#answer: negative') as b, snowflake.cortex.sentiment(null) as c;
-- columns: A FLOAT, B FLOAT, C FLOAT
-- row: [0.9, -0.6, null]

select snowflake.cortex.sentiment(repeat('word ', 513));
-- error: 100351 P0000 max tokens of count exceeded: the text of SENTIMENT has

select snowflake.cortex.sentiment('#error: no luck');
-- error: 100351 P0000 Request failed for external function SENTIMENT$V2 with remote service error: 400 '"no luck"'

select snowflake.cortex.entity_sentiment('#answer: {"overall": "mixed"}') as a;
-- columns: A OBJECT
-- row: ["{\"categories\":[{\"name\":\"overall\",\"sentiment\":\"mixed\"}]}"]

select ai_sentiment('#answer: {"overall": "mixed", "cost": "negative", "food": "positive"}', ['food', 'cost']) as a;
-- columns: A OBJECT
-- row: ["{\"categories\":[{\"name\":\"overall\",\"sentiment\":\"mixed\"},{\"name\":\"cost\",\"sentiment\":\"negative\"},{\"name\":\"food\",\"sentiment\":\"positive\"}]}"]

select ai_sentiment('x', return_error_details => true):value:categories[0]:name::string as a;
-- row: ["overall"]

select ai_sentiment('#error: no luck') as a, ai_sentiment(null) as b;
-- row: [null, null]

select ai_sentiment(repeat('word ', 2049), return_error_details => true):error::string as a;
-- row: ["~max tokens of count exceeded: the text of AI_SENTIMENT has .* its limit is 2048"]

select ai_sentiment('x', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']);
-- error: 001015 22023 invalid categories: at most 10 categories are allowed, found 11

select ai_sentiment('x', ['a category of more than thirty characters']);
-- error: 001015 22023 invalid categories: 'a category of more than thirty characters' has 41 characters, 1 to 30 are allowed

select snowflake.cortex.entity_sentiment('x', null);
-- error: 001015 22023 invalid categories: NULL is given

select snowflake.cortex.entity_sentiment('#answer: {"overall": "mixed", "cost": "negative"}', ['cost']) as a, snowflake.cortex.entity_sentiment(null, ['cost']) as b;
-- row: ["{\"categories\":[{\"name\":\"overall\",\"sentiment\":\"mixed\"},{\"name\":\"cost\",\"sentiment\":\"negative\"}]}", null]

select snowflake.cortex.entity_sentiment('#error: no luck', ['cost']);
-- error: 100351 P0000 Request failed for external function ENTITY_SENTIMENT$V2 with remote service error: 400 '"no luck"'

select snowflake.cortex.entity_sentiment('x', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']);
-- error: 001015 22023 invalid categories: at most 10 categories are allowed, found 11

select snowflake.cortex.entity_sentiment(repeat('word ', 2049));
-- error: 100351 P0000 max tokens of count exceeded: the text of ENTITY_SENTIMENT has 2049 tokens, its limit is 2048

select array_size(ai_sentiment('x', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'a name of just 30 characters !']):categories) as ten_and_overall;
-- row: [11]

select ai_sentiment(text => 'x', categories => ['b', 'overall', 'a', 'b'], return_error_details => true):value:categories[2]:name::string as sorted_once;
-- row: ["b"]

select ai_sentiment('x', ['a', 'b'], true):error as third_argument, snowflake.cortex.ai_sentiment(null, ['a']) as nothing;
-- row: ["null", null]

select ai_sentiment('x', [7]);
-- error: 001015 22023 invalid categories: an array of texts is needed

select ai_sentiment('#error: no luck', return_error_details => true) as a;
-- row: ["~[{]\"value\":null,\"error\":\".*no luck.*"]
