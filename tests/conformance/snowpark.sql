-- What Snowpark 1.56 sends, as its SQL generator writes it.

CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_STAGE_A;
-- row: ["Stage area SNOWPARK_TEMP_STAGE_A successfully created."]

CREATE SCOPED TEMPORARY STAGE IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_STAGE_A;
-- row: ["SNOWPARK_TEMP_STAGE_A already exists, statement succeeded."]

create temp stage snowpark_temp_stage_a;
-- error: 002002 42710 SQL compilation error:\nObject 'CORTEX_FINETUNING_DB.PUBLIC.SNOWPARK_TEMP_STAGE_A' already exists.

show stages like 'snowpark_temp%';
-- rows: 1

drop stage snowpark_temp_stage_a;
-- row: ["SNOWPARK_TEMP_STAGE_A successfully dropped."]

list @snowpark_temp_stage_a;
-- error: 002003 02000 SQL compilation error:\nStage 'CORTEX_FINETUNING_DB.PUBLIC.SNOWPARK_TEMP_STAGE_A' does not exist or not authorized.

create stage both;

create temp stage both;

show stages like 'both';
-- rows: 1

drop stage both;

show stages like 'both';
-- rows: 1

CREATE SCOPED TEMPORARY FILE FORMAT IF NOT EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_FILE_FORMAT_A TYPE = CSV PARSE_HEADER = False;

show file formats like 'snowpark_temp%';
-- rows: 1

DROP FILE FORMAT IF EXISTS "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_FILE_FORMAT_A;
-- row: ["SNOWPARK_TEMP_FILE_FORMAT_A successfully dropped."]
