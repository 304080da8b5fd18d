"""The fine-tuning quickstart's notebook, step by step through Snowpark, with a tiny random model to tune.

The label of each ticket comes from `echo`, whose answer the ticket's text names. The tuned model is real and knows
nothing: what it answers is not looked at, but that the loop closes.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from raw_client import RawClient
from wire_bench import ClientPython, Server, environment, start_server

TINY_MODELS = Path(__file__).parents[1] / "unit" / "inference" / "tiny_models.py"
SETTINGS = """
[models.aliases]
mistral-7b = "tiny"
mistral-large = "echo"
[inference]
threads = 1
max_answer_tokens = 4
number_type = "fp32"
"""
SETUP = """
from snowflake.snowpark import Session, functions as F
session = Session.builder.configs({name: value for name, value in settings.items() if name not in ("database", "schema")}).create()
for text in '''create or replace database CORTEX_FINETUNING_DB;
use schema CORTEX_FINETUNING_DB.PUBLIC;
CREATE or REPLACE file format csvformat SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"' type = 'CSV';
CREATE or REPLACE stage support_tickets_data_stage file_format = csvformat url = 's3://sfquickstarts/finetuning_llm_using_snowflake_cortex_ai/';
CREATE or REPLACE TABLE ALL_TICKETS (ticket_id VARCHAR(60), customer_name VARCHAR(60), customer_email VARCHAR(60),
  service_type VARCHAR(60), request VARCHAR, contact_preference VARCHAR(60)) COMMENT = '{"origin":"sf_sit-is"}';
COPY into ALL_TICKETS from @support_tickets_data_stage;
create table support_tickets as select * replace (left(request, 60) || '\\n#answer: ' ||
  iff(mod(right(ticket_id, 1)::int, 2) = 0, 'Roaming fees', 'Lost phone') as request) from all_tickets order by ticket_id limit 20'''.split(";"):
    session.sql(text).collect()
