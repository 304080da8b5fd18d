# ruff: noqa: E501, W291 - the texts stand here as their source has them
"""The statements against the texts of the vendor's quickstart and notebook, which stand here word for word."""

from __future__ import annotations

import pytest

from sapwood.quickstart import story

PROMPT = """You are an agent that helps organize requests that come to our support team. 

The request category is the reason why the customer reached out. These are the possible types of request categories:

Roaming fees
Slow data speed
Lost phone
Add new line
Closing account

Try doing it for this request and return only the request category only.
"""

SETUP = """CREATE or REPLACE file format csvformat
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
  from @support_tickets_data_stage;"""

FINETUNE = """select snowflake.cortex.finetune(
'CREATE', 
'CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B', 'mistral-7b', 
'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_train', 
'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_eval'
);"""

MAIL = """Please write an email or text promoting a new plan that will save customers total costs. If the customer requested to be contacted by text message, write text message response in less than 25 words, otherwise write email response in maximum 100 words."""


def test_the_tickets_are_loaded_by_the_quickstarts_own_statements() -> None:
    assert "\n\n".join(step.sql for step in story.setup()[:4]) == SETUP


def test_the_prompt_is_the_notebooks() -> None:
    assert PROMPT == story.PROMPT
    assert "'" not in PROMPT


def test_labels_are_asked_for_with_the_notebooks_statement() -> None:
    prompt = PROMPT
    expected = f"select ticket_id, request, trim(snowflake.cortex.complete('mistral-large',concat('{prompt}',request)),'\n') as mistral_large_response from support_tickets"
    assert story.label().sql == expected


def test_the_tuned_model_is_asked_with_the_quickstarts_statement() -> None:
    fine_tuned_model_name = "SUPPORT_TICKETS_FINETUNED_MISTRAL_7B"
    prompt = PROMPT
    sql = f"""select ticket_id, request,
trim(snowflake.cortex.complete('{fine_tuned_model_name}',concat('{prompt}',request)),'\n') as fine_tuned_mistral_7b_model_response
from support_tickets"""
    everything, kept, _, held_out = story.tuned(fine_tuned_model_name)
    assert everything.sql == sql
    assert sql in kept.sql
    assert held_out.sql == sql + "_holdout"


def test_create_is_the_quickstarts_statement() -> None:
    assert story.create(42).sql == FINETUNE


def test_another_seed_is_passed_as_an_option() -> None:
    assert story.create(7).sql == FINETUNE.replace("\n);", ", \n'{\"seed\": 7}'\n);")


@pytest.mark.parametrize("small", [True, False])
def test_training_prompts_have_a_blank_before_the_request(*, small: bool) -> None:
    assert f"concat('{PROMPT}', ' ', " in story.training_table(42, small=small).sql


def test_without_a_large_model_no_statement_names_it() -> None:
    steps = [story.training_table(42, small=True), *story.split(42), story.untuned(), *story.mails(story.SMALL)]
    assert not any("'mistral-large'" in step.sql for step in steps)


def test_the_mails_are_the_apps_with_the_tuned_models_category() -> None:
    selected_llm, entered_prompt, selected_category = "mistral-large", MAIL, "Roaming fees"
    app = f"""select s.ticket_id, s.customer_name, concat(IFF(s.contact_preference = 'Email', '📩', '📲'), ' ', s.contact_preference) as contact_preference, snowflake.cortex.complete('{selected_llm}',
        concat('{entered_prompt}','Here is the customer information: Name: ',customer_name,', Contact preference: ', contact_preference))
        as llm_response from support_tickets as s join support_tickets_train as t on s.ticket_id = t.ticket_id
        where t.mistral_large_response = '{selected_category}' limit 10"""
    mine = story.mails("mistral-large")[1].sql
    changed = app.replace("support_tickets_train", "support_tickets_picked")
    changed = changed.replace("t.mistral_large_response", "t.fine_tuned_mistral_7b_model_response").replace(
        "limit 10", "limit 5"
    )
    assert mine == changed


def test_two_seeds_split_differently_and_one_seed_always_the_same_way() -> None:
    assert story.split(1) == story.split(1)
    assert story.split(1)[0].sql != story.split(2)[0].sql
