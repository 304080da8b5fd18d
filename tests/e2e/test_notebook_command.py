"""`sapwood notebook run` on a notebook in the vendor's format: labels, a fine-tuning job, its model, a chart, an app.

The labels come from `echo`; the model that is tuned is a tiny random one, so that the job is real and short. What it answers is
not looked at.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the extra [notebook] is not installed")
pytest.importorskip("vl_convert", reason="the extra [notebook] is not installed")
pytest.importorskip("torch", reason="the extra [local] is not installed")

NOTEBOOK = Path(__file__).parent / "notebooks" / "tickets.ipynb"
EXAMPLE = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"
WIRE = Path(__file__).parents[1] / "wire" / "wire_bench.py"
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


def sapwood(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sapwood", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose `mistral-7b` is a tiny random model."""
    folder = tmp_path_factory.mktemp("notebook")
    build = runpy.run_path(str(TINY_MODELS))
    build["tiny_model"]("llama", max_position_embeddings=1024).save_pretrained(folder / "tiny")
    build["tiny_tokenizer"]().save_pretrained(folder / "tiny")
    (folder / "data").mkdir()
    (folder / "data" / "sapwood.toml").write_text(SETTINGS)
    assert sapwood("models", "add", "tiny", "--path", folder / "tiny", "--data", folder / "data").returncode == 0
    return folder / "data"


def shown(notebook: Any) -> Mapping[str, str]:
    """What each cell shows, as text and as HTML, by the cell's name."""
    return {
        cell.metadata.name: "".join(
            output.get("text", "") or "".join(map(str, output.get("data", {}).values())) for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def test_all_cells_run_and_the_page_needs_no_network(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    done = sapwood("notebook", "run", NOTEBOOK, "--data", data, "--out", out, "--click", "Generate messages ⚡")
    assert done.returncode == 0, done.stderr[-4000:]

    before, after = nbformat.read(NOTEBOOK, 4), nbformat.read(out, 4)
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    seen = shown(after)
    assert "20 rows" in seen["look"]
    assert seen["counted"] == "(2, 20)"
    assert "Roaming fees" not in seen["again"] and "<td>10</td>" in seen["again"]
    job = re.search(r"CortexFineTuningWorkflow_[0-9a-f-]{36}", seen["teach"])
    assert job is not None and job[0] in seen["state"]
    assert "20 rows" in seen["use"]
    assert "<svg" in seen["chart"]
    assert seen["app"].count("To: ") == 3 and "<b>Done!</b>" in seen["app"]

    page = out.with_suffix(".html").read_text(encoding="utf-8")
    assert "Requests, sorted by a model" in page and "<svg" in page
    assert not re.findall(r"<script[^>]+src|<link[^>]+href|@import|url\(.?https?:", page)


def test_a_cell_that_fails_ends_the_run_and_what_was_done_is_there(data: Path, tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_code_cell("select 41 + 1 as answer", metadata={"language": "sql", "name": "first"}),
        nbformat.v4.new_code_cell("select * from {{nothing}}", metadata={"language": "sql", "name": "second"}),
        nbformat.v4.new_code_cell("1 + 1", metadata={"language": "python", "name": "third"}),
    ]
    file = tmp_path / "broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), file)
    done = sapwood("notebook", "run", file, "--data", data)
    assert done.returncode == 1
    assert "The cell second failed: NotebookError" in done.stderr and "'nothing' is undefined" in done.stderr
    seen = shown(nbformat.read(tmp_path / "broken.executed.ipynb", 4))
    assert "<td>42</td>" in seen["first"] and seen["third"] == ""
    assert "<td>42</td>" in (tmp_path / "broken.executed.html").read_text(encoding="utf-8")


def test_an_imported_notebook_connects_first(tmp_path: Path) -> None:
    done = sapwood("notebook", "import", NOTEBOOK, "--out", tmp_path / "lab.ipynb", "--connection", "mine")
    assert done.returncode == 0, done.stderr
    cells = nbformat.read(tmp_path / "lab.ipynb", 4).cells
    assert cells[0].source == "%load_ext sapwood.notebook\n%sapwood --connection mine"
    assert cells[2].source.startswith("%%sql -r load\n")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment of a client whose connections.toml names a server with `echo`."""
    wire = runpy.run_path(str(WIRE))
    server = wire["start_server"](tmp_path / "served")
    toml = tmp_path / "connections.toml"
    toml.write_text(
        f'[sapwood]\naccount = "sapwood"\nhost = "127.0.0.1"\nport = {server.port}\nprotocol = "http"\n'
        f'user = "ADMIN"\npassword = "{wire["PASSWORD"]}"\n'
    )
    toml.chmod(0o600)
    yield {**os.environ, "SNOWFLAKE_HOME": str(tmp_path)}
    server.process.stdout.close()
    assert server.stop() == 0


def test_an_imported_notebook_runs_in_jupyter(connection: Mapping[str, str], tmp_path: Path) -> None:
    cells = [
        ("rows", "sql", "select seq4() as n from table(generator(rowcount => 3))"),
        ("total", "sql", "select sum(n) as total from {{rows}}"),
        ("twice", "python", "int(total.to_pandas().TOTAL[0]) * 2"),
        ("drawn", "python", "import streamlit as st\nst.metric('Rows', rows.to_df().count())"),
        ("asked", "sql", "select snowflake.cortex.complete('mistral-7b', 'Hello, Jupyter') as answer"),
    ]
    made = [
        nbformat.v4.new_code_cell(text, metadata={"name": name, "language": tongue}) for name, tongue, text in cells
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=made), tmp_path / "own.ipynb")
    assert sapwood("notebook", "import", tmp_path / "own.ipynb", "--out", tmp_path / "lab.ipynb").returncode == 0
    jupyter = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "lab.ipynb", "--output", "ran.ipynb"]
    done = subprocess.run(
        jupyter, cwd=tmp_path, env=dict(connection), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    seen = shown(nbformat.read(tmp_path / "ran.ipynb", 4))
    assert "3 rows" in seen["rows"] and "<td>3</td>" in seen["total"]
    assert seen["twice"] == "6"
    assert "Rows" in seen["drawn"] and ">3" in seen["drawn"]
    assert "Hello, Jupyter" in seen["asked"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "missing.ipynb"), "No such file"),
        (("run", "a.ipynb", "--out", "a.ipynb"), "--out is the notebook itself"),
        (("import", "missing.ipynb"), "No such file"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    done = sapwood("notebook", *arguments)
    assert done.returncode == 1
    assert told in done.stderr and "Traceback" not in done.stderr


SMALLER = {"rows = 1000": "rows = 10", "measured = 200": "measured = 5", "untuned = 40": "untuned = 2"}


def test_the_quickstarts_notebook_tells_the_whole_story_in_small(data: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLE, 4)
    settings = next(cell for cell in notebook.cells if cell.metadata.name == "settings")
    for large, small in SMALLER.items():
        assert large in settings.source
        settings.source = settings.source.replace(large, small)
    nbformat.write(notebook, tmp_path / "small.ipynb")
    done = sapwood("notebook", "run", tmp_path / "small.ipynb", "--data", data, "--click", "Write messages")
    assert done.returncode == 0, done.stderr[-4000:]
    seen = shown(nbformat.read(tmp_path / "small.executed.ipynb", 4))
    assert seen["split"] in {f"({10 - n}, {n})" for n in range(11)}
    assert "5 rows" in seen["answers"]
    assert all("<svg" in seen[name] for name in ("labels_chart", "quality_chart", "confusion_chart"))
    assert "Written" in seen["write"]
