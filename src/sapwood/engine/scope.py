"""What the dialect may ask about a session: `dialect.statements.Scope` over one statement's work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sapwood import __version__
from sapwood.dialect.conventions import CONVENTIONS, Conventions
from sapwood.dialect.statements import Name, Relation, StagedFiles, UserFunction
from sapwood.engine.ddl import ddl
from sapwood.engine.definition import functions_named, sequence, signed
from sapwood.engine.failure import translated
from sapwood.engine.information_schema import ACCOUNT_USAGE, made_view
from sapwood.engine.privileges import check_place, check_read, check_usage_views, may_see
from sapwood.engine.rights import Rights, rights_of_role
from sapwood.engine.staged import staged_files
from sapwood.engine.table_functions import table_function
from sapwood.engine.tags import get_tag
from sapwood.engine.work import Work, source_of


class SessionScope:
    """What the dialect may ask about the session: `dialect.statements.Scope`."""

    def __init__(self, work: Work, rights: Rights | None = None) -> None:
        """`rights` are those that names are looked up with: a view's owner's inside a view, else the session's."""
        self._work = work
        self._rights = rights or work.rights
        self._owners: dict[Name, str] = {}
        self._moment = datetime.now(UTC)
        self.definition: Name | None = None
        """The view or function beside which bare names are looked up."""

    @property
    def database(self) -> str | None:
        return self.definition.database if self.definition else self._work.state.database

    @property
    def schema(self) -> str | None:
        return self.definition.schema if self.definition else self._work.state.schema

    def within(self, name: Name) -> SessionScope:
        """The same, where bare names stand for what lies beside an object."""
        inner = copy(self)
        inner.definition = name
        return inner

    @property
    def variables(self) -> Mapping[str, Any]:
        return self._work.state.variables

    @property
    def context(self) -> Mapping[str, Any]:
        state = self._work.state
        return {
            "CURRENT_USER": state.user,
            "CURRENT_ROLE": state.role,
            "CURRENT_AVAILABLE_ROLES": self._available_roles,
            "CURRENT_WAREHOUSE": state.warehouse,
            "CURRENT_DATABASE": state.database,
            "CURRENT_SCHEMA": state.schema,
            "CURRENT_ACCOUNT": "SAPWOOD",
            "CURRENT_REGION": "LOCAL",
            "CURRENT_SESSION": state.id,
            "CURRENT_TRANSACTION": state.transaction,
            "CURRENT_QUERY_TAG": self._work.parameter("QUERY_TAG"),
            "CURRENT_VERSION": __version__,
            "CURRENT_CLIENT": f"sapwood {__version__}",
            "CURRENT_ACCOUNT_NAME": "SAPWOOD",
            "CURRENT_ORGANIZATION_NAME": "SAPWOOD",
            "CURRENT_TIMESTAMP": self._moment,
            "LAST_QUERY_ID": tuple(state.query_ids),
            CONVENTIONS: self._conventions,
        }

    @property
    def _available_roles(self) -> str:
        """The roles that are the user's, as JSON; ACCOUNTADMIN among them stands for every one."""
        state = self._work.state
        return json.dumps([state.role] if state.is_role_fixed else sorted(self._work.rights.held))

    @cached_property
    def _conventions(self) -> Conventions:
        return Conventions.of(self._work.parameter)

    def relation(self, name: Name) -> Relation | None:
        """A table or view of a database, or one that is made of what the catalogue knows; None if it may not be seen."""
        work, rights = self._work, self._rights
        made = made_view(work, name)
        if made is not None:
            return made
        found = work.table(name)
        if found is None or not may_see(work, rights, found.kind, name):
            return None
        if not found.is_temporary:
            self._owners[name] = found.owner
        if found.kind == "VIEW":
            is_free = rights.is_all or found.is_temporary
            inside = None if is_free else SessionScope(work, rights_of_role(work.parts.catalog, found.owner))
            return Relation(name, found.columns, definition=found.definition, inside=inside)
        return Relation(name, found.columns, source=source_of(found))

    def read(self, relation: Relation) -> None:
        """Raise unless the rows of a relation may be read; what the statement has made itself, may."""
        kind = "VIEW" if relation.definition else "TABLE"
        if relation.name in self._owners:
            check_read(self._rights, kind, relation.name, owner=self._owners[relation.name])
        elif relation.name.schema == ACCOUNT_USAGE:
            check_usage_views(self._rights)

    def table_function(self, name: str, arguments: Mapping[str, Any]) -> Relation | None:
        return table_function(self._work, name, arguments)

    def staged_files(self, files: StagedFiles) -> Relation:
        if not files.is_deferred:
            check_place(self._work, files.place)
        return staged_files(self._work, files)

    def functions(self, name: Name) -> list[UserFunction]:
        """Functions that users have made; their bodies read tables with the rights of who calls them."""
        found = functions_named(self._work, name)
        return [each for each in found if may_see(self._work, self._rights, "FUNCTION", signed(each))]

    def sequence(self, name: Name) -> str | None:
        return sequence(self._work, name) if may_see(self._work, self._rights, "SEQUENCE", name) else None

    def ddl(self, kind: str, name: str) -> str:
        return ddl(self._work, kind, name)

    def tag(self, tag: str, name: str, kind: str) -> str | None:
        return get_tag(self._work, tag, name, kind=kind)

    def value(self, sql: str) -> Any:
        with translated():
            return self._work.cursor.execute(f"SELECT {sql}").to_arrow_table().column(0)[0].as_py()
