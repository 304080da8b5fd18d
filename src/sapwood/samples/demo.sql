-- The tables of the fine-tuning quickstart: what `sapwood serve --demo` loads. Statements that ran before do nothing.
CREATE DATABASE IF NOT EXISTS CORTEX_FINETUNING_DB;
USE SCHEMA CORTEX_FINETUNING_DB.PUBLIC;
CREATE FILE FORMAT IF NOT EXISTS csvformat SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"' TYPE = 'CSV';
CREATE STAGE IF NOT EXISTS support_tickets_data_stage FILE_FORMAT = csvformat
  URL = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';
CREATE TABLE IF NOT EXISTS support_tickets (
  ticket_id VARCHAR(60), customer_name VARCHAR(60), customer_email VARCHAR(60), service_type VARCHAR(60),
  request VARCHAR, contact_preference VARCHAR(60)) COMMENT = 'Sample tickets of the fine-tuning quickstart';
COPY INTO support_tickets FROM @support_tickets_data_stage;
