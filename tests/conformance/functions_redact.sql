-- AI_REDACT, answered by echo: what is told by its form, and what `#answer:` in the text names.

-- https://docs.snowflake.com/en/sql-reference/functions/ai_redact
select ai_redact('Write to ann@example.com, card 4111 1111 1111 1111, host 10.0.0.1') as a, ai_redact(null) as b;
-- columns: A VARCHAR(16777216), B VARCHAR(16777216)
-- row: ["Write to [EMAIL], card [PAYMENT_CARD_DATA], host [IP_ADDRESS]", null]

select ai_redact('Ann and Ann\n#answer: [{"category": "NAME", "text": "and Ann"}]', ['NAME']) as a;
-- row: ["Ann [NAME]\n#answer: [{\"category\": \"NAME\", \"text\": \"[NAME]\"}]"]

select ai_redact('ann@example.com', mode => 'detect') as a;
-- columns: A OBJECT
-- row: ["{\"spans\":[{\"category\":\"EMAIL\",\"start\":0,\"end\":15,\"text\":\"ann@example.com\"}]}"]

select ai_redact('ann@example.com', ['NAME'], mode => 'detect') as a, ai_redact('ann@example.com', ['EMAIL'], true, 'redact') as b;
-- row: ["{\"spans\":[]}", "{\"value\":\"[EMAIL]\",\"error\":null}"]

select ai_redact('#error: no luck') as a, ai_redact('#error: no luck', return_error_details => true) as b;
-- row: [null, "~[{]\"value\":null,.*no luck.*"]

select ai_redact('x', ['SHOE_SIZE']);
-- error: 001015 22023 invalid categories: unsupported category 'SHOE_SIZE'

select ai_redact('x', mode => 'hide');
-- error: 001015 22023 invalid mode 'hide': it must be one of redact, detect

select ai_redact('x', null);
-- error: 001015 22023 invalid categories: NULL is given

select snowflake.cortex.ai_redact('ann@example.com, 10.0.0.1', categories => ['email', 'IP_ADDRESS']) as case_does_not_matter;
-- row: ["[EMAIL], [IP_ADDRESS]"]

select ai_redact('ann@example.com', ['EMAIL'], return_error_details => true, mode => 'detect') as a, ai_redact('ann@example.com', mode => 'DETECT'):spans[0]:category::string as b;
-- row: ["{\"value\":{\"spans\":[{\"category\":\"EMAIL\",\"start\":0,\"end\":15,\"text\":\"ann@example.com\"}]},\"error\":null}", "EMAIL"]

select ai_redact('#error: no luck') as a, ai_redact('#error: no luck', return_error_details => true):error::string as b;
-- row: [null, "~.*no luck.*"]

select ai_redact('x', ['NAME', 'EMAIL', 'PHONE_NUMBER', 'DATE_OF_BIRTH', 'GENDER', 'AGE', 'ADDRESS', 'NATIONAL_ID', 'PASSPORT', 'TAX_IDENTIFIER', 'PAYMENT_CARD_DATA', 'DRIVERS_LICENSE', 'IP_ADDRESS']) as all_of_them, ai_redact('') as empty;
-- row: ["x", ""]

select ai_redact('x', []);
-- error: 001015 22023 invalid categories: an array of texts is needed

select ai_redact(repeat('word ', 3073), return_error_details => true):error::string as a;
-- row: ["max tokens of count exceeded: the input of AI_REDACT has 3073 tokens, its limit is 3072"]
