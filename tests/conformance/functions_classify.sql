-- CLASSIFY_TEXT, AI_CLASSIFY and AI_CLASSIFY_PROMPT, answered by echo: the first label, or the one that `#answer:` in the text names.

select ai_classify('One day I will see the world', ['travel', 'cooking']) as a;
-- columns: A OBJECT
-- row: ["{\"labels\":[\"travel\"]}"]
-- usage: distinct=1 failed=0

select ai_classify('#answer: cooking', ['travel', 'cooking']):labels[0]::string as label;
-- row: ["cooking"]

select ai_classify('#answer: dancing', ['travel', 'cooking']):labels[0]::string as only_labels;
-- row: ["travel"]

select snowflake.cortex.classify_text('#answer: cooking', ['travel', 'cooking']) as a;
-- columns: A OBJECT
-- row: ["{\"label\":\"cooking\"}"]

select snowflake.cortex.classify_text('x', [{'label': 'travel', 'description': 'trips', 'examples': ['a flight']}, {'label': 'cooking'}], {'task_description': 'What is it about?'}):label::string as a;
-- row: ["travel"]

select ai_classify('#answer: ["reading", "travel"]', ['travel', 'cooking', 'reading'], {'output_mode': 'multi', 'task_description': 'Topics', 'examples': [{'input': 'a good book', 'labels': ['reading'], 'explanation': 'a book is read'}]}) as a;
-- row: ["{\"labels\":[\"travel\",\"reading\"]}"]

select ai_classify('#answer: cooking', ['travel', 'cooking'], {'scores': true}) as a;
-- row: ["{\"labels\":[\"cooking\"],\"scores\":{\"travel\":0.0,\"cooking\":1.0}}"]

select ai_classify(prompt('the town of {0}', 'Bern'), ['Europe', 'Asia']):labels[0]::string as a;
-- row: ["Europe"]

select ai_classify(input => 'x', categories => ['a', 'b'], config => {'model': 'echo'}) as named;
-- row: ["{\"labels\":[\"a\"]}"]

create table texts as select column1 as id, column2 as body, column3 as labels from values (1, 'x', '["a","b"]'), (2, null, '["a","b"]'), (3, '#error: no luck', '["a","b"]'), (4, 'y', '["only"]');

select id, ai_classify(body, parse_json(labels)) as a from texts order by id;
-- row: [1, "{\"labels\":[\"a\"]}"]
-- row: [2, null]
-- row: [3, null]
-- row: [4, null]

select id, ai_classify(body, parse_json(labels), return_error_details => true) as a from texts where id <> 2 order by id;
-- row: [1, "{\"value\":{\"labels\":[\"a\"]},\"error\":null}"]
-- row: [3, "~[{]\"value\":null,\"error\":\".*no luck.*"]
-- row: [4, "~[{]\"value\":null,\"error\":\"invalid categories.*"]

select ai_classify('x', ['a', 'b'], true) as third_argument;
-- row: ["{\"value\":{\"labels\":[\"a\"]},\"error\":null}"]

select ai_null_if_error(ai_classify('#error: no luck', ['a', 'b'], return_error_details => true)) as a;
-- row: [null]

select ai_null_if_error(ai_classify('x', ['a', 'b'], return_error_details => true)):labels[0]::string as a;
-- row: ["a"]

select ai_throw_if_error(ai_classify('x', ['a', 'b'], return_error_details => true)):labels[0]::string as a;
-- row: ["a"]

select ai_throw_if_error(ai_classify('#error: no luck', ['a', 'b'], return_error_details => true)) as a;
-- error: 100351 P0000 Request failed for external function AI_CLASSIFY$V2 with remote service error: 400 '"no luck"'

alter session set ai_sql_error_handling_use_fail_on_error = true;

select ai_classify('#error: no luck', ['a', 'b']) as a;
-- error: 100351 P0000 Request failed for external function AI_CLASSIFY$V2 with remote service error: 400 '"no luck"'

select ai_classify('#error: no luck', ['a', 'b'], return_error_details => true) as a;
-- row: ["~[{]\"value\":null,.*"]

alter session unset ai_sql_error_handling_use_fail_on_error;

select snowflake.cortex.classify_text('#error: no luck', ['a', 'b']) as a;
-- error: 100351 P0000 Request failed for external function CLASSIFY_TEXT$V2 with remote service error: 400 '"no luck"'

select ai_classify(body, ['a']) from texts;
-- error: 001015 22023 invalid categories: an array of 2 to 100 categories is needed, found 1

select ai_classify(body, ['a', 'a']) from texts;
-- error: 001015 22023 invalid categories: 'a' is there twice

select ai_classify(body, ['a', 'b'], {'mode': 'multi'}) from texts;
-- error: 100351 P0000 invalid options object: unknown option 'mode'

select ai_classify(body, ['a', 'b'], {'output_mode': 'all'}) from texts;
-- error: 100351 P0000 invalid options object: 'output_mode' is 'all'

select ai_classify(body, ['a', 'b'], null) from texts;
-- error: 001015 22023 invalid config: NULL is given

select ai_classify(body, ['a', 'b'], {'model': 'nope'}) from texts;
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

select ai_classify(body) from texts;
-- error: 001015 22023 *

select ai_classify_prompt('x', ['a', 'b']) as p;
-- row: ["Which category does the text belong to?\n\nCategories:\n- a\n- b\n\nText:\nx\n\nCategory:"]
-- usage: distinct=0
