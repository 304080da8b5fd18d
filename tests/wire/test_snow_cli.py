"""The `snow` CLI: its own entry point, command after command in one process to save its start-ups."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from wire_bench import CLIENTS, ClientPython, pasted

COMMANDS = """
import contextlib, io, pathlib
from snowflake.cli._app.__main__ import main
def snow(*words):
    sys.argv = ["snow", "--config-file", CONFIG, *words, "--connection", "snowflake", "--format", "json"]
    printed, failed = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(failed):
            main()
    except SystemExit as end:
        return json.loads(printed.getvalue()) if not end.code else failed.getvalue()
"""


@pytest.fixture
def prologue(cli: ClientPython, tmp_path: Path) -> str:
    """A function `snow` for scripts, with the connection that the server prints."""
    config = tmp_path / "config.toml"
    config.write_text(pasted(cli.server, "snow "))
    config.chmod(0o600)
    return f"CONFIG = {str(config)!r}\n" + COMMANDS


def test_the_command_finds_its_connection(cli: ClientPython, prologue: str, tmp_path: Path) -> None:
    """The program itself, as a user starts it."""
    words = ["connection", "test", "--connection", "snowflake", "--format", "json"]
    command = [str(CLIENTS / "snow" / "bin" / "snow"), "--config-file", str(tmp_path / "config.toml"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"HOME": str(tmp_path)})
    answer = json.loads(done.stdout)
    assert (answer["Status"], answer["User"], answer["Database"]) == ("OK", "ADMIN", "CORTEX_FINETUNING_DB")


def test_statements_are_run_from_the_command_line_and_from_files(
    cli: ClientPython, prologue: str, tmp_path: Path
) -> None:
    (tmp_path / "story.sql").write_text(
        "create or replace table told (a int, b varchar);\n"
        "insert into told values (1, 'x'), (2, null); -- two rows\n"
        "select a, b, <% word %> as c from told order by a;\n"
    )
    out = cli.run(
        prologue
        + f"""
out["one"] = snow("sql", "--query", "select 1 as a, 'it''s' as b")
out["two"] = snow("sql", "--query", "select 1 as a; select 2 as b")
out["file"] = snow("sql", "--filename", {str(tmp_path / "story.sql")!r}, "--variable", "word='y'")
out["error"] = "002003" in snow("sql", "--query", "select * from nowhere")
"""
    )
    assert out == {
        "one": [{"A": 1, "B": "it's"}],
        "two": [[{"A": 1}], [{"B": 2}]],
        "file": [
            [{"status": "Table TOLD successfully created."}],
            [{"number of rows inserted": 2}],
            [{"A": 1, "B": "x", "C": "y"}, {"A": 2, "B": None, "C": "y"}],
        ],
        "error": True,
    }


def test_files_are_copied_up_and_down(cli: ClientPython, prologue: str, tmp_path: Path) -> None:
    for index in range(2):
        (tmp_path / f"part{index}.csv").write_text(f"{index},x\n")
    out = cli.run(
        prologue
        + f"""
place = pathlib.Path({str(tmp_path)!r})
snow("stage", "create", "snow_stage")
out["up"] = [row["status"] for row in snow("stage", "copy", str(place / "part*.csv"), "@snow_stage/in", "--overwrite")]
out["listed"] = sorted(row["name"] for row in snow("stage", "list-files", "@snow_stage"))
out["down"] = [row["status"] for row in snow("stage", "copy", "@snow_stage", str(place / "back"), "--recursive")]
out["back"] = (place / "back" / "in" / "part1.csv").read_text()
out["removed"] = snow("stage", "remove", "@snow_stage", "in/part0.csv")["result"]
out["left"] = [row["name"] for row in snow("stage", "list-files", "@snow_stage")]
"""
    )
    assert out == {
        "up": ["UPLOADED"] * 2,
        "listed": ["snow_stage/in/part0.csv", "snow_stage/in/part1.csv"],
        "down": ["DOWNLOADED"] * 2,
        "back": "1,x\n",
        "removed": "removed",
        "left": ["snow_stage/in/part1.csv"],
    }


def test_objects_are_listed_and_described(cli: ClientPython, prologue: str) -> None:
    out = cli.run(
        prologue
        + """
snow("sql", "--query", "create or replace table listed (a int not null, b varchar(3)); create or replace view listed_v as select a from listed")
for kind, name in {"table": "SUPPORT_TICKETS", "view": "LISTED_V"}.items():
    out[kind] = name in [row["name"] for row in snow("object", "list", kind)]
out["like"] = [row["name"] for row in snow("object", "list", "table", "--like", "LISTED%", "--in", "schema", "public")]
out["described"] = [[row["name"], row["type"], row["null?"]] for row in snow("object", "describe", "table", "listed")]
out["dropped"] = snow("object", "drop", "view", "listed_v")
"""
    )
    assert out == {
        **dict.fromkeys(("table", "view"), True),
        "like": ["LISTED"],
        "described": [["A", "NUMBER(38,0)", "N"], ["B", "VARCHAR(3)", "Y"]],
        "dropped": [{"status": "LISTED_V successfully dropped."}],
    }  # fmt: skip


def test_a_model_is_asked(cli: ClientPython, prologue: str) -> None:
    """Both ways: over the Cortex REST API, and by SQL."""
    out = cli.run(
        prologue
        + """
out["rest"] = snow("cortex", "complete", "hello there", "--model", "mistral-7b")
out["sql"] = snow("cortex", "complete", "it's", "--model", "mistral-7b", "--backend", "sql")
"""
    )
    assert out == {"rest": {"message": "hello there"}, "sql": {"message": "it's"}}
