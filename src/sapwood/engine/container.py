"""Databases, schemas, warehouses and roles: CREATE, DROP, USE."""

from __future__ import annotations

from sapwood.dialect.statements import AlterWarehouse, CreateContainer, Name, Use
from sapwood.engine.cloning import copy_schemas, copy_stages
from sapwood.engine.database import FIRST_SCHEMA, unknown_database
from sapwood.engine.location import forget_files
from sapwood.engine.metadata import Container, delete_schema, read_schemas, write_schema
from sapwood.engine.ownership import SYSTEM_ROLES, SYSTEM_WAREHOUSE, pass_all_on
from sapwood.engine.physical import schema_source
from sapwood.engine.privileges import may_see
from sapwood.engine.result import Rows, status_rows
from sapwood.engine.work import Work, now_ms, unknown_object
from sapwood.errors import AccessError, NoCurrentDatabaseError, ObjectExistsError, UnknownObjectError, UnsupportedError

ACCOUNT_KINDS = ("WAREHOUSE", "ROLE")


def create_container(work: Work, statement: CreateContainer) -> Rows:
    """CREATE DATABASE | SCHEMA | WAREHOUSE | ROLE; a new database or schema becomes the current one."""
    work.commit_open()
    made = _CREATE[statement.kind](work, statement)
    name = own_name(statement.kind, statement.name)
    if not made:
        return status_rows(f"CREATE_{statement.kind}", f"{name} already exists, statement succeeded.")
    return status_rows(f"CREATE_{statement.kind}", f"{statement.kind.capitalize()} {name} successfully created.")


def own_name(kind: str, name: Name) -> str:
    """The last part of an object's name: of a database or a schema that is its own field."""
    return {"DATABASE": name.database, "SCHEMA": name.schema}.get(kind, name.name)


def _create_database(work: Work, statement: CreateContainer) -> bool:
    databases, name = work.parts.databases, statement.name.database
    if databases.has(name) and statement.if_not_exists:
        return False
    if databases.has(name) and not statement.or_replace:
        raise _exists(name)
    _check_source(work, statement)
    if databases.has(name):
        _drop_database(work, statement.name)
    databases.create(name, owner=work.state.role, comment=statement.comment)
    if statement.clone is not None:
        _fill_database(work, name, statement.clone.database)
    work.state.database, work.state.schema = name, FIRST_SCHEMA
    return True


def _fill_database(work: Work, name: str, source: str) -> None:
    """A new database gets what another one holds, or is taken away again."""
    schemas = read_schemas(work.cursor, source)
    places = {(source, each.schema): (name, each.schema) for each in schemas}
    try:
        with work.transaction():
            for each in schemas:
                if each.schema != FIRST_SCHEMA:
                    _make_schema(work, name, each.schema, comment=each.comment)
            copy_schemas(work, places)
    except BaseException:
        work.parts.databases.drop(name)
        raise
    copy_stages(work, places)


def _create_schema(work: Work, statement: CreateContainer) -> bool:
    database, name = statement.name.database, statement.name.schema
    has = _has_schema(work, database, name)
    if has and statement.if_not_exists:
        return False
    if has and not statement.or_replace:
        raise _exists(f"{database}.{name}")
    _check_source(work, statement)
    source = statement.clone
    places = {(source.database, source.schema): (database, name)} if source is not None else {}
    with work.transaction():
        if has:
            work.cursor.execute(f"DROP SCHEMA {schema_source(database, name)} CASCADE")
            delete_schema(work.cursor, database, name)
        _make_schema(work, database, name, comment=statement.comment)
        copy_schemas(work, places)
    if has:
        _forget(work, database, name)
    copy_stages(work, places)
    work.state.database, work.state.schema = database, name
    return True


def _make_schema(work: Work, database: str, schema: str, *, comment: str) -> None:
    work.cursor.execute(f"CREATE SCHEMA {schema_source(database, schema)}")
    write_schema(work.cursor, Container(database, schema, comment, now_ms(), work.state.role))


def _check_source(work: Work, statement: CreateContainer) -> None:
    """What is to be cloned is there, and is not what the clone would replace."""
    source = statement.clone
    if source is None:
        return
    if source == statement.name:
        raise UnsupportedError(
            f"A {statement.kind.lower()} can't be replaced by its own clone", hint="Give the clone another name."
        )
    if statement.kind == "DATABASE":
        work.check_database(source.database)
    else:
        work.check_schema(source.database, source.schema)


def _create_account_object(work: Work, statement: CreateContainer) -> bool:
    if statement.kind == "ROLE" and statement.name.name in SYSTEM_ROLES:
        if statement.if_not_exists:
            return False
        raise _exists(statement.name.name)
    made = work.parts.catalog.put_account_object(
        statement.kind,
        statement.name.name,
        comment=statement.comment,
        owner=work.state.role,
        or_replace=statement.or_replace,
        if_not_exists=statement.if_not_exists,
    )
    if made and statement.kind == "WAREHOUSE":
        work.state.warehouse = statement.name.name
    return made


_CREATE = {
    "DATABASE": _create_database,
    "SCHEMA": _create_schema,
    "WAREHOUSE": _create_account_object,
    "ROLE": _create_account_object,
}


def _exists(name: str) -> ObjectExistsError:
    return ObjectExistsError(
        f"SQL compilation error:\nObject '{name}' already exists.", hint="Use CREATE OR REPLACE, or another name."
    )


def alter_warehouse(work: Work, statement: AlterWarehouse) -> Rows:
    """ALTER WAREHOUSE: it has to be there, and is what it was."""
    known = {thing.name for thing in work.parts.catalog.account_objects("WAREHOUSE")} | {SYSTEM_WAREHOUSE}
    if statement.name.name not in known:
        raise unknown_object("Warehouse", statement.name, sqlstate="02000")
    return status_rows("ALTER_WAREHOUSE", "Statement executed successfully.")


