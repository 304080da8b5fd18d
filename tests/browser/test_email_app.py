"""The e-mail apps of examples/, run by Streamlit's own test harness against a server whose models are `echo`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "email_app"
SETUP = (
    "create or replace schema cortex_finetuning_db.mails",
    "create table support_tickets as select * from cortex_finetuning_db.public.support_tickets order by ticket_id limit 12",
    "create table support_tickets_train as select ticket_id, 'Roaming fees' as mistral_large_response from support_tickets",
)
PROLOGUE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from snowflake.snowpark import Session
from streamlit.testing.v1 import AppTest
session = Session.builder.configs(json.loads(sys.argv[1])).create()
"""


@pytest.fixture(scope="module")
def tickets(served: Any) -> dict[str, Any]:
    """Connection settings, in a schema with twelve tickets and their labels."""
    demo = (Path(__file__).parents[2] / "src" / "sapwood" / "samples" / "demo.sql").read_text(encoding="utf-8")
    for text in (demo, ";".join(SETUP)):
        command = [sys.executable, "-m", "sapwood", "sql", "-", "--data", str(served.data)]
        subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=60)
    return {
        "account": "sapwood", "host": "127.0.0.1", "port": served.port, "protocol": "http", "user": "ADMIN", "password": "Sap-And-Bark-7",
        "database": "CORTEX_FINETUNING_DB", "schema": "MAILS",
    }  # fmt: skip


def run(script: str, settings: dict[str, Any]) -> Any:
    """What a script in a process of its own puts into `out`; it has `session` and `AppTest`."""
    done = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script + "\nprint(json.dumps(out))", json.dumps(settings)],
        capture_output=True, text=True, timeout=120, cwd=EXAMPLES,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_quickstarts_own_app_writes_messages(tickets: dict[str, Any]) -> None:
    script = """
app = AppTest.from_file("quickstart_app.py", default_timeout=60).run()
app.selectbox[1].select("mistral-large")
app.button[0].click().run()
out = {"errors": [error.value for error in app.exception], "to": len([text for text in app.caption if text.value.startswith("To: ")])}
"""
    assert run(script, tickets) == {"errors": [], "to": 10}


def test_long_messages_are_asked_for_once_more_and_marked(tickets: dict[str, Any]) -> None:
    script = """
app = AppTest.from_file("app.py", default_timeout=60).run()
app.text_input[0].set_value("mistral-large").run()
app.number_input[0].set_value(6).run()
app.button[0].click().run()
table = app.session_state["drafts"]
by_text = [draft.text for draft in table if draft.preference != "Email"]
again = all("Your last message had" in text for text in by_text)
out = {"errors": [error.value for error in app.exception], "drafts": len(table), "again": again}
"""
    assert run(script, tickets) == {"errors": [], "drafts": 6, "again": True}
