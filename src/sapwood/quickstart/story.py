# ruff: noqa: E501, W291 - SQL and prompts stand here as their source has them, line by line
"""The statements of the quickstart in the order in which they run, each with a title and a sentence for the reader.

SQL that stands in the vendor's quickstart or its notebook is word for word the same, line breaks included: where Python
code there puts a prompt into an f-string, the SQL here holds the prompt with its real newlines. Pure text; nothing runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CATEGORIES = ("Roaming fees", "Slow data speed", "Lost phone", "Add new line", "Closing account")

PROMPT = """You are an agent that helps organize requests that come to our support team. 

The request category is the reason why the customer reached out. These are the possible types of request categories:

Roaming fees
Slow data speed
Lost phone
Add new line
Closing account

Try doing it for this request and return only the request category only.
"""
MAIL_PROMPT = (
    "Please write an email or text promoting a new plan that will save customers total costs. If the customer requested to be"
    " contacted by text message, write text message response in less than 25 words, otherwise write email response in maximum"
    " 100 words."
)
WORD_LIMITS = {"Text Message": 24, "Email": 100}
"""Most words that the mail prompt allows, by contact preference."""

LARGE, SMALL = "mistral-large", "mistral-7b"
TUNED = "SUPPORT_TICKETS_FINETUNED_MISTRAL_7B"
PLACE = "CORTEX_FINETUNING_DB.PUBLIC"
DEFAULT_SEED = 42
"""The notebook's seed. With it CREATE has the quickstart's five arguments; another one is passed as an option."""
BASE_ROWS = 40
SMALL_ROWS = 375
"""Labelled rows of the story without a large model: 300 to train on and 75 to measure by."""
MAILS = 5
MAIL_CATEGORY = "Roaming fees"


@dataclass(frozen=True)
class Step:
    """One statement, with what the reader is told before it runs."""

    title: str
    sentence: str
    sql: str


def setup() -> Sequence[Step]:
    """Load the tickets, the held-out ones and the truth about both."""
    return (
        Step("File format", "Says how the CSV files are written.", FILE_FORMAT),
        Step("Stage", "Names the place where the tickets lie; sapwood maps this bucket to the data that it ships.", STAGE),
        Step("Table", "Makes the table of support tickets.", TABLE),
        Step("Load", "Copies the file of the stage into the table.", COPY),
        Step("Held-out stage", "200 more tickets, of kinds that the 1,000 do not have: they are for measuring only.", HELD_OUT_STAGE),
        Step("Held-out table", "The same columns again.", HELD_OUT_TABLE),
        Step("Load held-out tickets", "Copies them into their table.", HELD_OUT_COPY),
        Step("Stage of categories", "The true category of each ticket lies in a file of its own.", CATEGORIES_STAGE),
        Step("Table of categories", "It is used for measuring, never for labelling.", CATEGORIES_TABLE),
        Step("Load categories", "Copies them into their table.", CATEGORIES_COPY),
    )  # fmt: skip


FILE_FORMAT = """CREATE or REPLACE file format csvformat
  SKIP_HEADER = 1
  FIELD_OPTIONALLY_ENCLOSED_BY = '"'
  type = 'CSV';"""
STAGE = """CREATE or REPLACE stage support_tickets_data_stage
  file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';"""
TABLE = """CREATE or REPLACE TABLE SUPPORT_TICKETS (
  ticket_id VARCHAR(60),
  customer_name VARCHAR(60),
  customer_email VARCHAR(60),
  service_type VARCHAR(60),
  request VARCHAR,
  contact_preference VARCHAR(60)
)
COMMENT = '{"origin":"sf_sit-is", "name":"aiml_notebooks_fine_tuning", "version":{"major":1, "minor":0}, "attributes":{"is_quickstart":1, "source":"sql"}}';"""
COPY = """COPY into SUPPORT_TICKETS
  from @support_tickets_data_stage;"""
HELD_OUT_STAGE = """CREATE or REPLACE stage support_tickets_holdout_stage
  file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai_holdout/';"""
HELD_OUT_TABLE = """CREATE or REPLACE TABLE SUPPORT_TICKETS_HOLDOUT (
  ticket_id VARCHAR(60),
  customer_name VARCHAR(60),
  customer_email VARCHAR(60),
  service_type VARCHAR(60),
  request VARCHAR,
  contact_preference VARCHAR(60)
);"""
HELD_OUT_COPY = """COPY into SUPPORT_TICKETS_HOLDOUT
  from @support_tickets_holdout_stage;"""
