-- EXTRACT_ANSWER and AI_EXTRACT, answered by echo: the smallest answer that fits, or what `#answer:` in the text says.

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
