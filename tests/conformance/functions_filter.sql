-- AI_FILTER, answered by echo: FALSE, or what `#answer:` in the predicate says.

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
