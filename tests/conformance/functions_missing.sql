-- Functions that are not there yet: each says so by its name, before a row is read.

select to_file('@files', 'a.pdf');
-- error: 000002 0A000 TO_FILE is not supported

select to_file('@files/a.pdf');
-- error: 000002 0A000 TO_FILE is not supported

select snowflake.cortex.parse_document('@files', 'a.pdf', {'mode': 'LAYOUT'});
-- error: 000002 0A000 PARSE_DOCUMENT is not supported

select ai_parse_document(to_file('@files', 'a.pdf'));
-- error: 000002 0A000 TO_FILE is not supported

select ai_parse_document('a.pdf', {'mode': 'OCR'});
-- error: 000002 0A000 AI_PARSE_DOCUMENT is not supported

select ai_transcribe('a.wav');
-- error: 000002 0A000 AI_TRANSCRIBE is not supported

select ai_multi_embed('model', 'x');
-- error: 000002 0A000 AI_MULTI_EMBED is not supported

select snowflake.cortex.search_preview('service', '{}');
-- error: 000002 0A000 SEARCH_PREVIEW is not supported
