"""Write what our tests take of sqlglot's: pairs of statements, and statements of all kinds. Run it after an upgrade of sqlglot.

tests/unit/dialect/pairs.json has Snowflake statements with DuckDB's text for each. Only SELECTs that read no table and no
column are kept: both sides can be run and give a value. tests/property/statements.json has whatever sqlglot parses.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

TESTS = Path(__file__).resolve().parent.parent / "tests"
SNOWFLAKE, IDENTITY = "tests/dialects/test_snowflake.py", "tests/fixtures/identity.sql"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        snowflake, identity = _sources(Path(folder))
    tree = ast.parse(snowflake)
    pairs = sorted({pair for pair in _pairs(tree) if _is_constant(pair[0])})
    statements = sorted({*_identities(tree), *(line for line in identity.splitlines() if line.strip())})
    _write(TESTS / "unit" / "dialect" / "pairs.json", "pairs", [list(pair) for pair in pairs])
    _write(TESTS / "property" / "statements.json", "statements", statements)
    return 0


def _write(target: Path, name: str, content: list[Any]) -> None:
    about = {"source": f"tests of sqlglot {version('sqlglot')}", "licence": "MIT License, Copyright (c) 2026 Toby Mao"}
    target.write_text(json.dumps({**about, name: content}, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def _sources(folder: Path) -> tuple[str, str]:
    """The texts of sqlglot's tests, out of the source package of the version that is installed."""
    wanted = f"sqlglot=={version('sqlglot')}"
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "sqlglot", wanted]
    subprocess.run([*download, "--dest", str(folder)], check=True)
    (archive,) = folder.glob("sqlglot-*.tar.gz")
    with tarfile.open(archive) as files:
        root = archive.name.removesuffix(".tar.gz")
        return _text(files, f"{root}/{SNOWFLAKE}"), _text(files, f"{root}/{IDENTITY}")


def _text(files: tarfile.TarFile, name: str) -> str:
    member = files.extractfile(name)
    assert member is not None, "a file, not a folder"
    return member.read().decode()


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name and node.args:
            yield node


def _identities(tree: ast.AST) -> Iterator[str]:
    """The statements of each `validate_identity(statement)` that are written out."""
    for call in _calls(tree, "validate_identity"):
        found = _literal(call.args[0])
        if isinstance(found, str):
            yield found


def _pairs(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The pairs of each `validate_all(snowflake, write={"duckdb": ...})` that are written out."""
    for call in _calls(tree, "validate_all"):
        written = next((each.value for each in call.keywords if each.arg == "write"), None)
        found = _literal(call.args[0])
        duckdb = _entry(written, "duckdb") if isinstance(written, ast.Dict) else None
        if isinstance(found, str) and isinstance(duckdb, str):
            yield found, duckdb


def _entry(written: ast.Dict, name: str) -> Any:
    pairs = zip(written.keys, written.values, strict=True)
    return next((_literal(value) for key, value in pairs if key is not None and _literal(key) == name), None)


def _literal(node: ast.AST) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _is_constant(statement: str) -> bool:
    try:
        tree = parse_one(statement, dialect="snowflake")
    except SqlglotError:
        return False
    return isinstance(tree, exp.Select) and tree.find(exp.Table, exp.Column, exp.Placeholder) is None


if __name__ == "__main__":
    sys.exit(main())
