"""The registry and the backends as a function sees them from a session: `functions.function.Models`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sapwood.errors import ModelError
from sapwood.functions.function import Default
from sapwood.inference.request import Backend, Message
from sapwood.store.records import ModelVersion

_MAKE_BOTH = ("echo", "endpoint")
"""Kinds of models that may make text and vectors."""


class Registry(Protocol):
    """What the engine needs of the registry."""

    def resolve(self, name: str, *, database: str | None = None, schema: str | None = None) -> ModelVersion: ...

    def limits_of(self, version: ModelVersion) -> Mapping[str, Any]:
        """The limits of an endpoint, among them its price; {} of other models."""
        ...

    def listing(self) -> Any:
        """The base models: name, aliases, kind, size, licence, present, sources, data_leaves."""
        ...


class SessionModels:
    """Models by the names that mean something in a session. One object a statement: a name means one model in all of it."""

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        *,
        place: Callable[[], tuple[str | None, str | None]],
        max_answer_tokens: int,
        check: Callable[[str, ModelVersion], None] = lambda name, model: None,
        chosen: Mapping[str, str] | None = None,
    ) -> None:
        """`place` is the session's database and schema; `check` raises if the session may not ask a model of that name.

        `chosen` are the models that the settings name for functions whose call names none, by function in upper case.
        """
        self._registry = registry
        self._backend = backend
        self._place = place
        self._cap = max_answer_tokens
        self._check = check
        self._chosen = chosen or {}
        self._resolved: dict[str, ModelVersion] = {}

    @property
    def max_answer_tokens(self) -> int:
        """The session's cap on an answer that has no limit of its own."""
        return self._cap

    def resolve(self, name: str, *, makes_vectors: bool = False) -> ModelVersion:
        """The model behind a name; UnknownModelError if none, ModelError if it makes vectors where text is wanted or the reverse."""
        if name not in self._resolved:
            database, schema = self._place()
            found = self._registry.resolve(name, database=database, schema=schema)
            self._check(name, found)
            self._resolved[name] = found
        model = self._resolved[name]
        if model.kind not in _MAKE_BOTH and bool(model.dimensions) is not makes_vectors:
            raise ModelError(
                "Request failed for external function COMPLETE$V2 with remote service error: 400"
                f""" '"model \\"{name}\\" does not support given modality"'""",
                hint=f"It makes {'text, no vectors' if makes_vectors else 'vectors, no text'}; see `sapwood models list`.",
            )
        return model

    def default_of(self, default: Default) -> ModelVersion:
        """The model that answers a function whose call names none: the settings' choice, else the declaration's."""
        name = self._chosen.get(default.function, default.model)
        return self.resolve(name, makes_vectors=default.makes_vectors)

    def parameters(self, model: ModelVersion) -> int:
        """How many parameters a model has; 0 if that is not known."""
        return next((known.parameters for known in self._registry.listing() if known.name == model.name), 0)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        """Tokens of a rendered prompt."""
        return self._backend.count_tokens(model, messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        """Tokens of a bare text."""
        return self._backend.count_text_tokens(model, text)
