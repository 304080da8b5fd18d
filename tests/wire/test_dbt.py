"""dbt with its Snowflake adapter: a project of a seed, a view, a table and an incremental model that asks a language model."""

from __future__ import annotations

from pathlib import Path

import pytest
from wire_bench import ClientPython, Server, environment, pasted

PROJECT = {
    "dbt_project.yml": "{name: tickets, version: '1.0', profile: sapwood, models: {tickets: {+persist_docs: {relation: true, columns: true}}}}",
    "seeds/requests.csv": "id,request\n1,hello\n2,there\n3,you\n",
    "models/loud.sql": "{{ config(materialized='view') }} select id, upper(request) as request from {{ ref('requests') }}",
    "models/answered.sql": """{{ config(materialized='table') }}
select id, request, snowflake.cortex.complete('mistral-7b', request) as answer from {{ ref('loud') }}""",
    "models/collected.sql": """{{ config(materialized='incremental', unique_key='id') }}
select id, snowflake.cortex.complete('mistral-7b', concat('dbt asks: ', request)) as answer from {{ ref('requests') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}""",
    "models/replaced.sql": """{{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert') }}
select id, request from {{ ref('requests') }}""",
    "snapshots/kept.sql": """{% snapshot kept %} {{ config(unique_key='id', strategy='check', check_cols=['request'], target_schema='dbt_kept') }}
select * from {{ ref('requests') }} {% endsnapshot %}""",
    "models/schema.yml": """{version: 2, models: [{name: answered, description: "a model's answers", columns: [
  {name: id, description: "the request's number", data_tests: [unique, not_null]},
  {name: answer, data_tests: [{accepted_values: {values: [HELLO, THERE, YOU]}}]}]}]}""",
}
COMMANDS = '''
import os, pathlib, re, urllib.request
from dbt.cli.main import dbtRunner
os.chdir(PLACE)
runner = dbtRunner()
def dbt(*words):
    done = runner.invoke([*words, "--quiet", "--no-send-anonymous-usage-stats"])
    nodes = {} if words[0] == "docs" else {each.node.name: each.message for each in getattr(done.result, "results", ())}
    return {"success": done.success, **nodes}
def rows_asked():
    """Rows that were put to a model, whether it answered or the cache."""
    with urllib.request.urlopen(f"http://127.0.0.1:{settings['port']}/metrics") as page:
        return sum(map(float, re.findall(r"^sapwood_model_rows_total{.*} (.*)", page.read().decode(), re.MULTILINE)))
'''


@pytest.fixture
def project(server: Server, tmp_path: Path) -> str:
    """The beginning of a script that stands in the project and has a function `dbt`."""
    profile = pasted(server, "dbt").replace('"PUBLIC"', '"DBT"')
    for name, text in {**PROJECT, "profiles.yml": profile}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return f"PLACE = {str(tmp_path)!r}\n" + COMMANDS


def test_a_project_is_built_tested_documented_and_goes_on(server: Server, project: str) -> None:
    out = ClientPython(environment("dbt"), server).run(
        project
        + """
for words in (["debug"], ["seed"], ["run"], ["test"], ["snapshot"], ["docs", "generate"]):
    out[words[0]] = dbt(*words)
catalog = json.loads(pathlib.Path("target/catalog.json").read_text())["nodes"]["model.tickets.answered"]
out["catalog"] = [catalog["metadata"]["comment"], catalog["columns"]["ID"], catalog["stats"]["row_count"]["value"]]
with pathlib.Path("seeds/requests.csv").open("a") as seed:
    seed.write("4,again\\n")
out["seed again"] = dbt("seed")
asked = rows_asked()
out["run again"] = dbt("run", "--select", "collected", "replaced")
out["asked"] = rows_asked() - asked
out["snapshot again"] = dbt("snapshot")
cursor = connect().cursor()
out["rows"] = cursor.execute("select * from dbt.collected order by id").fetchall()
out["kept"] = cursor.execute("select id, dbt_valid_to from dbt_kept.kept order by id").fetchall()
"""
    )
    assert out.pop("catalog") == [
        "a model's answers",
        {"type": "NUMBER", "index": 1, "name": "ID", "comment": "the request's number"},
        3,
    ]
    assert out.pop("rows") == [
        [1, "dbt asks: hello"], [2, "dbt asks: there"], [3, "dbt asks: you"], [4, "dbt asks: again"],
    ]  # fmt: skip
    assert out.pop("kept") == [[1, None], [2, None], [3, None], [4, None]]
    assert out.pop("asked") == 1, "the second run asks for the new request only"
    assert out == {
        "debug": {"success": True},
        "seed": {"success": True, "requests": "INSERT 3"},
        "run": {"success": True, **dict.fromkeys(("loud", "answered", "collected", "replaced"), "SUCCESS 1")},
        "test": {
            "success": True,
            **dict.fromkeys(
                ("unique_answered_id", "not_null_answered_id", "accepted_values_answered_answer__HELLO__THERE__YOU")
            ),
        },
        "snapshot": {"success": True, "kept": "SUCCESS 1"},
        "docs": {"success": True},
        "seed again": {"success": True, "requests": "INSERT 4"},
        "run again": {"success": True, "collected": "SUCCESS 1", "replaced": "SUCCESS 4"},
        "snapshot again": {"success": True, "kept": "SUCCESS 1"},
    }
