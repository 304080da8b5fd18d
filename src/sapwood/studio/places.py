"""What there is to choose from: databases, schemas, tables, columns, roles and models, as SHOW lists them for the user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sapwood.studio.door import Door
from sapwood.studio.memory import Row
from sapwood.studio.sql import path


@dataclass(frozen=True)
class Table:
    """A table or view by its three names."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return path(self.database, self.schema, self.name)

    @property
    def label(self) -> str:
        """For narrow boxes: what tells it from others stands first."""
        return f"{self.name} · {path(self.database, self.schema)}"


@dataclass(frozen=True)
class Model:
    """A model that a statement can name. `answered_by` is what stands behind a Cortex name; `is_tuned` is one made here.

    `tuning_bytes` is the memory that a fine-tune of it is expected to need; None where that is not known.
    """

    name: str
    answered_by: str
    comment: str
    is_tuned: bool
    place: str = ""
    owner: str = ""
    created_on: object = None
    tuning_bytes: int | None = None

    @property
    def bare(self) -> str:
        """Its name without its place."""
        return self.name.removeprefix(f"{self.place}.")

    @property
    def label(self) -> str:
        """With what answers, where that is another; one made here with its place behind its name."""
        if self.is_tuned:
            return f"{self.bare} · {self.place}"
        other = self.answered_by and self.answered_by.upper() != self.name.upper()
        return f"{self.name} · {self.answered_by}" if other else self.name


@dataclass(frozen=True)
class Here:
    """Who acts, and where bare names are looked up; '' for what is not set."""

    user: str
    role: str
    warehouse: str
    database: str
    schema: str


HERE = (
    "SELECT CURRENT_USER() AS USER_NAME, CURRENT_ROLE() AS ROLE_NAME, CURRENT_WAREHOUSE() AS WAREHOUSE,\n"
    "  CURRENT_DATABASE() AS DB, CURRENT_SCHEMA() AS SCH"
)
ROLES, DATABASES, SCHEMAS = "SHOW ROLES", "SHOW DATABASES", "SHOW SCHEMAS IN ACCOUNT"
HELD = "SELECT CURRENT_AVAILABLE_ROLES() AS ROLES"
EVERYTHING = "ACCOUNTADMIN"
OBJECTS, MODELS = "SHOW OBJECTS IN ACCOUNT", "SHOW MODELS IN ACCOUNT"
COMMON = (HERE, HELD, ROLES, MODELS, OBJECTS, DATABASES, SCHEMAS)
"""What nearly every page wants to know."""


def here(door: Door) -> Here:
    """The session's context."""
    return Here(*(str(value or "") for value in door.look(HERE)[0].values()))


def databases(door: Door) -> list[str]:
    return [str(row["name"]) for row in door.look(DATABASES)]


def schemas(door: Door) -> list[tuple[str, str]]:
    """The databases and schemas in which things can be made."""
    rows = [(str(row["database_name"]), str(row["name"])) for row in door.look(SCHEMAS)]
    return [(database, schema) for database, schema in rows if schema != "INFORMATION_SCHEMA"]


def tables(door: Door) -> list[Table]:
    """All tables and views that the user may see."""
    rows = door.look(OBJECTS)
    found = [Table(str(row["database_name"]), str(row["schema_name"]), str(row["name"])) for row in rows]
    return [table for table in found if table.schema != "INFORMATION_SCHEMA"]


def columns(door: Door, table: Table) -> list[str]:
    return [str(row["column_name"]) for row in door.look(f"SHOW COLUMNS IN TABLE {table}")]


def columns_here(door: Door) -> set[str]:
    """The columns of all tables that the session looks up by bare name."""
    now = here(door)
    if not now.schema:
        return set()
    return {str(row["column_name"]) for row in door.look(f"SHOW COLUMNS IN SCHEMA {path(now.database, now.schema)}")}


def roles(door: Door) -> list[str]:
    """All roles, as far as the user may know of them."""
    return [str(row["name"]) for row in door.look(ROLES)]


def own_roles(door: Door) -> list[str]:
    """The roles that the user can take on; who has ACCOUNTADMIN can take on every one."""
    return roles(door) if may_do_everything(door) else _held(door)


def may_do_everything(door: Door) -> bool:
    """Whether the user has the role to which nothing is forbidden."""
    return EVERYTHING in _held(door)


def _held(door: Door) -> list[str]:
    return json.loads(str(door.look(HELD)[0]["ROLES"]))


def warehouses(door: Door) -> list[str]:
    return [str(row["name"]) for row in door.look("SHOW WAREHOUSES")]


def models(door: Door) -> list[Model]:
    """Tuned models first, then those that come with sapwood."""
    found = [_model(row) for row in door.look(MODELS)]
    return sorted(found, key=lambda model: (not model.is_tuned, model.name))


def generators(door: Door) -> list[Model]:
    """The models that write answers; those that only make vectors are left out."""
    return [model for model in models(door) if not _is_embedder(model)]


def bases(door: Door) -> list[Model]:
    """The models that can be tuned, the small ones of the vendor's list first."""
    usable = [model for model in generators(door) if not model.is_tuned]
    return sorted(usable, key=lambda model: (_rank(model.name), model.name))


_TUNABLE = ("mistral-7b", "llama3-8b", "llama3.1-8b", "mixtral-8x7b", "llama3-70b", "llama3.1-70b")
"""Base models of the vendor's fine-tuning page, in its order."""


def _rank(name: str) -> int:
    return _TUNABLE.index(name.lower()) if name.lower() in _TUNABLE else len(_TUNABLE)


def _model(row: Row) -> Model:
    is_tuned = row["database_name"] != "SNOWFLAKE"
    name = str(row["name"])
    return Model(
        name=path(str(row["database_name"]), str(row["schema_name"]), name) if is_tuned else name.lower(),
        answered_by=str(row.get("answered_by") or ""),
        comment=str(row.get("comment") or ""),
        is_tuned=is_tuned,
        place=path(str(row["database_name"]), str(row["schema_name"])),
        owner=str(row.get("owner") or ""),
        created_on=row["created_on"] if is_tuned else None,
        tuning_bytes=int(row["tuning_bytes"]) if row.get("tuning_bytes") else None,
    )


_EMBEDDERS = ("embed", "minilm", "e5-", "voyage", "arctic-embed")


def _is_embedder(model: Model) -> bool:
    names: Sequence[str] = (model.name.lower(), model.answered_by.lower())
    return any(word in name for word in _EMBEDDERS for name in names)
