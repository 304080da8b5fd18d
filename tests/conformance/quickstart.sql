-- The statements of the vendor's quickstart "Serverless LLM Fine-tuning" and of its notebook, word for word.

-- https://quickstarts.snowflake.com/guide/finetuning_llm_using_snowflake_cortex_ai/
CREATE or REPLACE file format csvformat
  SKIP_HEADER = 1
  FIELD_OPTIONALLY_ENCLOSED_BY = '"'
  type = 'CSV';
-- columns: status VARCHAR(16777216)
-- row: ["File format CSVFORMAT successfully created."]

CREATE or REPLACE stage support_tickets_data_stage
  file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';
-- row: ["Stage area SUPPORT_TICKETS_DATA_STAGE successfully created."]

CREATE or REPLACE TABLE SUPPORT_TICKETS (
  ticket_id VARCHAR(60),
  customer_name VARCHAR(60),
  customer_email VARCHAR(60),
  service_type VARCHAR(60),
  request VARCHAR,
  contact_preference VARCHAR(60)
)
COMMENT = '{"origin":"sf_sit-is", "name":"aiml_notebooks_fine_tuning", "version":{"major":1, "minor":0}, "attributes":{"is_quickstart":1, "source":"sql"}}';
-- row: ["Table SUPPORT_TICKETS successfully created."]

COPY into SUPPORT_TICKETS
  from @support_tickets_data_stage;
-- columns: file VARCHAR(16777216), status VARCHAR(16777216), rows_parsed NUMBER(19,0), rows_loaded NUMBER(19,0), error_limit NUMBER(19,0), errors_seen NUMBER(19,0), first_error VARCHAR(16777216), first_error_line NUMBER(19,0), first_error_character NUMBER(19,0), first_error_column_name VARCHAR(16777216)
-- row: ["~s3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/.*[.]csv", "LOADED", "*", "*", 1, 0, null, null, null, null]
-- notice: s3://sfquickstarts/ is mapped to the sample data

COPY into SUPPORT_TICKETS
  from @support_tickets_data_stage;
-- columns: status VARCHAR(16777216)
-- row: ["Copy executed with 0 files processed."]

list @support_tickets_data_stage;
-- columns: name VARCHAR(16777216), size NUMBER(19,0), md5 VARCHAR(16777216), last_modified VARCHAR(16777216)
-- notice: s3://sfquickstarts/ is mapped

select count(*) >= 1000, count(distinct ticket_id) = count(*), count(request) = count(*) from support_tickets;
-- row: [true, true, true]

create or replace temporary table few as select * from support_tickets order by ticket_id limit 4;

select ticket_id, request, trim(snowflake.cortex.complete('mistral-large',concat('You are an agent.
',request)),'
') as mistral_large_response
from few;
-- columns: TICKET_ID VARCHAR(60), REQUEST VARCHAR(16777216), MISTRAL_LARGE_RESPONSE VARCHAR(16777216)
-- rows: 4
-- usage: rows=4 distinct=4 cached=0 failed=0

create or replace table support_tickets_finetune as
select ticket_id, concat('You are an agent.', ' ', request) as prompt, trim(snowflake.cortex.complete('mistral-large', 'Roaming fees'), '\n') as mistral_large_response
from few;
-- row: ["Table SUPPORT_TICKETS_FINETUNE successfully created."]

create or replace table support_tickets_train as select * from support_tickets_finetune;

select s.ticket_id, s.customer_name, concat(IFF(s.contact_preference = 'Email', '📩', '📲'), ' ', s.contact_preference) as contact_preference, snowflake.cortex.complete('snowflake-arctic',
        concat('Please write an email.','Here is the customer information: Name: ',customer_name,', Contact preference: ', contact_preference))
        as llm_response from support_tickets as s join support_tickets_train as t on s.ticket_id = t.ticket_id
        where t.mistral_large_response = 'Roaming fees' limit 10;
-- columns: TICKET_ID VARCHAR(60), CUSTOMER_NAME VARCHAR(60), CONTACT_PREFERENCE VARCHAR(62), LLM_RESPONSE VARCHAR(16777216)
-- rows: 4

select mistral_large_response, count(*) as count from support_tickets_train group by mistral_large_response;
-- columns: MISTRAL_LARGE_RESPONSE VARCHAR(16777216), COUNT NUMBER(18,0)
-- row: ["Roaming fees", 4]

select snowflake.cortex.finetune('DESCRIBE', 'CortexFineTuningWorkflow_f4016e33-92ce-45d3-918a-19115c398f10');
-- error: 100352 P0000

select snowflake.cortex.finetune('CREATE', 'my model', 'mistral-7b', 'select 1 as prompt, 2 as completion');
-- error: * *
