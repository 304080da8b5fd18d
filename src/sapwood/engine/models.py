"""The registry and the backends as a function sees them from a session: `functions.function.Models`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sapwood.functions.function import Default
from sapwood.inference.request import Backend, Message
from sapwood.store.records import ModelVersion


class Registry(Protocol):
    """What the engine needs of the registry."""

    def resolve(self, name: str, *, database: str | None = None, schema: str | None = None) -> ModelVersion: ...

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

    def resolve(self, name: str) -> ModelVersion:
        """The model behind a name; UnknownModelError if none."""
        if name not in self._resolved:
            database, schema = self._place()
            found = self._registry.resolve(name, database=database, schema=schema)
            self._check(name, found)
            self._resolved[name] = found
        return self._resolved[name]

    def default_of(self, default: Default) -> ModelVersion:
        """The model that answers a function whose call names none: the settings' choice, else the declaration's."""
        return self.resolve(self._chosen.get(default.function, default.model))

    def parameters(self, model: ModelVersion) -> int:
        """How many parameters a model has; 0 if that is not known."""
        return next((known.parameters for known in self._registry.listing() if known.name == model.name), 0)

    def count_tokens(self, model: ModelVersion, messages: tuple[Message, ...]) -> int:
        """Tokens of a rendered prompt."""
        return self._backend.count_tokens(model, messages)

    def count_text_tokens(self, model: ModelVersion, text: str) -> int:
        """Tokens of a bare text."""
        return self._backend.count_text_tokens(model, text)
