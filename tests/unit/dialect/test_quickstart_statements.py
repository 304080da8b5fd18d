"""Every statement of the quickstart document and of its notebook, and what Snowpark sends for the notebook's frames."""

# ruff: noqa: E501, W291 - the statements stand here word for word
from __future__ import annotations

import pytest
from dialect_bench import Database, compiled, query_of, scope_of, table

from sapwood.dialect.compile import split
from sapwood.dialect.stage_statements import (
    CopyInto,
    CreateFileFormat,
    CreateStage,
)
from sapwood.dialect.statements import (
    Command,
    CreateTable,
    Query,
    StagePath,
    Statement,
)
from sapwood.dialect.types import number, text

SETUP = """
CREATE or REPLACE file format csvformat
  SKIP_HEADER = 1
  FIELD_OPTIONALLY_ENCLOSED_BY = '"'
  type = 'CSV';

CREATE or REPLACE stage support_tickets_data_stage
  file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';

CREATE or REPLACE TABLE SUPPORT_TICKETS (
  ticket_id VARCHAR(60),
  customer_name VARCHAR(60),
  customer_email VARCHAR(60),
  service_type VARCHAR(60),
  request VARCHAR,
  contact_preference VARCHAR(60)
)
COMMENT = '{"origin":"sf_sit-is", "name":"aiml_notebooks_fine_tuning", "version":{"major":1, "minor":0}, "attributes":{"is_quickstart":1, "source":"sql"}}';

COPY into SUPPORT_TICKETS
  from @support_tickets_data_stage;
"""

PROMPT = """You are an agent that helps organize requests that come to our support team. 

The request category is the reason why the customer reached out. These are the possible types of request categories:

Roaming fees
Slow data speed
Lost phone
Add new line
Closing account

Try doing it for this request and return only the request category only.
"""


def labelling(model: str, alias: str, columns: str = "ticket_id, request") -> str:
    """Cells 15, 14 and 22: the f-string is not raw, so real line breaks stand in the texts."""
    return f"select {columns}, trim(snowflake.cortex.complete('{model}',concat('{PROMPT}',request)),'\n') as {alias} from support_tickets"


FINETUNE = """select snowflake.cortex.finetune(
'CREATE', 
'CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B', 'mistral-7b', 
'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_train', 
'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_eval'
);"""

DESCRIBE = (
    "select snowflake.cortex.finetune('DESCRIBE', 'CortexFineTuningWorkflow_f4016e33-92ce-45d3-918a-19115c398f10');"
)

APP = """select s.ticket_id, s.customer_name, concat(IFF(s.contact_preference = 'Email', '📩', '📲'), ' ', s.contact_preference) as contact_preference, snowflake.cortex.complete('mistral-large',
        concat('Please write an email or text promoting a new plan.','Here is the customer information: Name: ',customer_name,', Contact preference: ', contact_preference))
        as llm_response from support_tickets as s join support_tickets_train as t on s.ticket_id = t.ticket_id
        where t.mistral_large_response = 'Lost phone' limit 10"""


def test_setup() -> None:
    form, stage, tickets, copy = (compiled(each) for each in split(SETUP))
    assert isinstance(form, CreateFileFormat)
    assert form.options == {"SKIP_HEADER": 1, "FIELD_OPTIONALLY_ENCLOSED_BY": '"', "TYPE": "CSV"}
    assert isinstance(stage, CreateStage)
    assert (stage.url, stage.format_name) == ("s3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/", form.name)
    assert isinstance(tickets, CreateTable)
    assert [(column.name, column.type) for column in tickets.columns] == [
        ("TICKET_ID", text(60)),
        ("CUSTOMER_NAME", text(60)),
        ("CUSTOMER_EMAIL", text(60)),
        ("SERVICE_TYPE", text(60)),
        ("REQUEST", text()),
        ("CONTACT_PREFERENCE", text(60)),
    ]
    assert tickets.comment.startswith('{"origin":"sf_sit-is"')
    assert copy == CopyInto(tickets.name, (), StagePath(stage=stage.name))


