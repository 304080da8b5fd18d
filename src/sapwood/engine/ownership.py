"""Which role owns an object, and passing it on. An object that is not there has no owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sapwood.dialect.statements import Name
from sapwood.engine.metadata import own_container, own_table, pass_on, read_database, read_schemas
from sapwood.engine.rights import ALL_RIGHTS
from sapwood.engine.schema_objects import read_object, write_object
from sapwood.engine.work import Work

SYSTEM_ROLES = ("ACCOUNTADMIN", "SYSADMIN", "SECURITYADMIN", "USERADMIN", "ORGADMIN", "PUBLIC")
SYSTEM_WAREHOUSE = "COMPUTE_WH"
SYSTEM_DATABASE = "SNOWFLAKE"
"""Holds the vendor's functions, models and views; it is nobody's and can't be changed."""


def owner_of(work: Work, kind: str, name: Name) -> str | None:
    """The owner, None if there is no such object."""
    return _OWNERS[kind](work, name)


def give(work: Work, kind: str, name: Name, *, role: str) -> None:
    """Make a role the owner of an object that is there."""
    _GIVERS[kind](work, name, role)


def _table(work: Work, name: Name) -> str | None:
    found = work.table(name)
    return None if found is None else found.owner


def _stage(work: Work, name: Name) -> str | None:
    found = work.parts.catalog.stage(name.database, name.schema, name.name)
    return None if found is None else found.owner


def _file_format(work: Work, name: Name) -> str | None:
    found = work.parts.catalog.file_format(name.database, name.schema, name.name)
    return None if found is None else found.owner


def _model(work: Work, name: Name) -> str | None:
    found = work.parts.catalog.model(name.database, name.schema, name.name)
    return None if found is None else found.owner


def _schema(work: Work, name: Name) -> str | None:
    if not work.parts.databases.has(name.database):
        return None
    schemas = read_schemas(work.cursor, name.database)
    return next((known.owner for known in schemas if known.schema == name.schema), None)


def _database(work: Work, name: Name) -> str | None:
    if not work.parts.databases.has(name.database):
        return None
    return read_database(work.cursor, name.database).owner


def _account_object(kind: str, system: tuple[str, ...]) -> Callable[[Work, Name], str | None]:
    def owner(work: Work, name: Name) -> str | None:
        if kind == "ROLE" and name.name in system:
            return ALL_RIGHTS
        made = {thing.name: thing.owner for thing in work.parts.catalog.account_objects(kind)}
        return made.get(name.name, ALL_RIGHTS if name.name in system else None)

    return owner


def _user(work: Work, name: Name) -> str | None:
    found = work.parts.catalog.user(name.name)
    return None if found is None else found.owner


def _schema_object(kind: str) -> Callable[[Work, Name], str | None]:
    def owner(work: Work, name: Name) -> str | None:
        found = read_object(work.cursor, kind, name) if work.parts.databases.has(name.database) else None
        return None if found is None else found.owner

    return owner


_OWNERS: Mapping[str, Callable[[Work, Name], str | None]] = {
    "ACCOUNT": lambda work, name: ALL_RIGHTS,
    "DATABASE": _database,
    "SCHEMA": _schema,
    "TABLE": _table,
    "VIEW": _table,
    "STAGE": _stage,
    "FILE FORMAT": _file_format,
    "FUNCTION": _schema_object("FUNCTION"),
    "SEQUENCE": _schema_object("SEQUENCE"),
    "TAG": _schema_object("TAG"),
    "MODEL": _model,
    "WAREHOUSE": _account_object("WAREHOUSE", (SYSTEM_WAREHOUSE,)),
    "ROLE": _account_object("ROLE", SYSTEM_ROLES),
    "USER": _user,
}


# Passing on ----------------------------------------------------------------------------------------------------------


def pass_all_on(work: Work, role: str, *, heir: str) -> None:
    """Whatever a role owns in any database is its heir's, so that a later role of its name does not own it."""
    work.commit_open()
    for database in work.parts.databases.names():
        with work.transaction():
            pass_on(work.cursor, database, role, heir=heir)


def _give_container(work: Work, name: Name, role: str) -> None:
    work.commit_open()
    with work.transaction():
        own_container(work.cursor, name.database, name.schema, owner=role)


def _give_table(work: Work, name: Name, role: str) -> None:
    work.commit_open()
    with work.transaction():
        own_table(work.cursor, name, owner=role)


def _give_stage(work: Work, name: Name, role: str) -> None:
    catalog = work.parts.catalog
    stage = catalog.stage(name.database, name.schema, name.name)
    if stage is not None:
        catalog.put_stage(replace(stage, owner=role), or_replace=True)


def _give_file_format(work: Work, name: Name, role: str) -> None:
    catalog = work.parts.catalog
    form = catalog.file_format(name.database, name.schema, name.name)
    if form is not None:
        catalog.put_file_format(replace(form, owner=role), or_replace=True)


def _give_model(work: Work, name: Name, role: str) -> None:
    catalog = work.parts.catalog
    model = catalog.model(name.database, name.schema, name.name)
    if model is not None:
        catalog.replace_model(model, replace(model, owner=role))


def _give_account_object(kind: str) -> Callable[[Work, Name, str], None]:
    def give_it(work: Work, name: Name, role: str) -> None:
        made = next((thing for thing in work.parts.catalog.account_objects(kind) if thing.name == name.name), None)
        comment = made.comment if made is not None else ""
        work.parts.catalog.put_account_object(kind, name.name, comment=comment, owner=role, or_replace=True)

    return give_it


def _give_user(work: Work, name: Name, role: str) -> None:
    user = work.parts.catalog.user(name.name)
    if user is not None:
        work.parts.catalog.replace_user(user, replace(user, owner=role))


def _give_schema_object(kind: str) -> Callable[[Work, Name, str], None]:
    def give_it(work: Work, name: Name, role: str) -> None:
        found = read_object(work.cursor, kind, name)
        if found is not None:
            with work.transaction():
                write_object(work.cursor, replace(found, owner=role))

    return give_it


_GIVERS: Mapping[str, Callable[[Work, Name, str], None]] = {
    "DATABASE": _give_container,
    "SCHEMA": _give_container,
    "TABLE": _give_table,
    "VIEW": _give_table,
    "STAGE": _give_stage,
    "FILE FORMAT": _give_file_format,
    "FUNCTION": _give_schema_object("FUNCTION"),
    "SEQUENCE": _give_schema_object("SEQUENCE"),
    "TAG": _give_schema_object("TAG"),
    "MODEL": _give_model,
    "WAREHOUSE": _give_account_object("WAREHOUSE"),
    "ROLE": _give_account_object("ROLE"),
    "USER": _give_user,
}
