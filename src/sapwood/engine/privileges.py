"""What a statement needs, and whether the session's roles have it: asked before anything of the statement runs.

Comes in: a compiled statement and the work's rights. Goes out: nothing, or AccessError for what one may see but not do,
UnknownObjectError for what one may not even know of. Reading is asked for name by name while the statement is compiled
(`may_see`, `check_read`), because a view is read with its owner's rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sapwood.dialect.account_statements import (
    AccessTokens,
    AlterUser,
    CreateUser,
    GrantPrivileges,
    GrantRole,
    ShowGrants,
)
from sapwood.dialect.definition_statements import (
    AlterSequence,
    CreateFunction,
    CreateSequence,
    CreateTag,
)
from sapwood.dialect.names import parts, qualify
from sapwood.dialect.stage_statements import (
    CopyInto,
    CreateFileFormat,
    CreateStage,
    ExportModel,
    GetFiles,
    ListStage,
    PutFiles,
    RemoveFiles,
    Unload,
)
from sapwood.dialect.statements import (
    NOT_CONSTANT,
    AlterModel,
    AlterSession,
    AlterTable,
    AlterWarehouse,
    CreateContainer,
    CreateTable,
    CreateView,
    Describe,
    Dml,
    Drop,
    Explain,
    Name,
    Query,
    SetComment,
    SetVariable,
    Show,
    Signature,
    StagePath,
    Statement,
    Transaction,
    UnsetVariable,
    Use,
)
from sapwood.engine.definition import signed
from sapwood.engine.ownership import SYSTEM_DATABASE, owner_of
from sapwood.engine.rights import PRIVILEGES, Rights, rights_of_user
from sapwood.engine.work import Parts, State, Work, parameter_value, unknown_object
from sapwood.errors import AccessError, Error, UnknownModelError, UnsupportedError
from sapwood.store.records import ModelVersion

IN_SCHEMA = ("TABLE", "VIEW", "STAGE", "FILE FORMAT", "MODEL", "FUNCTION", "SEQUENCE", "TAG")
"""Kinds of objects that lie in a schema."""
ACCOUNT = Name("", "", "")
MODEL_URL = "snow://model/"
"""What the address of a tuned model's files begins with: snow://model/<name>/versions/<version>/<file>."""


@dataclass(frozen=True)
class Need:
    """One of these privileges on an object; none at all stands for any. Its owner has all."""

    privileges: tuple[str, ...]
    kind: str
    name: Name


def check(work: Work, statement: Query | Statement) -> None:
    """Raise unless the session's roles allow the statement. A kind of statement that is not known here is ACCOUNTADMIN's."""
    if work.rights.is_all:
        return
    needs = _NEEDS.get(type(statement))
    if needs is None:
        raise denied("account", "")
    for need in needs(work, statement):
        require(work, need)


def require(work: Work, need: Need) -> None:
    """Raise unless the session's roles have what is needed. An object that is not there passes: its handler says so."""
    if work.rights.is_all or _is_own(work, need.kind, need.name):
        return
    _check_around(work, need.kind, need.name)
    owner = owner_of(work, need.kind, need.name)
    if owner is None or owner in work.rights.roles:
        return
    had = granted(work.rights, need.kind, need.name)
    if had and (not need.privileges or had & {*need.privileges}):
        return
    if had or need.kind in ("ACCOUNT", "USER", "ROLE"):
        raise denied(need.kind.lower(), shown(need.kind, need.name))
    raise _unknown(need.kind, need.name)


def may_see(work: Work, rights: Rights, kind: str, name: Name) -> bool:
    """Whether roles have any privilege on an object, and on the database and schema around it."""
    if rights.is_all or _is_own(work, kind, name):
        return True
    around = [("DATABASE", Name(name.database, "", "")), ("SCHEMA", Name(name.database, name.schema, ""))]
    objects = [*around[: 2 if kind in IN_SCHEMA else kind == "SCHEMA"], (kind, name)]
    return all(owner_of(work, *each) in rights.roles or granted(rights, *each) for each in objects)


def check_read(rights: Rights, kind: str, name: Name, *, owner: str) -> None:
    """Raise unless roles may read the rows of a table or view that they may see."""
    if not (rights.is_all or owner in rights.roles or "SELECT" in granted(rights, kind, name)):
        raise denied(kind.lower(), name.name)