# DROP ----------------------------------------------------------------------------------------------------------------


def drop_container(work: Work, name: Name, *, kind: str) -> bool:
    """DROP DATABASE | SCHEMA | WAREHOUSE | ROLE; False if there is none."""
    work.commit_open()
    if kind == "ROLE":
        if not any(role.name == name.name for role in work.parts.catalog.account_objects("ROLE")):
            return False
        pass_all_on(work, name.name, heir=work.state.role)
        return work.parts.catalog.drop_role(name.name, heir=work.state.role)
    if kind in ACCOUNT_KINDS:
        return work.parts.catalog.drop_account_object(kind, name.name)
    if kind == "DATABASE":
        return work.parts.databases.has(name.database) and _drop_database(work, name)
    return _drop_schema(work, name)


def _drop_database(work: Work, name: Name) -> bool:
    work.parts.databases.drop(name.database)
    work.parts.catalog.drop_database(name.database)
    forget_files(work.parts.config.data, name.database)
    _forget_temporary(work, name.database, None)
    if work.state.database == name.database:
        work.state.database = work.state.schema = None
    return True


def _drop_schema(work: Work, name: Name) -> bool:
    if not _has_schema(work, name.database, name.schema):
        return False
    with work.transaction():
        work.cursor.execute(f"DROP SCHEMA {schema_source(name.database, name.schema)} CASCADE")
        delete_schema(work.cursor, name.database, name.schema)
    _forget(work, name.database, name.schema)
    if (work.state.database, work.state.schema) == (name.database, name.schema):
        work.state.schema = None
    return True


def _forget(work: Work, database: str, schema: str) -> None:
    work.parts.catalog.drop_schema(database, schema)
    forget_files(work.parts.config.data, database, schema)
    _forget_temporary(work, database, schema)


def _forget_temporary(work: Work, database: str, schema: str | None) -> None:
    state = work.state
    for held in (state.temporary, state.temporary_loads, state.temporary_stages, state.temporary_formats):
        for name in [name for name in held if name.database == database and schema in (None, name.schema)]:
            del held[name]


def _has_schema(work: Work, database: str, schema: str) -> bool:
    if not work.parts.databases.has(database):
        raise unknown_database(database)
    return any(known.schema == schema for known in read_schemas(work.cursor, database))


# USE -----------------------------------------------------------------------------------------------------------------


def use(work: Work, statement: Use) -> Rows:
    """USE DATABASE | SCHEMA | WAREHOUSE | ROLE | SECONDARY ROLES."""
    _USE[statement.kind](work, statement.name)
    return status_rows("USE", "Statement executed successfully.")


def _use_database(work: Work, name: Name) -> None:
    if not work.parts.databases.has(name.database) or not may_see(work, work.rights, "DATABASE", name):
        raise _nothing_to_use()
    work.state.database = name.database
    has_public = _has_schema(work, name.database, FIRST_SCHEMA)
    work.state.schema = FIRST_SCHEMA if has_public else None


def _use_schema(work: Work, name: Name) -> None:
    database = name.database or work.state.database
    if database is None:
        raise NoCurrentDatabaseError(
            "Cannot perform operation. This session does not have a current database. Call 'USE DATABASE', or use a qualified name."
        )
    is_there = work.parts.databases.has(database) and _has_schema(work, database, name.schema)
    if not is_there or not may_see(work, work.rights, "SCHEMA", Name(database, name.schema, "")):
        raise _nothing_to_use()
    work.state.database, work.state.schema = database, name.schema


def _use_warehouse(work: Work, name: Name) -> None:
    _check_account_object(work, "WAREHOUSE", name.name)
    work.state.warehouse = name.name


def _use_role(work: Work, name: Name) -> None:
    """A role that is not the user's is told of like one that is not there."""
    _check_account_object(work, "ROLE", name.name)
    if not work.rights.may_use(name.name) or (work.state.is_role_fixed and name.name != work.state.role):
        raise AccessError(
            f"SQL access control error:\nRequested role '{name.name}' is not assigned to the executing user. Specify another role to activate.",
            errno=3013,
        )
    work.state.role = name.name


def _use_secondary_roles(work: Work, name: Name) -> None:
    """ALL or NONE; with ALL, what any role of the user has counts."""
    if name.name not in ("ALL", "NONE"):
        raise UnsupportedError("USE SECONDARY ROLES takes ALL or NONE")
    if name.name == "ALL" and work.state.is_role_fixed:
        raise AccessError("SQL access control error:\nThis login is restricted to one role.")
    work.state.has_all_roles = name.name == "ALL"


_USE = {
    "DATABASE": _use_database,
    "SCHEMA": _use_schema,
    "WAREHOUSE": _use_warehouse,
    "ROLE": _use_role,
    "SECONDARY ROLES": _use_secondary_roles,
}

SYSTEM_OBJECTS = {
    "WAREHOUSE": (SYSTEM_WAREHOUSE,),
    "ROLE": SYSTEM_ROLES,
}
"""Account objects that are always there."""


def _check_account_object(work: Work, kind: str, name: str) -> None:
    known = {made.name for made in work.parts.catalog.account_objects(kind)}
    if name not in known and name not in SYSTEM_OBJECTS[kind]:
        raise _nothing_to_use()


def _nothing_to_use() -> UnknownObjectError:
    return UnknownObjectError(
        "SQL compilation error:\nObject does not exist, or operation cannot be performed.", errno=2043, sqlstate="02000"
    )