CATEGORIES_STAGE = """CREATE or REPLACE stage ticket_categories_stage
  file_format = csvformat
  url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai_categories/';"""
CATEGORIES_TABLE = """CREATE or REPLACE TABLE TICKET_CATEGORIES (
  ticket_id VARCHAR(60),
  category VARCHAR(60),
  family VARCHAR(60)
);"""
CATEGORIES_COPY = """COPY into TICKET_CATEGORIES
  from @ticket_categories_stage;"""


def look() -> Step:
    """Three tickets to see."""
    return Step(
        "A look at the tickets",
        "Three of them, to see how customers write.",
        "select ticket_id, service_type, request, contact_preference from support_tickets order by ticket_id limit 3;",
    )


def truth() -> Step:
    """The true categories."""
    return Step(
        "True categories", "What each ticket is really about.", "select ticket_id, category from ticket_categories;"
    )


def sample() -> Step:
    """The rows that the untuned small model answers."""
    return Step(
        "A sample",
        f"The untuned small model rambles, so it is asked about {BASE_ROWS} held-out tickets, not about all.",
        f"create or replace table support_tickets_sample as\nselect * from support_tickets_holdout order by ticket_id limit {BASE_ROWS};",
    )


def untuned() -> Step:
    """The small model as it comes."""
    return Step(
        "The small model, untuned",
        "It answers, but not in the form that was asked for.",
        categorize(SMALL, "support_tickets_sample"),
    )


def side_by_side() -> Step:
    """Five answers of both models."""
    return Step(
        "Small and large side by side",
        "The large model understands the same prompt; its cost is time.",
        "select a.ticket_id, a.request,\n"
        f"{_call(SMALL, 'a.request')} as mistral_7b_response,\n"
        f"{_call(LARGE, 'a.request')} as mistral_large_response\n"
        "from (select ticket_id, request from support_tickets_sample order by ticket_id limit 5) as a",
    )


def label() -> Step:
    """The large model over all tickets: the notebook's own statement."""
    return Step(
        "Labels by the large model",
        "Nobody has labelled these tickets, so the large model does. This is the longest step; finished rows are kept.",
        categorize(LARGE, "support_tickets"),
    )


def training_table(seed: int, *, small: bool) -> Step:
    """Prompts and labels in one table: labels of the large model (found in the cache), or true ones."""
    if small:
        return Step(
            "Training data",
            f"Without a large model, {SMALL_ROWS} true labels are taken. The prompt has a blank before the request, as in the notebook.",
            "create or replace table support_tickets_finetune as\n"
            f"select t.ticket_id, concat('{PROMPT}', ' ', t.request) as prompt, c.category as mistral_large_response\n"
            "from support_tickets as t join ticket_categories as c on t.ticket_id = c.ticket_id\n"
            f"order by md5(concat('{seed}:', t.ticket_id)) limit {SMALL_ROWS};",
        )
    return Step(
        "Training data",
        "Prompt and label side by side; the labels come from the cache. The prompt has a blank before the request, as in the notebook.",
        "create or replace table support_tickets_finetune as\n"
        f"select ticket_id, concat('{PROMPT}', ' ', request) as prompt, mistral_large_response\n"
        f"from ({categorize(LARGE, 'support_tickets')});",
    )


def split(seed: int) -> Sequence[Step]:
    """0.8 to train on, 0.2 to validate by."""
    return (
        Step(
            "Split",
            f"The notebook's random_split(0.8, 0.2, seed={seed}) draws at random; a hash of the id with the seed gives the same split each time.",
            "create or replace table support_tickets_split as\n"
            f"select ticket_id, ntile(5) over (order by md5(concat('{seed}:', ticket_id))) as part\n"
            "from support_tickets_finetune;",
        ),
        Step("Training rows", "Four of the five parts.", _part("train", "s.part <= 4")),
        Step("Evaluation rows", "The fifth part, by which the job measures its loss.", _part("eval", "s.part = 5")),
    )


def training_rows(table: str) -> Step:
    """The rows of support_tickets_train or support_tickets_eval, with the request by itself."""
    return Step(
        "Rows of the split",
        f"Reads support_tickets_{table} for the count and for the linear baseline.",
        "select t.ticket_id, s.request, t.prompt, t.mistral_large_response\n"
        f"from support_tickets_{table} as t join support_tickets as s on t.ticket_id = s.ticket_id order by t.ticket_id;",
    )