def check_usage_views(rights: Rights) -> None:
    """Raise unless roles may read what the whole account did."""
    may = "IMPORTED PRIVILEGES" in rights.on("DATABASE", Name(SYSTEM_DATABASE, "", ""))
    if not (rights.is_all or may or "SNOWFLAKE.USAGE_VIEWER" in rights.shared):
        raise _unknown("DATABASE", Name(SYSTEM_DATABASE, "", ""))


def check_place(work: Work, place: StagePath) -> None:
    """Raise unless the session may do anything at all with the files of a place."""
    for need in _place(work, place, ("READ", "USAGE", "WRITE")):
        require(work, need)


def granted(rights: Rights, kind: str, name: Name) -> frozenset[str]:
    """What is granted on an object, be it a table or a view."""
    kinds = ("TABLE", "VIEW") if kind in ("TABLE", "VIEW") else (kind,)
    return frozenset().union(*(rights.on(each, name) for each in kinds))


def denied(kind: str, name: str) -> AccessError:
    """The error for what one may see but not do, in the vendor's words."""
    what = f"{kind} '{name}'" if name else kind
    return AccessError(
        f"SQL access control error:\nInsufficient privileges to operate on {what}.",
        hint="USE ROLE takes another role; SHOW GRANTS lists what one has.",
    )


def shown(kind: str, name: Name) -> str:
    """An object's own name."""
    return {"DATABASE": name.database, "SCHEMA": name.schema}.get(kind, name.name)


def _unknown(kind: str, name: Name) -> Error:
    state = "42S02" if kind in ("TABLE", "VIEW", "MODEL") else "02000"
    return unknown_object(kind.capitalize(), name, sqlstate=state)


def _is_own(work: Work, kind: str, name: Name) -> bool:
    """Whether it is the session's alone, as temporary objects are; the vendor's database is everybody's."""
    state = work.state
    temporary: Mapping[str, Mapping[Name, Any]] = {
        "TABLE": state.temporary, "VIEW": state.temporary, "STAGE": state.temporary_stages, "FILE FORMAT": state.temporary_formats,
    }  # fmt: skip
    return name.database == SYSTEM_DATABASE or name in temporary.get(kind, {})


def _check_around(work: Work, kind: str, name: Name) -> None:
    """Raise unless there is any privilege on the database and schema around an object."""
    if kind in (*IN_SCHEMA, "SCHEMA"):
        require(work, Need((), "DATABASE", Name(name.database, "", "")))
    if kind in IN_SCHEMA:
        require(work, Need((), "SCHEMA", Name(name.database, name.schema, "")))


# What each statement needs -------------------------------------------------------------------------------------------


def _schema_of(name: Name) -> Name:
    return Name(name.database, name.schema, "")


def _creating(work: Work, kind: str, name: Name, *, or_replace: bool, temporary: bool = False) -> Iterable[Need]:
    yield Need(() if temporary else (f"CREATE {kind}",), "SCHEMA", _schema_of(name))
    if or_replace and not temporary:
        yield Need(("OWNERSHIP",), kind, name)


def _create_table(work: Work, statement: CreateTable) -> Iterable[Need]:
    yield from _creating(work, "TABLE", statement.name, or_replace=statement.or_replace, temporary=statement.temporary)
    if statement.like is not None:
        yield Need(("SELECT",), "TABLE", statement.like)
    yield from (Need(("APPLY",), "TAG", each.tag) for each in statement.tags)


def _making(kind: str) -> Callable[[Work, CreateView | CreateSequence | CreateTag], Iterable[Need]]:
    return lambda work, statement: _creating(work, kind, statement.name, or_replace=statement.or_replace)


def _create_stage(work: Work, statement: CreateStage) -> Iterable[Need]:
    yield from _creating(work, "STAGE", statement.name, or_replace=statement.or_replace, temporary=statement.temporary)
    yield from _format(statement.format_name)


def _create_file_format(work: Work, statement: CreateFileFormat) -> Iterable[Need]:
    return _creating(
        work, "FILE FORMAT", statement.name, or_replace=statement.or_replace, temporary=statement.temporary
    )


def _create_function(work: Work, statement: CreateFunction) -> Iterable[Need]:
    yield Need(("CREATE FUNCTION",), "SCHEMA", _schema_of(statement.function.name))
    if statement.or_replace:
        yield Need(("OWNERSHIP",), "FUNCTION", signed(statement.function))


