"""ALTER MODEL on the catalogue's tuned models."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace

from sapwood.dialect.statements import AlterModel
from sapwood.engine.model_versions import SYSTEM_ALIASES, named_version
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work, exists, now_ms, unknown_object
from sapwood.errors import ObjectExistsError, ProgrammingError, UnsupportedError
from sapwood.store.records import TunedModel, TunedVersion


def alter_model(work: Work, statement: AlterModel) -> Rows:
    """RENAME TO, SET COMMENT, SET DEFAULT_VERSION, ADD VERSION, DROP VERSION, VERSION v SET ALIAS; an empty alias takes those of the
    version away.
    """
    name = statement.name
    old = work.parts.catalog.model(name.database, name.schema, name.name)
    if old is None:
        if statement.if_exists:
            return status_rows("ALTER_MODEL", "Statement executed successfully.")
        raise unknown_object("Model", name)
    action = _ACTIONS.get(statement.action)
    if action is None:
        raise UnsupportedError(f"ALTER MODEL ... {statement.action} is not supported")
    new = action(work, old, statement)
    work.parts.catalog.replace_model(old, new)
    remove_unused_files(work, [version for name, version in old.versions.items() if name not in new.versions])
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
    return old.with_versions(old.versions, named_version(old, statement.value))


def _set_alias(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    named = named_version(old, statement.version)
    if not statement.value:
        kept = {alias: version for alias, version in old.aliases.items() if version != named}
        return replace(old, aliases=kept)
    alias = statement.value.upper()
    if alias in SYSTEM_ALIASES:
        raise ProgrammingError(f"The alias {alias} belongs to the system", hint="Use another alias.")
    return replace(old, aliases={**old.aliases, alias: named})


def _add_version(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    """A version that shares the files of another model's, or of one of this model's own."""
    source = statement.source
    assert source is not None, "ADD VERSION has a source"
    found = work.parts.catalog.model(source.database, source.schema, source.name)
    if found is None:
        raise unknown_object("Model", source)
    if statement.version in old.versions or statement.version in SYSTEM_ALIASES:
        raise ObjectExistsError(
            f"Version '{statement.version}' of model {old.name} already exists", hint="Use another name."
        )
    copied = found.versions[named_version(found, statement.value)]
    return old.with_versions(
        {**old.versions, statement.version: replace(copied, created_on=now_ms())}, default=old.version
    )


def _drop_version(work: Work, old: TunedModel, statement: AlterModel) -> TunedModel:
    named = named_version(old, statement.version)
    if named == old.version:
        raise ProgrammingError(
            f"Version '{named}' is the default version of model {old.name} and can't be dropped",
            hint="SET DEFAULT_VERSION to another one first, or DROP MODEL.",
        )
    kept = {name: version for name, version in old.versions.items() if name != named}
    return old.with_versions(kept, default=old.version)


_ACTIONS: dict[str, Callable[[Work, TunedModel, AlterModel], TunedModel]] = {
    "RENAME": _rename,
    "SET COMMENT": _set_comment,
    "SET DEFAULT_VERSION": _set_default_version,
    "SET ALIAS": _set_alias,
    "ADD VERSION": _add_version,
    "DROP VERSION": _drop_version,
}


def remove_unused_files(work: Work, versions: Iterable[TunedVersion]) -> None:
    """Take away the files of versions that are gone, unless another one has them too."""
    catalog, data = work.parts.catalog, work.parts.config.data
    used = {version.adapter_path for model in catalog.models() for version in model.versions.values()}
    for path in {version.adapter_path for version in versions} - used:
        folder = (data / path).resolve()
        if folder.parent == (data / "models").resolve():
            shutil.rmtree(folder, ignore_errors=True)
