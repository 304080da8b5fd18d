"""The e-mail apps of examples/, by Streamlit's own test harness and in a browser, against a server whose models are `echo`."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from studio_server import free_port
from studio_tab import PATIENCE_MS, picture, settle

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
        subprocess.run(command, input=text, text=True, check=True, capture_output=True, timeout=PATIENCE_MS / 1000)
    return {
        "account": "sapwood", "host": "127.0.0.1", "port": served.port, "protocol": "http", "user": "ADMIN", "password": "Sap-And-Bark-7",
        "database": "CORTEX_FINETUNING_DB", "schema": "MAILS",
    }  # fmt: skip


def run(script: str, settings: dict[str, Any]) -> Any:
    """What a script in a process of its own puts into `out`; it has `session` and `AppTest`."""
    done = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script + "\nprint(json.dumps(out))", json.dumps(settings)],
        capture_output=True, text=True, timeout=PATIENCE_MS / 1000, cwd=EXAMPLES,
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
table = app.dataframe[0].value
again = table[table["By"] != "Email"]["Message"].str.contains("Your last message had").all()
out = {"errors": [error.value for error in app.exception], "drafts": len(table), "again": bool(again)}
"""
    assert run(script, tickets) == {"errors": [], "drafts": 6, "again": True}


def test_a_second_writing_leaves_what_somebody_decided_on(tickets: dict[str, Any]) -> None:
    script = """
from dataclasses import replace
from app import KEPT, TABLE
from drafts import Draft, keeping, making
session.sql(f"drop table if exists {KEPT}").collect()
session.sql(making(KEPT)).collect()
ids = [row[0] for row in session.sql(f"select ticket_id from {TABLE} order by 1 limit 3").collect()]
one, two, three = (Draft(ticket, "Ada", "ada@example.org", "Email", "Lost phone", "mine") for ticket in ids)
session.sql(keeping(KEPT, [replace(one, is_approved=True), replace(two, is_edited=True), three])).collect()
app = AppTest.from_file("app.py", default_timeout=60).run()
app.text_input[0].set_value("mistral-large").run()
app.number_input[0].set_value(3).run()
app.button[0].click().run()
out = {"errors": [error.value for error in app.exception], "mine": [text == "mine" for text in app.dataframe[0].value["Message"]]}
session.sql(f"drop table {KEPT}").collect()  # other tests begin without drafts
"""
    assert run(script, tickets) == {"errors": [], "mine": [True, True, False]}


@pytest.fixture
def app(tickets: dict[str, Any], tmp_path: Path) -> Generator[str]:
    """The address of our app, run as its page of the documentation says."""
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in tickets.items())
    (tmp_path / "connections.toml").write_text(f"[sapwood]\n{lines}\n")
    (tmp_path / "connections.toml").chmod(0o600)
    port = free_port()
    command = [sys.executable, "run.py", "app.py", "--server.headless=true", f"--server.port={port}"]
    environment = {**os.environ, "SNOWFLAKE_HOME": str(tmp_path)}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=EXAMPLES, env=environment, stdout=log, stderr=log)
    wait_for(f"http://127.0.0.1:{port}/_stcore/health")
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=PATIENCE_MS / 1000)


def wait_for(url: str) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, "the app does not answer"
            time.sleep(0.1)


def test_a_message_is_edited_approved_and_exported(browser: Any, app: str, shots: Path) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1200})
    context.set_default_timeout(PATIENCE_MS)
    tab = context.new_page()
    tab.goto(app)
    tab.get_by_test_id("stAlertContentError").wait_for()  # nothing is tuned here: the page says so and goes on
    sorter = tab.get_by_label("Model that sorts")
    sorter.fill("mistral-large")
    sorter.press("Enter")
    tab.get_by_text("20 of 20 tickets").wait_for()
    tab.get_by_role("button", name="Write messages").click()
    grid = tab.get_by_test_id("stDataFrame")
    grid.wait_for()
    picture(tab, shots, "email-app")
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 45, "y": 52})  # the box of the first row; the grid is one picture
    export = tab.get_by_role("button", name="Export 1 approved")
    export.wait_for()
    settle(tab)
    grid.dblclick(position={"x": 450, "y": 52})
    tab.locator("#portal textarea:enabled").fill("Dear Anya, call us.")
    export.click()  # at once: the cell is still open
    assert exported(tab, "Dear Anya, call us.") == ["Dear Anya, call us."]
    tab.goto(app)
    tab.get_by_role("button", name="Export 1 approved").click()
    assert exported(tab, "Dear Anya") == ["Dear Anya, call us."]  # a tab that is loaded again has lost nothing
    context.close()


def exported(tab: Any, seen: str) -> list[str]:
    """The messages in the file that the page gives, once it shows this text."""
    tab.get_by_role("dialog").get_by_text(seen).wait_for()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download messages.csv").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        return [row["Message"] for row in csv.DictReader(file)]