def _create_container(work: Work, statement: CreateContainer) -> Iterable[Need]:
    if statement.kind == "SCHEMA":
        yield Need(("CREATE SCHEMA",), "DATABASE", Name(statement.name.database, "", ""))
    else:
        yield Need((f"CREATE {statement.kind}",), "ACCOUNT", ACCOUNT)
    if statement.or_replace:
        yield Need(("OWNERSHIP",), statement.kind, statement.name)
    if statement.clone is not None:
        yield Need(("OWNERSHIP",), statement.kind, statement.clone)


def _create_user(work: Work, statement: CreateUser) -> Iterable[Need]:
    yield Need(("CREATE USER",), "ACCOUNT", ACCOUNT)
    if statement.or_replace:
        yield Need(("OWNERSHIP",), "USER", Name("", "", statement.name))


def _drop(work: Work, statement: Drop) -> Iterable[Need]:
    return [Need(("OWNERSHIP",), statement.kind, statement.name)]


def _dml(work: Work, statement: Dml) -> Iterable[Need]:
    for privilege in statement.actions or (statement.kind,):
        yield Need((privilege,), "TABLE", statement.target)
    if statement.overwrite:
        yield Need(("DELETE",), "TABLE", statement.target)


def _alter_table(work: Work, statement: AlterTable) -> Iterable[Need]:
    yield Need(("OWNERSHIP",), "TABLE", statement.name)
    yield from (Need(("APPLY",), "TAG", each.tag) for each in statement.tags)
    if statement.new_name is not None:
        yield Need(("CREATE TABLE",), "SCHEMA", _schema_of(statement.new_name))


def _alter_model(work: Work, statement: AlterModel) -> Iterable[Need]:
    yield Need(("OWNERSHIP",), "MODEL", statement.name)
    if statement.source is not None:
        yield Need(("OWNERSHIP",), "MODEL", statement.source)
    if statement.new_name is not None:
        yield Need(("CREATE MODEL",), "SCHEMA", _schema_of(statement.new_name))


def _alter_sequence(work: Work, statement: AlterSequence) -> Iterable[Need]:
    yield Need(("OWNERSHIP",), "SEQUENCE", statement.name)
    if statement.new_name is not None:
        yield Need(("CREATE SEQUENCE",), "SCHEMA", _schema_of(statement.new_name))


def _alter_session(work: Work, statement: AlterSession) -> Iterable[Need]:
    return [Need(("OWNERSHIP",), "ACCOUNT", ACCOUNT)] if statement.scope == "ACCOUNT" else []


_OWN_PROPERTIES = {
    "PASSWORD", "DEFAULT_ROLE", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE", "DEFAULT_SECONDARY_ROLES", "DISPLAY_NAME", "EMAIL", "FIRST_NAME",
    "MIDDLE_NAME", "LAST_NAME",
}  # fmt: skip
"""What users may change of themselves."""


def _alter_user(work: Work, statement: AlterUser) -> Iterable[Need]:
    """A session of a token, which may be restricted to a role, can't make itself a password that is not."""
    user = statement.name or work.state.user
    is_own = user == work.state.user and not work.state.is_by_token
    if is_own and not statement.new_name and set(statement.properties) <= _OWN_PROPERTIES:
        return []
    return [Need(("OWNERSHIP",), "USER", Name("", "", user))]


def _access_tokens(work: Work, statement: AccessTokens) -> Iterable[Need]:
    user = statement.user or work.state.user
    return [] if user == work.state.user else [Need(("OWNERSHIP",), "USER", Name("", "", user))]


def _set_comment(work: Work, statement: SetComment) -> Iterable[Need]:
    kind = "TABLE" if statement.kind == "COLUMN" else statement.kind
    return [Need(("OWNERSHIP",), kind, statement.name)]


def _use(work: Work, statement: Use) -> Iterable[Need]:
    """Roles and places are the handler's: what one may not use is told of like what is not there."""
    return [Need(("USAGE", "OPERATE"), "WAREHOUSE", statement.name)] if statement.kind == "WAREHOUSE" else []


def _describe(work: Work, statement: Describe) -> Iterable[Need]:
    if statement.kind not in PRIVILEGES or (statement.kind == "USER" and statement.name.name == work.state.user):
        return []
    return [Need((), statement.kind, statement.name)]


