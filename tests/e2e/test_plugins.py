"""A package of somebody else's adds SQL functions and models: found by its entry point, called in SQL, refused by name."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import sapwood
from sapwood.connection import DictCursor
from sapwood.errors import PluginError, UnknownFunctionError

ROOT = Path(__file__).parents[2]

FUNCTION = """
from sapwood.dialect.statements import Parameter, Signature
from sapwood.dialect.types import text
from sapwood.functions.function import Ask, SqlFunction
from sapwood.hookspecs import hookimpl
from sapwood.inference.request import Message

def ask(arguments, models):
    return Ask(models.resolve("echo"), (Message("user", f"Dear {arguments['name']}"),))

GREET = SqlFunction(
    Signature("{name}", ("{name}",), (Parameter("name", ("TEXT",)),), returns=text()),
    ask,
    lambda completion, arguments: completion.text + "!",
)

@hookimpl
def sapwood_functions():
    return [GREET]
"""

MODEL = """
[models.acme-1b]
sha256 = "00"
bytes = 1000
context = 2048
max_output = 512
prompt_tokens = 1536
completion_tokens = 512
licence = "Acme"
sources = [{kind = "path", path = "/nowhere/acme.gguf"}]

[[aliases]]
names = ["acme-chat"]
small-cpu = "acme-1b"
large-cpu = "acme-1b"
gpu = "acme-1b"
"""

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package `acme-sapwood` with a module of this source where Python finds it, as pip does."""

    def put(source: str) -> None:
        site = tmp_path / "site"
        info = site / "acme_sapwood-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-sapwood\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text("[sapwood]\nacme = acme_sapwood\n", encoding="utf-8")
        (site / "acme_sapwood.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, "acme_sapwood", raising=False)
        importlib.invalidate_caches()

    return put


def ask(data: Path, sql: str) -> list[tuple[object, ...]]:
    with sapwood.connect(data) as connection:
        return connection.cursor().execute(sql).fetchall()


def test_a_plugged_function_is_called_in_sql_over_rows(install: Install, tmp_path: Path) -> None:
    install(FUNCTION.replace("{name}", "ACME_GREET"))
    sql = "select acme_greet(name) from (select 'Ann' as name union all select 'Bo') order by 1"
    assert ask(tmp_path / "data", sql) == [("Dear Ann!",), ("Dear Bo!",)]


def test_without_the_package_the_function_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnknownFunctionError, match="ACME_GREET"):
        ask(tmp_path / "data", "select acme_greet('Ann')")


def test_the_recipe_of_contributing_works(install: Install, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    (recipe,) = [block for block in blocks if "@hookimpl" in block]
    install(recipe.replace("mistral-7b", "echo"))
    assert ask(tmp_path / "data", "select acme_polite('No')") == [("Say this politely: No",)]


def test_a_plugged_model_is_listed_under_its_names(install: Install, tmp_path: Path) -> None:
    install(f"from sapwood.hookspecs import hookimpl\n@hookimpl\ndef sapwood_models():\n    return '''{MODEL}'''\n")
    with sapwood.connect(tmp_path / "data") as connection:
        rows = connection.cursor(DictCursor).execute("show models").fetchall()
    names = {row["name"]: row["answered_by"] for row in rows}
    assert (names["ACME-1B"], names["ACME-CHAT"]) == ("acme-1b", "acme-1b")
    assert names["MISTRAL-7B"] == "smollm2-135m-instruct"


HOOK = "from sapwood.hookspecs import hookimpl\n@hookimpl\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import a_package_that_is_not_there", r"\(acme_sapwood\) can't be loaded: ModuleNotFoundError"),
        (HOOK + "def sapwood_function():\n    return []\n", "can't be loaded: PluginValidationError.*sapwood_function"),
        (HOOK + "def sapwood_functions():\n    return 1 / 0\n", "package acme-sapwood.*ZeroDivisionError"),
        (HOOK + "def sapwood_functions():\n    return ['COMPLETE']\n", "'COMPLETE' as a function"),
        (FUNCTION.replace("{name}", "AI_COMPLETE"), "function AI_COMPLETE, and there is one already"),
        (FUNCTION.replace("{name}", "greet"), "names are in upper case"),
        (
            HOOK + f"def sapwood_models():\n    return '''{MODEL.replace('acme-1b', 'echo')}'''\n",
            "model echo, and there",
        ),
        (HOOK + "def sapwood_models():\n    return '[models.x]'\n", "failed: KeyError"),
    ],
)
def test_a_plugin_that_can_not_be_used_is_named(install: Install, tmp_path: Path, source: str, message: str) -> None:
    install(source)
    with pytest.raises(PluginError, match=f"(?s)plug-in acme.*{message}") as caught:
        ask(tmp_path / "data", "select 1")
    assert "ninstall" in caught.value.hint
    assert not (tmp_path / "data" / "owner.token").exists()
