-- EXTRACT_ANSWER and AI_EXTRACT, answered by echo: the smallest answer that fits, or what `#answer:` in the text says.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_extract
select snowflake.cortex.extract_answer('#answer: Bern', 'Where does Ann live?') as a;
-- columns: A ARRAY
-- row: ["[{\"answer\":\"Bern\",\"score\":1.0}]"]

select snowflake.cortex.extract_answer('#answer: Bern', 'Where?')[0]:answer::string as a, snowflake.cortex.extract_answer(null, 'x') as b;
-- row: ["Bern", null]

select snowflake.cortex.extract_answer('x', repeat('why ', 65));
-- error: 100351 P0000 max tokens of count exceeded: the question of EXTRACT_ANSWER has

select snowflake.cortex.extract_answer(repeat('word ', 2049), 'why');
-- error: 100351 P0000 max tokens of count exceeded: the document of EXTRACT_ANSWER has

select ai_extract('#answer: {"name": "Ann", "town": "Bern"}', {'name': 'Who?', 'town': 'Where?'}) as a;
-- columns: A OBJECT
-- row: ["{\"error\":null,\"response\":{\"name\":\"Ann\",\"town\":\"Bern\"}}"]

select ai_extract('#answer: {"name": "Ann", "town": null}', [['name', 'Who?'], ['town', 'Where?']]):response:name::string as a;
-- row: ["Ann"]

select ai_extract('x', ['name: Who?', 'town: Where?']) as a, ai_extract('x', ['Who is it?']) as b;
-- row: ["{\"error\":null,\"response\":{\"name\":\"\",\"town\":\"\"}}", "{\"error\":null,\"response\":{\"Who is it?\":\"\"}}"]

select ai_extract('#answer: {"languages": ["Python", "Java"]}', [['languages', 'List: Which languages?']]):response:languages[1]::string as a;
-- row: ["Java"]

select ai_extract(text => 'x', responseFormat => {'schema': {'type': 'object', 'properties': {'name': {'type': 'string', 'description': 'Who?'}, 'skills': {'type': 'array'}, 'pay': {'type': 'object', 'description': 'Pay by year', 'column_ordering': ['year', 'sum'], 'properties': {'sum': {'type': 'array'}, 'year': {'type': 'array', 'description': 'Which year?'}}}}}}) as a;
-- row: ["{\"error\":null,\"response\":{\"name\":\"\",\"skills\":[],\"pay\":{\"year\":[],\"sum\":[]}}}"]

select ai_extract('#error: no luck', ['x']) as a, ai_extract(null, ['x']) as b;
-- row: ["~[{]\"error\":\".*no luck.*\",\"response\":null[}]", null]

select ai_extract(text => 'x', responseFormat => ['y'], model => 'echo', scores => false):error::string as a;
-- row: [null]

select ai_extract(text => '#answer: {"a": "b"}', responseFormat => {'a': 'x', 'c': 'y'}, scores => true) as a;
-- row: ["{\"error\":null,\"response\":{\"a\":\"b\",\"c\":\"\"},\"scoring\":{\"scores\":{\"a\":{\"score\":1.0},\"c\":{\"score\":1.0}}}}"]
-- usage: distinct=2

select ai_extract(file => 'x', text => 'y', responseFormat => ['y']);
-- error: 000002 0A000 AI_EXTRACT of a FILE is not supported

select ai_extract(to_file('@files/a.pdf'), ['y']);
-- error: 000002 0A000 TO_FILE is not supported

select ai_extract('x', {});
-- error: 001015 22023 invalid responseFormat: an object or array of questions is needed

select ai_extract('x', [['a', 'b'], ['a', 'c']]);
-- error: 001015 22023 invalid responseFormat: 'a' is asked twice

select ai_extract('x', {'schema': {'type': 'object', 'properties': {'n': {'type': 'number'}}}});
-- error: 001015 22023 invalid responseFormat: the type of 'n' is 'number'

select ai_extract(text => 'x', responseFormat => ['y'], model => 'nope');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

select ai_extract(text => 'x', responseFormat => [['a', 'What?']], scores => true):scoring:scores:a:score::float as a, snowflake.cortex.ai_extract('x', ['y']):error as b;
-- row: [1.0, "null"]

select ai_extract(text => 'x', responseFormat => ['y'], config => {'scale_factor': 2});
-- error: 000002 0A000 AI_EXTRACT's config is for FILE inputs, which are not supported

select ai_extract('x', [['a']]);
-- error: 001015 22023 invalid responseFormat: an element of the array is neither a text nor a pair of texts

