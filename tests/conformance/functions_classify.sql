-- CLASSIFY_TEXT, AI_CLASSIFY and AI_CLASSIFY_PROMPT, answered by echo: the first label, or the one that `#answer:` in the text names.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_classify
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

select ai_classify('#answer: c99', array_cat(['x'], ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59', 'c60', 'c61', 'c62', 'c63', 'c64', 'c65', 'c66', 'c67', 'c68', 'c69', 'c70', 'c71', 'c72', 'c73', 'c74', 'c75', 'c76', 'c77', 'c78', 'c79', 'c80', 'c81', 'c82', 'c83', 'c84', 'c85', 'c86', 'c87', 'c88', 'c89', 'c90', 'c91', 'c92', 'c93', 'c94', 'c95', 'c96', 'c97', 'c98', 'c99'])):labels[0]::string as a_hundred;
-- row: ["c99"]

select ai_classify(body, ['one more', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59', 'c60', 'c61', 'c62', 'c63', 'c64', 'c65', 'c66', 'c67', 'c68', 'c69', 'c70', 'c71', 'c72', 'c73', 'c74', 'c75', 'c76', 'c77', 'c78', 'c79', 'c80', 'c81', 'c82', 'c83', 'c84', 'c85', 'c86', 'c87', 'c88', 'c89', 'c90', 'c91', 'c92', 'c93', 'c94', 'c95', 'c96', 'c97', 'c98', 'c99']) from texts;
-- error: 001015 22023 invalid categories: an array of 2 to 100 categories is needed, found 101

select snowflake.cortex.classify_text(body, ['one more', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19', 'c20', 'c21', 'c22', 'c23', 'c24', 'c25', 'c26', 'c27', 'c28', 'c29', 'c30', 'c31', 'c32', 'c33', 'c34', 'c35', 'c36', 'c37', 'c38', 'c39', 'c40', 'c41', 'c42', 'c43', 'c44', 'c45', 'c46', 'c47', 'c48', 'c49', 'c50', 'c51', 'c52', 'c53', 'c54', 'c55', 'c56', 'c57', 'c58', 'c59', 'c60', 'c61', 'c62', 'c63', 'c64', 'c65', 'c66', 'c67', 'c68', 'c69', 'c70', 'c71', 'c72', 'c73', 'c74', 'c75', 'c76', 'c77', 'c78', 'c79', 'c80', 'c81', 'c82', 'c83', 'c84', 'c85', 'c86', 'c87', 'c88', 'c89', 'c90', 'c91', 'c92', 'c93', 'c94', 'c95', 'c96', 'c97', 'c98', 'c99']) from texts;
-- error: 001015 22023 invalid categories: an array of 2 to 100 categories is needed, found 101

select ai_classify('#answer: travel', ['Travel', 'travel']):labels[0]::string as case_matters;
-- row: ["travel"]

select ai_classify(body, ['a', {'label': 'b'}]) from texts;
-- error: 001015 22023 invalid categories: they must be all texts, or all objects with a 'label'

select ai_classify(body, [{'label': 'a'}, {'name': 'b'}]) from texts;
-- error: 001015 22023 invalid categories: a category object has a 'label'

select ai_classify(body, ['a', '']) from texts;
-- error: 001015 22023 invalid categories: a category is empty

select ai_classify(body, [{'label': 'a', 'examples': ['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8', 'e9', 'e10', 'e11', 'e12', 'e13', 'e14', 'e15', 'e16', 'e17', 'e18', 'e19', 'e20']}, {'label': 'b'}]) from texts;
-- error: 001015 22023 invalid categories: 'a' has more than 20 examples

select ai_classify(body, ['a', 'b'], {'task_description': 7}) from texts;
-- error: 100351 P0000 invalid options object: 'task_description' must be a text

select ai_classify(body, ['a', 'b'], {'examples': 7}) from texts;
-- error: 100351 P0000 invalid options object: 'examples' must be an array of objects

select ai_classify(body, ['a', 'b'], {'examples': [{'input': 'x'}]}) from texts;
-- error: 100351 P0000 invalid options object: each of 'examples' needs an 'input' (text) and 'labels' (texts)

select ai_classify(body, ['a', 'b'], {'examples': [{'input': 'x', 'labels': ['c']}]}) from texts;
-- error: 100351 P0000 invalid options object: one of 'examples' has 'c', which is no category

select ai_classify(body, ['a', 'b'], {'output_mode': 'multi', 'scores': true}) from texts;
-- error: 100351 P0000 invalid options object: 'scores' must be TRUE or FALSE, and FALSE with 'multi'

select ai_classify('x', ['a', 'b'], parse_json('{"examples": null}'), return_error_details => true) as of_a_constant;
-- error: 100351 P0000 invalid options object: 'examples' must be an array of objects

select ai_classify('x', ['a', 'b'], parse_json(column1), return_error_details => true):error::string as of_a_row from values ('{"examples": null}');
-- row: ["invalid options object: 'examples' must be an array of objects"]

select ai_classify('#error: no luck', ['a', 'b'], {'task_description': 't'}, true):value as nothing;
-- row: ["null"]

select ai_classify('x', ['a', 'b'], return_error_details => false) as plain, ai_classify('x', null) as no_categories;
-- row: ["{\"labels\":[\"a\"]}", null]

select snowflake.cortex.ai_classify('x', ['a', 'b']):labels[0]::string as other_spelling;
-- row: ["a"]

select snowflake.cortex.classify_text('#answer: b', ['a', 'b'], {'scores': true}) as a, snowflake.cortex.classify_text(null, ['a', 'b']) as nothing;
-- row: ["{\"label\":\"b\",\"scores\":{\"a\":0.0,\"b\":1.0}}", null]

select snowflake.cortex.classify_text('x', ['a', 'b'], {'output_mode': 'multi'});
-- error: 100351 P0000 invalid options object: unknown option 'output_mode'

select snowflake.cortex.classify_text('x', ['a', 'b'], null);
-- error: 001015 22023 invalid config: NULL is given

select ai_classify_prompt('x', ['a']) as p;
-- error: 001015 22023 invalid categories: an array of 2 to 100 categories is needed, found 1

select ai_classify_prompt('x', ['a', 'b'], {'mode': 'multi'}) as p;
-- error: 100351 P0000 invalid options object: unknown option 'mode'

select ai_classify('x', categories => ['a', 'b'], nonsense => 1);
-- error: 001015 22023 SQL compilation error: error line 1 at position 7\nunknown argument name nonsense

select ai_classify(input => 'x', ['a', 'b']);
-- error: 001015 22023 SQL compilation error: error line 1 at position 7\npositional arguments must come before named ones

-- A model below the floor of a function is told of, and what is NULL asks none.
select ai_classify(null, ['a', 'b'], {'model': 'smollm2-135m-instruct'}) as nothing;
-- row: [null]
-- notice: AI_CLASSIFY: smollm2-135m-instruct has 0.13 billion parameters; below 1.5 its answers are often wrong.