def create(seed: int) -> Step:
    """The fine-tuning job: the quickstart's own statement, with the seed as an option if it is not the notebook's."""
    options = "" if seed == DEFAULT_SEED else f""", \n'{{"seed": {seed}}}'"""
    return Step(
        "Fine-tuning",
        "Starts a job that goes on by itself; it trains the small model on the labels.",
        f"""select snowflake.cortex.finetune(
'CREATE', 
'{PLACE}.{TUNED}', '{SMALL}', 
'{TRAINING_QUERY}', 
'{VALIDATION_QUERY}'{options}
);""",
    )


TRAINING_QUERY = f"SELECT prompt, mistral_large_response as completion from {PLACE}.support_tickets_train"
VALIDATION_QUERY = f"SELECT prompt, mistral_large_response as completion from {PLACE}.support_tickets_eval"


def jobs() -> Step:
    """All jobs."""
    return Step("Jobs", "Looks whether this job was started before.", "select snowflake.cortex.finetune('SHOW');")


def models() -> Step:
    """The tuned models that are there."""
    return Step("Models", "Looks whether its model is still there.", f"show models in schema {PLACE};")


def describe(job_id: str) -> Step:
    """How far the job is."""
    return Step(
        "Progress of the job",
        "Asked again and again until the job has ended.",
        f"select snowflake.cortex.finetune('DESCRIBE', '{job_id}');",
    )


def tuned(model: str) -> Sequence[Step]:
    """The tuned model over all tickets, word for word, then kept in a table, then over the held-out tickets."""
    statement = (
        "select ticket_id, request,\n"
        f"trim(snowflake.cortex.complete('{model}',concat('{PROMPT}',request)),'\n') as fine_tuned_mistral_7b_model_response\n"
        "from support_tickets"
    )
    return (
        Step("The tuned model", "The small model again, over all 1,000 tickets.", statement),
        Step("Its answers as a table", "The same answers, from the cache.", f"create or replace table support_tickets_fine_tuned as\n{statement};"),
        Step("Tickets by category", "What the tuned model makes of them.", COUNTS),
        Step("Tuned, held-out tickets", "Kinds of tickets that it has never seen: this is what counts.", f"{statement}_holdout"),
    )  # fmt: skip


COUNTS = (
    "select fine_tuned_mistral_7b_model_response, count(*) as count\n"
    "from support_tickets_fine_tuned group by fine_tuned_mistral_7b_model_response order by count desc, 1;"
)


def large_held_out() -> Step:
    """The large model over the held-out tickets."""
    return Step(
        "Large, held-out tickets",
        "The measure: does the tuned model agree with the large one?",
        categorize(LARGE, "support_tickets_holdout"),
    )


def mails(model: str) -> Sequence[Step]:
    """Five e-mails or texts with the app's own statement; the tuned model's category picks the rows."""
    return (
        Step(
            "Whom to write to",
            f"{MAILS} customers whose request the tuned model put under '{MAIL_CATEGORY}'.",
            "create or replace table support_tickets_picked as\n"
            "select ticket_id, fine_tuned_mistral_7b_model_response from support_tickets_fine_tuned\n"
            f"where fine_tuned_mistral_7b_model_response = '{MAIL_CATEGORY}' order by ticket_id limit {MAILS};",
        ),
        Step(
            "E-mails and texts",
            "The app of the quickstart writes to them, in the form that they prefer.",
            f"""select s.ticket_id, s.customer_name, concat(IFF(s.contact_preference = 'Email', '📩', '📲'), ' ', s.contact_preference) as contact_preference, snowflake.cortex.complete('{model}',
        concat('{MAIL_PROMPT}','Here is the customer information: Name: ',customer_name,', Contact preference: ', contact_preference))
        as llm_response from support_tickets as s join support_tickets_picked as t on s.ticket_id = t.ticket_id
        where t.fine_tuned_mistral_7b_model_response = '{MAIL_CATEGORY}' limit {MAILS}""",
        ),
    )


def categorize(model: str, table: str) -> str:
    """The notebook's statement for a base model; the answer's column is called after the model."""
    column = f"{model.replace('-', '_')}_response"
    return f"select ticket_id, request, {_call(model, 'request')} as {column} from {table}"


def _call(model: str, request: str) -> str:
    return f"trim(snowflake.cortex.complete('{model}',concat('{PROMPT}',{request})),'\n')"


def _part(table: str, condition: str) -> str:
    return (
        f"create or replace table support_tickets_{table} as\n"
        "select f.ticket_id, f.prompt, f.mistral_large_response\n"
        "from support_tickets_finetune as f join support_tickets_split as s on f.ticket_id = s.ticket_id\n"
        f"where {condition} order by f.ticket_id;"
    )