def test_labelling(database: Database) -> None:
    sql = labelling("mistral-large", "mistral_large_response")
    query = query_of(sql)
    assert [column.name for column in query.columns] == ["TICKET_ID", "REQUEST", "MISTRAL_LARGE_RESPONSE"]
    (call,) = query.calls
    assert call.constants["model"] == "mistral-large"
    assert database.run(sql)[0] == ("TR1", "I lost my phone.", f"<mistral-large|{PROMPT}I lost my phone.>")


def test_escaped_line_breaks_are_the_same_statement() -> None:
    real = labelling("m", "r")
    assert query_of(real.replace("'\n'", r"'\n'")).sql == query_of(real).sql


def test_two_models_side_by_side(database: Database) -> None:
    """Cell 14: what Snowpark sends for `a.join(b, 'ticket_id')`."""
    large, small = (
        labelling("mistral-large", "mistral_large_response"),
        labelling("mistral-7b", "mistral_7b_response", "ticket_id"),
    )
    sql = f"""
        SELECT  *  FROM (
          SELECT "TICKET_ID" AS "TICKET_ID", "REQUEST" AS "REQUEST", "MISTRAL_LARGE_RESPONSE" AS "MISTRAL_LARGE_RESPONSE",
                 "MISTRAL_7B_RESPONSE" AS "MISTRAL_7B_RESPONSE"
          FROM (( {large} ) AS SNOWPARK_LEFT INNER JOIN ( {small} ) AS SNOWPARK_RIGHT USING (ticket_id))
        ) ORDER BY "TICKET_ID" ASC NULLS FIRST LIMIT 10"""
    query = query_of(sql)
    assert [call.constants["model"] for call in query.calls] == ["mistral-large", "mistral-7b"]
    assert [row[0] for row in database.run(sql)] == ["TR1", "TR2", "TR3"]


def test_the_training_table() -> None:
    """Cell 2: with_column, select, save_as_table."""
    inner = labelling("mistral-large", "mistral_large_response")
    escaped = PROMPT.replace("\n", "\\n")
    sql = f"""CREATE OR REPLACE TABLE support_tickets_finetune AS SELECT * FROM (
        SELECT "TICKET_ID", concat('{escaped}', ' ', "REQUEST") AS "PROMPT", "MISTRAL_LARGE_RESPONSE" FROM ( {inner} ))"""
    made = compiled(sql)
    assert isinstance(made, CreateTable)
    assert made.query is not None
    assert [column.name for column in made.columns] == ["TICKET_ID", "PROMPT", "MISTRAL_LARGE_RESPONSE"]
    assert len(made.query.calls) == 1


def test_random_split(database: Database) -> None:
    """Cell 4: a temporary table with a random column, cut at cumulative weights."""
    cached = compiled(
        """CREATE  SCOPED TEMPORARY TABLE "CORTEX_FINETUNING_DB"."PUBLIC".SNOWPARK_TEMP_TABLE_ABC  AS  SELECT  *  FROM (
        SELECT *, (abs(random(42 :: BIGINT)) % 1000000 :: INT) AS "__SNOWPARK_RANDOM" FROM support_tickets_train)"""
    )
    assert isinstance(cached, CreateTable)
    assert cached.temporary
    assert cached.query is not None
    assert [column.name for column in cached.columns] == [
        "TICKET_ID",
        "PROMPT",
        "MISTRAL_LARGE_RESPONSE",
        "__SNOWPARK_RANDOM",
    ]
    made = table("SNOWPARK_TEMP_TABLE_ABC", *((column.name, column.type) for column in cached.columns))
    database.connection.execute(f"CREATE TABLE {made.source} AS {cached.query.sql}")
    parts = [
        f"""SELECT "TICKET_ID", "PROMPT" FROM "SNOWPARK_TEMP_TABLE_ABC" WHERE (("__SNOWPARK_RANDOM" >= {low} :: INT)
        AND ("__SNOWPARK_RANDOM" < {high} :: INT))"""
        for low, high in ((0, 800000), (800000, 1000000))
    ]
    rows = [row for part in parts for row in database.run(part, scope_of(made))]
    assert sorted(row[0] for row in rows) == ["TR1", "TR2"]


