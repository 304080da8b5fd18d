-- AI_FILTER, answered by echo: FALSE, or what `#answer:` in the predicate says.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_filter
select ai_filter('Is Canada in North America?') as a, ai_filter('#answer: true') as b;
-- columns: A BOOLEAN, B BOOLEAN
-- row: [false, true]

select ai_filter(null) as a, ai_filter(prompt('Is {0} in Asia?', null)) as b;
-- row: [null, null]
-- usage: distinct=0

create table countries as select column1 as name, column2 as hint from values ('Korea', '#answer: true'), ('Switzerland', '#answer: false'), ('Japan', '#answer: true');

select name from countries where ai_filter(prompt('Is {0} in Asia?\n{1}', name, hint)) order by name;
-- row: ["Japan"]
-- row: ["Korea"]

create table sides as select column1 as side, column2 as hint from values ('left', '#answer: true'), ('right', '#answer: false'), ('left', '#answer: true');

select count(*) as pairs from countries a join sides b on ai_filter(prompt('Is {0} on the {1}?\n{2}', a.name, b.side, b.hint));
-- row: [6]
-- usage: distinct=6

select ai_filter('x', {'model': 'echo'}) as a;
-- row: [false]

select ai_filter('#error: no luck') as a, ai_filter('#error: no luck', true) as b;
-- columns: A BOOLEAN, B OBJECT
-- row: [null, "~[{]\"value\":null,\"error\":\".*no luck.*"]

select ai_filter('#answer: true', return_error_details => true) as a;
-- row: ["{\"value\":true,\"error\":null}"]

select ai_filter('x', {'temperature': 1});
-- error: 100351 P0000 invalid options object: AI_FILTER's configuration has 'model' and nothing else

select ai_filter('is it a dog?', to_file('@pictures/dog.jpg'));
-- error: 000002 0A000 TO_FILE is not supported

select ai_filter(predicate => '#answer: true', config => {'model': 'echo'}, return_error_details => true) as a, snowflake.cortex.ai_filter('x') as b;
-- row: ["{\"value\":true,\"error\":null}", false]

select ai_filter('x', {'model': 'nope'});
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

select ai_filter('x', {'model': 7});
-- error: 100351 P0000 invalid options object: 'model' is 7, and must be a model's name

select name from countries where not ai_filter(hint) order by name;
-- row: ["Switzerland"]

select a.name, b.side from countries a left join sides b on ai_filter(prompt('Is {0} on the {1}?\n{2}', a.name, b.side, a.hint)) and b.side = 'right' order by 1;
-- row: ["Japan", "right"]
-- row: ["Korea", "right"]
-- row: ["Switzerland", null]

alter session set ai_sql_error_handling_use_fail_on_error = true;

select ai_filter('#error: no luck');
-- error: 100351 P0000 Request failed for external function AI_FILTER$V2 with remote service error: 400 '"no luck"'

alter session unset ai_sql_error_handling_use_fail_on_error;

-- A model below the floor of a function is told of, and what is NULL asks none.
select ai_filter(null, {'model': 'smollm2-135m-instruct'}) as nothing;
-- row: [null]
-- notice: AI_FILTER: smollm2-135m-instruct has 0.13 billion parameters; below 1.5 its answers are often wrong.
-- usage: distinct=0
