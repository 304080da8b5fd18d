-- Functions that are not there yet: each says so by its name, before a row is read.

-- https://docs.snowflake.com/en/user-guide/snowflake-cortex/aisql
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

select ai_parse_document('a.pdf', {'mode': 'LAYOUT', 'page_split': true}, return_error_details => true);
-- error: 000002 0A000 AI_PARSE_DOCUMENT is not supported

select ai_transcribe(file => 'a.wav', options => {'timestamp_granularity': 'word'}, return_error_details => true);
-- error: 000002 0A000 AI_TRANSCRIBE is not supported

select ai_complete('echo', 'What is it?', to_file('@pictures/dog.jpg'));
-- error: 000002 0A000 TO_FILE is not supported

select ai_complete(model => 'echo', predicate => 'What is it?', file => to_file('@pictures/dog.jpg'), show_details => true);
-- error: 000002 0A000 TO_FILE is not supported

select ai_complete('echo', prompt('What is {0}?', to_file('@pictures/dog.jpg')));
-- error: 000002 0A000 TO_FILE is not supported

select ai_classify(to_file('@pictures/dog.jpg'), ['dog', 'cat']);
-- error: 000002 0A000 TO_FILE is not supported

select ai_summarize(to_file('@files', 'a.pdf'));
-- error: 000002 0A000 TO_FILE is not supported

select ai_embed('voyage-multimodal-3', to_file('@pictures/dog.jpg'));
-- error: 000002 0A000 TO_FILE is not supported

select ai_similarity(to_file('@pictures/dog.jpg'), to_file('@pictures/cat.jpg'));
-- error: 000002 0A000 TO_FILE is not supported

create table pictures (picture file);
-- error: 000002 0A000 SQL compilation error:\nUnsupported data type 'FILE'.
