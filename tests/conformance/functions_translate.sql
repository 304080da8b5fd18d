-- TRANSLATE and AI_TRANSLATE, answered by echo: the prompt, or what `#answer:` in the text says.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_translate
select snowflake.cortex.translate('#answer: good morning', 'de', 'en') as a, snowflake.cortex.translate('#answer: hi', '', 'en') as b;
-- columns: A VARCHAR(16777216), B VARCHAR(16777216)
-- row: ["good morning", "hi"]

select snowflake.cortex.translate('guten tag', 'de_DE', 'en_XX') as a;
-- row: ["Translate the text from German to English. Give only the translation.\n\nText:\nguten tag"]

select snowflake.cortex.translate(null, 'de', 'en') as a, snowflake.cortex.translate('', 'de', 'en') as b;
-- row: [null, ""]
-- usage: distinct=0

select snowflake.cortex.translate('x', 'tr', 'en');
-- error: 001015 22023 Invalid language "tr"

select snowflake.cortex.translate('#error: no luck', 'de', 'en');
-- error: 100351 P0000 Request failed for external function TRANSLATE$V2 with remote service error: 400 '"no luck"'

select ai_translate('#answer: merhaba', 'en', 'tr') as a, ai_translate('#error: no luck', 'en', 'tr') as b;
-- row: ["merhaba", null]

select ai_translate('x', 'en', 'xx');
-- error: 001015 22023 Invalid language "xx"

select ai_translate('x', 'en', column1, true):error::string as a from values ('xx'), ('de') order by 1;
-- row: ["Invalid language \"xx\""]
-- row: [null]

select snowflake.cortex.translate('x', 'en', '');
-- error: 001015 22023 Invalid language ""

select ai_translate(text => '#answer: hei', source_language => 'en', target_language => 'no', return_error_details => true) as a, ai_translate('x', 'de', null) as b, snowflake.cortex.ai_translate('#answer: hi', '', 'en') as c;
-- row: ["{\"value\":\"hei\",\"error\":null}", null, "hi"]

select ai_translate('x', 'en', 'DE') = ai_translate('x', 'en_US', 'de-CH') as regions_are_passed_over;
-- row: [true]
-- usage: distinct=1

select count(*) as n from values ('ar'), ('hr'), ('cs'), ('fi'), ('el'), ('he'), ('no'), ('ro'), ('tr'), ('zh'), ('nl'), ('en'), ('fr'), ('de'), ('hi'), ('it'), ('ja'), ('ko'), ('pl'), ('pt'), ('ru'), ('es'), ('sv') as v (code) where ai_translate('x', code, 'en') is not null;
-- row: [23]

select count(*) as n from values ('zh'), ('nl'), ('en'), ('fr'), ('de'), ('hi'), ('it'), ('ja'), ('ko'), ('pl'), ('pt'), ('ru'), ('es'), ('sv') as v (code) where snowflake.cortex.translate('x', code, 'en') is not null;
-- row: [14]

select snowflake.cortex.translate('x', column1, 'en') from values ('de'), ('xx');
-- error: 001015 22023 Invalid language "xx"

select ai_translate('#error: no luck', 'de', 'en', true):error::string as a;
-- row: ["~.*no luck.*"]
