"""Tuned models of a schema's registry, and what the user added: endpoints and local models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from sapwood.errors import UnknownObjectError
from sapwood.store.part import Part
from sapwood.store.records import Endpoint, LocalModel, TunedModel
from sapwood.store.rows import drop, find, find_all, put
from sapwood.store.schema import ENDPOINTS, LOCAL_MODELS, MODELS


def add_under_free_name(connection: Connection, model: TunedModel) -> TunedModel:
    """Store a model inside the caller's transaction; a taken name gets _2, _3 and so on. Returns what was stored."""
    stored, number = model, 1
    while not put(connection, MODELS, stored, if_not_exists=True):
        number += 1
        stored = replace(model, name=f"{model.name}_{number}")
    return stored


class TunedModels(Part):
    """The catalogue's tuned models. Names are as the dialect folded them."""

    def add_model(self, model: TunedModel) -> TunedModel:
        """Store a model; a taken name gets _2, _3 and so on. Returns what was stored."""
        with self._database.write() as connection:
            return add_under_free_name(connection, model)

    def model(self, database: str, schema: str, name: str) -> TunedModel | None:
        with self._database.read() as connection:
            return find(connection, MODELS, TunedModel, database=database, schema=schema, name=name)

    def models(self, database: str | None = None, schema: str | None = None) -> list[TunedModel]:
        """Ordered by database, schema, name."""
        with self._database.read() as connection:
            return find_all(connection, MODELS, TunedModel, database=database, schema=schema)

    def replace_model(self, old: TunedModel, new: TunedModel) -> None:
        """Put `new` in the place of `old`: another comment, version, alias or name.

        Raises UnknownObjectError if `old` is gone, ObjectExistsError if the new name is taken.
        """
        with self._database.write() as connection:
            if not drop(connection, MODELS, database=old.database, schema=old.schema, name=old.name):
                raise UnknownObjectError(
                    f"SQL compilation error:\nModel '{old.database}.{old.schema}.{old.name}' does not exist or not authorized."
                )
            put(connection, MODELS, new)

    def drop_model(self, database: str, schema: str, name: str) -> bool:
        """False if there was none. Its files are the caller's."""
        with self._database.write() as connection:
            return drop(connection, MODELS, database=database, schema=schema, name=name)


class AddedModels(Part):
    """Endpoints and local models that the user added. A name added again replaces the one before."""

    def put_endpoint(
        self, name: str, url: str, model: str, key_env: str = "", limits: Mapping[str, Any] | None = None
    ) -> None:
        endpoint = Endpoint(
            name=name, url=url, model=model, key_env=key_env, limits=limits or {}, created_on=self._clock()
        )
        with self._database.write() as connection:
            put(connection, ENDPOINTS, endpoint, or_replace=True)

    def endpoints(self) -> list[Endpoint]:
        """Ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, ENDPOINTS, Endpoint)

    def drop_endpoint(self, name: str) -> bool:
        """False if there was none."""
        with self._database.write() as connection:
            return drop(connection, ENDPOINTS, name=name)

    def put_local_model(self, name: str, path: str, digest: str, context: int) -> None:
        model = LocalModel(name=name, path=path, digest=digest, context=context, created_on=self._clock())
        with self._database.write() as connection:
            put(connection, LOCAL_MODELS, model, or_replace=True)

    def local_models(self) -> list[LocalModel]:
        """Ordered by name."""
        with self._database.read() as connection:
            return find_all(connection, LOCAL_MODELS, LocalModel)

    def drop_local_model(self, name: str) -> bool:
        """False if there was none. Its files are the user's and stay."""
        with self._database.write() as connection:
            return drop(connection, LOCAL_MODELS, name=name)