"""
STEPS = '''
import time
df_support_tickets = session.table("support_tickets")
out["tickets"] = df_support_tickets.count()

prompt = """You are an agent that helps organize requests that come to our support team. Try doing it for this request and return
only the request category only.
"""

mistral_large_response_sql = f"""select ticket_id, request, trim(snowflake.cortex.complete('mistral-large',concat('{prompt}',request)),'\\n')
  as mistral_large_response from support_tickets"""
df_mistral_large_response = session.sql(mistral_large_response_sql)
out["labels"] = sorted({row["MISTRAL_LARGE_RESPONSE"] for row in df_mistral_large_response.collect()})

mistral_7b_response_sql = f"""select ticket_id, trim(snowflake.cortex.complete('mistral-7b',concat('{prompt}',request)),'\\n') as mistral_7b_response
  from support_tickets"""
df_llms = df_mistral_large_response.join(session.sql(mistral_7b_response_sql), "ticket_id")
out["compared"] = [df_llms.count(), df_llms.columns]

df_fine_tune = df_mistral_large_response.with_column("prompt", F.concat(F.lit(prompt), F.lit(" "), F.col("request"))).select(
    "ticket_id", "prompt", "mistral_large_response")
df_fine_tune.write.mode("overwrite").save_as_table("support_tickets_finetune")

train_df, eval_df = session.table("support_tickets_finetune").random_split(weights=[0.8, 0.2], seed=42)
train_df.write.mode("overwrite").save_as_table("support_tickets_train")
eval_df.write.mode("overwrite").save_as_table("support_tickets_eval")
out["parts"] = session.table("support_tickets_train").count() + session.table("support_tickets_eval").count()
session.table("support_tickets_train").show(1)
session.table("support_tickets_eval").show(1)

job = session.sql("""select snowflake.cortex.finetune('CREATE', 'CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B', 'mistral-7b',
  'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_train',
  'SELECT prompt, mistral_large_response as completion from CORTEX_FINETUNING_DB.PUBLIC.support_tickets_eval');""").collect()[0][0]
out["job"] = job.split("_")[0]
status = {"status": "PENDING"}
while status["status"] in ("PENDING", "IN_PROGRESS"):
    time.sleep(0.3)
    status = json.loads(session.sql(f"select snowflake.cortex.finetune('DESCRIBE', '{job}');").collect()[0][0])
out["status"] = [status["status"], status["progress"], status.get("model"), status.get("error")]

fine_tuned_model_name = "SUPPORT_TICKETS_FINETUNED_MISTRAL_7B"
df_fine_tuned = session.sql(f"""select ticket_id, request,
  trim(snowflake.cortex.complete('{fine_tuned_model_name}',concat('{prompt}',request)),'\\n')
  as fine_tuned_mistral_7b_model_response from support_tickets""")
df_fine_tuned.show()

chart = df_fine_tuned.group_by("fine_tuned_mistral_7b_model_response").agg(F.count("*").as_("COUNT")).to_pandas()
out["chart"] = [list(chart.columns), int(chart["COUNT"].sum())]

sql = """select s.ticket_id, s.customer_name, concat(IFF(s.contact_preference = 'Email', '📩', '📲'), ' ', s.contact_preference)
  as contact_preference, snowflake.cortex.complete('mistral-large', concat('Write. ', 'Here is the customer information: Name: ',
  customer_name, ', Contact preference: ', contact_preference)) as llm_response
  from support_tickets as s join support_tickets_train as t on s.ticket_id = t.ticket_id
  where t.mistral_large_response = 'Roaming fees' limit 10"""
out["mails"] = sorted({row.CONTACT_PREFERENCE for row in session.sql(sql).to_pandas().itertuples() if row.LLM_RESPONSE.startswith("Write")})
session.close()
'''
MESSAGES = [{"role": "user", "content": "My phone is gone"}]


@pytest.fixture
def tuning(tmp_path: Path) -> Generator[Server]:
    """A server whose `mistral-7b` is a tiny random model."""
    build = runpy.run_path(str(TINY_MODELS))
    build["tiny_model"]("llama", max_position_embeddings=1024).save_pretrained(tmp_path / "tiny")
    build["tiny_tokenizer"]().save_pretrained(tmp_path / "tiny")
    add = ["models", "add", "tiny", "--path", str(tmp_path / "tiny"), "--data", str(tmp_path / "data")]
    subprocess.run([sys.executable, "-m", "sapwood", *add], check=True, capture_output=True, timeout=60)
    server = start_server(tmp_path / "data", settings=SETTINGS)
    yield server
    assert server.stop() == 0
    assert server.process.stdout is not None
    server.process.stdout.close()


def test_all_steps_of_the_notebook_run(tuning: Server) -> None:
    out = ClientPython(environment("connector4"), tuning).run(SETUP + STEPS)
    assert out == {
        "tickets": 20,
        "labels": ["Lost phone", "Roaming fees"],
        "compared": [20, ["TICKET_ID", "REQUEST", "MISTRAL_LARGE_RESPONSE", "MISTRAL_7B_RESPONSE"]],
        "parts": 20,
        "job": "CortexFineTuningWorkflow",
        "status": ["SUCCESS", 1.0, "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B", None],
        "chart": [["FINE_TUNED_MISTRAL_7B_MODEL_RESPONSE", "COUNT"], 20],
        "mails": ["📩 Email", "📲 Text Message"],
    }
    asked = {"model": "CORTEX_FINETUNING_DB.PUBLIC.SUPPORT_TICKETS_FINETUNED_MISTRAL_7B", "max_tokens": 4}
    raw = RawClient(tuning)
    answer = raw.post("/api/v2/cortex/v1/chat/completions", {**asked, "messages": MESSAGES})
    raw.close()
    assert answer["usage"]["completion_tokens"] > 0, "the tuned model answers over REST by its full name"