# Stages --------------------------------------------------------------------------------------------------------------


def _copy_into(work: Work, statement: CopyInto) -> Iterable[Need]:
    yield Need(("INSERT",), "TABLE", statement.target)
    yield from _place(work, statement.source, ("READ", "USAGE"))
    yield from _format(statement.format_name)


def _unloading(work: Work, statement: Unload) -> Iterable[Need]:
    yield from _place(work, statement.target, ("WRITE", "USAGE"))
    yield from _format(statement.format_name)


def _exporting(work: Work, statement: ExportModel) -> Iterable[Need]:
    """A model's files are its owner's to read; USAGE is not enough."""
    yield Need(("OWNERSHIP",), "MODEL", statement.name)
    yield from _place(work, statement.target, ("WRITE",))


def _format(name: Name | None) -> Sequence[Need]:
    return [] if name is None else [Need(("USAGE",), "FILE FORMAT", name)]


def _reading(work: Work, statement: ListStage | GetFiles) -> Iterable[Need]:
    return _place(work, statement.source, ("READ", "USAGE"))


def _removing(work: Work, statement: RemoveFiles) -> Iterable[Need]:
    return _place(work, statement.source, ("WRITE",))


def _putting(work: Work, statement: PutFiles) -> Iterable[Need]:
    return _place(work, statement.target, ("WRITE",))


def _place(work: Work, place: StagePath, privileges: tuple[str, ...]) -> Sequence[Need]:
    """A named stage by its privileges, a table's stage by the table's owner; one's own stage is one's own."""
    if place.stage is not None:
        return [Need(privileges, "STAGE", place.stage)]
    if place.table is not None:
        return [Need(("OWNERSHIP",), "TABLE", place.table)]
    if place.url.startswith(MODEL_URL):
        given = parts(place.url.removeprefix(MODEL_URL).partition("/")[0])
        name = Name(*qualify(given, database=work.state.database, schema=work.state.schema))
        return [Need(("READ", "USAGE"), "MODEL", name)]
    return []


def _nothing(work: Work, statement: Query | Statement) -> Iterable[Need]:
    """What is read was asked for name by name; what is granted is asked for in grants.py."""
    return []


_NEEDS: Mapping[type, Callable[[Work, Any], Iterable[Need]]] = {
    AccessTokens: _access_tokens,
    AlterModel: _alter_model,
    AlterSequence: _alter_sequence,
    AlterSession: _alter_session,
    AlterTable: _alter_table,
    AlterWarehouse: lambda work, statement: [Need(("OPERATE", "MODIFY"), "WAREHOUSE", statement.name)],
    AlterUser: _alter_user,
    CopyInto: _copy_into,
    CreateContainer: _create_container,
    CreateFileFormat: _create_file_format,
    CreateStage: _create_stage,
    CreateTable: _create_table,
    CreateUser: _create_user,
    CreateView: _making("VIEW"),
    Describe: _describe,
    Dml: _dml,
    CreateFunction: _create_function,
    CreateSequence: _making("SEQUENCE"),
    CreateTag: _making("TAG"),
    Drop: _drop,
    Explain: _nothing,
    GetFiles: _reading,
    GrantPrivileges: _nothing,
    GrantRole: _nothing,
    ListStage: _reading,
    PutFiles: _putting,
    Unload: _unloading,
    ExportModel: _exporting,
    Query: _nothing,
    RemoveFiles: _removing,
    SetComment: _set_comment,
    SetVariable: _nothing,
    Show: _nothing,
    ShowGrants: _nothing,
    Transaction: _nothing,
    UnsetVariable: _nothing,
    Use: _use,
}


STATEMENTS = frozenset(_NEEDS)
"""The kinds of statements that are known here; any other is ACCOUNTADMIN's alone."""


# Functions and models ------------------------------------------------------------------------------------------------

_ANY_FUNCTION = ("SNOWFLAKE.CORTEX_USER", "SNOWFLAKE.AI_FUNCTIONS_USER")
_FUNCTION_ROLES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("FINETUNE", "AI_AGG", "AI_SUMMARIZE_AGG"), ("SNOWFLAKE.CORTEX_USER",)),
    **dict.fromkeys(("EMBED_TEXT_768", "EMBED_TEXT_1024", "AI_EMBED"), (*_ANY_FUNCTION, "SNOWFLAKE.CORTEX_EMBED_USER")),
}
"""The database roles of which one is needed; other functions take either of `_ANY_FUNCTION`, which has scalar ones only."""


