"""What the dialect may ask about a session: `dialect.statements.Scope` over one statement's work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sapwood import __version__
from sapwood.dialect.statements import Name, Relation, StagedFiles
from sapwood.engine.failure import translated
from sapwood.engine.information_schema import made_view
from sapwood.engine.staged import staged_files
from sapwood.engine.table_functions import table_function
from sapwood.engine.work import Work


class SessionScope:
    """What the dialect may ask about the session: `dialect.statements.Scope`."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._moment = datetime.now(UTC)

    @property
    def database(self) -> str | None:
        return self._work.state.database

    @property
    def schema(self) -> str | None:
        return self._work.state.schema

    @property
    def variables(self) -> Mapping[str, Any]:
        return self._work.state.variables

    @property
    def context(self) -> Mapping[str, Any]:
        state = self._work.state
        return {
            "CURRENT_USER": state.user,
            "CURRENT_ROLE": state.role,
            "CURRENT_WAREHOUSE": state.warehouse,
            "CURRENT_DATABASE": state.database,
            "CURRENT_SCHEMA": state.schema,
            "CURRENT_ACCOUNT": "SAPWOOD",
            "CURRENT_REGION": "LOCAL",
            "CURRENT_SESSION": state.id,
            "CURRENT_VERSION": __version__,
            "CURRENT_CLIENT": f"sapwood {__version__}",
            "CURRENT_ACCOUNT_NAME": "SAPWOOD",
            "CURRENT_ORGANIZATION_NAME": "SAPWOOD",
            "CURRENT_TIMESTAMP": self._moment,
            "LAST_QUERY_ID": tuple(state.query_ids),
        }

    def relation(self, name: Name) -> Relation | None:
        """A table or view of a database, or one that is made of what the catalogue knows."""
        made = made_view(self._work, name)
        return made if made is not None else self._work.relation(name)

    def table_function(self, name: str, arguments: Mapping[str, Any]) -> Relation | None:
        return table_function(self._work, name, arguments)

    def staged_files(self, files: StagedFiles) -> Relation:
        return staged_files(self._work, files)

    def value(self, sql: str) -> Any:
        with translated():
            return self._work.cursor.execute(f"SELECT {sql}").to_arrow_table().column(0)[0].as_py()
