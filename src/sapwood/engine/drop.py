"""DROP of any kind."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from sapwood.dialect.statements import Drop, Name
from sapwood.engine.container import drop_container, own_name
from sapwood.engine.definition import drop_definition
from sapwood.engine.location import stage_folder
from sapwood.engine.model import remove_unused_files
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.table import drop_table
from sapwood.engine.tags import drop_tag
from sapwood.engine.users import drop_user
from sapwood.engine.work import Work, unknown_object
from sapwood.errors import UnsupportedError


def drop(work: Work, statement: Drop) -> Rows:
    """DROP <kind> [IF EXISTS] <name>."""
    kind, name = statement.kind, statement.name
    handler = _KINDS.get(kind)
    if handler is None:
        raise UnsupportedError(f"DROP {kind} is not supported")
    own = own_name(kind, name).partition("(")[0] if kind == "FUNCTION" else own_name(kind, name)
    if handler(work, name):
        return status_rows(f"DROP_{kind}", f"{own} successfully dropped.")
    if statement.if_exists:
        return status_rows(f"DROP_{kind}", f"Drop statement executed successfully ({own} already dropped).")
    raise unknown_object(kind.capitalize(), name, sqlstate="02000" if kind in ("DATABASE", "SCHEMA") else "42S02")


def _drop_stage(work: Work, name: Name) -> bool:
    stage = work.stage(name)
    if stage is None:
        return False
    if not stage.url:
        shutil.rmtree(stage_folder(work, name), ignore_errors=True)
    if work.state.temporary_stages.pop(name, None) is None:
        work.parts.catalog.drop_stage(name.database, name.schema, name.name)
    return True


def _drop_file_format(work: Work, name: Name) -> bool:
    if work.state.temporary_formats.pop(name, None) is not None:
        return True
    return work.parts.catalog.drop_file_format(name.database, name.schema, name.name)


def _drop_model(work: Work, name: Name) -> bool:
    """Take a tuned model away, and its files unless another one has them too."""
    catalog = work.parts.catalog
    model = catalog.model(name.database, name.schema, name.name)
    if model is None or not catalog.drop_model(name.database, name.schema, name.name):
        return False
    remove_unused_files(work, model.versions.values())
    return True


_KINDS: dict[str, Callable[[Work, Name], bool]] = {
    "TABLE": lambda work, name: drop_table(work, name, kind="TABLE"),
    "VIEW": lambda work, name: drop_table(work, name, kind="VIEW"),
    "DATABASE": lambda work, name: drop_container(work, name, kind="DATABASE"),
    "SCHEMA": lambda work, name: drop_container(work, name, kind="SCHEMA"),
    "WAREHOUSE": lambda work, name: drop_container(work, name, kind="WAREHOUSE"),
    "ROLE": lambda work, name: drop_container(work, name, kind="ROLE"),
    "USER": drop_user,
    "STAGE": _drop_stage,
    "FILE FORMAT": _drop_file_format,
    "FUNCTION": lambda work, name: drop_definition(work, name, kind="FUNCTION"),
    "SEQUENCE": lambda work, name: drop_definition(work, name, kind="SEQUENCE"),
    "MODEL": _drop_model,
    "TAG": drop_tag,
}