def check_function(rights: Rights, function: str) -> None:
    """Raise unless roles may call a function that asks or makes a model. The REST API is a call of COMPLETE."""
    wanted = _FUNCTION_ROLES.get(function, _ANY_FUNCTION)
    on_account = rights.on_account() if not rights.is_all else frozenset[str]()
    has_privilege = bool(on_account & {"USE AI FUNCTIONS", f"USE AI FUNCTION {function}"})
    if rights.is_all or (has_privilege and rights.shared & {*wanted}):
        return
    raise AccessError(
        f"SQL access control error:\nInsufficient privileges to operate on function '{function}'.",
        hint=f"GRANT DATABASE ROLE {wanted[0]} TO ROLE <role>, and GRANT USE AI FUNCTIONS ON ACCOUNT TO ROLE <role>.",
    )


def guarded(signature: Signature, work: Work) -> Signature:
    """A function's signature whose check asks for the right to call it first."""
    if work.rights.is_all:
        return signature
    check_arguments = signature.check

    def check_call(constants: Mapping[str, Any]) -> None:
        check_function(work.rights, signature.function)
        if signature.function == "FINETUNE":
            check_finetune(work, constants)
        if check_arguments is not None:
            check_arguments(constants)

    return replace(signature, check=check_call)


def check_finetune(work: Work, constants: Mapping[str, Any]) -> None:
    """Raise unless FINETUNE('CREATE', name, base model, ...) may make a model there, and of that one."""
    action, name, base = (constants.get(each) for each in ("action", "name", "base_model"))
    if NOT_CONSTANT in (action, name, base):
        raise UnsupportedError("FINETUNE takes literals or variables as its first arguments")
    if str(action).strip().upper() != "CREATE" or not name or not base:
        return
    made = Name(*qualify(parts(str(name)), database=work.state.database, schema=work.state.schema))
    require(work, Need(("CREATE MODEL",), "SCHEMA", _schema_of(made)))
    check_base_model(work.parts, work.state, str(base))


def check_model(shared: Parts, state: State, name: str, model: ModelVersion) -> None:
    """Raise unless the session may ask a model: a tuned one by USAGE on it, a base model by list or grant.

    The account's list of base models binds ACCOUNTADMIN too; a tuned model that one may not use is told of like none.
    """
    if model.kind != "tuned":
        check_base_model(shared, state, name)
        return
    rights = _rights(shared, state)
    tuned = Name(*parts(model.name))
    found = shared.catalog.model(tuned.database, tuned.schema, tuned.name)
    may = found is not None and (rights.is_all or found.owner in rights.roles or "USAGE" in rights.on("MODEL", tuned))
    if not may:
        raise UnknownModelError(
            f"""Request failed for external function COMPLETE$V2 with remote service error: 400 '"unknown model \\"{name}\\""'""",
            hint="SHOW MODELS and `sapwood models list` show what there is.",
        )


def check_base_model(shared: Parts, state: State, name: str) -> None:
    """Raise unless the account's list has a base model, or a grant allows it."""
    listed = _listed(str(parameter_value(shared, state, "CORTEX_MODELS_ALLOWLIST")))
    if "all" not in listed and not _is_allowed(_rights(shared, state), name, listed):
        raise denied("model", name)


def _rights(shared: Parts, state: State) -> Rights:
    return rights_of_user(shared.catalog, state.user, state.role, has_all_roles=state.has_all_roles)


def _listed(allowlist: str) -> set[str]:
    return {each.strip().lower() for each in allowlist.split(",")}


def _is_allowed(rights: Rights, name: str, listed: set[str]) -> bool:
    bare = name.rpartition(".")[2].strip('"') if name.upper().startswith("SNOWFLAKE.MODELS.") else name
    roles = {f"SNOWFLAKE.CORTEX-MODEL-ROLE-{bare.upper()}", "SNOWFLAKE.CORTEX-MODEL-ROLE-ALL"}
    on_model = rights.on("MODEL", Name(SYSTEM_DATABASE, "MODELS", bare.upper()))
    return bare.lower() in listed or bool(rights.shared & roles) or "USAGE" in on_model
