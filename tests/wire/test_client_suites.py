"""What the makers of the clients test themselves: files of their own suites, which `make clients` unpacks.

All of each chosen file must pass. docs/compat.md tells of the other files, and why what fails there does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from wire_bench import CLIENTS, PASSWORD, ClientPython, Server, environment

SQLALCHEMY = (
    "test_cross_database_reflection.py", "test_custom_functions.py", "test_keys.py", "test_multivalues_insert.py", "test_qmark.py", "test_quote.py",
    "test_quote_identifiers.py", "test_reflection_cache.py", "test_semi_structured_datatypes.py", "test_sequence.py", "test_transactions.py",
)  # fmt: skip
OVER_HTTP = """
_connect = snowflake.connector.connect
snowflake.connector.connect = lambda *words, **more: _connect(*words, **{**more, "protocol": "http"})
"""
"""The suite's URLs leave the protocol out."""
DBT = ("functional/query_tag", "functional/adapter/simple_seed")
PROFILE = """
@pytest.fixture(scope="class")
def dbt_profile_target():
    return {profile!r}
"""


def test_snowflake_sqlalchemys_own(server: Server, tmp_path: Path) -> None:
    run(suite("connector5", tmp_path, OVER_HTTP), SQLALCHEMY, ClientPython("connector5", server), prefix="SNOWFLAKE")


def test_dbt_snowflakes_own(server: Server, tmp_path: Path) -> None:
    client = ClientPython("dbt", server)
    timeouts = ("login_timeout", "network_timeout", "schema")
    profile = {name: value for name, value in client.settings().items() if name not in timeouts}
    written = PROFILE.format(profile={"type": "snowflake", "threads": 4, "warehouse": "COMPUTE_WH", **profile})
    run(suite("dbt", tmp_path, written), DBT, client, prefix="SNOWFLAKE_TEST")


def suite(name: str, place: Path, connecting: str) -> Path:
    """A copy of a suite that connects as it is told to; the test is skipped if that suite is not there."""
    found = CLIENTS / environment(name) / "suite" / "tests"
    if not found.is_dir():
        pytest.skip(f"the suite of {name} is not there: `make clients` unpacks it")
    tests = Path(shutil.copytree(found, place / "tests"))
    with (tests / "conftest.py").open("a") as conftest:
        conftest.write(connecting)
    return tests


def run(tests: Path, files: tuple[str, ...], client: ClientPython, *, prefix: str) -> None:
    """Files of a suite in their client's environment; all that is in them must pass."""
    settings = {**client.settings(), "warehouse": "COMPUTE_WH", "role": "ACCOUNTADMIN", "password": PASSWORD}
    told = {f"{prefix}_{name.upper()}": str(value) for name, value in settings.items()}
    options = ["-q", "-p", "no:cacheprovider", "-W", "ignore", "-c", os.devnull, "--rootdir", str(tests.parent)]
    done = subprocess.run(
        [str(CLIENTS / client.name / "bin" / "python"), "-m", "pytest", *options, *(str(tests / file) for file in files)],
        capture_output=True, text=True, timeout=500, cwd=tests.parent, env={"PATH": os.environ["PATH"], "HOME": str(tests.parent), **told},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