def test_finetune() -> None:
    query = query_of(FINETUNE)
    (command,) = query.commands
    assert command == Command(
        "FINETUNE",
        command.placeholder,
        command.sql,
        ("command", "name", "base_model", "training_data", "validation_data"),
    )
    assert isinstance(compiled(DESCRIBE), Query)


def test_requests_per_category(database: Database) -> None:
    """Cell 25: group_by(...).agg(F.count('*').as_('COUNT'))."""
    inner = labelling("SUPPORT_TICKETS_FINETUNED_MISTRAL_7B", "fine_tuned_mistral_7b_model_response")
    sql = f"""SELECT "FINE_TUNED_MISTRAL_7B_MODEL_RESPONSE", count('*') AS "COUNT" FROM ( {inner} )
        GROUP BY "FINE_TUNED_MISTRAL_7B_MODEL_RESPONSE\""""
    query = query_of(sql)
    assert [(column.name, column.type) for column in query.columns] == [
        ("FINE_TUNED_MISTRAL_7B_MODEL_RESPONSE", text()),
        ("COUNT", number(18, 0)),
    ]
    assert len(database.run(sql)) == 3


def test_the_app_reads_the_tables_column_and_not_its_alias(database: Database) -> None:
    assert database.run(APP) == [
        (
            "TR1",
            "Ann",
            "📩 Email",
            "<mistral-large|Please write an email or text promoting a new plan."
            "Here is the customer information: Name: Ann, Contact preference: Email>",
        )
    ]


ENVIRONMENT = """
use role accountadmin;
create or replace database cortex_finetuning_db;
create or replace schema cortex_finetuning_db.public;
use database cortex_finetuning_db;
use cortex_finetuning_db.public;
create or replace warehouse wh_s with warehouse_size = 'SMALL' auto_suspend = 60 auto_resume = true;
use warehouse wh_s;
grant create model on schema public to role sysadmin;
alter account set cortex_enabled_cross_region = 'ANY_REGION';
alter session set query_tag = '{"origin":"sf_sit-is"}';
set job_id = 'ft_1';
show models;
show tables like 'SUPPORT%';
list @support_tickets_data_stage;
"""


@pytest.mark.parametrize("sql", split(ENVIRONMENT))
def test_statements_around_it(sql: str) -> None:
    assert isinstance(compiled(sql), Statement)


SNOWPARK = [
    "SELECT  *  FROM support_tickets LIMIT 10",
    "SELECT  *  FROM (support_tickets)",
    'SELECT "TICKET_ID" FROM ( SELECT  *  FROM support_tickets) WHERE ("TICKET_ID" = \'TR1\')',
    'SELECT count(1) AS "COUNT" FROM ( SELECT  *  FROM support_tickets) LIMIT 1',
    "select current_database(), current_schema(), current_warehouse(), current_role()",
    'SELECT "A", "B" FROM (SELECT $1 AS "A", $2 AS "B" FROM VALUES (1 :: INT, \'a\' :: STRING), (NULL :: INT, NULL :: STRING))',
    'SELECT  *  FROM support_tickets ORDER BY "TICKET_ID" DESC NULLS LAST LIMIT 1 OFFSET 1',
    'SELECT  *  FROM (( SELECT "TICKET_ID" FROM support_tickets) UNION ALL ( SELECT "TICKET_ID" FROM support_tickets))',
    'SELECT "SERVICE_TYPE", count(DISTINCT "TICKET_ID") AS "N" FROM ( SELECT  *  FROM support_tickets) GROUP BY "SERVICE_TYPE"',
]


@pytest.mark.parametrize("sql", SNOWPARK)
def test_what_snowpark_sends(database: Database, sql: str) -> None:
    assert database.run(sql)
