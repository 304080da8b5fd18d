"""The command `sapwood` as a user runs it, against `echo`: formats, exit codes, a second process on one data directory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sapwood


def run(*words: str, data: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sapwood", *words, "--data", str(data)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)


def test_json_is_an_array_of_objects_a_statement_and_line(tmp_path: Path) -> None:
    done = run("sql", "--format", "json", "select 1 as a, null as b; select {'k': 2.5} as o, 'é' as t", data=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        [{"A": 1, "B": None}],
        [{"O": {"k": 2.5}, "T": "é"}],
    ]


def test_csv_has_a_header_and_table_counts_rows(tmp_path: Path) -> None:
    assert run("sql", "--format", "csv", "select 'a,b' as x, null as y", data=tmp_path).stdout == 'X,Y\n"a,b",\n'
    assert "1 row" in run("sql", "select 1", data=tmp_path).stdout


def test_a_bad_statement_exits_with_1_and_says_why_on_stderr(tmp_path: Path) -> None:
    done = run("sql", "--format", "json", "select 1 as a; select * from nowhere; select 2 as b", data=tmp_path)
    assert done.returncode == 1
    assert done.stdout == '[{"A": 1}]\n'
    assert done.stderr.startswith("002003 (42S02): SQL compilation error:")


def test_statements_come_from_a_file_or_stdin(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("-- a comment\nselect 3 as a;\n", encoding="utf-8")
    assert run("sql", "-f", str(tmp_path / "x.sql"), "--format", "csv", data=tmp_path / "d").stdout == "A\n3\n"
    assert run("sql", "-", "--format", "csv", data=tmp_path / "d", stdin="select 4 as a").stdout == "A\n4\n"
    missing = run("sql", "-f", str(tmp_path / "none.sql"), data=tmp_path / "d")
    assert missing.returncode == 1 and "No such file" in missing.stderr


def test_a_second_process_becomes_the_owners_client(tmp_path: Path) -> None:
    with sapwood.connect(tmp_path) as connection:
        connection.cursor().execute("create table t as select 7 as n")
        done = run("sql", "--format", "json", "insert into t values (8); select n from t order by n", data=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == [{"N": 7}, {"N": 8}]
        failed = run("sql", "select foo from t", data=tmp_path)
        assert failed.returncode == 1 and failed.stderr.startswith("000904 (42000)")
        assert connection.cursor().execute("select count(*) from t").fetchone() == (2,)
        assert run("jobs", "list", data=tmp_path).returncode == 0
        assert "mistral-7b" in run("models", "list", data=tmp_path).stdout


def test_urls_can_be_mapped_and_settings_set(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("1\n2\n", encoding="utf-8")
    load = (
        "create stage s url = 's3://mine/x/'; create table t (n int); copy into t from @s; select count(*) as n from t"
    )
    done = run("sql", "--format", "csv", "--map-url", f"s3://mine/x/={tmp_path / 'in'}", load, data=tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2"
    off = run("sql", "--set", "stages.map_samples=false", "list 's3://sfquickstarts/x/'", data=tmp_path / "d")
    assert off.returncode == 1


def test_plain_sql_loads_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys, sapwood\n"
        f"with sapwood.connect({str(tmp_path)!r}) as c:\n"
        "    row = c.cursor().execute(\"select snowflake.cortex.complete('echo', 'hi')\").fetchone()\n"
        "assert row == ('hi',), row\n"
        "loaded = {'torch', 'transformers', 'openai', 'huggingface_hub'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("words", [("sql",), ("sql", "select 1", "--format", "xml"), ("models", "add", "x")])
def test_wrong_usage_exits_with_2(words: tuple[str, ...], tmp_path: Path) -> None:
    assert run(*words, data=tmp_path).returncode == 2
