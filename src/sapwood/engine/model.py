"""ALTER MODEL on the catalogue's tuned models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sapwood.dialect.statements import AlterModel
from sapwood.engine.location import SYSTEM_ALIASES, check_version
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work, exists, unknown_object
from sapwood.errors import ProgrammingError, UnsupportedError
from sapwood.store.records import TunedModel


def alter_model(work: Work, statement: AlterModel) -> Rows:
    """RENAME TO, SET COMMENT, SET DEFAULT_VERSION, VERSION v SET ALIAS; an empty alias takes those of the version away."""
    name = statement.name
    old = work.parts.catalog.model(name.database, name.schema, name.name)
    if old is None:
        if statement.if_exists:
            return status_rows("ALTER_MODEL", "Statement executed successfully.")
        raise unknown_object("Model", name)
    action = _ACTIONS.get(statement.action)
    if action is None:
        raise UnsupportedError(f"ALTER MODEL ... {statement.action} is not supported")
    work.parts.catalog.replace_model(old, action(work, old, statement))
    return status_rows("ALTER_MODEL", "Statement executed successfully.")


def _rename(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    new = statement.new_name
    assert new is not None, "RENAME has a new name"
    work.check_schema(new.database, new.schema)
    if work.parts.catalog.model(new.database, new.schema, new.name) is not None:
        raise exists(new)
    return replace(old, database=new.database, schema=new.schema, name=new.name)


def _set_comment(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    return replace(old, comment=statement.value)


def _set_default_version(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    check_version(old, statement.value)
    return old


def _set_alias(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    check_version(old, statement.version)
    if not statement.value:
        kept = {alias: version for alias, version in old.aliases.items() if version != old.version}
        return replace(old, aliases=kept)
    alias = statement.value.upper()
    if alias in SYSTEM_ALIASES:
        raise ProgrammingError(f"The alias {alias} belongs to the system", hint="Use another alias.")
    return replace(old, aliases={**old.aliases, alias: old.version})


_ACTIONS: dict[str, Callable[[Work, TunedModel, AlterModel], TunedModel]] = {
    "RENAME": _rename,
    "SET COMMENT": _set_comment,
    "SET DEFAULT_VERSION": _set_default_version,
    "SET ALIAS": _set_alias,
}