select ai_extract('x', {'a': 7});
-- error: 001015 22023 invalid responseFormat: names and questions must be texts

select ai_extract('x', {'schema': {'type': 'array'}});
-- error: 001015 22023 invalid responseFormat: 'schema' must stand alone, be of type object and have properties

select ai_extract('x', {'schema': {'type': 'object', 'properties': {'t': {'type': 'object'}}}});
-- error: 001015 22023 invalid responseFormat: the table 't' has no properties

select ai_extract('x', {'schema': {'type': 'object', 'properties': {'t': {'type': 'object', 'column_ordering': ['a'], 'properties': {'a': {'type': 'array'}, 'b': {'type': 'array'}}}}}});
-- error: 001015 22023 invalid responseFormat: column_ordering of the table 't' must name each of its properties once

select ai_extract('x', {'schema': {'type': 'object', 'properties': {'t': {'type': 'object', 'properties': {'a': {'type': 'string'}}}}}});
-- error: 001015 22023 invalid responseFormat: the columns of the table 't' must be of type array

select ai_extract('x', ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8', 'q9', 'q10', 'q11', 'q12', 'q13', 'q14', 'q15', 'q16', 'q17', 'q18', 'q19', 'q20', 'q21', 'q22', 'q23', 'q24', 'q25', 'q26', 'q27', 'q28', 'q29', 'q30', 'q31', 'q32', 'q33', 'q34', 'q35', 'q36', 'q37', 'q38', 'q39', 'q40', 'q41', 'q42', 'q43', 'q44', 'q45', 'q46', 'q47', 'q48', 'q49', 'q50', 'q51', 'q52', 'q53', 'q54', 'q55', 'q56', 'q57', 'q58', 'q59', 'q60', 'q61', 'q62', 'q63', 'q64', 'q65', 'q66', 'q67', 'q68', 'q69', 'q70', 'q71', 'q72', 'q73', 'q74', 'q75', 'q76', 'q77', 'q78', 'q79', 'q80', 'q81', 'q82', 'q83', 'q84', 'q85', 'q86', 'q87', 'q88', 'q89', 'q90', 'q91', 'q92', 'q93', 'q94', 'q95', 'q96', 'q97', 'q98', 'q99', 'q100']);
-- error: 001015 22023 invalid responseFormat: 101 questions are asked (a table counts as 10), at most 100 may be

select array_size(object_keys(ai_extract('x', ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8', 'q9', 'q10', 'q11', 'q12', 'q13', 'q14', 'q15', 'q16', 'q17', 'q18', 'q19', 'q20', 'q21', 'q22', 'q23', 'q24', 'q25', 'q26', 'q27', 'q28', 'q29', 'q30', 'q31', 'q32', 'q33', 'q34', 'q35', 'q36', 'q37', 'q38', 'q39', 'q40', 'q41', 'q42', 'q43', 'q44', 'q45', 'q46', 'q47', 'q48', 'q49', 'q50', 'q51', 'q52', 'q53', 'q54', 'q55', 'q56', 'q57', 'q58', 'q59', 'q60', 'q61', 'q62', 'q63', 'q64', 'q65', 'q66', 'q67', 'q68', 'q69', 'q70', 'q71', 'q72', 'q73', 'q74', 'q75', 'q76', 'q77', 'q78', 'q79', 'q80', 'q81', 'q82', 'q83', 'q84', 'q85', 'q86', 'q87', 'q88', 'q89', 'q90', 'q91', 'q92', 'q93', 'q94', 'q95', 'q96', 'q97', 'q98', 'q99']):response)) as a_hundred;
-- row: [100]

select ai_extract('x', parse_json(column1)):error::string as of_a_row from values ('["y"]'), ('[]') order by 1;
-- row: ["invalid responseFormat: an object or array of questions is needed"]
-- row: [null]

select snowflake.cortex.extract_answer(null, 'Where?') as a, snowflake.cortex.extract_answer('x', null) as b, snowflake.cortex.extract_answer({'town': 'Bern'}, 'Where?')[0]:score::float as c;
-- row: [null, null, 1.0]

select snowflake.cortex.extract_answer('#error: no luck', 'Where?');
-- error: 100351 P0000 Request failed for external function EXTRACT_ANSWER$V2 with remote service error: 400 '"no luck"'

-- A model below the floor of a function is told of, and what is NULL asks none.
select ai_extract(text => null, responseFormat => ['x'], model => 'smollm2-135m-instruct') as nothing;
-- row: [null]
-- notice: AI_EXTRACT: smollm2-135m-instruct has 0.13 billion parameters; below 1.5 its answers are often wrong.
