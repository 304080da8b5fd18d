"""The import ladder of ARCHITECTURE.md, held: rooms import downwards only, and each foreign library has its rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "sapwood"

LADDER = (
    {"errors"},
    {"config", "credentials", "directory", "samples"},
    {"dialect", "store"},
    {"inference", "jobs", "registry"},
    {"functions", "training"},
    {"engine"},
    {"server"},
    {"connection", "hookspecs"},
    {"plugins"},
    {"office"},
    {"worker", "app", "terminal", "notebook"},
    {"service", "studio"},
    {"quickstart"},
    {"cli"},
    {"__main__"},
)
"""Rooms from the lowest up. A room imports itself and rooms of lower steps, never a neighbour."""

OWNERS = {
    "duckdb": {"engine"},
    "sqlglot": {"dialect"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "httpx": {"server"},
    "prometheus_client": {"server"},
    "argon2": {"credentials"},
    "cryptography": {"credentials", "server"},
    "jwt": {"server"},
    "openai": {"inference"},
    "torch": {"inference", "training"},
    "transformers": {"inference", "training", "registry"},
    "peft": {"training"},
    "safetensors": {"inference", "training", "registry"},
    "gguf": {"registry"},
    "llguidance": {"inference"},
    "huggingface_hub": {"registry"},
    "sklearn": {"training"},
    "threadpoolctl": {"training"},
    "scipy": {"quickstart"},
    "matplotlib": {"quickstart", "training"},
    "streamlit": {"studio", "notebook"},
    "altair": {"studio", "notebook"},
    "snowflake": {"studio", "notebook"},
    "nbclient": {"notebook"},
    "nbformat": {"notebook"},
    "nbconvert": {"notebook"},
    "IPython": {"notebook"},
    "jinja2": {"notebook", "inference"},
    "mistune": {"notebook"},
    "vl_convert": {"notebook"},
    "pluggy": {"hookspecs", "plugins"},
    "typer": {"cli"},
    "rich": {"terminal", "cli", "quickstart"},
}
"""Where each foreign library may be imported."""

MODULES = sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Dotted names of all imports of a module, those inside functions and TYPE_CHECKING too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_lower_rooms_only(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return  # the front door: it hands `connect` on, and imports it when it is called
    step = {name: index for index, rooms in enumerate(LADDER) for name in rooms}
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "sapwood" and len(parts) > 1 and parts[1] in step and parts[1] != room:
            assert step[parts[1]] < step[room], f"{room} imports {name}, which is not below it"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_foreign_library_stays_in_its_rooms(path: Path) -> None:
    for name in imported(path):
        owners = OWNERS.get(name.split(".")[0])
        assert owners is None or room_of(path) in owners, f"{name} belongs in {owners}"


def test_studio_sees_the_sql_door_only() -> None:
    for path in (SOURCE / "studio").rglob("*.py"):
        seen = {name for name in imported(path) if name.startswith("sapwood.")}
        below = ("sapwood.studio", "sapwood.notebook", "sapwood.errors")  # a notebook sees the SQL door only, too
        assert all(name.startswith(below) for name in seen), f"{path.name} imports {seen}"


def test_notebooks_see_the_sql_door_only() -> None:
    for path in (SOURCE / "notebook").rglob("*.py"):
        seen = {name for name in imported(path) if name.startswith("sapwood.")}
        assert all(name.startswith(("sapwood.notebook", "sapwood.errors")) for name in seen), (
            f"{path.name} imports {seen}"
        )


def test_every_room_has_its_step() -> None:
    known = set().union(*LADDER) | {"__init__"}
    assert {room_of(path) for path in MODULES} <= known
