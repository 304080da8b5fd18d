-- COMPLETE and its family, answered by echo: the prompt is the answer, a line `#error: text` fails the row.

-- https://docs.snowflake.com/en/sql-reference/functions/complete-snowflake-cortex
select snowflake.cortex.complete('echo', 'hello') as said;
-- columns: SAID VARCHAR(16777216)
-- row: ["hello"]
-- usage: rows=1 distinct=1 cached=0 failed=0

select snowflake.cortex.complete('echo', 'hello') as again;
-- row: ["hello"]
-- usage: distinct=1 cached=1

select snowflake.cortex.complete('echo', null) as nothing;
-- row: [null]
-- usage: distinct=0

select snowflake.cortex.complete('nope', 'x');
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \"nope\""'

create table t (id int, x varchar);

insert into t values (1, 'a'), (2, 'b'), (3, 'a'), (4, null);
-- row: [4]

select id, snowflake.cortex.complete('echo', x) as said from t order by id;
-- row: [1, "a"]
-- row: [2, "b"]
-- row: [3, "a"]
-- row: [4, null]
-- usage: rows=4 distinct=2

create table f as select column1 as id, column2 as x from values (1, 'fine'), (2, '#error: no luck'), (3, '#error: none either');

select id, snowflake.cortex.complete('echo', x) as said from f;
-- error: 100351 P0000 Request failed for external function COMPLETE$V2 with remote service error: 400 '"

select id, snowflake.cortex.try_complete('echo', x) as said from f order by id;
-- row: [1, "fine"]
-- row: [2, null]
-- row: [3, null]
-- usage: distinct=3 cached=1 failed=2

select id, ai_complete('echo', x) as said from f order by id;
-- row: [1, "fine"]
-- row: [2, null]
-- row: [3, null]

select ai_complete(model => 'echo', prompt => x, return_error_details => true) as said from f order by id;
-- row: ["{\"value\":\"fine\",\"error\":null}"]
-- row: ["~[{]\"value\":null,\"error\":\".*no luck.*"]
-- row: ["~[{]\"value\":null,\"error\":\".*none either.*"]

select snowflake.cortex.complete('echo', [{'role': 'user', 'content': 'two words'}], {}) as said;
-- row: ["~[{]\"choices\":\\[[{]\"messages\":\"two words\"[}]\\],\"created\":\\d+,\"model\":\"echo\",\"usage\":[{]\"completion_tokens\":2,\"prompt_tokens\":2,\"total_tokens\":4[}][}]"]

select snowflake.cortex.complete('echo', [{'role': 'user', 'content': 'x'}], {'temperature': 2});
-- error: 100351 P0000 invalid options object: 'temperature' is 2

select snowflake.cortex.complete('echo', [{'role': 'user', 'content': 'x'}], {'guardrails': true});
-- error: 100351 P0000 guardrails: no guard model is set

select ai_complete('echo', prompt('{0} and {1}', 'one', 'two')) as said;
-- row: ["one and two"]

select snowflake.cortex.count_tokens('echo', 'three little words') as n;
-- columns: N NUMBER(18,0)
-- row: [3]

select count(*) as n from t where snowflake.cortex.complete('echo', x) = 'a';
-- row: [2]

update t set x = snowflake.cortex.complete('echo', concat(x, x)) where id = 2;
-- row: [1, 0]

select x from t where id = 2;
-- row: ["bb"]

explain select snowflake.cortex.complete('echo', 'never asked') from t;

alter session set use_cached_result = false;

select snowflake.cortex.complete('echo', 'hello') as said;
-- usage: distinct=1 cached=0

select snowflake.cortex.finetune('CREATE');
-- error: 001015 22023

select snowflake.cortex.finetune('DESCRIBE', 'no such job');
-- error: 100352 P0000

select snowflake.cortex.finetune('SHOW') as jobs;
-- row: ["[]"]
