"""Streamlit's `st.connection("snowflake")`: an app's own test of Streamlit, run against the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from wire_bench import Server, pasted

APP = """
import pandas
import streamlit as st

connection = st.connection("snowflake")
rows = connection.query("select count(*) as n from support_tickets", ttl=60)
st.text(f"tickets {rows['N'][0]}")
st.text(f"bound {connection.query('select ? || ? as a', params=('x', 'y'))['A'][0]}")
session = connection.session()
session.sql("create or replace schema streamlit_tests").collect()
done = connection.write_pandas(pandas.DataFrame({"NAME": ["Mary", "John"], "N": [1, 2]}), "PETS", auto_create_table=True)
st.text(f"written {done}")
st.text(f"session {session.table('PETS').count()}")
with connection.cursor() as cursor:
    st.text(f"cursor {cursor.execute('select max(n) from pets').fetchone()[0]}")
connection.reset()
st.text(f"again {connection.query('select 1 as a', ttl=0)['A'][0]}")
"""
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from streamlit.testing.v1 import AppTest
app = AppTest.from_string(sys.argv[1], default_timeout=120).run()
print(json.dumps({"texts": [each.value for each in app.text], "errors": [each.message for each in app.exception]}))
"""


@pytest.mark.skipif(
    not all(map(find_spec, ("streamlit", "snowflake"))), reason="Streamlit and Snowpark come with the extra of Studio"
)
def test_an_app_asks_writes_and_connects_again(server: Server, tmp_path: Path) -> None:
    secrets = tmp_path / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    secrets.write_text(pasted(server, "snow "))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, APP],
        capture_output=True, text=True, timeout=180, check=False, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "texts": ["tickets 1000", "bound xy", "written (True, 1, 2)", "session 2", "cursor 2", "again 1"],
        "errors": [],
    }
