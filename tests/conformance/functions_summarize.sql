-- SUMMARIZE, AI_SUMMARIZE, AI_SUMMARIZE_AGG and AI_AGG, answered by echo: the prompt, or what `#answer:` in a text says.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_summarize_agg
select snowflake.cortex.summarize('#answer: short') as a, snowflake.cortex.summarize(null) as b;
-- columns: A VARCHAR(16777216), B VARCHAR(16777216)
-- row: ["short", null]

select ai_summarize('as it is') as a;
-- row: ["as it is"]
-- usage: distinct=0

select ai_summarize(concat('#answer: short\n', repeat('x', 110))) as a, ai_summarize(concat('#error: no luck\n', repeat('x', 110))) as b;
-- row: ["short", null]

select snowflake.cortex.summarize(concat('#error: no luck\n', repeat('x', 110)));
-- error: 100351 P0000 Request failed for external function SUMMARIZE$V2 with remote service error: 400 '"no luck"'

create table reviews as select column1 as product, column2 as review from values (1, 'b'), (1, 'a'), (2, 'c'), (2, null), (3, null);

select product, ai_agg(review, 'Name the best.') as a from reviews group by product order by product;
-- columns: PRODUCT NUMBER(1,0), A VARCHAR(16777216)
-- row: [1, "Name the best.\n\nDo this for the texts below; lines of three dashes divide them.\n\nTexts:\na\n---\nb\n\nAnswer:"]
-- row: [2, "Name the best.\n\nDo this for the texts below; lines of three dashes divide them.\n\nTexts:\nc\n\nAnswer:"]
-- row: [3, null]
-- usage: distinct=2

select ai_agg(review, 'Name the best.') as all_of_them from (select * from reviews order by review desc);
-- row: ["Name the best.\n\nDo this for the texts below; lines of three dashes divide them.\n\nTexts:\na\n---\nb\n---\nc\n\nAnswer:"]

select ai_agg(review, 'Name the best.') as all_of_them from (select * from reviews order by review);
-- usage: distinct=1 cached=1

select ai_agg('apple', '#answer: one constant') as a;
-- row: ["one constant"]

select product, count(*) as n, ai_summarize_agg(review) as a from reviews where product < 3 group by product having ai_summarize_agg(review) like 'Summarize%' order by product;
-- row: [1, 2, "~Summarize all of the texts together.*Texts:\na\n---\nb\n\nSummary:"]
-- row: [2, 2, "~Summarize all of the texts together.*Texts:\nc\n\nSummary:"]

select ai_agg(review, product::varchar) from reviews;
-- error: * * *

select ai_agg(review, '#error: no luck') from reviews;
-- error: 100351 P0000 Request failed for external function AI_AGG$V2 with remote service error: 400 '"no luck"'

select ai_agg(review) from reviews;
-- error: 001015 22023 *

select ai_summarize(repeat('x', 110)) = repeat('x', 110) as unchanged, ai_summarize('') as empty, ai_summarize(null) as nothing;
-- row: [true, "", null]
-- usage: distinct=0

select ai_summarize(repeat('x', 111)) like 'Summarize%' as asked;
-- row: [true]
-- usage: distinct=1

select snowflake.cortex.ai_summarize(text => concat('#error: no luck\n', repeat('x', 110)), return_error_details => true):error::string as a;
-- row: ["~.*no luck.*"]

select snowflake.cortex.summarize(repeat('word ', 32001));
-- error: 100351 P0000 max tokens of count exceeded: the text of SUMMARIZE has 32001 tokens, its limit is 32000

select ai_summarize_agg('one constant') like 'Summarize%one constant%' as a, snowflake.cortex.ai_summarize_agg(null) as nothing;
-- row: [true, null]

select ai_agg(review, 'x') as nothing, ai_agg(review, null) as no_instruction from reviews where false;
-- row: [null, null]

select ai_summarize_agg('#error: no luck');
-- error: 100351 P0000 Request failed for external function AI_SUMMARIZE_AGG$V2 with remote service error: 400 '"no luck"'

select product, snowflake.cortex.ai_agg(concat('Review: ', review), '#answer: fine') as a from reviews group by all order by product;
-- row: [1, "fine"]
-- row: [2, "fine"]
-- row: [3, null]

select ai_agg(distinct review, 'x') from reviews;
-- error: 000002 0A000 SQL compilation error: error line 1 at position 23\nUnsupported expression: DISTINCT.
